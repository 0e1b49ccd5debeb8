"""What a trace leaves behind: what was counted in the kernel (`TraceRecord`), and what follows from it (`TraceOutcome`)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from steps.model.trace_program import TraceProgram
from steps.model.values import CellId, Finite, Model, Name, RunId

EVENTS = "events.csv"  # beside trace.json: what was printed one by one


class Bucket(Model):
    """How many values lay between two bounds, both included. high None: no bound."""

    low: int
    high: int | None
    count: int = Field(ge=0)


class Counters(Model):
    """What /proc says of the target's tree and of the machine at one moment; cumulative. None: it does not tell."""

    at_ns: int  # CLOCK_MONOTONIC
    cpu_s: Finite
    threads: int
    read_bytes: int | None
    write_bytes: int | None
    throttled_s: Finite | None = None
    periods: int | None = None  # in which a limit on CPU was watched, and of them those in which it held tasks back
    throttled_periods: int | None = None
    cpu_pressure_s: Finite | None = None
    io_pressure_s: Finite | None = None
    memory_pressure_s: Finite | None = None
    retransmitted: int | None = None  # TCP segments of the target's network namespace
    ip_sent_bytes: dict[str, int] = {}  # network namespace of the target → bytes, with headers and loopback; empty: not told
    ip_received_bytes: dict[str, int] = {}
    disk_busy_s: dict[str, Finite] = {}  # device of the machine → time in which it had something to do, sampled at ticks
    disk_requests_s: dict[str, Finite] = {}  # device → time of its requests, added up; empty: not told
    oom_kills: int | None = None  # in the target's control group

    def since_s(self, before: Self) -> float:
        """Seconds between two readings; never 0, for it is divided by."""
        return max((self.at_ns - before.at_ns) / 1e9, 1e-9)


class TraceRecord(Model):
    """trace.json: a trace as it was counted.

    Beside it: trace.bt (what ran), bpftrace.json (what it printed), on-cpu.folded, off-cpu.folded (stacks) and events.csv.
    """

    schema_version: int = 1
    run: RunId
    cell: CellId
    at: str
    programs: tuple[TraceProgram, ...]
    target: Name | None = None  # the component that was traced
    tool: str | None = None  # "bpftrace v0.17.0"
    unavailable: str | None = None  # why there is no trace: expected where the place cannot
    failure: str | None = None  # why there is none though there should be
    start_ns: int | None = None  # of the counting, by the tracer's clock: CLOCK_BOOTTIME
    end_ns: int | None = None
    ahead_ns: int = 0  # of CLOCK_MONOTONIC, where the load is on the same machine
    began_at: str | None = None  # UTC, by the clock of the traced node, where the load may be on another
    ended_at: str | None = None
    cpus: int | None = None  # cores that the target may use
    machine: str = ""  # "x86_64": numbers of system calls are the machine's
    counts: dict[str, dict[str, int]] = {}  # map → key → sum or count
    histograms: dict[str, dict[str, tuple[Bucket, ...]]] = {}  # map → key → buckets
    before: Counters | None = None
    after: Counters | None = None
    bpf_cores: Finite | None = None  # CPU seconds that the programs took, per second
    bpf_cores_of: dict[str, Finite] = {}  # by program; `frame`: what stands around them. Empty: they could not be told apart
    bpf_runs_per_s: Finite | None = None
    damage: tuple[str, ...] = ()  # what was lost, was cut or cannot be read: no number of it holds
    incomplete: tuple[str, ...] = ()  # what it lacks, though what there is was counted right

    @property
    def seconds(self) -> float:
        """How long was counted. Raises ValueError: nothing was."""
        if self.start_ns is None or self.end_ns is None:
            message = "nothing was counted"
            raise ValueError(message)
        return (self.end_ns - self.start_ns) / 1e9


class Split(Model):
    """Thread seconds of the target by what they were spent on; they add up to `observed_s`."""

    observed_s: Finite  # threads times seconds
    on_cpu_s: Finite
    cpu_wait_s: Finite  # wanted a core and had none
    disk_s: Finite
    network_s: Finite  # waited to send, or to be connected
    lock_s: Finite | None  # None: locks were not traced, and who waited at one is among those who idle
    other_s: Finite
    idle_s: Finite  # waited for something to do: who receives may wait for a quiet client or for a slow one behind it

    @property
    def active_s(self) -> float:
        """All but idling."""
        return self.on_cpu_s + self.cpu_wait_s + self.disk_s + self.network_s + (self.lock_s or 0.0) + self.other_s

    def share(self, part: str) -> float | None:
        """A part of the active time, 0 to 1; None: nothing was active, or nobody looked at that part."""
        spent: float | None = getattr(self, f"{part}_s")
        return spent / self.active_s if spent is not None and self.active_s > 0 else None


