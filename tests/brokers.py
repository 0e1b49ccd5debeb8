"""A broker of the catalogue for a test: deployed by the real step, in the cell of a run that holds the lock."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvloop

from phases.catalogue.brokers import BROKERS, NATS, VALKEY
from phases.phase_10_messaging import EXPERIMENTS
from steps import load as verb
from steps import processes, shell
from steps.drivers.http import LEAD_NS
from steps.drivers.post import Post
from steps.errors import LabError
from steps.keeper import ORDER
from steps.model import MessageLoad
from steps.places import readiness
from steps.places.building import due
from steps.places.programs import builds_of, check, fetch
from tests.databases import tree

CONFIGS = Path(__file__).parent.parent / "phases" / "configs"
# Those that come as wheels are tried before a change lands; the whole table is evidence, and takes minutes.
TRIED = {each.name: pytest.mark.slow if each in (NATS, VALKEY) else pytest.mark.evidence for each in BROKERS}
SOME = [pytest.param(each, id=each.name, marks=TRIED[each.name]) for each in BROKERS]
LIBRARIES = {"nats": "nats", "valkey": "valkey", "amqp": "aiormq", "kafka": "aiokafka"}


def needs(component):
    """The component, where its program and its client's library are here, or the test is skipped with the reason."""
    library = LIBRARIES.get(component.speaks)  # a client may do without
    if library and importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed here")
    try:
        check(component, {})
        if any(due(build, {}) for build in builds_of(component, {})):
            pytest.skip(f"{component.name} is not built here: python -m pipelines build {component.name}")
        fetch(component, {})
    except LabError as error:
        pytest.skip(str(error))
    return component


def experiment(load, component, **changes):
    """The messaging benchmark as it travels, with one load. changes: of configurations, as template=(old, new)."""
    other = VALKEY if component is NATS else NATS
    configs = {each.config: (CONFIGS / each.config).read_text() for each in (component, other) if each.config}
    for name, (old, new) in changes.items():
        assert old in configs[name]
        configs[name] = configs[name].replace(old, new)
    update = {"baseline": component, "contenders": (other,), "loads": (load,), "hypotheses": (), "quick_loads": ()}
    return EXPERIMENTS[0].model_copy(update={**update, "phase": "phase-10", "configs": configs})


def short(durability="written", **given):
    """A load of two seconds."""
    return MessageLoad(**{"durability": durability, "rate_mps": 100, "warmup_s": 0.5, "duration_s": 2, **given})


@contextmanager
def cell(lab, load, component, **changes):
    """The endpoints of a cell; it is torn down afterwards, and nothing of it is left."""
    lab.asked = experiment(load, component, **changes)
    name = f"{component.name}-{load.label}-r1"
    try:
        yield lab.deploy(name)
    finally:
        assert lab.teardown(name).left == ()


def send(load, endpoints, component):
    """What the load step does, before it counts."""
    return uvloop.run(verb.send(load, endpoints, spin=False, contender=component))


async def flown(load, endpoints, component, *, meanwhile=lambda: None):
    """What the load step does with a topic, without keepers: what was delivered, and whether that is right."""
    post = Post(load, endpoints.target, component)
    try:
        checks = await post.open()
        assert all(each.right for each in checks), checks
        flight = post.flight(spin=False)
        await flight.open()
        meanwhile()
        done = await flight.fly(time.monotonic_ns() + LEAD_NS)
        return post.delivered(), await post.audit(done.recording)
    finally:
        await post.close()


class Pause(threading.Thread):
    """Stops the broker for a while, and measures for how long."""

    def __init__(self, lab, *, after_s, for_s):
        super().__init__()
        self.lasted_s, self._lab, self._after_s, self._for_s = None, lab, after_s, for_s

    def run(self):
        time.sleep(self._after_s)
        whole, began = tree(self._lab), time.monotonic()
        for each in whole:
            processes.send(each, signal.SIGSTOP)
        time.sleep(self._for_s)
        for each in whole:
            processes.send(each, signal.SIGCONT)
        self.lasted_s = time.monotonic() - began


def paused(lab, *, after_s, for_s):
    """A pause that has begun to wait for its moment."""
    pause = Pause(lab, after_s=after_s, for_s=for_s)
    pause.start()
    return pause


def order_of(lab):
    """What the keeper of the lab's only component was told."""
    (path,) = lab.state.cells(lab.run).rglob(ORDER)
    return json.loads(path.read_text())


@contextmanager
def again(order, component, port, log):
    """The broker once more, on the files of the one that was killed."""
    program = shell.start(order["argv"], cwd=Path(order["room"]), env=order["env"], log=log, user=order["user"])
    deadline = time.monotonic() + 60
    try:
        while readiness.ask(component.ready, order["host"], port):
            assert program.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield
    finally:
        shell.signal_group(program, shell.KILL)
        program.wait()


def quietly(coroutine, *, within_s=30.0):
    """What a coroutine returns, on a loop of its own."""

    async def limited():
        async with asyncio.timeout(within_s):
            return await coroutine

    return asyncio.run(limited())
