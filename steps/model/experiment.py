"""A phase and its experiments, as their authors write them, and as they travel into a run."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from steps.model.absent import Absent
from steps.model.component import Component
from steps.model.metric import Metric
from steps.model.price import Above
from steps.model.ramp import Load, misfit
from steps.model.trace_program import TraceProgram, untraceable
from steps.model.unit_cost import UnitCost, unpriced
from steps.model.values import Finite, Model, Name

# Written as `of=ENVOY`, kept as "envoy".
ByName = Annotated[Name, BeforeValidator(lambda given: given.name if isinstance(given, Component) else given)]

PREVIEW_REPETITIONS = 3
PREVIEW_SECONDS = 3.0
PREVIEW_WARMUP_S = 1.0
PILOT_ROUNDS = 6  # the fewest that decide
PILOT_SECONDS = 6.0
PILOT_WARMUP_S = 1.0
MOST_ROUNDS = 30


class Hypothesis(Model):
    """A statement that a machine can check: a metric of one contender, alone or over another's, against bounds.

    It names its contender beforehand: "the best" would choose and test on the same data.
    """

    statement: str
    metric: str
    of: ByName
    over: ByName | None = None  # None: the value itself; else what `of` adds to this one's value in the same round
    below: Finite | None = None
    above: Finite | None = None
    added_below: Finite | None = None
    added_above: Finite | None = None
    load: Name | None = None  # the name or label of the load under which it is said; None: the experiment's first

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        given = [name for name in ("below", "above", "added_below", "added_above") if getattr(self, name) is not None]
        if len(given) != 1:
            message = f"hypothesis {self.statement!r}: give one bound of below, above, added_below, added_above"
            raise ValueError(message)
        if given[0].startswith("added") != (self.over is not None):
            message = f"hypothesis {self.statement!r}: `over` goes with added_below or added_above"
            raise ValueError(message)
        return self


def names_of(load: Load) -> tuple[str, ...]:
    """What a load may be called: by its label, and by its name, if its kind has names and it has one."""
    name: str | None = getattr(load, "name", None)
    return (load.label, name) if name else (load.label,)


class Precision(Model):
    """When a run is precise enough: rounds are added until it is, or until the budget ends."""

    # Of the interval of contender over baseline, in the main metric, as a share of that ratio: 0.05 is ±5 %.
    half_width: float = Field(default=0.05, gt=0, lt=1)
    most_rounds: int = Field(default=MOST_ROUNDS, ge=6, le=99)  # the budget, planned repetitions with it; six can decide


class Experiment(Model):
    """One question, asked of several contenders under declared loads.

    The author leaves `phase`, `preview`, `configs`, `pilot` and `absent` alone: the compiler fills them, and then the experiment
    travels whole.
    """

    name: Name
    question: str = Field(pattern=r"\?$")
    shape: Literal["compare", "ramp"] = "compare"
    baseline: Component
    contenders: tuple[Component, ...] = Field(min_length=1)
    around: tuple[Component, ...] = ()
    loads: tuple[Load, ...] = Field(min_length=1)
    repetitions: int = Field(default=6, ge=1, le=99)
    metrics: tuple[Metric, ...] = Field(min_length=1)
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
    quick_loads: tuple[str, ...] = ()  # names or labels of the loads that a preview takes; none named: all
    absent: tuple[Absent, ...] = ()  # optional contenders that are not to be had where it runs; put there when a run begins

    @property
    def arms(self) -> tuple[Component, ...]:
        """The baseline and the contenders, in the author's order."""
        return (self.baseline, *self.contenders)

    @property
    def key(self) -> str:
        """Where its runs are kept: `runs/phase-4/gateway-comparison`."""
        return f"runs/{self.phase}/{self.name}"

    def component(self, name: str) -> Component:
        """The component of that name. Raises KeyError."""
        return {each.name: each for each in (*self.arms, *self.around)}[name]

    def load_called(self, name: str | None) -> Load:
        """The load of that name or label; without one the first. Raises KeyError."""
        if name is None:
            return self.loads[0]
        return {known: load for load in self.loads for known in names_of(load)}[name]

    def without(self, absent: tuple[Absent, ...]) -> Self:
        """The experiment without arms that are not to be had; they stay on its report, each with its reason.

        When the baseline is one of them, the first that is left takes its place. At least two must be left.
        """
        gone = {each.name for each in absent}
        baseline, *contenders = [each for each in self.arms if each.name not in gone]
        return self.model_copy(update={"baseline": baseline, "contenders": tuple(contenders), "absent": (*self.absent, *absent)})

    def as_preview(self) -> Self:
        """The same with few, short repetitions: real figures that decide nothing."""
        taken = {self.load_called(name).label for name in self.quick_loads} or {load.label for load in self.loads}
        loads = tuple(load for load in self._shortened(PREVIEW_SECONDS, PREVIEW_WARMUP_S) if load.label in taken)
        changes = {
            "loads": loads,
            "quick_loads": (),
            "hypotheses": tuple(each for each in self.hypotheses if self.load_called(each.load).label in taken),
            "repetitions": min(self.repetitions, PREVIEW_REPETITIONS),
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
            "pilot": True,
            "trace": (),
        }
        return type(self).model_validate(dict(self) | changes)

    def _shortened(self, seconds: float, warmup_s: float) -> tuple[Load, ...]:
        """The loads, none of them longer than that."""
        return tuple(load.shortened(window_s=seconds, warmup_s=warmup_s) for load in self.loads)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what, names in (
            ("components", [each.name for each in (*self.arms, *self.around)]),
            ("loads", [load.label for load in self.loads]),
            ("metrics", [metric.name for metric in self.metrics]),
        ):
            for one, other in pairwise(sorted(names)):
                if one == other:
                    message = f"experiment {self.name}: two {what} are called {one}"
                    raise ValueError(message)
        if self.baseline.direct and not self.around:
            message = f"experiment {self.name}: the direct baseline needs something in `around` to answer"
            raise ValueError(message)
        if self.precision and self.precision.most_rounds < self.repetitions:
            most = self.precision.most_rounds
            message = f"experiment {self.name}: plans {self.repetitions} repetitions, more than the {most} rounds of its budget"
            raise ValueError(message)
        measured = {metric.name for metric in self.metrics}
        arms = {arm.name for arm in self.arms} | {each.name for each in self.absent}
        for hypothesis in self.hypotheses:
            if hypothesis.metric not in measured:
                message = f"experiment {self.name}: {hypothesis.statement!r} needs {hypothesis.metric} among the metrics"
                raise ValueError(message)
            for named in (hypothesis.of, hypothesis.over):
                if named is not None and named not in arms:
                    message = f"experiment {self.name}: {hypothesis.statement!r} names {named}, which is not a contender"
                    raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _speaks_of_its_loads(self) -> Self:
        known = [name for load in self.loads for name in names_of(load)]
        for named in (*self.quick_loads, *(each.load for each in self.hypotheses if each.load)):
            if known.count(named) != 1:
                which, there = (
                    "no load" if named not in known else "more than one load",
                    ", ".join(load.label for load in self.loads),
                )
                message = f"experiment {self.name}: {which} is called {named}; there are {there}"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _of_one_shape(self) -> Self:
        if wrong := misfit(self.shape, self.loads, [metric.name for metric in self.metrics]):
            message = f"experiment {self.name}: {wrong}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _traceable(self) -> Self:
        if wrong := untraceable(self.shape, self.trace):
            message = f"experiment {self.name}: {wrong}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if wrong := unpriced(self.unit_cost, [metric.name for metric in self.metrics]):
            message = f"experiment {self.name}: {wrong}"
            raise ValueError(message)
        return self


class Phase(Model):
    """A chapter of the roadmap, or one of its appendices."""

    number: int | None = Field(default=None, ge=1, le=99)
    title: str
    experiments: tuple[Experiment, ...] = Field(min_length=1)
    appendix: str | None = Field(default=None, pattern="^[a-z]$")  # its letter, in the place of a number

    @property
    def id(self) -> str:
        """`phase-4`, `appendix-t`."""
        return f"appendix-{self.appendix}" if self.number is None else f"phase-{self.number}"

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.number is None) == (self.appendix is None):
            message = f"phase {self.title!r} needs a number or the letter of an appendix"
            raise ValueError(message)
        return self
