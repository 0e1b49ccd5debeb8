"""The landscape as it was on three days: read, and told apart by a rule that was checked by hand."""

import datetime as dt
import time
from pathlib import Path

import pytest

from steps.discover import landscape
from steps.errors import UsageError
from tests.steps.discover.snapshots_of_2026 import MONTH_BEFORE, NOW, YEAR_BEFORE, compared, content, entries

# Read from the two files with awk and `diff`, line by line, not with the code under test. July 2 to August 7, 2026.
MONTH = {
    "added": {
        ("Astron Agent", ""),
        ("Multigres", ""),
        ("Argonix", ""),
        ("Bronto", ""),
        ("DataBuff", ""),
        ("ORKESTRIX", ""),
        ("ORKESTRIX mK8s (QKS)", ""),
        ("SoftBank Infrinia AI Cloud OS", ""),
        ("teuto.net Managed Kubernetes", ""),
        ("kbind", "sandbox"),
        ("kubara", ""),
        ("Curvine", "sandbox"),
    },
    "removed": {
        ("H3C CloudOS", ""),
        ("K-PaaS Container Platform", ""),
        ("Robin CNP", ""),
        ("TenxCloud", ""),
        ("Viettel Cloud Kubernetes Platform", ""),
        ("ZStack Cube", ""),
        ("Nirmata Managed Kubernetes", ""),
        ("Unicom Cloud Container Service for Kubernetes (CSK)", ""),
        ("Kubeaver", ""),
    },
    "matured": {
        ("Buildpacks", "incubating", "graduated"),
        ("Confidential Containers", "sandbox", "incubating"),
        ("k8gb", "sandbox", "incubating"),
        ("Kubeflow", "incubating", "graduated"),
        ("Tekton", None, "incubating"),
        ("Vineyard", "sandbox", "archived"),
    },
    "moved": {("KubeElasti", "Serverless / Framework", "Serverless / Installable Platform")},
    "renamed": {("Tekton", "Tekton Pipelines", "Tekton"), ("HAMi", "hami", "HAMi")},
    "relocated": {
        ("KubeElasti", "github.com/truefoundry/kubeelasti", "github.com/kubeelasti/kubeelasti"),
        ("Podman Container Tools", "github.com/containers/podman", "github.com/podman-container-tools/podman"),
    },
}


@pytest.mark.parametrize("kind", MONTH)
def test_every_change_of_the_month_is_the_one_that_was_checked_by_hand(kind):
    """Additions, removals, maturity, moves and renames of five weeks, each of them looked up in the files."""
    found = compared(MONTH_BEFORE, NOW).of(kind)
    alone = kind in {"added", "removed"}

    assert {(each.name, each.after or "") if alone else (each.name, each.before, each.after) for each in found} == MONTH[kind]


def test_nothing_that_moved_or_was_renamed_came_and_went():
    """What a rule paired is neither an addition nor a removal; each entry is accounted for once."""
    for before in (MONTH_BEFORE, YEAR_BEFORE):
        found = compared(before, NOW)
        gone, come = found.of("removed"), found.of("added")

        assert len(entries(before)) - len(gone) + len(come) == len(entries(NOW))
        names = {each.name for each in found.changes if each.kind in {"moved", "renamed", "relocated"}}
        assert not names & {each.name for each in come}


def test_changes_of_the_year_are_as_many_as_the_docs_say():
    """Counted anew, so that a change of the rule is seen in what it tells."""
    found = compared(YEAR_BEFORE, NOW)
    said = (Path(__file__).parents[3] / "docs" / "discovery.md").read_text()
    counts = [len(found.of(kind)) for kind in ("added", "removed", "matured", "moved", "renamed", "relocated")]

    assert counts == [158, 44, 30, 65, 9, 7]
    assert [each.removed for each in found.suggestions] == ["Arctera™ Infoscale for Kubernetes"]
    assert "158 came, 44 went, 30 matured," in said
    assert "65 moved (most of them because a category was dissolved), 9 were renamed, 7 repositories moved" in said


def test_every_program_of_the_file_is_read_and_no_company():
    """As many as awk counts items in the three files, outside of members and service providers."""
    assert [len(entries(day)) for day in (YEAR_BEFORE, MONTH_BEFORE, NOW)] == [1326, 1437, 1440]
    assert not {entry.category.partition(" / ")[0] for entry in entries(NOW)} & landscape.COMPANIES


def test_entry_holds_what_the_file_says():
    """Maturity, dates, the second category and the CNCF's id of one that has them all."""
    found = next(entry for entry in entries(NOW) if entry.name == "k8gb")

    assert (found.key, found.maturity, found.project) == ("github.com/k8gb-io/k8gb", "incubating", "k8gb")
    assert found.accepted == dt.date(2021, 3, 30)
    assert found.category == "Orchestration & Management / Coordination & Service Discovery"
    assert "Serverless / Tools" in next(entry.also for entry in entries(NOW) if entry.name == "Chaterm")


def test_reading_the_landscape_takes_less_than_a_second():
    """1.1 MB of YAML; the best of two, for other work may be under way."""
    taken = []
    for _ in range(2):
        began = time.process_time()
        landscape.parse(content(NOW))
        taken.append(time.process_time() - began)

    assert min(taken) < 1.0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"{}", "no list `landscape`"),
        (b"<html>not found</html>", "no list `landscape`"),
        (b"landscape: [unclosed", "not YAML"),
        (b"a: \x80", "not YAML"),
        (b"landscape: 2026-99-99", "not YAML"),
        (b"[" * 100_000, "nested more than 500 deep"),
        (b"- " * 100_000, "nested more than 500 deep"),
        (b"".join(b" " * n + b"a:\n" for n in range(1000)), "nested more than 500 deep"),
        (("[" * 100_000).encode("utf-16"), "not YAML"),
    ],
)
def test_what_is_no_landscape_is_refused_in_a_sentence(text, why):
    """A page of errors that came with 200 must not pass for an empty landscape."""
    with pytest.raises(UsageError, match=why):
        landscape.parse(text)


def test_items_that_are_null_or_nameless_are_left_out():
    """The file has subcategories without items, and may have items without anything."""
    text = b"""
landscape:
  - name: A
    subcategories:
      - name: empty
        items: null
      - name: B
        items:
          - item:
          - {name: Nameless}
          - {name: Good, homepage_url: "https://good.example", project: typo, extra: {accepted: "soon"}}
"""
    (found,) = landscape.parse(text)

    assert (found.name, found.key, found.maturity, found.accepted) == ("Good", "good.example", None, None)
