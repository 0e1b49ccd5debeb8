"""What steps leave behind: one frozen record per verb, stored as JSON under the cell's key.

A value that could not be measured is `None` beside a reason. Zero means that zero was measured.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from steps.model.deployed import SCHEMA_VERSION, Usage
from steps.model.keeping import Kept
from steps.model.outbox import Published
from steps.model.ramp import Load
from steps.model.search import Search
from steps.model.surroundings import Canary, CanaryReference, CrossCheck, Steadiness, Surroundings
from steps.model.trace import TraceOutcome
from steps.model.values import CellId, Finite, Model, Name, RunId


class Window(Model):
    """The measured part of a load, on the wall (UTC) and on the monotonic clock of the machine that sent it."""

    started_at: str
    ended_at: str
    start_ns: int
    end_ns: int

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.end_ns <= self.start_ns:
            message = f"a window from {self.start_ns} to {self.end_ns} ns has no length"
            raise ValueError(message)
        return self

    @property
    def seconds(self) -> float:
        return (self.end_ns - self.start_ns) / 1e9


class Counts(Model):
    """Requests of one part of a load. Nothing gets lost: the sums are checked when the value is built."""

    planned: int = Field(ge=0)
    sent: int = Field(ge=0)
    dropped: int = Field(ge=0)  # planned but never sent
    ok: int = Field(ge=0)
    error: int = Field(ge=0)  # wrong status, wrong body, broken connection
    timeout: int = Field(ge=0)
    unfinished: int = Field(ge=0)  # still open when the driver stopped waiting

    @model_validator(mode="after")
    def _conserved(self) -> Self:
        if self.planned != self.sent + self.dropped:
            message = f"planned {self.planned} is not sent {self.sent} + dropped {self.dropped}"
            raise ValueError(message)
        if self.sent != self.ok + self.error + self.timeout + self.unfinished:
            parts = f"ok {self.ok} + error {self.error} + timeout {self.timeout} + unfinished {self.unfinished}"
            message = f"sent {self.sent} is not {parts}"
            raise ValueError(message)
        return self


class Check(Model):
    """An answer compared with the expected one, before or after the load."""

    when: Literal["before", "after"]
    right: bool
    what: str  # "200, 512 bytes as expected", or how it differs
    answer_bytes: int | None = None  # with its head, as it came over HTTP; None: nobody counted


class Driver(Model):
    """The load generator's own account of itself over the window."""

    name: str  # "benchlab http driver 1"
    cpu_s: Finite
    lateness_p50_ms: Finite  # how late it looked at a due request, whoever was to blame for the rest
    lateness_p99_ms: Finite
    lateness_max_ms: Finite
    spin: bool  # it waited actively on a core of its own
    cpus: tuple[int, ...] | None  # None: not pinned
    connections: int  # most that were open at once
    lateness_ms: dict[str, Finite] = {}  # p50, p90, p99, p99.9, as far as there are requests enough for it
    open_mean: Finite | None = None  # requests that were due and had not ended: mean over the window, by the driver's own counter
    node: str | None = None  # the machine it ran on, as a keeper names its own


class MessageRecord(Model):
    """What became of the messages of a load, by their numbers. A delivery is one message at one consumer."""

    consumers: int
    acknowledged: int  # messages of the whole load, the warm-up with it
    delivered: int  # of those, at all consumers together, each once
    lost: int  # acknowledged, and never delivered to a consumer: counted for each
    duplicates: int  # deliveries of what the consumer already had
    out_of_order: int  # first deliveries that came after a later message
    strange: int  # what was delivered and never sent so
    delivered_in_window: int  # first deliveries inside the window, whenever they were due
    backlog: int = Field(ge=0)  # the most messages that were acknowledged and not yet delivered at one consumer, in the window
    expected: int  # deliveries of the window's messages, had all been acknowledged and delivered
    away_s: Finite | None = None  # how long a consumer really was away; None: none was
    catch_up_ms: Finite | None = None  # from its return until it had every message acknowledged before
    catch_up_reason: str | None = None  # why there is no such time although it was away

    @model_validator(mode="after")
    def _conserved(self) -> Self:
        if self.delivered + self.lost != self.acknowledged * self.consumers:
            message = f"delivered {self.delivered} + lost {self.lost} is not {self.acknowledged} × {self.consumers} consumers"
            raise ValueError(message)
        return self


class LoadRecord(Model):
    """load.json. Beside it: load.hdr (histograms), series.csv (each second), usage.csv (keepers' readings).

    Of a ramp: `search`, and what its shares come to together; `share-50/` and the like hold the records of each.
    """

    schema_version: int = SCHEMA_VERSION
    run: RunId
    cell: CellId
    load: Load
    checks: tuple[Check, ...] = ()
    window: Window | None = None
    warmup: Counts | None = None
    counts: Counts | None = None
    answered: int | None = None  # right answers that ended inside the window, whenever they were due: what shares its CPU time
    errors: dict[str, int] = {}  # kind → how many in the window: "status 502", "wrong body", "connection reset"
    first_ms: Finite | None = None  # the first answer after ready: cold, never in the histograms
    driver: Driver | None = None
    usage: tuple[Usage, ...] = ()  # at the window's two edges, for each component
    failure: str | None = None
    search: Search | None = None
    published: Published | None = None  # by transactions that each leave a message
    cross_checks: tuple[CrossCheck, ...] = ()
    canary_before: Canary | None = None
    canary_after: Canary | None = None
    idle: tuple[Usage, ...] = ()  # of each component, ready and before it was asked anything by this step
    logged_bytes: int | None = None  # by a database, over the whole load
    kept_bytes: int | None = None  # on its disk after the load, by a database or a broker; None: by neither, or it is not known
    programs_cores: Finite | None = None  # all programs of the driver's machine but the driver, over the load; None: not seen
    messages: MessageRecord | None = None  # of a load of messages; beside it a histogram `delivery`
    kept: tuple[Kept, ...] = ()  # by stores of what watches the contender, over the whole load and its checks


