"""What became of an experiment's hypotheses."""

from __future__ import annotations

from collections.abc import Sequence

from steps.model import (
    Absent,
    CellSummary,
    Effect,
    Experiment,
    Figure,
    Hypothesis,
    HypothesisResult,
    HypothesisVerdict,
    LoadSection,
)
from steps.statistics.comparison import bound_of, bound_text, judge, paired_effect
from steps.statistics.lateness import lateness_gap_ms, suspect_of


def result_of(
    hypothesis: Hypothesis,
    experiment: Experiment,
    loads: Sequence[LoadSection],
    cells: Sequence[CellSummary],
    *,
    unlike: Sequence[str] = (),
) -> HypothesisResult:
    """The verdict on a hypothesis, under the load that it is about.

    cells: of the run; they say how late the driver was.
    unlike: how the circumstances of the run's cells differ; where they do, nothing is decided.
    """
    if gone := next((each for each in experiment.absent if each.name in {hypothesis.of, hypothesis.over}), None):
        return _untold(hypothesis, gone)
    label = experiment.load_called(hypothesis.load).label
    arms = {arm.name: arm for section in loads if section.label == label for arm in section.arms}
    figure = arms[hypothesis.of].figures[hypothesis.metric]
    if hypothesis.over is not None:
        effect: Effect = paired_effect(figure, arms[hypothesis.over].figures[hypothesis.metric])
        figure = effect.difference
    verdict, why = judge(hypothesis, figure, preview=experiment.preview)
    doubt = next(iter(unlike), None) or _generator(hypothesis, figure, [cell for cell in cells if cell.load == label])
    if doubt and verdict is not HypothesisVerdict.CANNOT_TELL:
        verdict, why = HypothesisVerdict.CANNOT_TELL, doubt
    return HypothesisResult(
        statement=hypothesis.statement,
        metric=hypothesis.metric,
        bound=bound_text(hypothesis, experiment),
        verdict=verdict,
        figure=figure,
        why=why,
        of=hypothesis.of,
    )


def _generator(hypothesis: Hypothesis, figure: Figure, cells: Sequence[CellSummary]) -> str | None:
    """Why the driver's lateness may have decided; None: it has not.

    Up to a tenth of the effect or of the bound is borne: that less than 1 ms is added is not undone by 5 µs beside no effect.
    """
    if hypothesis.over is None or figure.value is None:
        return None
    gap_ms = lateness_gap_ms(hypothesis.metric, figure, cells, of=hypothesis.of, over=hypothesis.over)
    effect_ms, bound_ms = abs(figure.value), abs(bound_of(hypothesis)[0])
    return suspect_of(gap_ms, max(effect_ms, bound_ms), "the bound" if bound_ms > effect_ms else "the effect")


def _untold(hypothesis: Hypothesis, gone: Absent) -> HypothesisResult:
    """A statement about who is not here."""
    why = f"{gone.title} is not available here: {gone.reason}"
    return HypothesisResult(
        statement=hypothesis.statement,
        metric=hypothesis.metric,
        bound=f"{gone.title} was not measured",
        verdict=HypothesisVerdict.CANNOT_TELL,
        figure=Figure(reason=why),
        why=why,
        of=hypothesis.of,
    )
