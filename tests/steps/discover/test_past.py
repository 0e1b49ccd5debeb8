"""What was found before: made again from the snapshots alone, followed through renames, and overruled by people."""

import datetime as dt

import pytest

from steps.discover.settings import Override
from steps.discover.snapshots import Snapshots, received
from tests.steps.discover import shapes
from tests.steps.discover.discovery_lab import TODAY, Lab, landscape

WEEKS = tuple(TODAY - dt.timedelta(weeks=back) for back in (2, 1, 0))
REPORT = ("findings", "text", "html", "technologies", "issue", "changes", "used")


@pytest.fixture
def lab(site, own_store, tmp_path):
    """Three snapshots, a week apart, of the landscape and of releases; nothing was concluded from them yet."""
    found = Lab(site, own_store, tmp_path, ("landscape", "releases", "repositories"))
    for week in WEEKS:
        found.keep(week, landscape(("Thing", "thing"), (f"Of {week}", f"of-{week}")))
        for kind, body in (("releases", shapes.RELEASES), ("repositories", shapes.REPOSITORY)):
            answers = [received("https://x.example", body, status=200, key="github.com/a/thing")]
            Snapshots(found.store, kind).keep(week, answers, at=dt.datetime(2026, 8, 7, tzinfo=dt.UTC))
    found.file("settings").write_text(found.settings.to_json())
    return found


def reports(lab):
    """Every week's report, in their order, as bytes."""
    made = {}
    for week in WEEKS:
        lab.conclude(week, keep=True)
        made[week] = {name: lab.file(name).read_bytes() for name in REPORT}
    return made


@pytest.mark.slow
def test_every_past_report_is_made_again_from_the_snapshots_alone(lab):
    """All that was made of them is deleted, rows and findings; in order the same bytes come again, and no server is asked."""
    first = reports(lab)
    for key in list(lab.store.list("")):
        if not key.endswith(("raw.jsonl.gz", "fetched.json")):
            lab.store.delete(key)

    assert reports(lab) == first
    assert lab.site.asked == []
    assert len({each["findings"] for each in first.values()}) == len(WEEKS)


def test_settings_are_kept_beside_what_was_made_with_them(lab):
    """So a report can be made again after the weights have changed."""
    lab.conclude(WEEKS[-1])

    assert lab.file("used").read_text() == lab.settings.to_json()


def test_verdict_follows_a_repository_that_moved(lab):
    """It does not begin anew at assess, and its stars of then are its own."""
    for week in WEEKS[:2]:
        lab.conclude(week, keep=True)
    moved = landscape(("Thing", "thing"), (f"Of {TODAY}", f"of-{TODAY}")).replace(b"github.com/a/thing", b"github.com/b/thing")
    lab.store.delete(f"snapshots/landscape/{TODAY}/fetched.json")
    for version in (1, 2):
        lab.store.delete(f"snapshots/landscape/{TODAY}/parsed-{version}.json")
    lab.keep(TODAY, moved)

    found = lab.conclude(TODAY)

    thing = next(each for each in found.verdicts if each.name == "Thing")
    assert [(each.before, each.key) for each in found.diff.of("relocated")] == [("github.com/a/thing", "github.com/b/thing")]
    assert (thing.key, thing.verdict, thing.since) == ("github.com/b/thing", "trial", WEEKS[1])


@pytest.mark.parametrize("written", ["https://github.com/A/Thing/", "github.com/a/thing.git", "github.com/a/thing"])
def test_person_may_write_an_address_in_any_way(lab, written):
    """An override that is written otherwise than candidates are keyed overrules all the same."""
    lab.change(overrides=(Override(key=written, verdict="hold", until=TODAY, why="not for us"),))
    lab.file("settings").write_text(lab.settings.to_json())

    found = lab.conclude(TODAY)

    thing = next(each for each in found.verdicts if each.name == "Thing")
    assert (thing.verdict, thing.by, thing.why) == ("hold", "person", "not for us")
    assert found.notes == ()


def test_override_that_overrules_nothing_is_told(lab):
    """One of nobody, and one that has ended, in the digest and on the page."""
    ended = TODAY - dt.timedelta(days=1)
    overrides = (
        Override(key="github.com/a/thnig", verdict="hold", until=TODAY, why="mistyped"),
        Override(key="github.com/a/thing", verdict="hold", until=ended, why="then"),
    )
    lab.change(overrides=overrides)
    lab.file("settings").write_text(lab.settings.to_json())

    found = lab.conclude(TODAY)

    assert found.notes == (
        "the override of github.com/a/thnig overrules nothing: no candidate has that address",
        f"the override of github.com/a/thing ended on {ended}: the score decides again",
    )
    assert all("github.com/a/thnig" in lab.file(name).read_text() for name in ("text", "html"))
    with pytest.raises(ValueError, match="'nonsense' is no address"):
        Override(key="nonsense", verdict="hold", until=TODAY, why="w")
