"""The week's issue is written once and then changed, on a server that speaks as GitHub does."""

import datetime as dt
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from steps.discover import digest, issues, words
from steps.discover.records import Change, Diff, Findings
from steps.discover.web import FetchError
from tests.steps.discover import server


@pytest.fixture
def github():
    kept, headers = [], []

    class Handler(BaseHTTPRequestHandler):
        def answer(self, code, content):
            body = json.dumps(content).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            headers.append(dict(self.headers))

        def given(self):
            return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

        def do_GET(self):
            self.answer(200 if self.headers["Authorization"] == "Bearer right" else 403, kept)

        def do_POST(self):
            kept.append({"number": len(kept) + 1, "html_url": f"https://github.example/{len(kept) + 1}"} | self.given())
            self.answer(201, kept[-1])

        def do_PATCH(self):
            kept[int(self.path.rpartition("/")[2]) - 1].update(self.given())
            self.answer(200, kept[int(self.path.rpartition("/")[2]) - 1])

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    server.kept = kept
    yield server
    server.shutdown()
    server.server_close()


def place(github, token="right"):
    at = f"127.0.0.1:{github.server_port}"
    return issues.Place(api=f"http://{at}", repository="o/lab", token=token, allow=(at,))


def test_a_week_has_one_issue(github):
    """Found again by its marker and changed in place; another week gets its own."""
    for marker, body in (("<!-- w1 -->", "one"), ("<!-- w1 -->", "two"), ("<!-- w2 -->", "three")):
        issues.publish(place(github), title="t", marker=marker, body=f"{marker}\n{body}")

    assert [each["body"] for each in github.kept] == ["<!-- w1 -->\ntwo", "<!-- w2 -->\nthree"]
    assert github.kept[0]["labels"] == [issues.LABEL]


def test_token_that_may_not_write_is_told(github):
    """With the repository that it was for, and nothing was written."""
    with pytest.raises(FetchError, match="answered 403 to GET: may the token write issues of o/lab"):
        issues.publish(place(github, token="wrong"), title="t", marker="m", body="m")
    assert github.kept == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>a proxy</html>", "its answer is no JSON"),
        (b'{"message": "x"}', "no list of issues"),
        (b'["a"]', "no list of issues"),
        (b"[" * 50_000, "its answer is no JSON"),
    ],
    ids=["HTML", "no list", "no issues", "deep"],
)
def test_server_that_does_not_speak_as_github_is_told(site, body, why):
    """In a sentence, and nothing is written there."""
    site.pages["/repos/o/lab/issues"] = body
    strange = issues.Place(api=site.url, repository="o/lab", token="right", allow=(site.place,))

    with pytest.raises(FetchError, match=why):
        issues.publish(strange, title="t", marker="m", body="m")
    assert len(site.asked) == 1


def test_token_is_not_carried_to_where_a_redirect_leads(site):
    """A call with a secret follows none."""
    with server.serve() as other:
        site.pages["/repos/o/lab/issues"] = server.redirect(f"{other.url}/repos/o/lab/issues")
        moved = issues.Place(api=site.url, repository="o/lab", token="right", allow=(site.place, other.place))

        with pytest.raises(FetchError, match="answered 302 to GET"):
            issues.publish(moved, title="t", marker="m", body="m")
        assert other.asked == []


def test_issue_is_never_longer_than_github_takes():
    """A month with thousands of changes is cut at a line, its marker stays, and it says so."""
    changes = [
        Change(kind=kind, key=f"github.com/a/{n}", name=f"Thing {n} {'x' * 400}", category="A / B", after="y")
        for kind, _ in words.KINDS
        for n in range(60)
    ]
    day = dt.date(2026, 8, 7)
    diff = Diff(before=day - dt.timedelta(days=30), after=day, changes=tuple(changes))
    found = Findings(cadence="monthly", date=day, diff=diff, scores=(), verdicts=())

    text = digest.issue(found)

    assert len(digest.markdown(found)) > 65_536
    assert len(text) < 65_536
    assert text.startswith(digest.marker(found))
    assert text.endswith("\n\nCut here: the report has the rest.\n")
