"""A discovery from its servers to its digest, step by step as a run executes them, on a real object store."""

import datetime as dt
import json
import re

import pytest

from steps.discover import reading
from steps.discover.records import Trouble
from steps.discover.settings import Covered
from steps.discover.snapshots import Snapshots, received
from steps.discover.sources import KINDS
from steps.discover.verbs import notify, plan
from steps.errors import MeasureError, UsageError
from tests.steps.discover import server, shapes
from tests.steps.discover.discovery_lab import BEFORE, NOW, OLD, TODAY, Lab, landscape


@pytest.fixture
def pages(site):
    """What every source says on a good day."""
    site.pages |= {
        "/landscape.yml": server.with_etag(NOW),
        "/releases/a/thing": shapes.RELEASES,
        "/releases/a/new": shapes.NO_RELEASES,
        "/repositories/a/thing": shapes.REPOSITORY,
        "/repositories/a/new": shapes.REPOSITORY.replace(b"a/thing", b"a/new"),
        "/artifact-hub/a/thing": shapes.ARTIFACT_HUB,
        "/artifact-hub/a/new": b'{"packages": []}',
        "/hacker-news/a/thing": shapes.HACKER_NEWS,
        "/hacker-news/a/new": b'{"hits": []}',
        "/lfx/thing": shapes.LFX,
        "/feeds": shapes.FEED,
        "/trending": shapes.TRENDING,
    }


@pytest.fixture
def lab(site, pages, own_store, tmp_path):
    """With three sources beside the landscape."""
    return Lab(site, own_store, tmp_path, ("landscape", "repositories", "hacker-news", "feeds"))


@pytest.fixture
def whole_lab(site, pages, own_store, tmp_path):
    """With all of them."""
    return Lab(site, own_store, tmp_path, tuple(KINDS))


def every(lab):
    return [source.kind for source in lab.settings.sources]


def test_discovery_goes_from_its_servers_to_its_digest(whole_lab):
    """Eight sources are read, what changed is told, every candidate scored, and the report says why, with links."""
    whole_lab.keep(BEFORE)

    whole_lab.fetch(*every(whole_lab))
    found = whole_lab.conclude()

    assert {(each.kind, each.name) for each in found.diff.changes} == {
        ("added", "New <b>one</b>"),
        ("removed", "Gone"),
        ("released", "Thing"),
    }
    thing = next(each for each in found.scores if each.name == "Thing")
    assert {part.name for part in thing.parts if part.points is None} == {"growth"}
    assert thing.known == 85
    digest = whole_lab.file("text").read_text()
    assert "[Thing](https://github.com/a/thing)" in digest
    assert r"New \<b\>one\</b\>" in digest
    assert re.search(r"- \[New .*: sandbox \(\d+(\.\d)? of 100 here\)", digest)
    assert [name for name, _ in found.sources] == every(whole_lab)
    assert [each.source for each in found.troubles] == ["lfx"]  # which answered 404 for one of the two


def test_a_day_run_twice_changes_nothing(lab):
    """No server is asked again, and every byte of the report is the same."""
    lab.fetch(*every(lab))
    lab.conclude()
    first = {name: lab.file(name).read_bytes() for name in ("findings", "text", "html", "technologies", "issue")}
    asked = len(lab.site.asked)

    lab.fetch(*every(lab))
    lab.conclude()

    assert len(lab.site.asked) == asked
    assert {name: lab.file(name).read_bytes() for name in first} == first


def test_report_of_a_past_day_is_made_again_without_any_server(lab):
    """Everything after the fetching works from the snapshots alone."""
    lab.fetch(*every(lab))
    before = lab.conclude()
    lab.site.pages.clear()

    assert lab.conclude() == before


def test_one_failing_source_degrades_the_report_and_says_so(lab):
    """The run goes on; the digest names the source, why, and what was used instead."""
    for kind in ("repositories", "hacker-news"):
        for name in ("thing", "new"):
            lab.site.pages[f"/{kind}/a/{name}"] = server.status(404)
    lab.site.pages["/feeds"] = b"<html>moved</html>"

    lab.fetch(*every(lab))
    found = lab.conclude()

    told = {each.source: each.why for each in found.troubles}
    assert "answered 404" in told["repositories"]
    assert "it is not a feed" in told["feeds"]
    assert "### Not read" in lab.file("text").read_text()
    assert len(found.scores) == 2


