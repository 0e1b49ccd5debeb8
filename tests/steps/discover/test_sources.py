"""Each source's parser against an answer of the documented shape, and against one that has lost it."""

import pytest

from steps.discover.records import Entry
from steps.discover.snapshots import received
from steps.discover.sources import KINDS, parsed
from tests.steps.discover import shapes

KEY = "github.com/a/thing"
THING = Entry(key=KEY, name="Thing", category="A / B", homepage="https://thing.example", repository="https://github.com/a/thing")


def rows(kind, body):
    found, problem = parsed(kind, [received("https://source.example/answer", body, status=200, key=KEY)], [THING])
    return [(each.name, each.value) for each in found], problem


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("releases", shapes.RELEASES, [("releases_12m", 2), ("last_release", "2026-07-20")]),
        ("releases", shapes.NO_RELEASES, [("releases_12m", 0)]),
        (
            "repositories",
            shapes.REPOSITORY,
            [("stars", 1200), ("archived", 0), ("licence", "Apache-2.0"), ("created", "2024-01-01"), ("pushed", "2026-08-01")],
        ),
        ("artifact-hub", shapes.ARTIFACT_HUB, [("packages", 1), ("mention", "thing 1.2.3")]),
        ("hacker-news", shapes.HACKER_NEWS, [("stories", 2), ("mention", "Thing <script>alert(1)</script> is fast")]),
        ("lfx", shapes.LFX, [("health", 82), ("contributors", 40)]),
        ("feeds", shapes.FEED, [("items", 3), ("mention", "Thing 2.0"), ("mention", "Something else")]),
        ("trending", shapes.TRENDING, [("trending", 1234), ("trending", "unknown")]),
    ],
)
def test_source_is_read(kind, body, expected):
    """No pre-release counts, no script in a title is read, a story must lead to the candidate, a sponsor is no repository."""
    assert rows(kind, body) == (expected, "")


def test_renamed_repository_tells_its_new_name():
    """GitHub answers under the new name: a fact, which pairs old and new."""
    assert ("renamed_to", "github.com/b/thing") in rows("repositories", shapes.RENAMED)[0]


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("body", [b"", b"{}", b"<html><body>Sorry</body></html>", b"\xff\xfe\x00\x01", b"[1, null]", b'"text"'])
def test_answer_without_rows_is_a_parsers_failure_and_not_no_news(kind, body):
    """Whatever came with a 200: no row, a reason, no traceback."""
    found, problem = rows(kind, body)

    assert found == []
    assert problem


def test_one_bad_answer_does_not_take_the_others():
    """Its reason is told beside the rows of the good ones."""
    answers = [received(f"https://s.example/{n}", body, status=200, key=KEY) for n, body in enumerate((b"broken", shapes.LFX))]

    found, problem = parsed("lfx", answers, [THING])

    assert [each.name for each in found] == ["health", "contributors"]
    assert problem.startswith("https://s.example/0")
