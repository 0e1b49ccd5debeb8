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
        ("releases", shapes.RELEASES, [("releases_12m", 2), ("last_release", "2026-07-20"), ("release", "v2.0.0")]),
        ("releases", shapes.NO_RELEASES, [("releases_12m", 0)]),
        ("releases", shapes.RELEASES_FEED, [("releases_12m", 2), ("last_release", "2026-07-20"), ("release", "v2.0.0")]),
        ("releases", shapes.NO_RELEASES_FEED, [("releases_12m", 0)]),
        (
            "repositories",
            shapes.REPOSITORY,
            [("stars", 1200), ("archived", 0), ("licence", "Apache-2.0"), ("created", "2024-01-01"), ("pushed", "2026-08-01")],
        ),
        ("artifact-hub", shapes.ARTIFACT_HUB, [("packages", 1), ("mention", "thing 1.2.3")]),
        ("hacker-news", shapes.HACKER_NEWS, [("stories", 3), ("mention", "Thing <script>alert(1)</script> is fast")]),
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
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<html><body>Sorry</body></html>",
        b"\xff\xfe\x00\x01",
        b"[1, null]",
        b'"text"',
        b"[" * 100_000,
        b"{a: 2026-99-99}",
    ],
    ids=["nothing", "empty", "HTML", "no text", "a list", "a word", "deep", "no date"],
)
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


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("repositories", b'"created_at": "2024-01-01T00:00:00Z"', b'"created_at": "soon"'),
        ("repositories", b'"stargazers_count": 1200', b'"stargazers_count": 1e999'),
        ("repositories", b'"stargazers_count": 1200', b'"stargazers_count": 1' + b"0" * 400),
        ("releases", b'"published_at": "2026-07-20T10:00:00Z"', b'"published_at": "yesterday"'),
        ("lfx", b'"activeContributorsLast365Days": 40', b'"activeContributorsLast365Days": 1' + b"0" * 400),
    ],
)
def test_figure_that_is_none_is_told_where_it_was_read(kind, good, bad):
    """And not when the score is made of it, where it would take the whole report with it."""
    body = getattr(shapes, {"repositories": "REPOSITORY", "releases": "RELEASES", "lfx": "LFX"}[kind])
    assert good in body

    found, problem = rows(kind, body.replace(good, bad))

    assert (found, bool(problem)) == ([], True)


def test_health_that_was_not_measured_is_missing():
    """Null is no zero, and who ever contributed is not who does."""
    found, problem = rows("lfx", shapes.LFX.replace(b'"healthScore": 82', b'"healthScore": null'))

    assert (found, problem) == ([("contributors", 40)], "")


def test_feed_in_another_encoding_than_it_says_is_read():
    """A blog that says UTF-8 and writes Latin-1: its titles lose a letter, and no item is lost."""
    body = '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><item><title>Th\xe9 Thing caf\xe9</title>'
    found, problem = rows("feeds", f"{body}<link>https://b.example</link></item></channel></rss>".encode("latin-1"))

    assert problem == ""
    assert [name for name, _ in found] == ["items", "mention"]