def test_source_that_is_not_due_is_no_trouble(lab):
    """One that is read each month is not missing from a weekly report."""
    sources = [
        source.model_copy(update={"cadences": ("monthly",)} if source.kind != "landscape" else {})
        for source in lab.settings.sources
    ]
    lab.settings = lab.settings.model_copy(update={"sources": tuple(sources)})
    lab.fetch("landscape")

    assert lab.conclude().troubles == ()


def test_unchanged_landscape_is_a_snapshot_of_its_own(lab):
    """304: the snapshot of the day is whole, with the body of the one before it."""
    lab.fetch("landscape")
    kept = Snapshots(lab.store, "landscape")
    (answer,) = kept.answers(TODAY)
    earlier = TODAY - dt.timedelta(days=1)
    kept.store.delete(f"snapshots/landscape/{TODAY}/fetched.json")
    kept.keep(earlier, [answer], at=dt.datetime(2026, 8, 6, tzinfo=dt.UTC))

    said = lab.fetch("landscape")

    assert said == "landscape: 1 answers, 1 of them as before, 0 not got"
    assert [(each.status, each.content) for each in kept.answers(TODAY)] == [(304, NOW)]


def test_snapshot_is_written_once(lab):
    """What is there is not replaced, neither the answers nor what a parser made of them."""
    kept = Snapshots(lab.store, "landscape")
    lab.keep(BEFORE)
    lab.keep(BEFORE, body=NOW)

    assert kept.answers(BEFORE)[0].content == OLD
    assert reading.entries(lab.store, until=BEFORE)[1].name == "Gone"
    assert kept.keep_rows(BEFORE, (), parser=1).rows == 2
    assert kept.dates() == [BEFORE]


def test_day_that_is_over_is_not_asked(lab):
    """What a server says today is not what it said then: the report of then says that it was not read."""
    yesterday = TODAY - dt.timedelta(days=1)
    lab.keep(BEFORE)

    lab.fetch("landscape", date=yesterday)
    found = lab.conclude(date=yesterday)

    assert lab.site.asked == []
    assert found.diff.after == BEFORE
    assert found.troubles[0] == Trouble(
        source="landscape", why=f"was not read on {yesterday}, and what it says later is not what it said then", latest=BEFORE
    )


def test_without_any_landscape_there_is_no_report(lab):
    """A report of nothing is none: the run fails and says why."""
    lab.site.pages["/landscape.yml"] = server.status(404)
    lab.fetch("landscape")

    with pytest.raises(MeasureError, match=r"no landscape up to 2026-08-07 \(.*answered 404"):
        lab.conclude()


def test_growth_comes_from_an_earlier_snapshot_of_ours(lab):
    """Stars of a month ago and of now: the gain has its points and its evidence."""
    old = shapes.REPOSITORY.replace(b"1200", b"200")
    kept = Snapshots(lab.store, "repositories")
    kept.keep(
        BEFORE,
        [received("https://x.example", old, status=200, key="github.com/a/thing")],
        at=dt.datetime(2026, 7, 2, tzinfo=dt.UTC),
    )
    reading.normalised(lab.store, "repositories", BEFORE, ())
    lab.fetch("landscape", "repositories")

    found = next(each for each in lab.conclude().scores if each.name == "Thing")

    growth = next(part for part in found.parts if part.name == "growth")
    assert (growth.points, growth.why) == (15.0, "1000 new stars since 2026-07-02; the most in its category are 1000")


