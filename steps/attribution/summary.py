"""The traces of a run by contender: medians of the split, and the verdict of the repetition in the middle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from steps.model import CellOutcome, Component, Experiment, TraceOutcome
from steps.model.trace import EVENTS, ArmTrace

PARTS = ("on_cpu", "cpu_wait", "disk", "network", "lock", "other")


Files = Mapping[str, Sequence[str]]  # by cell, what it left


def traces_of(experiment: Experiment, outcomes: Iterable[CellOutcome], files: Files) -> tuple[ArmTrace, ...]:
    """A line for each contender under each load, in the author's order; nothing where no trace was asked for."""
    if not experiment.trace:
        return ()
    known = list(outcomes)
    return tuple(
        _arm(arm, load.label, [each for each in known if (each.contender, each.load) == (arm.name, load.label)], files)
        for load in experiment.loads
        for arm in experiment.arms
    )


def _arm(arm: Component, load: str, outcomes: Sequence[CellOutcome], files: Files) -> ArmTrace:
    base = ArmTrace(load=load, name=arm.name, title=arm.title, planned=len(outcomes), seen=0)
    traced = [(each, each.trace) for each in outcomes if each.trace and each.trace.split and each.status != "failed"]
    reasons = Counter(_why_none(each) for each in outcomes if each.status == "failed" or not (each.trace and each.trace.split))
    said = tuple(f"{reason} ({times} of {len(outcomes)})" for reason, times in reasons.items())
    if not traced:
        return base.model_copy(update={"reasons": said})
    traces = [trace for _, trace in traced]
    middle = _middle(traces)
    cell = next(outcome.cell for outcome, trace in traced if trace is middle)
    first = middle.bottlenecks[0]
    update = {
        "target": middle.target,
        "cell": cell,
        "pictures": tuple(key for key in files.get(cell, ()) if key.endswith(".svg")),
        "events": next((key for key in files.get(cell, ()) if key.endswith(f"/{EVENTS}")), None),
        "seen": len(traces),
        "reasons": said,
        "incomplete": tuple(dict.fromkeys(what for trace in traces for what in trace.incomplete)),
        "percent": _percent(traces),
        "active_threads": median(_active(trace) for trace in traces),
        "active_ms_per_request": _median(trace.figures.get("active_ms_per_request") for trace in traces),
        "verdict": first,
        "others": middle.bottlenecks[1:],
        "agreeing": sum(trace.bottlenecks[0].resource == first.resource for trace in traces),
        "reconciled": middle.reconciled,
        "use": middle.use,
        "histograms": middle.histograms,
        "bpf_cores": middle.bpf_cores,
        "bpf_cores_of": middle.bpf_cores_of,
        "traced_p50_ms": _median(trace.p50_ms for trace in traces),
        "untraced_p50_ms": _median(_p50(outcome) for outcome, _ in traced),
    }
    return base.model_copy(update=update)


def _why_none(outcome: CellOutcome) -> str:
    if outcome.trace and outcome.trace.reason:
        return outcome.trace.reason
    return outcome.reasons[0] if outcome.reasons else "the cell has no trace"


def _middle(traces: Sequence[TraceOutcome]) -> TraceOutcome:
    """Of those that name the most frequent resource, the one in the middle by its weight: real, and typical."""
    resource = Counter(trace.bottlenecks[0].resource for trace in traces).most_common(1)[0][0]
    alike = sorted((trace for trace in traces if trace.bottlenecks[0].resource == resource), key=_weight)
    return alike[len(alike) // 2]


def _weight(trace: TraceOutcome) -> float:
    return trace.bottlenecks[0].weight


def _percent(traces: Sequence[TraceOutcome]) -> dict[str, float]:
    """Of the active time, by part; what nobody looked at is not in it."""
    shares = {part: _median(_share(trace, part) for trace in traces) for part in PARTS}
    return {part: 100 * share for part, share in shares.items() if share is not None}


def _share(trace: TraceOutcome, part: str) -> float | None:
    return trace.split.share(part) if trace.split else None


def _active(trace: TraceOutcome) -> float:
    return trace.split.active_s / trace.seconds if trace.split and trace.seconds else 0.0


def _p50(outcome: CellOutcome) -> float | None:
    return next((each.value for each in outcome.measurements if each.metric == "p50_ms"), None)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