class Measurement(Model):
    """A metric's value in one cell, or why there is none."""

    metric: str
    value: Finite | None
    reason: str | None = None
    coarse: bool = False  # a percentile from fewer than 10/(1-q) answers
    at_least: Finite | None = None  # without a value: it is this or more
    suspect: str | None = None  # why this value may not decide, though the cell may: "suspect: figures: …"

    @model_validator(mode="after")
    def _value_or_reason(self) -> Self:
        if (self.value is None) == (self.reason is None):
            message = f"{self.metric}: a measurement has either a value or a reason"
            raise ValueError(message)
        return self


class ComponentUse(Model):
    """What one component of a cell used by itself in the window; None: it could not be read."""

    cpu_us_per_request: Finite | None = None  # CPU time per right answer
    memory_mib: Finite | None = None  # the largest


class CellOutcome(Model):
    """outcome.json: what a cell came to.

    ok: may decide, but for measurements that are suspect themselves. suspect: shown, never decides alone; the reasons begin with
    whom they suspect ("suspect: generator: …", "suspect: environment: …").
    failed: has no figures to rely on; the first reason says why.
    """

    schema_version: int = SCHEMA_VERSION
    run: RunId
    cell: CellId
    contender: Name
    load: str
    repetition: int
    status: Literal["ok", "suspect", "failed"]
    reasons: tuple[str, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    counts: Counts | None = None
    errors: dict[str, int] = {}
    window: Window | None = None
    driver: Driver | None = None
    lateness_ms: dict[str, Finite] = {}  # of a ramp, the driver's at each share of the knee: `p99 at 75` and the like
    versions: dict[Name, str] = {}  # component → what it said of itself
    experiment_digest: str
    environment_digest: str
    at: str
    surroundings: Surroundings | None = None
    steady: dict[str, Steadiness] = {}  # p50_ms, cpu_cores …; of a ramp `p50_ms at 75` → had it settled?
    answer_bytes: Finite | None = None  # of a right answer with its head: mean of those that were checked
    kept_bytes: int | None = None  # on its disk after the load, by a database or a broker; None: by neither, or it is not known
    cross_checks: tuple[CrossCheck, ...] = ()
    components: dict[Name, ComponentUse] = {}  # of whatever stood in the path
    trace: TraceOutcome | None = None  # None: none was asked for
    kept: tuple[Kept, ...] = ()  # by stores of what watches the contender

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if (self.status == "ok") != (not self.reasons):
            message = f"cell {self.cell}: {self.status} with reasons {self.reasons}"
            raise ValueError(message)
        return self


class TeardownRecord(Model):
    """teardown.json: what was removed, and what is still there (nothing, or the step fails)."""

    schema_version: int = SCHEMA_VERSION
    run: RunId
    cell: CellId | None  # None: of the whole run
    at: str
    removed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    unclosed: tuple[str, ...] = ()  # ledger entries that are closed here, but the store could not be told


class LedgerEntry(Model):
    """A thing that is about to be created, or was; closed only after its absence was seen."""

    schema_version: int = SCHEMA_VERSION
    id: CellId  # envoy-500rps-r3-upstream
    run: RunId
    cell: CellId | None
    kind: Literal["process", "folder", "object"]
    what: str  # for people: "upstream (nginx), under keeper 4711"
    facts: dict[str, str] = {}  # what finds it again: folder, keeper's pid and start time …
    opened_at: str
    closed_at: str | None = None
    proof: str | None = None  # how its absence was seen


class Calibration(Model):
    """The driver against a null server in the same place."""

    ceiling_rps: Finite | None  # the highest rate it sent in full, without being late
    reason: str | None = None
    lateness_p99_ms: dict[str, Finite] = {}  # rate → lateness
    lateness_ms: dict[str, dict[str, Finite]] = {}  # rate → quantile → lateness


class Environment(Model):
    """environment.json: the circumstances by layer. Two runs whose `identity` differs are not put in one table."""

    schema_version: int = SCHEMA_VERSION
    run: RunId
    at: str
    place: Literal["process", "kubernetes"]
    driver: dict[str, str]
    node: dict[str, str]
    cluster: dict[str, str]
    components: dict[str, str] = {}  # component → version it says it has
    calibration: Calibration | None = None
    canary: CanaryReference | None = None

    @property
    def identity(self) -> dict[str, dict[str, str]]:
        """What must be equal for figures to share a table; times and calibration are left out."""
        return {"driver": self.driver, "node": self.node, "cluster": self.cluster, "components": self.components}
