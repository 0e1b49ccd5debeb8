"""What a recording comes to: counts, histograms, and errors by kind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from steps import node
from steps.drivers.http import NAME
from steps.drivers.recording import Fate, Flown, Recording
from steps.model import Counts, Driver
from steps.statistics.histogram import histogram_of, percentile_name, quantile

LATENESS = (0.5, 0.9, 0.99, 0.999)


@dataclass(frozen=True)
class Summary:
    """A load, counted."""

    counts: Counts
    warmup: Counts
    errors: dict[str, int]
    answered: int  # right answers that ended inside the window
    histograms: dict[str, Any]  # of the window: response, service, wait (right answers), lateness (all), error, timeout


def summarize(flown: Flown) -> Summary:
    """The summary of a load. Nothing gets lost: Counts checks the sums."""
    recording, warmup, total = flown.recording, flown.schedule.warmup, len(flown.schedule)
    window = range(warmup, total)
    fates = recording.fates
    errors = Counter(recording.kind(fates[request]) for request in window if fates[request] >= Fate.ERROR)
    return Summary(
        counts=counts_of(recording, window),
        warmup=counts_of(recording, range(warmup)),
        errors=dict(errors.most_common()),
        answered=_answered(flown),
        histograms=_histograms(recording, window),
    )


def counts_of(recording: Recording, requests: range) -> Counts:
    """The counts of a range of requests."""
    fates, sent_ns = recording.fates, recording.sent_ns
    sent = sum(1 for request in requests if sent_ns[request])
    ended = Counter(min(fates[request], Fate.ERROR) for request in requests if fates[request] != Fate.OPEN)
    return Counts(
        planned=len(requests),
        sent=sent,
        dropped=len(requests) - sent,
        ok=ended[Fate.OK],
        error=ended[Fate.ERROR],
        timeout=ended[Fate.TIMEOUT],
        unfinished=sum(1 for request in requests if sent_ns[request] and fates[request] == Fate.OPEN),
    )


def driver_of(flown: Flown, summary: Summary, *, cpus: tuple[int, ...] | None) -> Driver:
    """The driver's account of itself."""
    lateness = summary.histograms["lateness"]
    p50, p99 = (lateness.get_value_at_percentile(percent) / 1000 for percent in (50, 99))
    return Driver(
        name=flown.driver or NAME,
        cpu_s=flown.cpu_s,
        lateness_p50_ms=p50,
        lateness_p99_ms=p99,
        lateness_max_ms=lateness.get_max_value() / 1000,
        spin=flown.spin,
        cpus=cpus,
        connections=flown.connections,
        lateness_ms=lateness_of(lateness),
        open_mean=flown.open_mean,
        node=node.identity(),
    )


def lateness_of(lateness: Any) -> dict[str, float]:
    """The usual quantiles of a histogram of lateness, in ms, as far as it holds values enough for them."""
    found = {percentile_name(q): quantile(lateness, q).value_ms for q in LATENESS}
    return {name: ms for name, ms in found.items() if ms is not None}


def _answered(flown: Flown) -> int:
    begin, end = flown.window_ns
    recording = flown.recording
    pairs = zip(recording.fates, recording.ended_ns, strict=True)
    return sum(1 for fate, ended in pairs if fate == Fate.OK and begin <= ended < end)


def _histograms(recording: Recording, window: range) -> dict[str, Any]:
    due, looked, sent, ended, fates = (
        recording.due_ns,
        recording.looked_ns,
        recording.sent_ns,
        recording.ended_ns,
        recording.fates,
    )
    ok, errors, timeouts = [], [], []
    for request in window:
        fate = fates[request]
        if fate == Fate.OK:
            ok.append(request)
        elif fate == Fate.TIMEOUT:
            timeouts.append(request)
        elif fate >= Fate.ERROR:
            errors.append(request)
    return {
        "response": histogram_of(_us(ended[each] - due[each]) for each in ok),
        "service": histogram_of(_us(ended[each] - sent[each]) for each in ok),
        "wait": histogram_of(_us(sent[each] - due[each]) for each in ok),
        "lateness": histogram_of(_us(looked[each] - due[each]) for each in window if looked[each]),
        "error": histogram_of(_us(ended[each] - due[each]) for each in errors),
        "timeout": histogram_of(_us(ended[each] - due[each]) for each in timeouts),
    }


def _us(ns: int) -> int:
    return (ns + 500) // 1000