def test_rename_that_github_tells_of_pairs_old_and_new(lab):
    """Neither name, page nor id stayed: only that the old repository answers under the new name."""
    lab.keep(BEFORE)
    kept = Snapshots(lab.store, "repositories")
    old = received("https://x.example", shapes.RENAMED, status=200, key="github.com/a/thing")
    kept.keep(BEFORE, [old], at=dt.datetime(2026, 7, 2, tzinfo=dt.UTC))
    new = landscape(("Else", "else")).replace(b"github.com/a/else", b"github.com/b/thing")
    lab.site.pages["/landscape.yml"] = new
    lab.fetch("landscape")

    found = lab.conclude().diff

    assert [(each.name, each.matched_by) for each in found.of("relocated")] == [("Else", "known rename")]
    assert [each.name for each in found.of("removed")] == ["Gone"]


def test_what_the_lab_has_is_not_proposed(lab):
    """It stands on the radar as adopted, and not among the candidates."""
    lab.settings = lab.settings.model_copy(
        update={"coverage": (Covered(component="thing", title="Thing", landscape="A / Gateway"),)}
    )
    lab.fetch("landscape")
    lab.conclude()

    blips = {each["name"]: each for each in json.loads(lab.file("technologies").read_text())}
    assert blips["Thing"]["ring"] == "adopt"
    assert "[Thing]" not in lab.file("text").read_text()


def test_page_executes_nothing_that_came_from_outside(lab):
    """A script in a name or a title is text, and only addresses of the web are links."""
    evil = "<script>alert(1)</script>"
    lab.site.pages["/landscape.yml"] = landscape((evil, "thing"))
    lab.fetch("landscape", "hacker-news")
    lab.conclude()

    page, digest = lab.file("html").read_text(), lab.file("text").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert r"\<script\>" in digest
    assert not re.search(r"(?<!\\)<script", digest)


def test_issue_of_a_week_has_one_marker(lab):
    """By which it is found again; without `--publish` it is printed and nothing is sent."""
    lab.fetch("landscape")
    lab.conclude()
    asked = len(lab.site.asked)

    notify.run(
        findings=lab.file("findings"),
        issue=lab.file("issue"),
        settings=lab.file("settings"),
        publish="false",
        result=lab.file("result"),
        environment={},
    )

    assert lab.file("issue").read_text().startswith("<!-- benchlab-discovery 2026-W32 -->\n")
    assert lab.file("result").read_text() == "not published: Tech discovery 2026-W32"
    assert len(lab.site.asked) == asked


def test_publishing_without_a_place_or_a_token_is_refused(lab):
    """And says which of them is missing."""
    lab.fetch("landscape")
    lab.conclude()
    given = {"findings": lab.file("findings"), "issue": lab.file("issue"), "settings": lab.file("settings"), "publish": "true"}

    with pytest.raises(UsageError, match="name no repository"):
        notify.run(**given, result=lab.file("result"), environment={"GITHUB_TOKEN": "t"})


@pytest.mark.parametrize(("said", "why"), [("soon", "write it as 2026-08-07"), ("2999-01-01", "is to come")])
def test_day_that_is_none_is_refused(lab, said, why):
    """One sentence that names it."""
    lab.fetch("landscape")
    files = {name: lab.file(name) for name in ("stored", "day", "sources")}

    with pytest.raises(UsageError, match=why):
        plan.run(date=said, cadence="weekly", settings=lab.file("settings"), **files)


def test_plan_names_the_sources_that_are_switched_on(whole_lab):
    """A source that is off, or not of this cadence, is not read."""
    sources = tuple(
        source.model_copy(
            update={"enabled": source.kind != "trending", "cadences": ("weekly",) if source.kind == "lfx" else ("daily",)}
        )
        for source in whole_lab.settings.sources
    )
    whole_lab.settings = whole_lab.settings.model_copy(update={"sources": sources})
    whole_lab.file("settings").write_text(whole_lab.settings.to_json())

    plan.run(
        date="today",
        cadence="daily",
        settings=whole_lab.file("settings"),
        **{name: whole_lab.file(name) for name in ("stored", "day", "sources")},
    )

    # Here they are all of one server, which is asked one thing at a time.
    assert json.loads(whole_lab.file("sources").read_text()) == ["releases+repositories+artifact-hub+hacker-news+feeds"]
