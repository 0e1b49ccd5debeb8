"""From the words of a user to experiments, and what a mistake in a phase says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import select, tables
from steps.errors import UsageError
from steps.model import Precision

ROOT = Path(__file__).resolve().parents[2]


def test_a_phase_is_all_its_experiments():
    """In the author's order."""
    assert [each.name for each in select.experiments("phase-4")] == ["gateway-comparison", "gateway-capacity"]


@pytest.mark.parametrize("wanted", ["gateway-comparison", "phase-4/gateway-comparison"])
def test_an_experiment_has_two_names(wanted):
    """Its own, and with its phase: both lead to the same experiment, whole."""
    found = select.experiments(wanted)

    assert [each.name for each in found] == ["gateway-comparison"]
    assert found[0].phase == "phase-4"
    assert set(found[0].configs) >= {"nginx.conf", "upstream.conf"}


def test_a_wrong_name_leads_to_the_nearest():
    """A typo is answered with what was probably meant."""
    with pytest.raises(UsageError, match="did you mean gateway-comparison"):
        select.experiments("gateway-comparsion")


def test_a_preview_is_short_and_says_so():
    """`--quick` makes three short repetitions of everything."""
    whole = select.experiments("gateway-comparison")[0]

    quick = select.prepared(whole, quick=True, settings=())

    assert (quick.preview, quick.repetitions) == (True, 3)
    assert all(load.duration_s == 3 for load in quick.loads)


def test_settings_change_every_load():
    """`--set rate_rps=200` reaches the loads, as a number."""
    whole = select.experiments("gateway-comparison")[0]

    assert {load.rate_rps for load in select.prepared(whole, quick=False, settings=("rate_rps=200",)).loads} == {200.0}


def test_single_events_can_be_asked_for():
    """`--set trace_events=true`, where a program prints some; a pilot does without."""
    whole = select.experiments("appendix-t/io-bottleneck")[0]
    asked = select.prepared(whole, quick=False, settings=("trace_events=true",))

    assert (whole.trace_events, asked.trace_events, asked.as_pilot().trace_events) == (False, True, False)
    with pytest.raises(UsageError, match="trace_events needs one of block-io, tcp, memory in its trace"):
        select.prepared(select.experiments("gateway-comparison")[0], quick=False, settings=("trace_events=true",))


def test_settings_reach_into_the_slo_of_a_ramp():
    """`--set slo.p99_ms=50` asks the same question with another bound."""
    whole = select.experiments("gateway-capacity")[0]

    (load,) = select.prepared(whole, quick=False, settings=("slo.p99_ms=50", "most_rps=9000")).loads
    assert (load.slo.p99_ms, load.most_rps) == (50.0, 9000.0)


def test_a_preview_of_a_ramp_has_coarse_steps_and_short_probes():
    """And searches once: so that the whole of it takes some two minutes."""
    quick = select.prepared(select.experiments("gateway-capacity")[0], quick=True, settings=())

    (load,) = quick.loads
    assert (quick.repetitions, load.resolution, load.probe_s, load.measure_s) == (1, 0.1, 0.3, 1.5)


def test_a_setting_of_another_kind_of_load_is_refused():
    """A ramp has no rate of its own."""
    whole = select.experiments("gateway-capacity")[0]

    with pytest.raises(
        UsageError,
        match=r"there is no setting 'rate_rps'; there are repetitions, workers, band, budget_usd, trace_events, slo\.p99_ms",
    ):
        select.prepared(whole, quick=False, settings=("rate_rps=200",))


