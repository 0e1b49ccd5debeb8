"""A discovery by the interpreter, from servers on loopback to the files that a person reads."""

import datetime as dt
import json
import os
import subprocess
import sys

import pytest

from steps.discover.settings import Discovery, Source
from steps.discover.snapshots import Snapshots, received
from steps.store import Store
from tests.steps.discover import chat, server, shapes
from tests.steps.discover.snapshots_of_2026 import MONTH_BEFORE, NOW, content

pytestmark = pytest.mark.slow


@pytest.fixture
def site():
    with server.serve() as found:
        found.pages |= {"/landscape.yml": server.with_etag(content(NOW)), "/feed": shapes.FEED, "/broken": server.status(404)}
        yield found


@pytest.fixture
def environment(site, store_environment, tmp_path):
    """That of a user with a state folder, a store and settings of their own."""
    sources = (
        Source(kind="landscape", urls=(f"{site.url}/landscape.yml",), delay_s=0, robots=False),
        Source(kind="feeds", urls=(f"{site.url}/feed",), delay_s=0),
        Source(kind="trending", urls=(f"{site.url}/broken",), delay_s=0),
    )
    scope = {"App Definition and Development / Database": 1.0, "Orchestration & Management / Service Proxy": 1.0}
    settings = Discovery(contact="https://lab.example", sources=sources, scope=scope, allow=(site.place,))
    (tmp_path / "own.json").write_text(settings.to_json())
    own = {"BENCHLAB_S3_BUCKET": "discovery-run", "BENCHLAB_STATE": str(tmp_path / "state")}
    return {**os.environ, **store_environment, **own, "BENCHLAB_DISCOVERY": str(tmp_path / "own.json")}


def call(environment, *words):
    return subprocess.run(
        [sys.executable, "-m", "pipelines", *words], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_discovery_runs_here_to_its_digest_and_its_candidates_are_explained(environment, site, tmp_path):
    """The fan-out, a source that fails, the month's changes, the page; a second run asks nobody; then `explain` and `stub`."""
    store = Store.from_environment(environment)
    store.ensure_bucket()
    old = [received("https://old.example", content(MONTH_BEFORE), status=200)]
    day = dt.date.fromisoformat(MONTH_BEFORE)
    Snapshots(store, "landscape").keep(day, old, at=dt.datetime(2026, 7, 2, tzinfo=dt.UTC))

    done = call(environment, "run", "discovery-weekly", "--reports", str(tmp_path / "reports"))

    assert done.returncode == 0, done.stdout + done.stderr
    page = tmp_path / "reports" / done.stdout.splitlines()[-1].rpartition("reports/")[2]
    digest = (page.parent / "digest.md").read_text()
    assert page.exists()
    assert "[Kubeflow](https://github.com/kubeflow/kubeflow)" in digest
    assert "trending: " in digest
    assert "answered 404" in digest
    found = json.loads((page.parent / "findings.json").read_text())
    assert {each["name"] for each in found["diff"]["changes"] if each["kind"] == "moved"} == {"KubeElasti"}
    asked = len(site.asked)
    again = call(environment, "run", "discovery-weekly", "--reports", str(tmp_path / "reports"))
    assert again.returncode == 0, again.stdout + again.stderr
    assert {path for path, _ in site.asked[asked:]} == {"/robots.txt", "/broken"}  # of which there is no snapshot yet
    issue = page.parent / "issue.md"
    assert f"the week's issue, not published: {issue}" in done.stdout
    assert "<!-- benchlab-discovery" in issue.read_text()
    for file in ("findings.json", "digest.md", "index.html", "radar.json", "settings.json"):  # of both runs
        assert len({(each / file).read_bytes() for each in (tmp_path / "reports").iterdir()}) == 1

    explained = call(environment, "discover", "explain", "Multigres")
    assert "gap" in explained.stdout
    assert "the lab has PostgreSQL, MariaDB of App Definition and Development / Database" in explained.stdout
    patch = call(environment, "discover", "stub", "Multigres")
    assert "+++ b/phases/catalogue/multigres.py" in patch.stdout
    assert call(environment, "discover", "show").stdout == digest


def test_discovery_without_a_landscape_fails_and_says_why(environment, site, tmp_path):
    """No run succeeds on nothing."""
    environment |= {"BENCHLAB_S3_BUCKET": "discovery-nothing"}
    Store.from_environment(environment).ensure_bucket()
    site.pages["/landscape.yml"] = b"<html>we are down</html>"

    done = call(environment, "run", "discovery-daily", "--reports", str(tmp_path / "reports"))

    assert done.returncode == 1
    assert "there is no landscape up to" in done.stdout


def test_summary_of_a_language_model_is_in_the_report(environment, site, tmp_path):
    """Where the settings name one: a step more in the same manifest, its token from the environment, its text marked."""
    with chat.serve() as model:
        own = json.loads((tmp_path / "own.json").read_text())
        own |= {"writer": {"url": model.url, "model": "small-1"}, "allow": [site.place, model.place]}
        (tmp_path / "own.json").write_text(json.dumps(own))
        environment |= {"BENCHLAB_S3_BUCKET": "discovery-written", "BENCHLAB_WRITER_TOKEN": "secret"}
        Store.from_environment(environment).ensure_bucket()

        done = call(environment, "run", "discovery-daily", "--reports", str(tmp_path / "reports"))
        assert done.returncode == 0, done.stdout + done.stderr
        ((headers, _),) = model.asked

    page = tmp_path / "reports" / done.stdout.splitlines()[-1].rpartition("reports/")[2]
    assert headers["authorization"] == "Bearer secret"
    assert "secret" not in "".join(each.read_text() for each in page.parent.iterdir())
    assert "Written by a language model (small-1)" in page.read_text()
    assert json.loads((page.parent / "written.json").read_text())["text"] == "Two databases came."
    assert "Two databases came." in call(environment, "discover", "show", "--cadence", "daily").stdout
