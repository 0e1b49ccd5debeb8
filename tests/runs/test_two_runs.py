"""Two real runs of this machine, held against each other by every word there is for it."""

import csv
from xml.etree import ElementTree as ET

import pytest

from steps.model import ChangeVerdict, Comparison
from steps.sealed import InFolder, unseal
from tests.runs.bench import Bench

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """Direct and nginx, once for a second, and all of it again: previews, which is quick."""
    made = Bench(tmp_path_factory.mktemp("twice"))
    for _ in range(2):
        done = made.run("nginx")
        assert done.returncode == 0, done.stdout
    return made


@pytest.fixture
def names(twice):
    return sorted(path.parent.name for path in twice.reports.glob("*/report.json"))


def test_two_runs_are_compared_by_name_and_by_folder(twice, names, tmp_path):
    """To the same comparison, in which previews decide nothing; a gate on it does not open."""
    by_name = twice.command("compare", *names, "--json", "--gate", "--junit", str(tmp_path / "junit.xml"))
    by_folder = twice.command("compare", *(str(twice.reports / name) for name in names), "--json")

    found = Comparison.from_json(by_name.stdout, source="compare --json")
    assert (by_name.returncode, by_folder.returncode) == (4, 0), by_name.stderr + by_folder.stderr
    assert found == Comparison.from_json(by_folder.stdout, source="compare --json")
    assert {each.contender for each in found.changes} == {"direct", "nginx"}
    assert {each.verdict for each in found.changes} == {ChangeVerdict.CANNOT_TELL}
    assert int(ET.parse(tmp_path / "junit.xml").getroot().get("skipped")) == len(found.changes)


def test_previews_alone_make_no_history(twice):
    """One sentence says so."""
    done = twice.command("history", "gateway-comparison")

    assert done.returncode == 2
    assert "no run of phase-4/gateway-comparison decides anything" in done.stderr


def test_a_report_tells_ci_what_it_found(twice, names, tmp_path):
    """Beside the page: JUnit XML, a comment, and the samples as CSV."""
    junit, markdown = tmp_path / "junit.xml", tmp_path / "comment.md"
    reports = ("--reports", str(tmp_path / "again"))

    done = twice.command("report", "@latest", *reports, "--junit", str(junit), "--markdown", str(markdown))

    assert done.returncode == 0, done.stderr
    assert {suite.get("name") for suite in ET.parse(junit).getroot()} >= {"phase-4.gateway-comparison.nginx"}
    assert markdown.read_text().startswith("<!-- benchlab run phase-4 gateway-comparison -->")
    folder = tmp_path / "again" / names[-1]
    with (folder / "samples.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * len(unseal(InFolder(folder)).report.metrics)
