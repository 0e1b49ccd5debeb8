"""What came out or was archived between two days: told by snapshots of releases and repositories, not by the landscape."""

import datetime as dt

import pytest

from steps.discover import news
from steps.discover.records import Entry, Fact
from steps.discover.snapshots import Snapshots, received
from tests.steps.discover import server, shapes
from tests.steps.discover.discovery_lab import BEFORE, OLD, TODAY, Lab, landscape

DAYS = (dt.date(2026, 7, 1), dt.date(2026, 8, 1))
KEY = "github.com/a/thing"
THING = Entry(key=KEY, name="Thing", category="A / B")


def facts(key=KEY, **told):
    return [Fact(key=key, name=name, value=value, source="s", url="https://s.example") for name, value in told.items()]


def told(now, then=(), aliases=None):
    found = news.changes([THING], now, list(then), between=DAYS, aliases=aliases or {})
    return [(each.kind, each.key, each.after) for each in found]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-07-01", []),
        ("2026-07-02", [("released", KEY, "v2 on 2026-07-02")]),
        ("2026-08-01", [("released", KEY, "v2 on 2026-08-01")]),
        ("2026-08-02", []),
    ],
    ids=["before", "first day", "last day", "after"],
)
def test_release_is_news_within_the_period_alone(day, expected):
    """That of the first day was there then."""
    assert told(facts(last_release=day, release="v2")) == expected


def test_repository_is_newly_archived_only_where_it_was_not_before():
    """Of one that was not asked about then, nobody knows."""
    assert told(facts(archived=1.0), facts(archived=0.0)) == [("archived", KEY, "at GitHub")]
    assert told(facts(archived=1.0), facts(archived=1.0)) == []
    assert told(facts(archived=1.0)) == []


def test_news_of_a_renamed_repository_is_of_the_candidate():
    """Whichever of its names the source was asked by; of what is not in the landscape nothing is told."""
    aliases = {"github.com/old/thing": KEY}

    assert told(facts("github.com/old/thing", last_release="2026-07-10"), aliases=aliases) == [
        ("released", KEY, "a release on 2026-07-10")
    ]
    assert told(facts("github.com/x/other", last_release="2026-07-10")) == []


def test_digest_tells_of_releases_and_archivings(site, own_store, tmp_path):
    """Through the steps, on a store: two snapshots of a repository, and a release between them."""
    lab = Lab(site, own_store, tmp_path, ("landscape", "releases", "repositories"))
    site.pages |= {
        "/landscape.yml": server.with_etag(landscape(("Thing", "thing"))),
        "/releases/a/thing": shapes.RELEASES,
        "/repositories/a/thing": shapes.REPOSITORY.replace(b'"archived": false', b'"archived": true'),
    }
    lab.keep(BEFORE, OLD)
    then = [received("https://x.example", shapes.REPOSITORY, status=200, key=KEY)]
    Snapshots(lab.store, "repositories").keep(BEFORE, then, at=dt.datetime(2026, 7, 2, tzinfo=dt.UTC))
    lab.fetch("landscape", "releases", "repositories")

    found = lab.conclude().diff

    assert [(each.kind, each.after) for each in found.changes if each.kind in {"released", "archived"}] == [
        ("released", "v2.0.0 on 2026-07-20"),
        ("archived", "at GitHub"),
    ]
    text, html = lab.file("text").read_text(), lab.file("html").read_text()
    assert "- [Thing](https://github.com/a/thing), A / Gateway: v2.0.0 on 2026-07-20" in text
    assert "1 were archived" in text
    assert "v2.0.0 on 2026-07-20" in html
    assert found.before == BEFORE
    assert found.after == TODAY
