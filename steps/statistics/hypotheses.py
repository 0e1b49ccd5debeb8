"""What became of an experiment's hypotheses."""

from __future__ import annotations

from collections.abc import Sequence

from steps.model import Absent, Effect, Experiment, Figure, Hypothesis, HypothesisResult, HypothesisVerdict, LoadSection
from steps.statistics.comparison import bound_text, judge, paired_effect


def result_of(hypothesis: Hypothesis, experiment: Experiment, loads: Sequence[LoadSection]) -> HypothesisResult:
    """The verdict on a hypothesis, under the load that it is about."""
    if gone := next((each for each in experiment.absent if each.name in {hypothesis.of, hypothesis.over}), None):
        return _untold(hypothesis, gone)
    label = experiment.load_called(hypothesis.load).label
    arms = {arm.name: arm for section in loads if section.label == label for arm in section.arms}
    figure = arms[hypothesis.of].figures[hypothesis.metric]
    if hypothesis.over is not None:
        effect: Effect = paired_effect(figure, arms[hypothesis.over].figures[hypothesis.metric])
        figure = effect.difference
    verdict, why = judge(hypothesis, figure, preview=experiment.preview)
    return HypothesisResult(
        statement=hypothesis.statement,
        metric=hypothesis.metric,
        bound=bound_text(hypothesis, experiment),
        verdict=verdict,
        figure=figure,
        why=why,
        of=hypothesis.of,
    )


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