class Reconciled(Model):
    """A total that two sources tell."""

    what: str
    traced: Finite
    counted: Finite
    unit: str
    said: str


class Sign(Model):
    """A value beside its threshold: evidence where it is met, else counter-evidence."""

    metric: str
    value: Finite
    threshold: Finite
    unit: str = ""
    met: bool


class UseCell(Model):
    """A value in words with its unit, or why it is not known: what is missing is never 0."""

    said: str
    known: bool = True


class UseRow(Model):
    """A resource as the USE method looks at it: how much of it is used, how much waits for it, what failed."""

    resource: Literal["CPU", "memory", "disk", "network", "locks"]
    utilisation: UseCell
    saturation: UseCell
    errors: UseCell


class Option(Model):
    """What one could buy against a bottleneck, at list price."""

    what: str
    usd_per_month: Finite | None  # None: costs no money, or the price book has no price
    helps: bool
    why: str


class Bottleneck(Model):
    """One cause of waiting, with what speaks for it and against."""

    resource: Literal["cpu", "throttling", "disk", "network", "memory", "lock", "none"]
    kind: str  # "sync", "one thread" …, or ""
    said: str
    confidence: Literal["high", "medium", "low"]
    weight: Finite  # 0 to 1, for the ranking
    evidence: tuple[Sign, ...]
    against: tuple[Sign, ...] = ()
    options: tuple[Option, ...] = ()


class TraceOutcome(Model):
    """What follows from a trace: in outcome.json. Either what was seen, or the reason why nothing can be said."""

    target: Name | None = None
    reason: str | None = None  # why there is no split
    incomplete: tuple[str, ...] = ()  # what it lacks, though something can be said
    seconds: Finite | None = None
    split: Split | None = None
    bottlenecks: tuple[Bottleneck, ...] = ()  # the first is the verdict
    reconciled: tuple[Reconciled, ...] = ()
    bpf_cores: Finite | None = None
    bpf_cores_of: dict[str, Finite] = {}
    figures: dict[str, Finite] = {}  # syncs_per_request, disk_wait_share …: metrics of that name are read from here
    p50_ms: Finite | None = None  # under the trace, beside the untraced figure of the same cell
    use: tuple[UseRow, ...] = ()
    histograms: dict[str, dict[str, tuple[Bucket, ...]]] = {}

    @model_validator(mode="after")
    def _seen_or_reason(self) -> Self:
        if (self.split is None) == (self.reason is None):
            message = "a trace has either a split of time or a reason"
            raise ValueError(message)
        return self


class ArmTrace(Model):
    """What the traces of one contender under one load come to, over its repetitions."""

    load: str
    name: Name
    title: str
    target: Name | None = None  # what was traced: for the direct path, what stands around
    cell: CellId | None = None  # the repetition in the middle
    pictures: tuple[str, ...] = ()  # its flame graphs, by their keys below the run's prefix
    events: str | None = None  # the list of what was printed one by one, by its key
    planned: int
    seen: int  # repetitions with a split of time
    reasons: tuple[str, ...] = ()  # why the others have none
    incomplete: tuple[str, ...] = ()
    percent: dict[str, Finite] = {}  # part of the active time → median over repetitions
    active_threads: Finite | None = None  # active time over the window: how many threads had something to do, on average
    active_ms_per_request: Finite | None = None
    verdict: Bottleneck | None = None  # of the repetition in the middle
    others: tuple[Bottleneck, ...] = ()  # what it names besides
    agreeing: int = 0  # repetitions that name the same resource first
    reconciled: tuple[Reconciled, ...] = ()
    use: tuple[UseRow, ...] = ()  # of the repetition in the middle
    histograms: dict[str, dict[str, tuple[Bucket, ...]]] = {}  # of that one
    bpf_cores: Finite | None = None
    bpf_cores_of: dict[str, Finite] = {}  # of the repetition in the middle
    untraced_p50_ms: Finite | None = None
    traced_p50_ms: Finite | None = None
