"""A preview of observability-overhead as a user starts it: every arm is measured, counted, priced, and gone."""

import shutil

import pytest

from steps.model import Report, RunVerdict

pytestmark = pytest.mark.evidence  # three minutes; test_second_half.py runs it too, beside the others


@pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go here: its programs are built with it")
def test_a_preview_tells_what_each_signal_costs(bench):
    """Every arm has figures, each signal alone its price, and nothing stays. (Loki and Jaeger: where they were built.)"""
    process = bench._popen(["-m", "pipelines", "run", "observability-overhead", "--quick", "--reports", str(bench.reports)])
    out, err = process.communicate(timeout=900)

    assert process.returncode == 0, out + err
    (page,) = bench.reports.glob("*/report.json")
    report = Report.from_json(page.read_bytes(), source="report.json")
    (watching,) = report.watching
    assert report.verdict is RunVerdict.PREVIEW
    assert set(bench.cells().values()) <= {"ok", "suspect"}
    missing = {each.name for each in report.absent}
    there = [name for name in ("metrics", "logs", "traces", "all-three") if name not in missing]
    assert [arm.arm for arm in watching.arms] == there
    assert all("python -m pipelines build" in each.reason for each in report.absent)
    assert all(arm.watchers_us.value > 0 and arm.usd.value is not None for arm in watching.arms)
    assert all(unit.usd.value > 0 for arm in watching.arms if arm.arm != "all-three" for unit in arm.kept)
    assert "What watching costs" in (page.parent / "index.html").read_text()
    assert bench.leftovers() == []
