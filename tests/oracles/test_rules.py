"""Rules of measuring that no other test states; docs/rules.md has them all."""

import re
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from steps.drivers.summary import summarize
from steps.errors import UsageError
from steps.measure import outcome_of
from steps.model import DeployRecord, HttpLoad, LoadRecord, Report
from steps.statistics.histogram import histogram_of
from tests.oracles.queueing import Queue
from tests.oracles.whole import experiment, report_on
from tests.steps.recorded import AT, MS, Recorded, value_of

SHORT = HttpLoad(rate_rps=400, warmup_s=0.5, duration_s=2, expect="-")


def test_a_closed_loop_is_not_offered(tmp_path):
    """Rule 2: its percentiles are not what users wait for, so no load can be one, and a report on one cannot be read."""
    report = report_on(
        experiment("one", "other", loads=(SHORT,), repetitions=1),
        lambda cell, load: Queue(1000).fly(load, seed=cell.id),
        tmp_path,
    )
    stored = report.to_json()

    assert Report.from_json(stored, source="report.json") == report
    with pytest.raises(UsageError, match=r"loads\.0\.load\.http\.model: Input should be 'open'"):
        Report.from_json(stored.replace('"model": "open"', '"model": "closed"'), source="report.json")


def test_delay_in_the_client_is_waiting_and_not_service():
    """Rule 3: a client that sends each request 5 ms late adds that to wait and response, and nothing to the service."""
    flown = Queue(1000).fly(SHORT, seed="rule 3")
    moved = {name: array("q", (at + 5 * MS for at in getattr(flown.recording, name))) for name in ("sent_ns", "ended_ns")}
    prompt = summarize(flown).histograms
    late = summarize(replace(flown, recording=replace(flown.recording, **moved))).histograms

    added_ms = {
        tag: (late[tag].get_mean_value() - prompt[tag].get_mean_value()) / 1000 for tag in ("wait", "response", "service")
    }
    assert added_ms == {"wait": pytest.approx(5, rel=0.01), "response": pytest.approx(5, rel=0.01), "service": 0}


@pytest.mark.parametrize("offset_s", [-3600, 0.005, 86_400])
def test_a_keepers_clock_may_show_any_time(tmp_path, offset_s):
    """Rule 21: no figure subtracts the clocks of two machines, so a keeper whose clock differs changes none."""
    usual = Recorded()
    moved = [
        replace(each, usage=each.usage.model_copy(update={"monotonic_ns": each.usage.monotonic_ns + round(offset_s * 1e9)}))
        for each in usual.readings
    ]

    assert usual.but(readings=moved).outcome(tmp_path / "moved") == usual.outcome(tmp_path / "usual")


def test_a_duration_below_zero_is_counted():
    """Rule 21: it stays in the sample as zero; left out, it would make everything look slower, and nobody would know."""
    assert histogram_of([-3, 0, 7]).get_total_count() == 3


def test_cold_and_hot_are_never_mixed(tmp_path):
    """Rule 22: a slow start and a slow first answer change `ready_ms`, and neither percentiles nor anything else."""
    inputs = Recorded().store(tmp_path)
    warm = outcome_of(inputs, at=AT)
    _rewrite(inputs.load / "load.json", LoadRecord, lambda _: {"first_ms": 60_000})
    first_slow = outcome_of(inputs, at=AT)
    _rewrite(
        inputs.deploy,
        DeployRecord,
        lambda record: {"components": tuple(each.model_copy(update={"ready_ms": 60_000}) for each in record.components)},
    )
    start_slow = outcome_of(inputs, at=AT)

    assert first_slow == warm
    pairs = zip(warm.measurements, start_slow.measurements, strict=True)
    assert {one.metric for one, other in pairs if one != other} == {"ready_ms"}
    assert value_of(start_slow, "ready_ms") == 60_000


def _rewrite(path, kind, update):
    """Changes some fields of a record that was stored."""
    record = kind.from_json(path.read_bytes(), source=path.name)
    path.write_text(record.model_copy(update=update(record)).to_json())


ROOT = Path(__file__).resolve().parents[2]
RULES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


def test_every_rule_is_on_the_page():
    """27 rules, in order, none left out."""
    assert re.findall(r"^\| (\d+) \|", RULES, re.MULTILINE) == [str(number) for number in range(1, 28)]


def test_what_the_page_of_rules_names_is_there():
    """Each test and each module that holds a rule exists under that name."""
    modules = re.findall(r"`((?:steps|phases|pipelines)/[\w/]+\.py)`", RULES)
    tests = re.findall(r"`([\w/]+\.py)::(\w+)`", RULES)
    missing = [module for module in modules if not (ROOT / module).exists()]
    missing += [f"{file}::{name}" for file, name in tests if f"def {name}(" not in _text(ROOT / "tests" / file)]

    assert len(tests) > 40
    assert missing == []


def _text(path):
    return path.read_text(encoding="utf-8") if path.exists() else ""