def test_a_precision_is_a_percentage_with_a_budget():
    """`--precision 5%`, and `--most-rounds` when thirty are not what is meant."""
    whole = select.experiments("gateway-comparison")[0]

    asked = select.prepared(whole, quick=False, settings=(), precision="2.5%", most_rounds=12).precision

    assert asked == Precision(half_width=0.025, most_rounds=12)
    assert select.prepared(whole, quick=False, settings=(), precision="5 %").precision == Precision(
        half_width=0.05, most_rounds=30
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"precision": "5"}, "write it as a percentage between 0 and 100, such as 5%"),
        ({"precision": "0%"}, "write it as a percentage"),
        ({"precision": "nan%"}, "write it as a percentage"),
        ({"precision": "5%%"}, "write it as a percentage"),
        ({"most_rounds": 8}, "is the budget of a precision; add one"),
        ({"precision": "5%", "quick": True}, "a preview decides nothing, so it cannot be precise"),
        ({"precision": "5%", "settings": ("repetitions=31",)}, "plans 31 repetitions, more than the 30 rounds of its budget"),
    ],
    ids=lambda value: "" if isinstance(value, str) else " ".join(f"{key}={each}" for key, each in value.items()),
)
def test_a_wrong_precision_says_what_is_wrong(asked, said):
    """One sentence, that names the option and the way out."""
    whole = select.experiments("gateway-comparison")[0]

    with pytest.raises(UsageError, match=said):
        select.prepared(whole, **{"quick": False, "settings": (), **asked})


def test_a_plan_tells_how_long_a_precision_may_take():
    """From the planned rounds to the budget; and it is no promise for a run that asks for none."""
    whole = select.experiments("gateway-comparison")[0]
    precise = select.precise(whole, "5%", 12)

    assert "about 11 min 02 s on this machine, up to 21 min 50 s if it takes 12 rounds to ±5 %" in tables.plan(precise)
    assert "about 11 min 02 s on this machine\n" in tables.plan(whole)
    assert tables.plan_json(precise)["most_seconds"] == 1310
    assert tables.plan_json(whole)["most_seconds"] == tables.plan_json(whole)["seconds"] == 662


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("rate_rps", "write it as NAME=VALUE"),
        ("rate=200", "there is no setting 'rate'"),
        ("rate_rps=fast", "rate_rps"),
        ("rate_rps=-1", "greater than 0"),
        ("repetitions=0", "repetitions"),
        ("band=1.5", "less than 1"),
    ],
)
def test_a_wrong_setting_says_what_is_wrong(setting, said):
    """What cannot be set is refused before anything starts."""
    whole = select.experiments("gateway-comparison")[0]

    with pytest.raises(UsageError, match=said):
        select.prepared(whole, quick=False, settings=(setting,))


def lab_with(tmp_path: Path, old: str, new: str) -> subprocess.CompletedProcess[str]:
    """`list` in a copy of the lab whose phase 4 has a mistake."""
    for room in ("phases", "pipelines", "steps"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    page = tmp_path / "phases" / "phase_04.py"
    text = page.read_text(encoding="utf-8")
    assert old in text
    page.write_text(text.replace(old, new, 1), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pipelines", "list"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rate_rps=500", "rate_rsp=500", "HttpLoad has no field 'rate_rsp'; did you mean 'rate_rps'?"),
        ("rate_rps=500", "rate_rps='fast'", "rate_rps: Input should be a valid number"),
        ("of=ENVOY", "of=ENVOI", "name 'ENVOI' is not defined"),
        ("metrics=(", "trace=(__import__('steps.model').model.TraceProgram.OF_CPU,), metrics=(", "did you mean 'OFF_CPU'?"),
        ("title=", "title", "phase_04.py, line"),
        ('metric="p50_ms"', 'metric="p51_ms"', "needs p51_ms among the metrics"),
    ],
    ids=["unknown field", "wrong type", "unknown contender", "unknown program", "syntax", "unknown metric"],
)
def test_a_typo_in_a_phase_is_one_sentence_with_its_place(tmp_path, old, new, said):
    """A mistake in a phase names file, line and field, without a traceback, with exit status 2."""
    done = lab_with(tmp_path, old, new)

    assert done.returncode == 2
    assert said in done.stderr
    assert "phases/phase_04.py, line" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
