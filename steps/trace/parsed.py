"""What bpftrace printed (`-f json`), as values; what is damaged, cut or lost is said, and never becomes a number.

Lines are objects of a type: map and stats (sums, counts), hist (buckets), printf (our marks, and events where they are asked
for), lost_events, and others. Keys of several parts are one text. Texts in keys carry junk after their end, so a key can appear
twice in a line: values of equal keys are added up, where a plain reader of JSON would keep the last.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from steps.bpftrace import MOST_KEYS
from steps.model.trace import Bucket

MARK = re.compile(r"(ready|end) (\d+)")
EVENT = re.compile(r"event (\w+) (\d+) (\d+|-) (\d+|-) (.*)\n", re.DOTALL)
STACKS, OFF_STACKS = "@stacks", "@off_stacks"
TREE = "@tree"
UNENDED = "@ios_unended"
LONGEST_IO_NS = 1_000_000_000
MARKS = (TREE, "@socket", "@waited", "@io_at", "@connect_at")  # no counts: who and what was looked at
LAST = "@z_last"  # the map that is printed after all others

# What a line can be, in the place of what it should be: any JSON, and any text.
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)


class Event(NamedTuple):
    """Something that happened once, and when it was over."""

    at_ns: int
    what: str
    took_us: int | None  # None: it takes no time
    bytes: int | None  # of an I/O as it began: what was merged into it later is not among them. None: it has none
    detail: str  # the command, the kind of I/O, or the port


Pairs = list[tuple[str, Any]]


@dataclass
class Parsed:
    """The output of one trace."""

    ready_ns: int | None = None
    end_ns: int | None = None
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    histograms: dict[str, dict[str, tuple[Bucket, ...]]] = field(default_factory=dict)
    damage: list[str] = field(default_factory=list)  # then no number of it holds
    threads: frozenset[int] = frozenset()  # of the target when it ended
    incomplete: list[str] = field(default_factory=list)  # what it lacks, though what there is was counted right
    lost: int = 0
    events: list[Event] | None = None  # None: they were not to be printed one by one


def parse(text: str, *, events: bool = False) -> Parsed:
    """Everything that the tracer said. Never raises: `damage` says what cannot be read.

    events: they were to be printed one by one. Then some may be lost though the counts are whole.
    """
    found = Parsed(events=[] if events else None)
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            pairs = json.loads(line, object_pairs_hook=list)
            _take(found, dict(pairs))
        except UNREADABLE:
            found.damage.append(f"line {number} of the tracer's output is damaged: {line[:60]}")
    whole = found.counts.pop(LAST, None) is not None
    _judge(found, whole=whole)
    _unended(found)
    for name in MARKS:
        found.counts.pop(name, None)
    return found


def _take(found: Parsed, said: dict[str, Any]) -> None:
    kind, data = said["type"], said["data"]
    if kind == "printf":
        if mark := MARK.match(data):
            at = int(mark[2])
            found.ready_ns, found.end_ns = (at, found.end_ns) if mark[1] == "ready" else (found.ready_ns, at)
        elif data.startswith("event "):
            _note(found, data)
    elif kind in {"map", "stats"}:
        for name, keys in data:
            found.counts[_text(name)] = _summed(name, keys)
        found.threads |= {int(thread) for thread, since in found.counts.get(TREE, {}).items() if since}
    elif kind == "hist":
        for name, keys in data:
            found.histograms[_text(name)] = _histograms(keys)
    elif kind == "lost_events":
        found.lost += int(dict(data)["events"])


def _note(found: Parsed, data: str) -> None:
    """Raises ValueError: it is no event, or none was to be printed."""
    told = EVENT.fullmatch(data)
    if told is None or found.events is None:
        message = f"{data!r} is no event"
        raise ValueError(message)
    took, size = (None if text == "-" else int(text) for text in told.groups()[2:4])
    found.events.append(Event(int(told[2]), told[1], took, size, told[5]))


def _unended(found: Parsed) -> None:
    """Counts I/Os that should have ended: the kernel leaves out a program that interrupts another, such as one that prints."""
    end_ns = found.end_ns or 0
    if late := sum(end_ns - began_ns > LONGEST_IO_NS for began_ns in found.counts.get("@io_at", {}).values()):
        found.counts[UNENDED] = {"": late}


def _text(name: Any) -> str:
    """Raises TypeError: it is none."""
    if not isinstance(name, str):
        message = f"{name!r} is no name"
        raise TypeError(message)
    return name


def _summed(name: str, keys: Any) -> dict[str, int]:
    """The values of a map by key. An unkeyed map is a plain number, under the key ""."""
    sums: dict[str, int] = defaultdict(int)
    for key, value in keys if isinstance(keys, list) else [("", keys)]:
        if isinstance(value, bool) or not isinstance(value, int):
            message = f"{name}: {value!r} is no count"
            raise TypeError(message)
        sums[_text(key) if name in {STACKS, OFF_STACKS} else key.split("\0")[0]] += value
    return dict(sums)


def _histograms(keys: Any) -> dict[str, tuple[Bucket, ...]]:
    """An unkeyed histogram is a list of buckets, each a list of pairs; keyed, a list of (key, buckets)."""
    if not keys:
        return {}
    plain = isinstance(keys[0][0], tuple | list)
    by_key: dict[str, dict[tuple[int, int | None], int]] = defaultdict(lambda: defaultdict(int))
    for key, buckets in [("", keys)] if plain else keys:
        for bucket in map(dict, buckets):
            by_key[key.split("\0")[0]][bucket.get("min", 0), bucket.get("max")] += bucket["count"]
    return {
        key: tuple(Bucket(low=low, high=high, count=count) for (low, high), count in sorted(counts.items(), key=_lower))
        for key, counts in by_key.items()
    }


def _lower(bucket: tuple[tuple[int, int | None], int]) -> int:
    return bucket[0][0]


def _judge(found: Parsed, *, whole: bool) -> None:
    """What the output lacks. whole: it has its last map."""
    if found.ready_ns is None:
        found.damage.append("the tracer was never ready: it counted nothing")
    elif found.end_ns is None:
        found.damage.append("the tracer was stopped before its end: nothing says until when it counted")
    elif not whole:
        found.damage.append("the tracer's output was cut: maps that it printed last are missing")
    if found.lost and found.events is None:
        found.damage.append(f"{found.lost:,} events were lost")
    elif found.lost:
        found.incomplete.append(f"{found.lost:,} events were lost: events.csv lacks them")
    for name, keys in found.counts.items():
        if len(keys) >= MOST_KEYS:
            said = found.incomplete if name in {STACKS, OFF_STACKS} else found.damage  # of stacks pictures are made
            said.append(f"{name} was cut: it holds as many keys as it may, {MOST_KEYS:,}")
