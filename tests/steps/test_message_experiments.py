"""What a load of messages says of itself, and what an experiment makes of a class that a broker does not have."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from phases.catalogue.brokers import BROKERS, KAFKA, NATS
from phases.catalogue.databases import POSTGRES
from phases.phase_10_messaging import EXPERIMENTS
from steps.errors import UsageError
from steps.model import Absent, Durable, Experiment, Hypothesis, MessageLoad, Plan, cell_of
from steps.model.messaging import EFFORT

(BENCHMARK,) = EXPERIMENTS
MEMORY = MessageLoad(durability="memory", rate_mps=500, duration_s=10)


def changed(**update):
    """The benchmark with something else in it, checked."""
    return Experiment.model_validate(dict(BENCHMARK) | update)


def test_load_is_named_by_what_matters():
    """Class, size, fan-out and restart are in the name; the rate is in the label."""
    load = MessageLoad(durability="fsynced", size_bytes=65536, fan_out=8, rate_mps=0.5, away_s=1, duration_s=2)

    assert load.name == "fsynced-64kb-to-8-restart"
    assert load.label == "fsynced-64kb-to-8-restart-0-5mps"
    assert MessageLoad(durability="memory", size_bytes=128, rate_mps=500, duration_s=1).label == "memory-128b-to-1-500mps"


@pytest.mark.parametrize("wrong", [{"fan_out": 9}, {"fan_out": 0}, {"size_bytes": 15}, {"durability": "replicated"}])
def test_load_has_its_limits(wrong):
    """Up to eight consumers, and room for a sequence number."""
    with pytest.raises(ValidationError):
        MessageLoad(**{"durability": "memory", "rate_mps": 1, "duration_s": 1, **wrong})


def test_consumer_that_is_away_is_back_in_the_window():
    """Or its losses would be the harness's; a preview of a longer load is away for less."""
    with pytest.raises(ValidationError, match=r"away for 6 s from two fifths of the window on .* away_s may be 5 at most"):
        MessageLoad(durability="memory", rate_mps=1, duration_s=10, away_s=6)

    short = MessageLoad(durability="memory", rate_mps=1, duration_s=10, away_s=4).shortened(window_s=3, warmup_s=1)
    assert (short.duration_s, short.away_s) == (3, 1.5)


def test_what_a_message_costs_the_driver_is_told():
    """Where the model says that it is, with what was measured."""
    driver = (Path(__file__).parents[2] / "docs" / "messaging.md").read_text().split("## The driver")[1].split("\n## ")[0]

    assert f"counts as {EFFORT:g} requests of the HTTP driver" in driver


def test_class_is_lacking_or_set_up():
    """A reason and settings exclude each other."""
    for wrong in ({}, {"lacking": "why", "how": "so"}, {"lacking": "why", "client": {"a": "b"}}):
        with pytest.raises(ValidationError):
            Durable(**wrong)


def test_class_that_a_broker_lacks_has_no_cells():
    """It is not planned, and no cell of that name is known."""
    plan = Plan.of(BENCHMARK, run="any", seed=1)
    memory = [cell for cell in plan.cells if cell.load == MEMORY.label]

    assert {cell.contender for cell in memory} == {each.name for each in BROKERS if not each.classes["memory"].lacking}
    assert len(plan.cells) == BENCHMARK.repetitions * (len(BROKERS) * len(BENCHMARK.loads) - 1)
    with pytest.raises(UsageError, match="has no cell kafka-memory"):
        cell_of(BENCHMARK, f"kafka-{MEMORY.label}-r1")


def test_baseline_is_measured_under_every_load():
    """Else there is nothing to compare with."""
    with pytest.raises(
        ValidationError, match="its baseline is not measured under load memory-1kb-to-1-500mps: Kafka writes every"
    ):
        changed(baseline=KAFKA, contenders=(NATS,), hypotheses=())


def test_without_its_baseline_another_takes_its_place_that_has_every_class():
    """Kafka has no class memory, so it cannot be the one that stands for all."""
    gone = tuple(Absent(name=each.name, title=each.title, reason="away") for each in (NATS,))
    first = changed(contenders=(KAFKA, *BROKERS[1:3]), hypotheses=()).without(gone)

    assert first.baseline.name == "valkey"
    assert {each.name for each in first.contenders} == {"kafka", "rabbitmq"}


def test_what_is_no_broker_is_refused():
    """In a sentence of the experiment's author."""
    with pytest.raises(ValidationError, match="is for brokers, and postgres declares no durability class"):
        changed(contenders=(POSTGRES,), hypotheses=())


def test_hypothesis_about_what_is_not_measured_is_refused():
    """It could never be told."""
    claim = Hypothesis(statement="Kafka is quick", metric="p50_ms", of=KAFKA, below=1.0, load="memory-1kb-to-1")
    with pytest.raises(ValidationError, match="speaks of kafka under memory-1kb-to-1-500mps, where it is not measured"):
        changed(hypotheses=(claim,))
