"""The figures of one cell: each metric's value, or the sentence that says why there is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from steps.drivers.keepers import Reading
from steps.drivers.series import Series
from steps.errors import MeasureError
from steps.model import (
    Component,
    ComponentUse,
    Counts,
    DeployRecord,
    Driver,
    LoadRecord,
    Measurement,
    MessageLoad,
    MessageRecord,
    SteadyLoad,
    TraceOutcome,
    Window,
    hops_of,
)
from steps.model.metric import TRACED
from steps.statistics.histogram import quantile, samples_to_bound
from steps.statistics.readings import edges_of, of_component

NOT_HERE = "not available here"
NO_PROGRAM = "the direct path has no program of its own"

# The counters of a cell are read at the window's edges; a keeper that answered late describes another stretch of time.
MOST_EDGE_ERROR = 0.1


@dataclass(frozen=True)
class Facts:
    """What was recorded of one cell, whole and read."""

    contender: Component
    around: tuple[str, ...]
    load: SteadyLoad
    deploy: DeployRecord
    record: LoadRecord
    window: Window
    counts: Counts
    driver: Driver
    histograms: Mapping[str, Any]
    readings: tuple[Reading, ...]
    series: Series
    trace: TraceOutcome | None = None

    @property
    def own(self) -> tuple[str, ...]:
        """The contender's components: itself and what it brings. A direct path has none."""
        return tuple(each.name for each in self.contender.parts_under(hops_of(self.load)))

    @property
    def itself(self) -> tuple[str, ...]:
        """The contender without what it brings. A direct path has none."""
        return () if self.contender.direct else (self.contender.name,)


@dataclass(frozen=True)
class Figure:
    """A metric's value, or why it has none. `expected`: that it has none follows from the experiment, so nothing went wrong."""

    value: float | None = None
    reason: str | None = None
    coarse: bool = False
    expected: bool = False
    at_least: float | None = None  # without a value: it is this or more

    def named(self, metric: str, suspect: str | None = None) -> Measurement:
        """The figure as it is stored; `suspect`: why it is doubted."""
        doubt = None if self.value is None else suspect
        return Measurement(
            metric=metric, value=self.value, reason=self.reason, coarse=self.coarse, at_least=self.at_least, suspect=doubt
        )


def figure(metric: str, facts: Facts) -> Figure:
    """The value of a metric in a cell."""
    q = quantile_of(metric)
    if q is not None:
        return _response(facts, q)
    of_deliveries = delivery_quantile_of(metric)
    if of_deliveries is not None:
        return _delivery(facts, of_deliveries)
    if metric in {each.name for each in TRACED}:
        return _traced(metric, facts.trace)
    reader = _READERS.get(metric)
    if reader is None:
        return Figure(reason=f"there is no way to measure {metric}; there are p50_ms and the like, {', '.join(_READERS)}")
    try:
        return reader(facts)
    except MeasureError as error:
        return Figure(reason=str(error))


def quantile_of(metric: str) -> float | None:
    """The quantile that a metric's name asks for: 0.99 for `p99_ms`, 0.999 for `p99.9_ms`; None for other metrics."""
    found = re.fullmatch(r"p(\d\d)(?:[._]?(\d+))?_ms", metric)
    return float(f"0.{found[1]}{found[2] or ''}") if found else None


def _response(facts: Facts, q: float) -> Figure:
    planned = facts.counts.planned
    found = quantile(facts.histograms["response"], q, among=planned)
    return Figure(found.value_ms, found.reason, found.coarse, expected=planned < samples_to_bound(q))


def _goodput(facts: Facts) -> Figure:
    return Figure(facts.counts.ok / facts.window.seconds)


def _failed(facts: Facts) -> Figure:
    return Figure(float(facts.counts.planned - facts.counts.ok))


def _traced(metric: str, trace: TraceOutcome | None) -> Figure:
    """From the trace of the cell. Where a trace cannot be had at all, nothing went wrong."""
    if trace is None or trace.reason is not None:
        reason = trace.reason if trace and trace.reason else f"{metric} needs a trace, and the experiment asks for none"
        return Figure(reason=reason, expected=reason.startswith(NOT_HERE))
    value = trace.figures.get(metric)
    return Figure(value, None if value is not None else f"the trace did not look at what {metric} is made of")


def _cpu(facts: Facts) -> Figure:
    if facts.contender.direct:
        return Figure(reason=NO_PROGRAM, expected=True)
    return Figure(_cpu_us_per_answer(facts, facts.own))


def _own_cpu(facts: Facts) -> Figure:
    if facts.contender.direct:
        return Figure(reason=NO_PROGRAM, expected=True)
    return Figure(_cpu_us_per_answer(facts, facts.itself))


def _path_cpu(facts: Facts) -> Figure:
    return Figure(_cpu_us_per_answer(facts, (*facts.own, *facts.around)))


def _memory(facts: Facts) -> Figure:
    if facts.contender.direct:
        return Figure(reason=NO_PROGRAM, expected=True)
    return Figure(sum(memory_mib(facts, name) for name in facts.own))


def memory_mib(facts: Facts, name: str) -> float:
    """The largest memory of a component at the window's readings. Raises MeasureError: it was read in two ways, or not at all."""
    inside = [each for each in of_component(facts.readings, name) if each.edge or each.asked_ns >= facts.window.start_ns]
    known = {(each.usage.memory_kind, each.usage.memory_mib) for each in inside if each.usage.memory_mib is not None}
    kinds = {kind for kind, _ in known}
    if len(kinds) != 1:
        message = f"the memory of {name} was read in two ways" if kinds else f"the memory of {name} could not be read"
        raise MeasureError(message)
    return max(mib for _, mib in known if mib is not None)


