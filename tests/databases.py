"""A database of the catalogue for a test: deployed by the real step, in the cell of a run that holds the lock."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvloop

from phases.catalogue.databases import POSTGRES
from phases.phase_10_databases import EXPERIMENTS
from steps import load as verb
from steps import processes
from steps.errors import LabError
from steps.model import Ramp, SqlLoad
from steps.model.metric import TRANSACTION_CAPACITY
from steps.places import building
from steps.places.programs import builds_of, find_program

CONFIGS = Path(__file__).parent.parent / "phases" / "configs"


def needs(component):
    """The component's program, built here if it is one of ours, or the test is skipped with the reason."""
    try:
        for build in builds_of(component, os.environ):
            building.make(build, os.environ)
        find_program(component, os.environ)
    except LabError as error:
        pytest.skip(str(error))
    return component


def experiment(load, *contenders, **changes):
    """The database benchmark as it travels, with one load. changes: of configurations, as template=(old, new)."""
    arms = contenders or (POSTGRES, POSTGRES.again())
    configs = {each.config: (CONFIGS / each.config).read_text() for each in arms if each.config}
    for name, (old, new) in changes.items():
        configs[name] = configs[name].replace(old, new)
    update = {"baseline": arms[0], "contenders": arms[1:] or (arms[0].again(),), "loads": (load,), "hypotheses": ()}
    if isinstance(load, Ramp):
        update |= {"shape": "ramp", "metrics": TRANSACTION_CAPACITY}
    return EXPERIMENTS[0].model_copy(update={**update, "quick_loads": (), "phase": "phase-10", "configs": configs})


def short(mix="tpcb", **given):
    """A load of two seconds on few accounts."""
    return SqlLoad(**{"mix": mix, "rate_tps": 100, "warmup_s": 0.5, "duration_s": 2, "scale": 2, "clients": 8, **given})


@contextmanager
def cell(lab, load, component, **changes):
    """The endpoints of a cell; it is torn down afterwards, and nothing of it is left."""
    lab.asked = experiment(load, component, **changes)
    name = f"{component.name}-{load.label}-r1"
    try:
        yield lab.deploy(name)
    finally:
        record = lab.teardown(name)
        assert record.left == ()


def send(load, endpoints, component):
    """What the load step does, before it counts."""
    return uvloop.run(verb.send(load, endpoints, spin=False, contender=component))


def tree(lab):
    """The processes of the database of a lab's only open cell."""
    (entry,) = (each for each in lab.ledger() if not each.closed_at)
    return processes.descendants(int(entry.facts["keeper"].split()[0]))


@contextmanager
def signalled(lab, number, *, after_s):
    """Sends a signal to each process of the database, so long after the beginning of the block."""
    timer = threading.Timer(after_s, lambda: [processes.send(each, number) for each in tree(lab)])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def stopped(lab, *, after_s, for_s):
    """Stops the database, and lets it go on."""
    both = threading.Timer(after_s, lambda: _stop(lab, for_s))
    both.start()
    return both


def _stop(lab, for_s):
    whole = tree(lab)
    for each in whole:
        processes.send(each, signal.SIGSTOP)
    threading.Event().wait(for_s)
    for each in whole:
        processes.send(each, signal.SIGCONT)
