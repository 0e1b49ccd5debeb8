"""A preview of observability-overhead as a user starts it: every arm is measured, counted, priced, and gone."""

import shutil

import pytest

from steps.model import Report, RunVerdict

pytestmark = pytest.mark.slow


@pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go here: its programs are built with it")
def test_a_preview_tells_what_each_signal_costs(bench):
    """All five arms have figures; each signal alone has its price, and nothing stays."""
    process = bench._popen(["-m", "pipelines", "run", "observability-overhead", "--quick", "--reports", str(bench.reports)])
    out, err = process.communicate(timeout=2400)  # the first one builds Loki and Jaeger

    assert process.returncode == 0, out + err
    (page,) = bench.reports.glob("*/report.json")
    report = Report.from_json(page.read_bytes(), source="report.json")
    (watching,) = report.watching
    assert report.verdict is RunVerdict.PREVIEW
    assert set(bench.cells().values()) <= {"ok", "suspect"}
    assert [arm.arm for arm in watching.arms] == ["metrics", "logs", "traces", "all-three"]
    assert all(arm.watchers_us.value > 0 and arm.usd.value is not None for arm in watching.arms)
    assert [unit.usd.value > 0 for arm in watching.arms[:3] for unit in arm.kept] == [True] * 3
    assert "What watching costs" in (page.parent / "index.html").read_text()
    assert bench.leftovers() == []
