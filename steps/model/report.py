"""The report as data: report.json, from which the page is drawn and which other programs read.

Version 1. A figure is a median over repetitions with the interval that order statistics give it; what could not be
measured is a reason. Nothing here is computed from anything but what the run stored.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from steps.model.absent import Absent
from steps.model.chain import Chain
from steps.model.cost import BudgetResult, Costs, LoadUse
from steps.model.figure import Figure, Interval
from steps.model.layers import Tuned, Waterfall
from steps.model.metric import Metric
from steps.model.outcome import Calibration, Counts
from steps.model.ramp import Load
from steps.model.search import Probe
from steps.model.trace import ArmTrace
from steps.model.values import CellId, Finite, Model, Name, RunId
from steps.model.verdict import EffectVerdict, HypothesisVerdict, RunVerdict
from steps.model.watching import Watching

REPORT_VERSION: Literal[1] = 1

CellStatus = Literal["ok", "suspect", "failed", "missing"]
TrackName = Literal["p50_ms", "p99_ms", "cpu_cores", "around_cpu_cores", "memory_mib"]


class Decision(Model):
    """Whether an effect is a difference, and everything that follows from besides the rounds themselves.

    Where nothing was tested (too few rounds, a preview) the test's figures are None, and `why` says so.
    """

    verdict: EffectVerdict
    why: str
    band: float  # a ratio between 1/(1+band) and 1+band does not matter
    n: int  # valid rounds of both arms
    interval: Interval | None = None  # of the ratio
    log_mean: Finite | None = None  # of the logarithms of the rounds' ratios
    log_sd: Finite | None = None  # their standard deviation: the noise from round to round
    t: Finite | None = None  # None beside a p: the ratios do not vary at all
    p: float | None = Field(default=None, ge=0, le=1)  # two-sided
    p_holm: float | None = Field(default=None, ge=0, le=1)  # after Holm over the family
    family: int = 0  # metrics that were tested together
    lateness_gap_ms: Finite | None = None  # how much later the driver was with one arm than with the other, at that percentile
    suspect: str | None = None  # why this comparison may not say "differs", which it would else


class Effect(Model):
    """What a contender adds to the baseline's value in the same round, in the metric's unit and as a ratio."""

    difference: Figure
    ratio: Figure
    decision: Decision | None = None  # None: there is no ratio, whose reason says why


class Curve(Model):
    """One repetition's response times at the load's `quantiles`, in ms; shorter when it had too few answers."""

    repetition: int
    suspect: bool
    response_ms: tuple[Finite, ...]


class Track(Model):
    """A quantity over time: at each second of the window (below zero: warm-up) the median and range over repetitions."""

    name: TrackName
    seconds: tuple[int, ...]
    low: tuple[Finite, ...]
    median: tuple[Finite, ...]
    high: tuple[Finite, ...]


class SearchPath(Model):
    """One repetition's search for the knee."""

    repetition: int
    suspect: bool
    probes: tuple[Probe, ...]


class Arm(Model):
    """The baseline or a contender under one load."""

    name: Name
    title: str
    baseline: bool = False
    direct: bool = False
    planned: int
    ok: int
    suspect: int
    failed: int  # with the missing ones
    failure: str | None = None  # why, when any failed
    figures: dict[str, Figure] = {}
    effects: dict[str, Effect] = {}
    curves: tuple[Curve, ...] = ()
    tracks: tuple[Track, ...] = ()
    paths: tuple[SearchPath, ...] = ()
    settled_s: int | None = None  # second of the window from which its response times had settled, in the slowest repetition


class LoadSection(Model):
    """All arms under one load, in the author's order."""

    label: str
    load: Load
    quantiles: tuple[float, ...]  # of the curves
    arms: tuple[Arm, ...]
    lacking: tuple[Absent, ...] = ()  # arms that are not measured under it, and why


class CellSummary(Model):
    """A planned cell and what became of it; none disappears."""

    id: CellId
    contender: Name
    load: str
    repetition: int
    order: int  # place in the plan, from 1
    status: CellStatus
    reasons: tuple[str, ...] = ()
    counts: Counts | None = None
    errors: dict[str, int] = {}
    lateness_p50_ms: Finite | None = None
    lateness_p99_ms: Finite | None = None
    lateness_ms: dict[str, Finite] = {}  # p50, p90, p99, p99.9; of a ramp `p99 at 75` and the like, by percent of the knee
    earlier: tuple[str, ...] = ()  # attempts before this one: what became of them
    files: tuple[str, ...] = ()  # keys below the run's prefix
    added: str | None = None  # why, when it is of a round that was not planned at first
    doubts: dict[str, str] = {}  # metric → why that value of an otherwise valid cell is suspect


