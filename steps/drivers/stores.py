"""What stores keep of a load is counted after it, by a question to each. Correctness before speed.

Everything that tells of requests does so in batches, a second later: so a store is asked until it has what it should have, or
until its time is up. A store that has too little then, or too much, fails the cell, and so does one that does not answer.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

from steps.drivers.recording import Recording
from steps.errors import MeasureError
from steps.model import Check, Endpoints
from steps.model.keeping import Kept, StoreApi, StoreAt

WITHIN_S = 20.0  # batches on their way need three seconds; the rest is patience with a busy machine
ANSWER_WITHIN_S = 10.0
PAUSE_S = 0.25
LOOKS_BACK_S = 3600  # a cell is shorter, and its stores are fresh
MOST_TRACES = 1_000_000  # in one answer: all that a cell has
SAMPLE = re.compile(r"^(\w+)(?:\{[^}]*\})? ([0-9.eE+-]+)", re.MULTILINE)  # of Prometheus's text format


@dataclass(frozen=True)
class Asked:
    """Requests that were answered right, and all that were sent: one without an answer may have left something, or not."""

    answered: int
    sent: int

    @classmethod
    def of(cls, recording: Recording, checks: Sequence[Check]) -> Self:
        """Of the load, warm-up included, and of the questions over HTTP before and after it; other checks ask nothing of it."""
        asked = [each for each in checks if each.answer_bytes is not None]
        right = sum(each.right for each in asked)
        return cls(answered=recording.answered + right, sent=recording.sent + len(asked))


@dataclass(frozen=True)
class Sizes:
    """How much a store keeps; None: it does not tell."""

    raw_bytes: int | None = None
    stored_bytes: int | None = None


async def count(
    where: Endpoints, recording: Recording, checks: Sequence[Check], *, within_s: float = WITHIN_S
) -> tuple[Kept, ...]:
    """What each of the stores keeps. Raises MeasureError: one does not answer, or not with what it should."""
    asked = Asked.of(recording, checks)
    return tuple([await asyncio.to_thread(_count, each, where.target, asked, within_s) for each in where.stores])


def _count(store: StoreAt, target: str, asked: Asked, within_s: float) -> Kept:
    least, most = _due(store, target, asked)
    deadline, count_it = time.monotonic() + within_s, COUNTS[store.keeps.api]
    while not least <= (kept := count_it(store)) <= most and time.monotonic() < deadline:
        time.sleep(PAUSE_S)
    sizes = SIZES[store.keeps.api](store)
    return Kept(
        store=store.name,
        what=store.keeps.what,
        least=least,
        most=most,
        kept=kept,
        requests=asked.answered,
        raw_bytes=sizes.raw_bytes,
        stored_bytes=sizes.stored_bytes,
    )


def _due(store: StoreAt, target: str, asked: Asked) -> tuple[int, int]:
    """How much there should be, at least and at most."""
    if store.keeps.what == "series":
        shown = sum(1 for line in _get(f"{target}/metrics", "the contender").splitlines() if line and not line.startswith("#"))
        return shown, shown
    return store.keeps.each * asked.answered, store.keeps.each * asked.sent


def _series(store: StoreAt) -> int:
    """Those of a job that had a sample lately, but for what the scraper itself adds to each job."""
    question = f'count({{job="{store.keeps.service}",__name__!~"up|scrape_.+"}})'
    query = urlencode({"query": question, "latency_offset": "1ms", "nocache": "1"})
    return _number(_json(store, f"/api/v1/query?{query}"), store)


def _lines(store: StoreAt) -> int:
    return _asked_of_loki(store, "count_over_time")


def _asked_of_loki(store: StoreAt, function: str) -> int:
    query = urlencode({"query": f'sum({function}({{service_name="{store.keeps.service}"}}[{LOOKS_BACK_S}s]))'})
    return _number(_json(store, f"/loki/api/v1/query?{query}"), store)


def _spans(store: StoreAt) -> int:
    """Different spans: one that came twice is one."""
    now_us = time.time_ns() // 1000
    since, until = now_us - LOOKS_BACK_S * 1_000_000, now_us + LOOKS_BACK_S * 1_000_000  # its clock may be another
    query = urlencode({"service": store.keeps.service, "limit": MOST_TRACES, "start": since, "end": until})
    found = _json(store, f"/api/traces?{query}")
    traces = found.get("data") or []
    return len({(span.get("traceID"), span.get("spanID")) for trace in traces for span in trace.get("spans", ())})


def _number(answer: Any, store: StoreAt) -> int:
    """The one number in an answer to a question for a sum; an empty answer is zero. Raises MeasureError: it is no answer."""
    try:
        found = answer["data"]["result"]
        return int(float(found[0]["value"][1])) if found else 0
    except (KeyError, IndexError, TypeError, ValueError) as error:
        message = f"{store.name} does not tell how many {store.keeps.what} it keeps: {_short(json.dumps(answer))}"
        raise MeasureError(message) from error


def _size_of_series(store: StoreAt) -> Sizes:
    """On the disk, with the index, once everything in memory is written."""
    _get(f"{store.url}/internal/force_flush", store.name)
    return Sizes(stored_bytes=_sum(store, "vm_data_size_bytes"))


def _size_of_lines(store: StoreAt) -> Sizes:
    """Lines as they were sent, and chunks as they were compressed, once they are written."""
    _get(f"{store.url}/flush", store.name, method="POST")
    raw = _asked_of_loki(store, "bytes_over_time")
    deadline = time.monotonic() + ANSWER_WITHIN_S
    while not (stored := _sum(store, "loki_ingester_chunk_stored_bytes_total")) and time.monotonic() < deadline:
        time.sleep(PAUSE_S)
    return Sizes(raw_bytes=raw, stored_bytes=stored or None)


def _size_of_spans(store: StoreAt) -> Sizes:  # noqa: ARG001  # it keeps them in memory, and tells no size
    return Sizes()


COUNTS: Mapping[StoreApi, Callable[[StoreAt], int]] = {"prometheus": _series, "loki": _lines, "jaeger": _spans}
SIZES: Mapping[StoreApi, Callable[[StoreAt], Sizes]] = {
    "prometheus": _size_of_series,
    "loki": _size_of_lines,
    "jaeger": _size_of_spans,
}


def _sum(store: StoreAt, metric: str) -> int | None:
    """The sum of a metric of the store's own over all its labels; None: it has none of that name."""
    found = [float(value) for name, value in SAMPLE.findall(_get(f"{store.url}/metrics", store.name)) if name == metric]
    return int(sum(found)) if found else None


def _json(store: StoreAt, path: str) -> Any:
    said = _get(store.url + path, store.name)
    try:
        return json.loads(said)
    except ValueError as error:
        message = f"{store.name} does not answer with JSON: {_short(said)}"
        raise MeasureError(message) from error


def _get(url: str, who: str, *, method: str = "GET") -> str:
    """Raises MeasureError: nobody answers, or with another status than a good one."""
    import urllib3

    try:
        answer = urllib3.request(method, url, retries=False, timeout=ANSWER_WITHIN_S)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        message = f"after the load, {who} does not answer ({type(error).__name__})"
        raise MeasureError(message) from error
    said = answer.data.decode(errors="replace")
    if not 200 <= answer.status < 300:
        message = f"after the load, {who} answers with status {answer.status}: {_short(said)}"
        raise MeasureError(message)
    return said


def _short(text: str, most: int = 120) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[:most]}…"
