"""An experiment, as its author writes it, and as it travels into a run."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from steps.model.absent import Absent
from steps.model.asked import ByName, Hypothesis, Precision, Tuning, names_of
from steps.model.component import Component
from steps.model.consistency import wrong_with
from steps.model.messaging import MessageLoad
from steps.model.metric import Metric
from steps.model.price import Above
from steps.model.ramp import Load, Ramp
from steps.model.reviewing import DutyCycle, Rule
from steps.model.trace_program import TraceProgram
from steps.model.unit_cost import UnitCost
from steps.model.values import Model, Name, RunId

PREVIEW_REPETITIONS = 3
PREVIEW_SEARCHES = 1  # each takes a quarter of a minute, a database's half a minute, for at its rates a p99 needs seconds
PREVIEW_SECONDS = 3.0
PREVIEW_WARMUP_S = 1.0
PILOT_ROUNDS = 6  # the fewest that decide
PILOT_SECONDS = 6.0
PILOT_WARMUP_S = 1.0


NOBODY = Component(name="nobody", title="Nobody", version="-", direct=True)  # the baseline of what measures nothing


class Experiment(Model):
    """One question, asked of several contenders under declared loads; or, in shape `review`, of what others of its phase stored.

    The author leaves `phase`, `preview`, `configs`, `pilot` and `absent` alone: the compiler fills them, and then the experiment
    travels whole.
    """

    name: Name
    question: str = Field(pattern=r"\?$")
    shape: Literal["compare", "ramp", "review"] = "compare"
    baseline: Component = NOBODY
    contenders: tuple[Component, ...] = ()
    around: tuple[Component, ...] = ()
    loads: tuple[Load, ...] = ()
    repetitions: int = Field(default=6, ge=1, le=99)
    metrics: tuple[Metric, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    workers: int = Field(default=1, ge=1)
    phase: str = ""  # "phase-4"
    preview: bool = False
    configs: dict[str, str] = {}  # template name → text
    band: float = Field(default=0.05, gt=0, lt=1)  # a ratio to the baseline between 1/(1+band) and 1+band does not matter
    pilot: bool = False  # the baseline against itself
    precision: Precision | None = None
    unit_cost: UnitCost | None = None
    budget_usd: Above | None = None  # what a run may cost; one that would cost more is not begun, and one that does is stopped
    trace: tuple[TraceProgram, ...] = ()  # what to look at in the kernel, under a load of its own after each measured window
    trace_events: bool = False  # and each I/O, flush, retransmit … by itself, in events.csv: it costs more than counting
    quick_loads: tuple[str, ...] = ()  # names or labels of the loads that a preview takes; none named: all
    quick_repetitions: int = Field(default=PREVIEW_REPETITIONS, ge=1, le=PREVIEW_REPETITIONS)  # fewer, where there are many arms
    absent: tuple[Absent, ...] = ()  # optional contenders that are not to be had where it runs; put there when a run begins
    layers: tuple[ByName, ...] = ()  # arms of which each has all that the one before it has, and one thing more; baseline first
    tunings: tuple[Tuning, ...] = ()
    confirms: RunId | None = None  # the run whose verdict is held against a contender without its bottleneck
    # Of a review: the experiments that it reads (none named: all that its phase measures), and what decides.
    reads: tuple[Name, ...] = ()
    duty: DutyCycle | None = None
    rule: Rule | None = None

    @property
    def reviews(self) -> bool:
        """Whether it has no cells of its own, and reads what others stored."""
        return self.shape == "review"

    @property
    def measures_nothing(self) -> bool:
        """Whether nobody was named as its baseline."""
        return self.baseline == NOBODY

    @property
    def arms(self) -> tuple[Component, ...]:
        """The baseline and the contenders, in the author's order; none of a review."""
        return () if self.reviews else (self.baseline, *self.contenders)

    @property
    def key(self) -> str:
        """Where its runs are kept: `runs/phase-4/gateway-comparison`."""
        return f"runs/{self.phase}/{self.name}"

    @property
    def everyone(self) -> tuple[Component, ...]:
        """All that its cells deploy, arm by arm: what several arms bring is there several times."""
        parts = [part for arm in self.arms for part in reversed(arm.parts)]
        return (*parts, *(each for each in self.around if not each.direct))

    @property
    def programs(self) -> tuple[Component, ...]:
        """The first of each name among them: whatever their settings in other arms are, they run the same program."""
        first: dict[str, Component] = {}
        for each in self.everyone:
            first.setdefault(each.name, each)
        return tuple(first.values())

    def around_under(self, hops: int | None) -> tuple[Component, ...]:
        """What stands around the contenders under a load of so many hops."""
        return tuple(each for each in self.around if each.reached(hops))

    def component(self, name: str) -> Component:
        """The arm of that name, or what stands around all. Raises KeyError."""
        return {each.name: each for each in (*self.arms, *self.around)}[name]

    @property
    def pairs(self) -> tuple[tuple[Component, Load], ...]:
        """What its cells are made of: every arm under every load, but for what an arm cannot do."""
        return tuple((arm, load) for arm in self.arms for load in self.loads if self.lacking(arm, load) is None)

    def under(self, load: Load) -> tuple[Component, ...]:
        """The arms that are measured under a load."""
        return tuple(arm for arm in self.arms if self.lacking(arm, load) is None)

    @staticmethod
    def lacking(arm: Component, load: Load) -> str | None:
        """Why an arm is not measured under a load, which is then a row with that reason; None: it is."""
        return arm.lacks(load.durability) if isinstance(load, MessageLoad) else None

    def load_called(self, name: str | None) -> Load:
        """The load of that name or label; without one the first. Raises KeyError."""
        if name is None:
            return self.loads[0]
        return {known: load for load in self.loads for known in names_of(load)}[name]

    def without(self, absent: tuple[Absent, ...]) -> Self:
        """The experiment without arms that are not to be had; they stay on its report, each with its reason.

        When the baseline is one of them, the first takes its place that is left and measured under every load (failing that, the
        first that is left). At least two must be left.
        """
        gone = {each.name for each in absent}
        left = [each for each in self.arms if each.name not in gone]
        baseline = next((each for each in left if all(self.lacking(each, load) is None for load in self.loads)), left[0])
        contenders = [each for each in left if each is not baseline]
        return self.model_copy(update={"baseline": baseline, "contenders": tuple(contenders), "absent": (*self.absent, *absent)})

    def as_preview(self) -> Self:
        """The same with few, short repetitions: real figures that decide nothing."""
        taken = {self.load_called(name).label for name in self.quick_loads} or {load.label for load in self.loads}
        loads = tuple(load for load in self._shortened(PREVIEW_SECONDS, PREVIEW_WARMUP_S) if load.label in taken)
        searching = any(isinstance(load, Ramp) for load in loads)
        changes = {
            "loads": loads,
            "quick_loads": (),
            "hypotheses": tuple(each for each in self.hypotheses if self.load_called(each.load).label in taken),
            "repetitions": min(self.repetitions, PREVIEW_SEARCHES if searching else self.quick_repetitions),
            "preview": True,
            "precision": None,
        }
        return self.model_copy(update=changes)

    def as_pilot(self) -> Self:
        """The baseline against itself under another name, in six short rounds: any difference that it shows is noise.

        Raises ValidationError: a name becomes too long.
        """
        again = self.baseline.again()
        changes = {
            "name": f"{self.name}-pilot",
            "question": f"How much does {self.baseline.title} differ from itself?",
            "contenders": (again,),
            "loads": self._shortened(PILOT_SECONDS, PILOT_WARMUP_S),
            "repetitions": PILOT_ROUNDS,
            "hypotheses": (),
            "precision": None,
            "layers": (),
            "tunings": (),
            "pilot": True,
            "trace": (),
            "trace_events": False,
        }
        return type(self).model_validate(dict(self) | changes)

    def _shortened(self, seconds: float, warmup_s: float) -> tuple[Load, ...]:
        """The loads, none of them longer than that."""
        return tuple(load.shortened(window_s=seconds, warmup_s=warmup_s) for load in self.loads)

    @model_validator(mode="after")
    def _can_be_run(self) -> Self:
        if wrong := wrong_with(self):
            message = f"experiment {self.name}: {wrong}"
            raise ValueError(message)
        return self
