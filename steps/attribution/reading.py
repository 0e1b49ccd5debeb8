"""What a cell left of its trace, read and judged: the only door from its files."""

from __future__ import annotations

from pathlib import Path

from steps.attribution.outcome import outcome_of
from steps.costs import book
from steps.errors import LabError, MeasureError
from steps.model import Experiment, LoadRecord, TraceOutcome, TraceRecord
from steps.statistics.histogram import quantile, read_log


def traced(experiment: Experiment, trace: Path | None, load: Path) -> TraceOutcome | None:
    """What the trace of a cell shows, or why nothing; None: the experiment asked for none.

    trace, load: the folders of those steps. What is damaged is the reason.
    """
    if not experiment.trace:
        return None
    try:
        record = _read(trace)
        if record is None:
            return TraceOutcome(reason="the step trace left no trace.json")
        sent, p50_ms = _sent(load / "traced")
        return outcome_of(record, sent, book.load(), p50_ms=p50_ms)
    except LabError as error:
        return TraceOutcome(reason=str(error))


def _read(folder: Path | None) -> TraceRecord | None:
    path = folder / "trace.json" if folder else None
    return TraceRecord.from_json(path.read_bytes(), source=path.name) if path and path.is_file() else None


def _sent(folder: Path) -> tuple[LoadRecord | None, float | None]:
    """The load that was sent under the trace, and its median. Raises MeasureError: what was stored of it is damaged."""
    path = folder / "load.json"
    if not path.is_file():
        return None, None
    record = LoadRecord.from_json(path.read_bytes(), source="traced/load.json")
    if record.counts is None:
        return record, None
    response = read_log(folder / "load.hdr").get("response")
    if response is None:
        message = "traced/load.hdr is damaged: it has no histogram response"
        raise MeasureError(message)
    return record, quantile(response, 0.5, among=record.counts.planned).value_ms
