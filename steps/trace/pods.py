"""A trace of a component in a pod: this step makes a tracer's pod on the same node, and needs no right there itself.

Twice: before the load begins a tracer looks whether its programs can run on that node, and is gone again; once the measured
window is over another is started, and only when all is attached the load is sent once more, as long as that counts.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from steps import tracer
from steps.errors import LabError, MeasureError
from steps.kube import Kube
from steps.ledger import Ledger, entry_id
from steps.model import Endpoints, Experiment, LedgerEntry, Usage, cell_of, now
from steps.model.trace import Counters
from steps.model.trace_program import ATTACHED_WITHIN_S, DELAY_S, READY_WITHIN_S, TraceProgram
from steps.places import pods, tracer_pod
from steps.places.store_ledger import StoreLedger
from steps.places.tracer_pod import TRACER, Order
from steps.places.tracers import Nowhere, Tracers
from steps.trace.marks import ATTACHED, READY, Marks
from steps.trace.parsed import Parsed, parse
from steps.trace.programs import together, tracepoints

STARTS_S = 30.0  # scheduled, its image pulled, started
LOOKS_S = 30.0
ATTACHES_S = ATTACHED_WITHIN_S - STARTS_S - 5
LASTS_S = 8.0
LONGEST_S = 150  # then its pod is ended whatever happened
OVERDUE_S = 30.0  # after its end it prints, and a full machine takes its time
LAST_LOOK_S = 0.1
KEEPER_S = 3.0


@dataclass(frozen=True)
class Target:
    """What is measured, and where its pod is."""

    component: str
    keeper: str  # http://HOST:PORT
    namespace: str
    hostname: str
    run: str
    cell: str

    @classmethod
    def of(cls, where: Endpoints, contender: str, *, run: str, cell: str) -> Self:
        """What is measured of a contender. Raises MeasureError: nobody knows in which pod it is."""
        component = where.measured(contender)
        pod = where.pods.get(component)
        if pod is None:
            message = f"it is not known in which pod {component} is: the API did not tell its node's address"
            raise MeasureError(message)
        hostname = pod.pod[:63].rstrip("-.")  # as the kubelet cuts it
        return cls(component, where.keepers[component], pod.namespace, hostname, run, cell)

    @property
    def labels(self) -> dict[str, str]:
        """What its pod is found by."""
        return dict(each.split("=", 1) for each in pods.selector(self.run, self.cell, self.component).split(","))

    def counters(self) -> Counters:
        """What its keeper says that it and the node have used. Raises MeasureError: it says nothing."""
        try:
            with urllib.request.urlopen(f"{self.keeper}/usage", timeout=KEEPER_S) as answer:  # noqa: S310  # http, from deploy
                usage = Usage.from_json(answer.read(), source="its answer")
        except (OSError, urllib.error.URLError, LabError) as error:
            message = f"the keeper of {self.component} does not say what it has used: {error}"
            raise MeasureError(message) from error
        if not usage.running:
            message = f"{self.component} ended: what it did until then was counted for nothing"
            raise MeasureError(message)
        shared = {name: getattr(usage, name) for name in Counters.model_fields.keys() & Usage.model_fields.keys()}
        return Counters(at_ns=usage.monotonic_ns, **shared)


@dataclass(frozen=True)
class Counted:
    """What a tracer brought home, and the fields of the record beside it."""

    component: str
    printed: Parsed
    fields: dict[str, Any]


def tracers_of(target: Target, kube: Kube, *, image: str | None) -> Tracers:
    """Its tracers: in the namespace that is for them, on the node where it is.

    Raises MeasureError: there is no image for them.
    """
    if not image:
        message = "this manifest names no image of a tracer: compile it anew"
        raise MeasureError(message)
    return Tracers(
        kube=kube.into(tracer_pod.namespace_of(target.namespace)),
        image=image,
        labels=tracer_pod.labels_of(target.run, target.cell),
        where=tracer_pod.beside(target.labels, target.namespace),
    )


def ledger_of(asked: Experiment, run: str, environment: Mapping[str, str]) -> Ledger:
    """Where each tracer is written down before it is made."""
    return StoreLedger(prefix=f"{asked.key}/{run}", environment=environment)


def traced(
    asked: Experiment, target: Target, tracers: Tracers, *, marks: Marks, ledger: Ledger, folder: Path
) -> Counted | dict[str, Any]:
    """What was counted; where that is nothing, the fields of the record that say why.

    Raises LabError: there should be a trace and there is none.
    """
    reason = _why_not(asked, target, tracers, ledger)
    marks.put(READY, reason=reason)
    if reason:
        return {"unavailable": reason}
    begun = marks.await_load({each.label: each for each in asked.loads}[cell_of(asked, target.cell).load])
    if begun.get("reason"):
        return {"failure": begun["reason"]}
    try:
        return count(
            asked.trace,
            target,
            tracers,
            folder=folder,
            attached=lambda end_ns: marks.put(ATTACHED, end_unix_ns=end_ns),
            events=asked.trace_events,
        )
    except LabError as error:
        with suppress(LabError):  # the load may still wait for it
            marks.put(ATTACHED, reason=str(error))
        raise
    finally:
        with suppress(LabError):  # teardown looks whether they are gone
            tracers.remove()


def _why_not(asked: Experiment, target: Target, tracers: Tracers, ledger: Ledger) -> str | None:
    """Why there can be no trace of it; None: there can, which was tried on its node."""
    try:
        tracers.may_be_made()
        ledger.open(_entry(target, tracers.kube.namespace))
        return look(tracers, tracepoints(asked.trace))
    except Nowhere as error:
        return str(error)


def look(tracers: Tracers, points: tuple[str, ...]) -> str | None:
    """Lets a tracer try whether it can work on its node; why not, or None. Nothing of it stays.

    Raises Nowhere, NotReady, MeasureError, ClusterError, LeftBehind.
    """
    try:
        began = time.monotonic()
        name = tracers.start(Order(("look", *points), round(READY_WITHIN_S) + 15), called="look", within_s=STARTS_S)
        left_s = READY_WITHIN_S - 5 - (time.monotonic() - began)
        said = tracers.until_ended(name, within_s=max(min(left_s, LOOKS_S), 5.0))
    finally:
        tracers.remove()
    answer = next((each for each in tracer.lines(said) if "able" in each), None)
    if answer is None:
        message = f"the tracer looked at its node and said nothing of it: {said.strip()[-200:] or 'its log is empty'}"
        raise MeasureError(message)
    return None if answer["able"] else str(answer["why"])


def count(
    programs: Sequence[TraceProgram],
    target: Target,
    tracers: Tracers,
    *,
    folder: Path,
    attached: Callable[[int], object],
    events: bool = False,
) -> Counted:
    """Lets a tracer count. Raises LabError: it did not, and why.

    attached: is told, when all is, until when it will count: ns of the wall clock.
    """
    delay_ns, lasts_ns = round(DELAY_S * 1e9), round(LASTS_S * 1e9)
    text = together(programs, hostname=target.hostname, delay_ns=delay_ns, lasts_ns=lasts_ns, events=events)
    (folder / "trace.bt").write_text(text, encoding="utf-8")
    name = tracers.start(Order(("count",), LONGEST_S, text), called="count", within_s=STARTS_S)
    armed_ns = _number(tracers.until_said(name, "armed_unix_ns", within_s=ATTACHES_S), "armed_unix_ns")
    end_ns = armed_ns + round((DELAY_S + LASTS_S) * 1e9)
    attached(end_ns)
    _sleep_until(armed_ns + round(DELAY_S * 1e9))
    before = target.counters()
    _sleep_until(end_ns - round(LAST_LOOK_S * 1e9))
    after = target.counters()
    printed, over = tracer.heard(tracers.until_ended(name, within_s=OVERDUE_S))
    (folder / "bpftrace.json").write_text(printed, encoding="utf-8")
    found = parse(printed, events=events)
    return Counted(target.component, found, {"before": before, "after": after, **_of_the_node(found, over)})


def _sleep_until(unix_ns: int) -> None:
    time.sleep(max((unix_ns - time.time_ns()) / 1e9, 0))


def _number(log: str, name: str) -> int:
    return next(int(each[name]) for each in tracer.lines(log) if name in each)


def _of_the_node(found: Parsed, over: Mapping[str, Any]) -> dict[str, Any]:
    """What the tracer tells of where it ran, and when it counted by the clock on that wall."""
    moments = {"began_at": found.ready_ns, "ended_at": found.end_ns}
    at = {name: None if ns is None else _utc(ns - over["ahead_ns"]) for name, ns in moments.items()}
    return {"tool": over["tool"], "cpus": over["cpus"], "machine": over["machine"], **at, **over["cost"]}


def _utc(unix_ns: int) -> str:
    return datetime.fromtimestamp(unix_ns / 1e9, UTC).isoformat(timespec="milliseconds")


def _entry(target: Target, namespace: str) -> LedgerEntry:
    labels = pods.selector(target.run, target.cell, TRACER)
    return LedgerEntry(
        id=entry_id(target.cell, TRACER),
        run=target.run,
        cell=target.cell,
        kind="object",
        what=f"tracer of {target.component} (Pods in namespace {namespace})",
        facts={"namespace": namespace, "labels": labels},
        opened_at=now(),
    )
