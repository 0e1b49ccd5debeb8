"""The rule of identity, one line at a time."""

import datetime as dt

import pytest

from steps.discover import diff, identity
from steps.discover.records import Entry

DAYS = (dt.date(2026, 7, 1), dt.date(2026, 8, 1))


def entry(name="Thing", key="github.com/a/thing", category="A / B", **more):
    return Entry(key=key, name=name, category=category, homepage=more.pop("homepage", "https://thing.example"), **more)


def changes(before, after, aliases=None):
    found = diff.compare(before, after, dates=DAYS, aliases=aliases)
    return {(each.kind, each.before, each.after, each.matched_by) for each in found.changes}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (entry(), entry(), set()),
        (entry(), entry(category="A / C"), {("moved", "A / B", "A / C", "repository and name")}),
        (entry(), entry("Other"), {("renamed", "Thing", "Other", "repository")}),
        (
            entry(),
            entry(key="github.com/b/thing"),
            {("relocated", "github.com/a/thing", "github.com/b/thing", "name and homepage")},
        ),
        (
            entry(homepage="https://a.example"),
            entry(key="github.com/b/thing", homepage="https://b.example"),
            {("relocated", "github.com/a/thing", "github.com/b/thing", "name and category")},
        ),
        (
            entry(maturity="sandbox"),
            entry(maturity="graduated"),
            {("matured", "sandbox", "graduated", "repository, name and category")},
        ),
        (
            entry(project="thing"),
            entry("New", "github.com/b/new", "A / C", homepage="https://new.example", project="thing"),
            {
                ("moved", "A / B", "A / C", "CNCF id"),
                ("renamed", "Thing", "New", "CNCF id"),
                ("relocated", "github.com/a/thing", "github.com/b/new", "CNCF id"),
            },
        ),
        (
            entry("Cloud 1", "cloud.example", homepage="https://cloud.example"),
            entry("Cloud 2", "cloud.example", homepage="https://cloud.example"),
            {("renamed", "Cloud 1", "Cloud 2", "repository")},
        ),
    ],
    ids=["nothing", "moved", "renamed", "repository moved", "both addresses moved", "matured", "all at once", "no repository"],
)
def test_the_same_thing_is_known_again(before, after, expected):
    """A move or a rename is not an addition and a removal, and says by which rule it was known."""
    assert changes([before], [after]) == expected


def test_known_rename_is_followed():
    """An old repository and a new one, of which neither name nor page stayed, are one by the table of aliases."""
    old, new = entry(), entry("Else", "github.com/b/else", "A / C", homepage="https://else.example")

    assert ("removed", None, None, None) in changes([old], [new])
    assert {kind for kind, *_ in changes([old], [new], {old.key: "github.com/x/y", "github.com/x/y": new.key})} == {
        "moved",
        "renamed",
        "relocated",
    }


def test_one_of_three_that_share_a_repository_may_leave_it():
    """As podman did in July 2026: the two that stay are untouched, and the third is known by its id."""
    stay = [entry("Podman", "github.com/c/podman"), entry("podman (Wasm)", "github.com/c/podman", "W / O")]
    before = [*stay, entry("Podman Tools", "github.com/c/podman", "R / C", project="podman")]
    after = [*stay, entry("Podman Tools", "github.com/p/podman", "R / C", project="podman")]

    assert changes(before, after) == {("relocated", "github.com/c/podman", "github.com/p/podman", "CNCF id")}


def test_names_that_are_alike_are_only_suggested():
    """A fuzzy match pairs nothing: it is told, for a person to decide."""
    found = diff.compare(
        [entry("Loki", "github.com/g/loki", "A / B", homepage="https://l.example")],
        [entry("Grafana Loki", "github.com/x/loki2", "A / C", homepage="https://m.example")],
        dates=DAYS,
    )

    assert sorted(each.kind for each in found.changes) == ["added", "removed"]
    assert [(each.removed, each.added) for each in found.suggestions] == [("Loki", "Grafana Loki")]


def test_first_snapshot_has_nothing_to_compare_with():
    """Without a snapshot before, nothing is new: everything would be."""
    found = diff.compare(None, [entry()], dates=(None, DAYS[1]))

    assert (found.before, found.changes) == (None, ())


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/EnvoyProxy/Envoy",
        "http://www.github.com/envoyproxy/envoy/",
        "https://github.com/envoyproxy/envoy.git",
        "github.com/envoyproxy/envoy/tree/main/docs?tab=readme",
    ],
)
def test_repository_has_one_normal_form(address):
    """Whatever the way to write it."""
    assert identity.repository(address) == "github.com/envoyproxy/envoy"


@pytest.mark.parametrize("address", ["", "https://", "https://github.com/", "nonsense"])
def test_what_is_no_repository_has_none(address):
    """A host alone names nothing."""
    assert identity.repository(address) is None


def test_aliases_that_lead_in_a_circle_end():
    """A table that a person keeps may be wrong."""
    assert identity.canonical("a", {"a": "b", "b": "a"}) == "b"
