"""Golden loads: for each what to trace of it, its bottleneck, and the counts that are known beforehand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from steps.attribution.outcome import outcome_of
from steps.attribution.split import split_of
from steps.costs import book
from steps.errors import MeasureError
from steps.model import TraceOutcome, TraceProgram, TraceRecord
from steps.trace.step import count
from steps.trace.target import Target
from tests.steps.trace import groups, loads

STARTS_S = (2.5, 8.0, 20.0)  # that the tracer may take to start: once more where the machine was too busy for that
TIMES = 10  # that a load is judged where it counts
LEAST_S = 2.0  # in which a load shows what it is
EXACTLY = 0.05  # of throttled time
NEARLY = 0.10  # of the time at a lock: who was woken waits for a core
JOURNAL = 3  # times what is made safe, which file systems write beside it: up to twice that was seen


def nothing_more(_: TraceRecord) -> None:
    """The verdict is all that is known."""


def fsyncs(record: TraceRecord) -> None:
    assert record.counts["@syncs"] == {"1": loads.FSYNCS}
    written = loads.FSYNCS * loads.PAGE
    assert written <= record.counts["@io_bytes"]["1"] <= (1 + JOURNAL) * written


def handed_on(record: TraceRecord) -> None:
    """One thread holds the lock, and all others wait for it, all the time; the first one's wait for their end is no lock's."""
    others = loads.LOCK_THREADS - 1
    assert split_of(record).lock_s == pytest.approx(others * record.seconds, rel=NEARLY)


def sent(size: int) -> Callable[[TraceRecord], None]:
    """What is sent and received is what was counted, at each end."""

    def check(record: TraceRecord) -> None:
        assert record.counts["@tcp_out"] == {"1": size}
        assert record.counts["@tcp_in"] == {"1": size}

    return check


def refused(record: TraceRecord) -> None:
    """Each send that found the buffer full, and none that found nobody at the other end."""
    assert record.counts["@tcp_full"] == {"1": loads.FULL_SENDS}


def lossy(record: TraceRecord) -> None:
    """An event is a packet, which may hold several of the segments that the kernel counts."""
    again = sum(record.counts["@retransmits"].values())
    assert 0 < again <= record.after.retransmitted - record.before.retransmitted + again // 10


def throttled(record: TraceRecord) -> None:
    """All that the quota withholds from threads that want a core all the time: known from the quota alone."""
    split = split_of(record)
    withheld_s = (loads.QUOTA_PROCESSES - loads.QUOTA_CORES) * record.seconds
    assert split.on_cpu_s == pytest.approx(loads.QUOTA_CORES * record.seconds, rel=2 * EXACTLY)
    assert split.cpu_wait_s == pytest.approx(withheld_s, rel=EXACTLY)


def from_memory(record: TraceRecord) -> None:
    """What the page cache holds is added to it by nobody, and read from no device."""
    asked = sum(record.counts["@pages_asked"].values())
    assert asked > loads.READ_BYTES / loads.PAGE
    assert sum(record.counts.get("@pages_added", {}).values()) < asked / 100  # the interpreter's own files may come back
    assert record.counts.get("@io_bytes", {}).get("0", 0) < asked * loads.PAGE / 100


def from_disk(record: TraceRecord) -> None:
    """Every page that was added came from the device, and no other did."""
    added = sum(record.counts["@pages_added"].values())
    assert record.counts["@io_bytes"]["0"] == pytest.approx(added * loads.PAGE, rel=0.02)


@dataclass(frozen=True)
class Golden:
    """One load."""

    resource: str  # that its verdict names
    programs: tuple[TraceProgram, ...] = ()  # beside off-cpu
    check: Callable[[TraceRecord], None] = nothing_more
    group: Callable[[], object] | None = None  # a control group to be in
    client: bool = False  # beside it, and not traced
    pods: bool = True  # it is judged in pods, too: `tests/cluster/golden_pods.py`


LOADS = {
    "fsyncs": Golden("disk", (TraceProgram.BLOCK_IO,), fsyncs),
    "busy": Golden("cpu", pods=False),
    "quota": Golden("throttling", (), throttled, group=lambda: groups.limited_cpu(loads.QUOTA_CORES)),
    "lock": Golden("lock", (TraceProgram.LOCKS,), handed_on),
    "parked": Golden("none", (TraceProgram.LOCKS,), pods=False),
    # Over loopback: counts only, its limit is a matter of luck.
    "tcp": Golden("", (TraceProgram.TCP,), sent(loads.SENT_BYTES), pods=False),
    "full": Golden("", (TraceProgram.TCP,), refused, pods=False),
    "narrow": Golden("network", (TraceProgram.TCP,), pods=False),
    "shaped": Golden("network", (TraceProgram.TCP,), sent(loads.SHAPED_BYTES)),
    "lossy": Golden("network", (TraceProgram.TCP,), lossy, pods=False),
    "cold": Golden("disk", (TraceProgram.BLOCK_IO, TraceProgram.PAGE_CACHE), from_disk),
    "warm": Golden("cpu", (TraceProgram.BLOCK_IO, TraceProgram.PAGE_CACHE), from_memory),
    "reclaim": Golden(
        "memory",
        (TraceProgram.MEMORY, TraceProgram.BLOCK_IO, TraceProgram.PAGE_CACHE),
        group=lambda: groups.limited_memory(loads.MEMORY_BYTES),
    ),
    "idle": Golden("none", (TraceProgram.TCP,), client=True),
}


def traced(name: str, folder: Path, *programs: TraceProgram, seconds: float = loads.LASTS_S, events: bool = False) -> TraceRecord:
    """The record of one load; what was printed is in the folder of the last try. programs: beside those that it needs."""
    wanted = tuple(dict.fromkeys((TraceProgram.OFF_CPU, *LOADS[name].programs, *programs)))
    for number, starts_s in enumerate(STARTS_S):
        found = _tried(name, folder / f"try-{number}", wanted, starts_s=starts_s, seconds=seconds, events=events)
        if found:
            break
    assert found, "this machine is too busy to trace anything"
    return TraceRecord(
        run="r", cell=f"{name}-1rps-r1", at="now", target=name, programs=wanted, machine=os.uname().machine, **found
    )


def _tried(
    name: str, room: Path, programs: tuple[TraceProgram, ...], *, starts_s: float, seconds: float, events: bool
) -> dict[str, object] | None:
    """The fields of a record; None: the tracer took longer to start than that, so that too little was seen."""
    room.mkdir()
    with running(name, room) as keeper:
        end_ns = time.monotonic_ns() + round((starts_s + seconds) * 1e9)
        try:
            found = count(programs, Target(name, keeper), cpus=None, end_ns=end_ns, folder=room, events=events)
        except MeasureError as error:
            if "ready only when" in str(error):
                return None
            raise
    return found if found["end_ns"] - found["start_ns"] > LEAST_S * 1e9 else None


@contextmanager
def running(name: str, folder: Path) -> Iterator[int]:
    """The load, which waits for the tracer. Yields the pid of what stands in for its keeper."""
    golden = LOADS[name]
    with ExitStack() as stack:
        if golden.group:
            (folder / "group").write_text(str(stack.enter_context(golden.group())))
        keeper = stack.enter_context(_ended(["sh", "-c", f"{_command(name, folder)}; true"]))
        _await(folder / "prepared", keeper)
        if golden.client:
            stack.enter_context(_ended(["sh", "-c", _command("client", folder)]))
        time.sleep(0.3)
        yield keeper.pid


@contextmanager
def _ended(argv: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process and all that it started, ended with the block."""
    with subprocess.Popen(argv, start_new_session=True) as process:
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _command(name: str, folder: Path) -> str:
    return f"{sys.executable} {loads.__file__} {name} {folder}"


