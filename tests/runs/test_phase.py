"""A phase's run on this machine: one page that links its experiments, and a retry that finishes it wherever it was killed."""

import time
from pathlib import Path

import pytest

from steps.model import Report, RunVerdict
from steps.model.overview import Overview
from tests.runs.phase import REVIEW, SECOND
from tests.runs.test_bad_days import Bench, wait_for

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


def test_a_broken_experiment_fails_itself_and_not_its_neighbours(tmp_path):
    """The phase has failed and says where; the first experiment stands, and the review reads it and says what it lacks."""
    bench = PhaseBench(tmp_path)
    bench.environment |= {"BENCHLAB_HAPROXY": "/nowhere/haproxy"}

    out, err = bench.begin().communicate(timeout=120)

    assert "Traceback" not in err, err
    rows = {row.experiment: row for row in bench.overview().rows}
    assert list(rows) == [FIRST, SECOND, REVIEW]
    assert (rows[FIRST].verdict, rows[SECOND].verdict) == (RunVerdict.PREVIEW, RunVerdict.FAILED)
    assert rows[REVIEW].verdict is RunVerdict.PREVIEW
    assert f"run {bench.folder.name} failed" in " ".join(rows[REVIEW].reasons)
    assert bench.report_of(FIRST).reasons[0].startswith("1 short repetition")
    assert all((bench.folder / row.page).is_file() for row in rows.values())
    assert out.strip().splitlines()[-1] == str(bench.folder / "index.html")
    assert bench.overview().verdict is RunVerdict.FAILED
    assert bench.leftovers() == []


def test_a_killed_phase_is_finished_and_keeps_what_it_has(tmp_path):
    """Killed -9 in the second experiment: retry makes its missing cell alone, then every report and the page of the phase."""
    bench = PhaseBench(tmp_path)
    process = bench.begin()
    wait_for(process, r"3 of 4 cells are over")
    time.sleep(0.5)
    process.kill()
    process.wait()

    left = bench.command("retry", "@latest", "--dry-run").stdout.splitlines()
    retried = bench.command("retry", "@latest", "--reports", str(bench.reports))

    assert retried.returncode == 0, retried.stdout + retried.stderr
    cell = next(each for each in left if each.startswith(f"{SECOND}: "))
    assert left == [f"{FIRST}: the report", cell, f"{REVIEW}: the report", "the page of the phase"]
    assert " 1 cells" in retried.stdout
    assert {row.verdict for row in bench.overview().rows} == {RunVerdict.PREVIEW}
    assert retried.stdout.count("cells are over") == 1
    assert [len(bench.report_of(name).cells) for name in (FIRST, SECOND)] == [2, 2]
    assert bench.leftovers() == []
    again = bench.command("retry", "@latest", "--reports", str(bench.reports))
    assert again.returncode == 2
    assert "there is nothing left to do" in again.stderr
