"""The layers of the full stack: each has all that the one before it has, and templates ask only for what is there by then."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from phases.catalogue.stack import LAYERS, OBSERVED, OBSERVED_SMALL_POOL, OBSERVED_TUNED
from phases.phase_10_fullstack import EXPERIMENTS
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
