"""`trace`: counts in the kernel what the contender does under a load of its own, after the measured window and apart from it.

So no latency that decides was ever measured under a tracer, and every trace has its untraced twin: the window before it, of the
same processes. Before the load begins, it is found out whether there can be a trace here; where not, that is the record.
"""

from __future__ import annotations

import csv
import os
import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from steps import shell
from steps.attribution.calls import waits_for
from steps.attribution.split import HANDED_ON, lock_share
from steps.errors import LabError, MeasureError
from steps.model import Endpoints, Experiment, cell_of, now
from steps.model.trace import EVENTS, TraceRecord
from steps.model.trace_program import TRACED_WARMUP_S, TraceProgram
from steps.trace import tracer
from steps.trace.flame import WAITS, flame_graph
from steps.trace.marks import READY, SILENT, Marks
from steps.trace.parsed import OFF_STACKS, STACKS, Event, Parsed, parse
from steps.trace.programs import together
from steps.trace.stacks import folded, folded_waits
from steps.trace.target import Target

BEFORE_END_S = 0.3  # the load's last moments are left out
LAST_LOOK_S = 0.05  # before the tracer ends: with its descriptors goes what its programs took


def run(
    *,
    run: str,
    cell: str,
    experiment: Path,
    endpoints: str,
    trace: Path,
    image: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Traces the contender of one cell.

    trace: the folder that gets trace.json, and beside it what the tracer printed and the stacks.
    image: what a tracer of pods runs in; a trace here needs none.
    Raises MeasureError: there should be a trace and there is none; the record says so too.
    """
    asked = Experiment.from_json(experiment.read_bytes(), source=experiment.name)
    trace.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"run": run, "cell": cell, "programs": asked.trace, "machine": platform.machine()}
    try:
        where = Endpoints.from_json(endpoints, source="the endpoints that deploy handed over")
        marks = Marks.of(asked, run, cell, environment)
        if where.pods:
            found |= _in_pods(asked, where, marks, folder=trace, run=run, cell=cell, image=image)
        else:
            found |= _traced(asked, where, marks, cell, trace)
    except LabError as error:
        found["failure"] = str(error)
        raise
    finally:
        record = TraceRecord(at=now(), **found)
        (trace / "trace.json").write_text(record.to_json(), encoding="utf-8")


def _traced(asked: Experiment, where: Endpoints, marks: Marks, cell: str, folder: Path) -> dict[str, Any]:
    """The fields of the record."""
    reason = tracer.unavailable(asked.trace)
    marks.put(READY, reason=reason)
    if reason:
        return {"unavailable": reason}
    begun = marks.await_load({each.label: each for each in asked.loads}[cell_of(asked, cell).load])
    if "end_ns" not in begun:
        return {"failure": begun.get("reason") or SILENT}
    time.sleep(TRACED_WARMUP_S)  # what opens a connection may start a process: those that there will be are there now
    target = Target.of(where, cell_of(asked, cell).contender)
    found = count(asked.trace, target, cpus=where.system_cpus, end_ns=begun["end_ns"], folder=folder, events=asked.trace_events)
    return {"target": target.component, "tool": tracer.version(), **found}


def _in_pods(
    asked: Experiment, where: Endpoints, marks: Marks, *, folder: Path, run: str, cell: str, image: str | None
) -> dict[str, Any]:
    """The fields of the record, where what is measured lives in a pod."""
    from steps.kube import Kube
    from steps.trace import pods

    try:
        target = pods.Target.of(where, cell_of(asked, cell).contender, run=run, cell=cell)
        tracers = pods.tracers_of(target, Kube.in_pod(), image=image)
        ledger = pods.ledger_of(asked, target.run, os.environ)
        found = pods.traced(asked, target, tracers, marks=marks, ledger=ledger, folder=folder)
    except LabError as error:
        with suppress(LabError):  # the load may still wait for this one
            marks.put(READY, reason=str(error))
        raise
    if not isinstance(found, pods.Counted):
        return found
    return {"target": found.component, **found.fields, **_counted(found.printed, found.component, folder)}


def count(
    programs: Sequence[TraceProgram],
    target: Target,
    *,
    cpus: tuple[int, ...] | None,
    end_ns: int,
    folder: Path,
    events: bool = False,
) -> dict[str, Any]:
    """Lets the programs count until shortly before that moment of CLOCK_MONOTONIC. Raises MeasureError: they did not."""
    until_ns = end_ns - round(BEFORE_END_S * 1e9)
    ahead_ns = tracer.clock_ns() - time.monotonic_ns()
    known = target.threads()
    text = together(programs, threads=known, end_ns=until_ns + ahead_ns, events=events)
    with tracer.run_times(), tracer.tracing(text, folder) as running:
        running.await_ready()
        late = set(target.threads()) - set(known)
        before, cost = target.counters(cpus), running.cost()
        left_s = (until_ns - time.monotonic_ns()) / 1e9 - LAST_LOOK_S
        if left_s <= 0:
            message = "the tracer was ready only when the load was over"
            raise MeasureError(message)
        shell.ends_within(running.program, left_s)
        later, after = running.cost(), target.counters(cpus)
        printed = parse(running.await_end(tracer.STOPS_S), events=events)
    if unseen := late.intersection(target.living()) - printed.threads:
        printed.incomplete.append(f"{len(unseen)} of its threads began while the tracer was attached: they were not counted")
    if target.ended():
        printed.incomplete.append(f"{target.component} ended while it was traced: what it did until then was counted")
    return {
        "cpus": len(cpus) if cpus else os.cpu_count(),
        "before": before,
        "after": after,
        "ahead_ns": ahead_ns,
        **later.since(cost),
        **_counted(printed, target.component, folder),
    }


def _counted(printed: Parsed, component: str, folder: Path) -> dict[str, Any]:
    """The fields that a tracer's output amounts to; its stacks, and its events, become files."""
    if printed.events is not None and printed.ready_ns is not None:
        write_events(folder / EVENTS, printed.events, printed.ready_ns)
    _draw_work(printed.counts.pop(STACKS, {}), component, folder)
    _draw_waits(printed.counts.pop(OFF_STACKS, {}), component, folder, locks=lock_share(printed.counts) >= HANDED_ON)
    return {
        "start_ns": printed.ready_ns,
        "end_ns": printed.end_ns,
        "counts": printed.counts,
        "histograms": printed.histograms,
        "damage": tuple(printed.damage),
        "incomplete": tuple(printed.incomplete),
    }


def write_events(path: Path, events: Iterable[Event], ready_ns: int) -> None:
    """A line for each, as it came: when it was over, in seconds since the counting began."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("at_s", *Event._fields[1:]))
        lines.writerows((f"{(each.at_ns - ready_ns) / 1e9:.6f}", *each[1:]) for each in events)


def _draw_work(stacks: dict[str, int], component: str, folder: Path) -> None:
    """What it did on the cores: stacks as they are folded, and as a picture."""
    if stacks:
        lines = folded(stacks)
        (folder / "on-cpu.folded").write_text(lines, encoding="utf-8")
        (folder / "on-cpu.svg").write_text(flame_graph(lines, title=f"{component}, on CPU"), encoding="utf-8")


def _draw_waits(stacks: dict[str, int], component: str, folder: Path, *, locks: bool) -> None:
    """What it waited for: all stacks folded; in the picture those in which it had something to do.

    locks: its futexes are locks; else who waits at one is a worker that is parked.
    """
    if not stacks:
        return
    parts = folded_waits(stacks, waits_for(platform.machine()))
    (folder / "off-cpu.folded").write_text("".join(parts.values()), encoding="utf-8")
    idling = {"idle"} if locks else {"idle", "futex"}
    lines = "".join(text for part, text in parts.items() if part not in idling)
    with suppress(ValueError):  # it only idled
        title = f"{component}, off CPU, without idling"
        (folder / "off-cpu.svg").write_text(flame_graph(lines, title=title, look=WAITS), encoding="utf-8")
