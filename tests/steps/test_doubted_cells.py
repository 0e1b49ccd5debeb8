"""Real cells, from deploy to outcome: one with a core that burns beside it, and some on an idle machine."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from math import ceil

import pytest

from phases.catalogue.gateways import NGINX
from steps import load, measure
from steps.drivers import canary
from steps.measure import Inputs
from steps.model import Calibration, Environment
from steps.places.process import ProcessPlace
from tests.burning import burning
from tests.lab import experiment


def short(asked, **update):
    """The same experiment with another load."""
    return asked.model_copy(update={"loads": (asked.loads[0].model_copy(update=update),)})


def a_core_that_burns(cpus):
    """One program for every eight of these cores, for a tenth of them may be used."""
    return burning(cpus, ceil(len(cpus) / 8))


def outcome(lab, contender, *, beside=None):
    """What a cell came to; `beside`: what happens while it is loaded."""
    [under] = lab.asked.loads
    cell = f"{contender}-{under.label}-r1"
    _, system_cpus = ProcessPlace(lab.environment).cores()
    usual = canary.reference(lab.folder, cpus=system_cpus, times=10)
    endpoints = lab.deploy(cell)
    files = {name: lab.folder / f"{name}.json" for name in ("experiment", "environment", "deploy")}
    environment = Environment(
        run=lab.run,
        at="now",
        place="process",
        driver={},
        node={},
        cluster={},
        calibration=Calibration(ceiling_rps=8000),
        canary=usual,
    )
    files["environment"].write_text(environment.to_json())
    folder = lab.folder / "load"
    try:
        with (beside or nothing)():
            load.run(run=lab.run, cell=cell, experiment=files["experiment"], endpoints=endpoints.to_json(), folder=folder)
    finally:
        lab.teardown(cell)
    return measure.outcome_of(Inputs(run=lab.run, cell=cell, load=folder, **files), at="now")


@contextmanager
def nothing():
    yield


def burnt(lab, cpus):
    """A cell of nginx with a core that burns beside it."""
    lab.asked = short(experiment((NGINX,)), warmup_s=1, duration_s=3)
    return outcome(lab, "nginx", beside=partial(a_core_that_burns, cpus))


@pytest.mark.slow
def test_core_of_the_system_that_burns_beside_a_cell_makes_it_suspect(lab):
    """Nobody accounts for that CPU, and the outcome says how much it was; the figures stay."""
    _, system_cpus = ProcessPlace(lab.environment).cores()
    found = burnt(lab, system_cpus)

    assert found.status == "suspect", found
    assert any(reason.startswith("suspect: environment: ") for reason in found.reasons), found.reasons
    assert found.surroundings.unattributed_cores > 0.3
    assert all(one.value is not None for one in found.measurements)


@pytest.mark.evidence
@pytest.mark.parametrize("time", range(5))
def test_core_that_burns_is_found_five_times_of_five(lab, time):
    """Wherever the kernel puts it: among the system's cores, or on the driver's, which is then late."""
    found = burnt(lab, range(os.cpu_count() or 1))

    print(found.reasons, found.surroundings)
    assert found.status == "suspect" or any(one.suspect for one in found.measurements)


@pytest.mark.evidence
@pytest.mark.parametrize("time", range(6))
@pytest.mark.parametrize("contender", ["direct", "nginx"])
def test_cell_on_an_idle_machine_is_not_suspect(lab, contender, time):
    """Of a whole window, so that steadiness is proved too. Run it alone on the machine: what it finds else is real."""
    lab.asked = experiment((NGINX,))
    found = outcome(lab, contender)

    doubts = {one.metric: one.suspect for one in found.measurements if one.suspect}
    print(found.reasons, doubts, found.surroundings, found.steady, found.driver)
    assert (found.status, found.reasons, doubts) == ("ok", (), {})
