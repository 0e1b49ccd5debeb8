"""A trace's thread seconds by what they were spent on, adding up to what was observed.

What was open when the counting ended is closed at its end. Threads that slept through all of it were never seen and idled.
A futex is a lock where those who wait at it are those who wake others there; else its waiters were parked, which is idling.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from steps.attribution.calls import waits_for
from steps.errors import MeasureError
from steps.model import TraceProgram, TraceRecord
from steps.model.trace import Split

Counts = Mapping[str, Mapping[str, int]]

SLEEPS, SLEEPS_ON_DISK = 1, 2  # states of a thread
HANDED_ON = 0.5  # of an address' waits: fewer wakes by former waiters than that, and it is no lock


def split_of(record: TraceRecord) -> Split:
    """Raises MeasureError: nothing was counted, or the machine's system calls are not known here."""
    kinds = waits_for(record.machine)
    if record.end_ns is None or record.start_ns is None:
        message = "the trace counted nothing"
        raise MeasureError(message)
    if not kinds:
        message = f"the system calls of {record.machine or 'that machine'} are not known here"
        raise MeasureError(message)
    waited = waits_s(record.counts, record.end_ns)
    on_cpu_s = sum(on_cpu(record.counts, record.end_ns).values())
    if on_cpu_s + sum(waited.values()) <= 0:
        message = "the trace saw no thread of the target"
        raise MeasureError(message)
    spent = _by_part(waited, kinds, locked=lock_share(record.counts))
    seen_s = on_cpu_s + sum(spent.values())
    threads = max((each.threads for each in (record.before, record.after) if each), default=0)
    observed_s = max(threads * record.seconds, seen_s)
    return Split(
        observed_s=observed_s,
        on_cpu_s=on_cpu_s,
        cpu_wait_s=spent["cpu_wait"],
        disk_s=spent["disk"],
        network_s=spent["network"],
        lock_s=spent["lock"] if TraceProgram.LOCKS in record.programs else None,
        other_s=spent["other"],
        idle_s=spent["idle"] + observed_s - seen_s,
    )


def on_cpu(counts: Counts, end_ns: int) -> dict[str, float]:
    """Seconds on the cores by thread, what was open at the end with it: who never left its core has nothing else."""
    spent: dict[str, float] = defaultdict(float)
    for thread, ns in counts.get("@on_ns", {}).items():
        spent[thread] += ns / 1e9
    for thread, since_ns in counts.get("@on_at", {}).items():
        spent[thread] += max(end_ns - since_ns, 0) / 1e9 if since_ns else 0.0
    return spent


def waits_s(counts: Counts, end_ns: int) -> dict[int, float]:
    """Seconds off the cores by key of a wait (`off-cpu.bt` says what it holds); 0: wanted a core."""
    waited: dict[int, float] = defaultdict(float)
    for key, ns in counts.get("@off_ns", {}).items():
        waited[int(key)] += ns / 1e9
    waited[0] += sum(counts.get("@queue_ns", {}).values()) / 1e9
    why, woken = counts.get("@why", {}), counts.get("@woken", {})
    for thread, left_ns in counts.get("@off_at", {}).items():
        if left_ns == 0:
            continue  # it is on a core
        call, wanted_ns = why.get(thread, 0), woken.get(thread, 0) or end_ns
        if call >= 1000:
            waited[call] += max(wanted_ns - left_ns, 0) / 1e9
        waited[0] += max(end_ns - (wanted_ns if call >= 1000 else left_ns), 0) / 1e9
    return waited


def lock_share(counts: Counts) -> float:
    """Of the time in futex waits, which share was spent at locks. 0 where that was not traced."""
    waited, waits, handed = (counts.get(name, {}) for name in ("@futex_ns", "@futex_waits", "@handed_on"))
    locks = [word for word in waited if handed.get(word, 0) >= HANDED_ON * waits.get(word, 0) > 0]
    whole = sum(waited.values())
    return sum(waited[word] for word in locks) / whole if whole else 0.0


def part_of(key: int, kinds: Mapping[int, str]) -> str:
    """What a wait is spent on by its key: `cpu_wait`, `disk`, `network`, `futex`, `other` or `idle`."""
    state, call = divmod(key, 1000)
    if state == 0:
        return "cpu_wait"
    if state == SLEEPS_ON_DISK:
        return "disk"
    return kinds.get(call - 1, "idle") if state == SLEEPS else "other"  # stopped, traced by a debugger


def _by_part(waited: Mapping[int, float], kinds: Mapping[int, str], *, locked: float) -> dict[str, float]:
    spent: dict[str, float] = defaultdict(float)
    for key, seconds in waited.items():
        spent[part_of(key, kinds)] += seconds
    at_futexes = spent.pop("futex", 0.0)
    spent["lock"] += at_futexes * locked
    spent["idle"] += at_futexes * (1 - locked)
    return spent
