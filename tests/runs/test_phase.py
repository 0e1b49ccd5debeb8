"""A phase's run on this machine: one page that links its experiments, and a retry that finishes it wherever it was killed."""

import time
from pathlib import Path

import pytest

from steps.model import Report, RunVerdict
from steps.model.overview import Overview
from tests.runs.bench import Bench, wait_for
from tests.runs.phase import REVIEW, SECOND

pytestmark = pytest.mark.slow

FIRST = "gateway-comparison"


class PhaseBench(Bench):
    """A bench for a phase's run, of which there is one."""

    def begin(self):
        return self._popen(["-m", "tests.runs.phase", str(self.reports)])

    @property
    def folder(self) -> Path:
        (found,) = self.reports.glob("phase-4-*")
        return found

    def overview(self) -> Overview:
        return Overview.from_json((self.folder / "report.json").read_bytes(), source="report.json")

    def report_of(self, experiment: str) -> Report:
        return Report.from_json((self.folder / experiment / "report.json").read_bytes(), source=experiment)


@pytest.fixture
def phase(bench, tmp_path):
    """For a phase, in the bench's own folder: what is left under way is ended after the test."""
    assert bench.state == PhaseBench(tmp_path).state
    return PhaseBench(tmp_path)


def test_a_broken_experiment_fails_itself_and_not_its_neighbours(phase):
    """The phase has failed and says where; the first experiment stands, and the review reads it and says what it lacks."""
    phase.environment |= {"BENCHLAB_HAPROXY": "/nowhere/haproxy"}

    out, err = phase.begin().communicate(timeout=120)

    assert "Traceback" not in err, err
    rows = {row.experiment: row for row in phase.overview().rows}
    assert list(rows) == [FIRST, SECOND, REVIEW]
    assert (rows[FIRST].verdict, rows[SECOND].verdict) == (RunVerdict.PREVIEW, RunVerdict.FAILED)
    assert rows[REVIEW].verdict is RunVerdict.PREVIEW
    assert f"run {phase.folder.name} failed" in " ".join(rows[REVIEW].reasons)
    assert phase.report_of(FIRST).reasons[0].startswith("1 short repetition")
    assert all((phase.folder / row.page).is_file() for row in rows.values())
    assert out.strip().splitlines()[-1] == str(phase.folder / "index.html")
    assert phase.overview().verdict is RunVerdict.FAILED
    assert phase.leftovers() == []


def test_a_killed_phase_is_finished_and_keeps_what_it_has(phase):
    """Killed -9 in the second experiment: retry makes its missing cell alone, then every report and the page of the phase."""
    process = phase.begin()
    wait_for(process, r"3 of 4 cells are over")
    time.sleep(0.5)
    process.kill()
    process.wait()

    left = phase.command("retry", "@latest", "--dry-run").stdout.splitlines()
    retried = phase.command("retry", "@latest", "--reports", str(phase.reports))

    assert retried.returncode == 0, retried.stdout + retried.stderr
    cell = next(each for each in left if each.startswith(f"{SECOND}: "))
    assert left == [f"{FIRST}: the report", cell, f"{REVIEW}: the report", "the page of the phase"]
    assert " 1 cells" in retried.stdout
    assert {row.verdict for row in phase.overview().rows} == {RunVerdict.PREVIEW}
    assert retried.stdout.count("cells are over") == 1
    assert [len(phase.report_of(name).cells) for name in (FIRST, SECOND)] == [2, 2]
    assert phase.leftovers() == []
    again = phase.command("retry", "@latest", "--reports", str(phase.reports))
    assert again.returncode == 2
    assert "there is nothing left to do" in again.stderr
