"""The layers of the full stack: each has all that the one before it has, and templates ask only for what is there by then."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from phases.catalogue.brokers import NATS
from phases.catalogue.stack import LAYERS, LIGHT, MESSAGING, OBSERVED, OBSERVED_SMALL_POOL, OBSERVED_TUNED
from phases.phase_10_fullstack import EXPERIMENTS
from steps.model.messaging import TOPIC
from steps.places import pods
from steps.places.base import Deployed, Job
from steps.places.pods import Setting
from steps.places.templates import placeholders

CONFIGS = Path(__file__).parent.parent.parent / "phases" / "configs"
PLACE = {"program", "config", "folder", "host", "workers", "port", "identity", "app", "bin"}
(STACK,) = EXPERIMENTS


def names(arm):
    """The programs of an arm: entries are called by their arm, but are the same nginx."""
    return {part.same_as or part.name for part in arm.parts} | {part.name for part in arm.brings}


def test_each_layer_has_all_that_the_one_before_it_has():
    """Else what it adds would be the price of something else."""
    assert all(names(below) < names(above) for below, above in pairwise(LAYERS))
    assert [layer.name for layer in LAYERS] == list(STACK.layers)


def test_a_stack_leaves_room_for_its_load_on_two_cores():
    """In pods: else the load waits for ever, as it did. A fifth of one is for what else runs there."""
    load_asks, others_ask, keeper_asks = 0.5, 0.2, 0.01
    for arm in STACK.arms:
        asked = sum(part.resources.cpu_request_cores + keeper_asks for part in (*STACK.around, *arm.parts))
        assert asked + load_asks + others_ask <= 2, arm.name


def test_the_messaging_layer_is_a_broker_and_an_application_that_is_told_of_it():
    """All else is the observed layer's; the broker is set up as messaging-benchmark's of the class that the arm names."""
    nats, app, *others = MESSAGING.brings
    plain = OBSERVED.brings[0]

    assert tuple(others) == OBSERVED.brings[1:]
    assert nats == NATS.keeping(MESSAGING.outbox.durability).model_copy(update={"resources": LIGHT})
    assert app.process.env.items() > plain.process.env.items()
    assert app.process.program == plain.process.program
    assert (app.process.env["TOPIC"], app.process.env["STORAGE"]) == (TOPIC, NATS.classes["written"].client["storage"])
    assert {arm.name for arm in STACK.arms if arm.outbox} == {"messaging"}


def test_in_pods_the_application_finds_the_broker_at_its_service():
    """At its Service's name, with the same words as here."""
    job = Job(run="run-1", cell="messaging-200rps-r1", experiment=travelling())
    setting, beside = Setting(namespace="lab", image="benchlab/steps:1"), {}
    for each in (*STACK.around, *MESSAGING.brings[:2]):
        rendered = pods.render(each, job=job, beside=beside, setting=setting)
        beside[each.name] = Deployed(
            record=None, host=f"{each.name}.lab", ports={p.name: p.number for p in each.ports}, keeper=""
        )
    spec = next(each for each in rendered.objects if each["kind"] == "Deployment")["spec"]["template"]["spec"]
    program = spec["containers"][1]
    told = {each["name"]: each["value"] for each in program["env"]}

    assert program["image"].startswith("benchlab.local/program-transaction:")
    assert (told["BROKER_URL"], told["STORAGE"]) == ("nats://nats.lab:4222", "file")


def travelling():
    """The stack with its texts."""
    texts = {each.config: (CONFIGS / each.config).read_text() for each in STACK.everyone if each.config}
    return STACK.model_copy(update={"phase": "phase-10", "configs": texts})


def test_a_tuning_changes_settings_and_no_program():
    """Before and after are the same stack."""
    assert [part.name for part in OBSERVED.brings] == [part.name for part in OBSERVED_TUNED.brings]
    assert {part.name for part in OBSERVED.brings if part not in OBSERVED_TUNED.brings} == {
        "sidecar-client",
        "sidecar-server",
        "victoria-metrics",
    }


def test_a_smaller_pool_is_all_that_the_last_tuning_changes():
    """The same programs and settings but for the application's pool."""
    before, after = ({part.name: part for part in arm.brings} for arm in (OBSERVED_TUNED, OBSERVED_SMALL_POOL))

    assert {name for name in before if before[name] != after[name]} == {"app"}
    assert {name for name, value in after["app"].process.env.items() if before["app"].process.env[name] != value} == {
        "DATABASE_POOL"
    }
    assert [tuning.arm for tuning in STACK.tunings] == [OBSERVED_TUNED.name, OBSERVED_SMALL_POOL.name]


@pytest.mark.parametrize("arm", STACK.arms, ids=lambda arm: arm.name)
def test_a_text_asks_only_for_what_was_deployed_before(arm):
    """In the order in which the cell is deployed, and of an upstream only where one is named."""
    there: set[str] = set()
    for each in (*STACK.around, *arm.parts):
        texts = [*each.process.argv, *each.process.env.values(), (CONFIGS / each.config).read_text() if each.config else ""]
        own = PLACE | set(each.settings) | {f"port.{port.name}" for port in each.ports}
        upstream = {"upstream.host", "upstream.port"} if each.upstream else set()
        assert set().union(*map(placeholders, texts)) <= own | there | upstream
        assert each.upstream is None or f"{each.upstream}.host" in there
        there |= {f"{each.name}.host", f"{each.name}.port", *(f"{each.name}.port.{port.name}" for port in each.ports)}


def test_sidecars_name_each_other_and_nobody_else():
    """Each template asserts the other's identity, and the component has the one that the other asserts."""
    parts = {part.name: part for part in OBSERVED.brings}
    for one, other in (("sidecar-client", "sidecar-server"), ("sidecar-server", "sidecar-client")):
        text = (CONFIGS / parts[one].config).read_text()
        assert parts[one].identity == one
        assert [line.split()[-1] for line in text.splitlines() if "spiffe://" in line] == [f"spiffe://benchlab.dev/{other}"]