def _await(mark: Path, keeper: subprocess.Popen[bytes], within_s: float = 30.0) -> None:
    give_up = time.monotonic() + within_s
    while not mark.exists():
        assert keeper.poll() is None, f"the load ended before it was prepared: {keeper.returncode}"
        assert time.monotonic() < give_up, "the load was not prepared in time"
        time.sleep(0.05)


def outcome(record: TraceRecord) -> TraceOutcome:
    """What is made of it; printed, for whoever looks into a test that failed."""
    found = outcome_of(record, None, book.load(), p50_ms=None)
    assert found.reason is None, found.reason
    print(record.target, found.split, found.bottlenecks, found.incomplete, found.reconciled, found.bpf_cores, sep="\n")
    return found


def judged(name: str, folder: Path) -> str:
    """The resource that the verdict on a load names, whose counts are checked; the load's own where it has no verdict."""
    record = traced(name, folder)
    LOADS[name].check(record)
    return outcome(record).bottlenecks[0].resource if LOADS[name].resource else ""


def verdicts(name: str, folder: Path, judge: Callable[[str, Path], str]) -> Counter[str]:
    """TIMES verdicts on a load, and which counts were wrong: all are told. judge: of its name and a folder."""
    found: Counter[str] = Counter()
    for number in range(TIMES):
        room = folder / str(number)
        room.mkdir()
        try:
            found[judge(name, room)] += 1
        except AssertionError as error:
            found[f"wrong count: {str(error).splitlines()[0]}"] += 1
    print(f"GOLDEN {name}: {dict(found)}")
    return found
