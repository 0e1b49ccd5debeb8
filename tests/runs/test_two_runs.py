"""Two real runs of this machine, held against each other by every word there is for it."""

import csv
from xml.etree import ElementTree as ET

import pytest

from steps.model import Comparison, History
from steps.sealed import InFolder, unseal
from tests.runs.test_bad_days import Bench

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """Direct and nginx, six repetitions of a second each, and all of it again."""
    made = Bench(tmp_path_factory.mktemp("twice"))
    for _ in range(2):
        done = made._end(made.start("nginx", 6, "none"))
        assert done.returncode in {0, 4}, done.stdout  # 4: too much else ran beside it
    return made


@pytest.fixture
def names(twice):
    return sorted(path.parent.name for path in twice.reports.glob("*/report.json"))


def test_two_runs_are_compared_by_name_and_by_folder(twice, names, tmp_path):
    """To the same comparison; each metric has its ratio, or says why not."""
    by_name = twice.command("compare", *names, "--json", "--junit", str(tmp_path / "junit.xml"))
    by_folder = twice.command("compare", *(str(twice.reports / name) for name in names), "--json")

    found = Comparison.from_json(by_name.stdout, source="compare --json")
    assert by_name.returncode == by_folder.returncode == 0
    assert found == Comparison.from_json(by_folder.stdout, source="compare --json")
    assert {each.contender for each in found.changes} == {"direct", "nginx"}
    assert all((each.ratio is None) == (each.before is None) and each.why for each in found.changes)
    assert any(each.ratio for each in found.changes if each.contender == "nginx")
    assert int(ET.parse(tmp_path / "junit.xml").getroot().get("tests")) == len(found.changes)


def test_their_history_has_both(twice, names):
    """Two runs are too few for a change point, and a gate on them does not open."""
    done = twice.command("history", "gateway-comparison", "--json", "--gate")

    found = History.from_json(done.stdout, source="history --json")
    assert done.returncode == 4
    assert [group.runs for group in found.groups] == [tuple(names)]


def test_a_report_tells_ci_what_it_found(twice, names, tmp_path):
    """Beside the page: JUnit XML, a comment, and the samples as CSV."""
    junit, markdown = tmp_path / "junit.xml", tmp_path / "comment.md"
    reports = ("--reports", str(tmp_path / "again"))

    done = twice.command("report", "@latest", *reports, "--junit", str(junit), "--markdown", str(markdown))

    assert done.returncode == 0, done.stderr
    assert {suite.get("name") for suite in ET.parse(junit).getroot()} >= {"phase-4.gateway-comparison.nginx"}
    assert markdown.read_text().startswith("<!-- benchlab run phase-4 gateway-comparison -->")
    with (tmp_path / "again" / names[-1] / "samples.csv").open() as file:
        rows = list(csv.DictReader(file))
    report = unseal(InFolder(tmp_path / "again" / names[-1])).report
    assert len(rows) == 2 * 6 * len(report.metrics)