class HypothesisResult(Model):
    """A statement, what the interval says of it, and that interval."""

    statement: str
    metric: str
    bound: str  # "p50 of Envoy minus direct, below 1 ms"
    verdict: HypothesisVerdict
    figure: Figure
    why: str
    of: Name | None = None  # the contender that it is about


class ParityRow(Model):
    """What makes a contender alike the others, or not; `version` is what ran, as it said itself."""

    contender: Name
    title: str
    workers: str
    upstream_keep_alive: str
    tls: str
    access_log: str
    buffering: str
    version: str
    said: str  # version with build options, whole
    ran: bool
    more: dict[str, str] = {}  # heading → how it is set


class Circumstances(Model):
    """Where, when and how it was measured."""

    place: str
    layers: dict[str, dict[str, str]] = {}
    driver_cpus: str
    driver_spin: str
    lateness: str
    memory: str  # how memory was read
    around: dict[str, str] = {}  # what stood around the contenders: title → version, as it says itself
    calibration: Calibration | None = None
    seed: int | None = None
    started_at: str | None = None
    ended_at: str | None = None
    limits: tuple[str, ...] = ()
    unattributed: str = "unknown"  # what no component accounts for
    checks: tuple[str, ...] = ()  # against the kubelet's counters: what they told, or why there was none


class Answer(Model):
    """The answer in one sentence, and what belongs to it. `decided` is false where nothing is ranked."""

    decided: bool
    lead: str
    more: tuple[str, ...] = ()
    tiers: tuple[tuple[Name, ...], ...] = ()  # from least to most of the main metric; together: cannot be told apart


class PrecisionResult(Model):
    """How precise a run was to become, and became: half the interval of contender over baseline, as a share of that ratio."""

    asked: Finite
    reached: Finite | None  # of the contender with the widest one; None: some contender has none
    enough: bool
    rounds: int
    most_rounds: int
    said: str  # "Precise enough: ±4.1 % after 14 rounds; ±5 % was asked for"


class ReferenceResult(Model):
    """A figure beside what somebody else found: worth a look, decides nothing."""

    verdict: Literal["inside", "outside"]
    metric: str = ""  # which of the report's; what has no reference is the rest of them
    said: str
    source: str
    trust: Literal["A", "B", "C"]  # raw data or independent; a vendor's but reproducible; a claim


class Report(Model):
    """report.json"""

    schema_version: Literal[1] = REPORT_VERSION
    run: RunId
    prefix: str
    phase: str
    experiment: str
    question: str
    preview: bool
    repetitions: int
    verdict: RunVerdict
    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()  # worth a look, decides nothing
    answer: Answer
    baseline: Name | None = None
    metrics: tuple[Metric, ...] = ()
    headline: tuple[str, ...] = ()  # metrics whose effects are drawn first; the first one ranks
    loads: tuple[LoadSection, ...] = ()
    hypotheses: tuple[HypothesisResult, ...] = ()
    cells: tuple[CellSummary, ...] = ()
    parity: tuple[ParityRow, ...] = ()
    circumstances: Circumstances
    files: tuple[str, ...] = ()  # of the run as a whole, keys below the prefix
    repeat: str  # the command
    precision: PrecisionResult | None = None  # None: none was asked for
    uses: tuple[LoadUse, ...] = ()  # what costs are made from
    costs: tuple[Costs, ...] = ()  # at the usual prices, then as if at each provider; nothing: none were asked for
    budget: BudgetResult | None = None
    references: tuple[ReferenceResult, ...] = ()  # none: there is no reference for any of its figures
    traces: tuple[ArmTrace, ...] = ()  # nothing: none were asked for
    absent: tuple[Absent, ...] = ()  # contenders that could not be had where it ran
    waterfalls: tuple[Waterfall, ...] = ()  # by load, where the experiment declares layers
    tuned: tuple[Tuned, ...] = ()
    chains: tuple[Chain, ...] = ()  # by load, where loads go through a chain of services
    watching: tuple[Watching, ...] = ()  # by load, where something is kept of what was watched
    unlike: tuple[str, ...] = ()  # what differs between its cells: then its figures decide nothing
