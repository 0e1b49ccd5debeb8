"""What the evidence allows: of a run, of a hypothesis, of an effect, and of a change between runs."""

from __future__ import annotations

from enum import StrEnum


class RunVerdict(StrEnum):
    """The first line of a report, an output parameter and a label."""

    ANSWERED = "Answered"
    INCONCLUSIVE = "Inconclusive"
    PREVIEW = "Preview"  # shows, decides nothing
    FAILED = "Failed"

    @property
    def exit_status(self) -> int:
        """0 answered or preview, 1 failed, 4 inconclusive."""
        return {RunVerdict.FAILED: 1, RunVerdict.INCONCLUSIVE: 4}.get(self, 0)


class HypothesisVerdict(StrEnum):
    """What an interval says of a bound."""

    HOLDS = "holds"
    DOES_NOT_HOLD = "does not hold"
    CANNOT_TELL = "cannot tell"


class EffectVerdict(StrEnum):
    """What the rounds say of a contender beside the baseline, in one metric."""

    DIFFERS = "differs"
    NO_DIFFERENCE = "no difference that matters"
    CANNOT_TELL = "cannot tell"


class ChangeVerdict(StrEnum):
    """What became of a metric from some runs to later ones, in the direction that its metric calls better."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "no difference that matters"
    CANNOT_TELL = "cannot tell"