def _idle_memory(facts: Facts) -> Figure:
    if facts.contender.direct:
        return Figure(reason=NO_PROGRAM, expected=True)
    name = facts.contender.name
    idle = next((each.memory_mib for each in facts.record.idle if each.component == name), None)
    if idle is None:
        message = f"the memory of {name} could not be read before the load"
        raise MeasureError(message)
    return Figure(idle)


def _logged(facts: Facts) -> Figure:
    record = facts.record
    done = facts.counts.ok + (record.warmup.ok if record.warmup else 0)
    if record.logged_bytes is None or not done:
        message = "how much was logged is not known" if done else "no transaction was carried out"
        raise MeasureError(message)
    return Figure(record.logged_bytes / 1024 / done)


NO_MESSAGES = "the load was none of messages"


def _messages(facts: Facts) -> MessageRecord:
    """Raises MeasureError: there are none."""
    if facts.record.messages is None:
        raise MeasureError(NO_MESSAGES)
    return facts.record.messages


def delivery_quantile_of(metric: str) -> float | None:
    """0.99 for `delivery_p99_ms`; None for other metrics."""
    return quantile_of(metric.removeprefix("delivery_")) if metric.startswith("delivery_") else None


def _delivery(facts: Facts, q: float) -> Figure:
    """A quantile of the time to the consumers; the deliveries that never were rank above all."""
    if facts.record.messages is None or "delivery" not in facts.histograms:
        return Figure(reason=NO_MESSAGES)
    expected = facts.record.messages.expected
    found = quantile(facts.histograms["delivery"], q, among=expected)
    return Figure(found.value_ms, found.reason, found.coarse, expected=expected < samples_to_bound(q))


def _catch_up(facts: Facts) -> Figure:
    found = _messages(facts)
    if found.away_s is None:
        return Figure(reason="no consumer was restarted under this load", expected=True)
    return Figure(found.catch_up_ms, found.catch_up_reason, expected=_promises_little(facts))


def _promises_little(facts: Facts) -> bool:
    """Whether a consumer that was away may have lost something, so that it never catches up."""
    load = facts.load
    return isinstance(load, MessageLoad) and facts.contender.classes[load.durability].promise == "at-most-once"


def _ready(facts: Facts) -> Figure:
    if facts.contender.direct:
        return Figure(reason=NO_PROGRAM, expected=True)
    for deployed in facts.deploy.components:
        if deployed.name == facts.contender.name:
            return Figure(deployed.ready_ms)
    message = f"deploy did not record how long {facts.contender.name} took to get ready"
    raise MeasureError(message)


_READERS: dict[str, Callable[[Facts], Figure]] = {
    "goodput_rps": _goodput,
    "failed_requests": _failed,
    "cpu_us_per_request": _cpu,
    "own_cpu_us_per_request": _own_cpu,
    "path_cpu_us_per_request": _path_cpu,
    "memory_mib": _memory,
    "idle_memory_mib": _idle_memory,
    "ready_ms": _ready,
    "logged_kib_per_request": _logged,
    "delivered_mps": lambda facts: Figure(_messages(facts).delivered_in_window / facts.window.seconds),
    "backlog_messages": lambda facts: Figure(_messages(facts).backlog),
    "lost_messages": lambda facts: Figure(_messages(facts).lost),
    "duplicate_messages": lambda facts: Figure(_messages(facts).duplicates),
    "out_of_order_messages": lambda facts: Figure(_messages(facts).out_of_order),
    "catch_up_ms": _catch_up,
}


def shares_of(facts: Facts) -> dict[str, ComponentUse]:
    """What each component of the cell used by itself, as far as it is known."""
    return {name: ComponentUse(**_use(facts, name)) for name in (*facts.own, *facts.around)}


def _use(facts: Facts, name: str) -> dict[str, float]:
    known = {}
    with suppress(MeasureError):
        known["cpu_us_per_request"] = _cpu_us_per_answer(facts, (name,))
    with suppress(MeasureError):
        known["memory_mib"] = memory_mib(facts, name)
    return known


def _cpu_us_per_answer(facts: Facts, components: Iterable[str]) -> float:
    """CPU time in the window, in µs, per right answer that ended in it.

    Raises MeasureError: a reading is missing, too far from the edge, or nothing was answered: cost per nothing has no value.
    """
    answered = facts.counts.ok if facts.record.answered is None else facts.record.answered
    if not answered:
        message = "no right answer ended in the window"
        raise MeasureError(message)
    cpu_s = sum(cpu_share(facts.readings, name, facts.window) for name in components) * facts.window.seconds
    return cpu_s * 1e6 / answered


def cpu_share(readings: Iterable[Reading], component: str, window: Window) -> float:
    """CPU seconds per second of a component between the readings at the window's edges, by the keeper's own clock.

    Raises MeasureError: they are not there, or are not the window's.
    """
    edges = edges_of(readings, component)
    missing = next((name for name in ("start", "end") if name not in edges), None)
    if missing:
        message = f"usage.csv has no reading of {component} at the window's {missing} (cut off, or its keeper was silent)"
        raise MeasureError(message)
    start, end = edges["start"], edges["end"]
    between_s = (end.monotonic_ns - start.monotonic_ns) / 1e9
    if abs(between_s - window.seconds) > MOST_EDGE_ERROR * window.seconds:
        message = f"the readings of {component} are {between_s:.2f} s apart, in a window of {window.seconds:.2f} s"
        raise MeasureError(message)
    return (end.cpu_s - start.cpu_s) / between_s
