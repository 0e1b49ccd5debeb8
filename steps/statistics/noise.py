"""The noise from round to round: what a pilot shows of a metric, and any decided run too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from steps.model import Answer, Arm, EffectVerdict, Experiment, LoadSection
from steps.statistics.words import listed, percent


def noise_of(arms: Iterable[Arm]) -> dict[str, float]:
    """Metric → standard deviation of the logarithms of the rounds' ratios to the baseline; of the noisiest of these arms.

    A metric that was not tested, or does not vary at all, is left out.
    """
    seen = [
        (metric, effect.decision.log_sd)
        for arm in arms
        for metric, effect in arm.effects.items()
        if effect.decision and effect.decision.log_sd
    ]
    return {metric: max(sd for name, sd in seen if name == metric) for metric, _ in seen}


def pilot_answer(experiment: Experiment, loads: Sequence[LoadSection]) -> Answer:
    """What a run of the baseline against itself says: how far equals are apart, and that none of it is a difference."""
    lines = [_noise_line(experiment, section, several=len(loads) > 1) for section in loads]
    return Answer(decided=False, lead=" ".join(lines), more=(_alarms(experiment, loads),))


def _noise_line(experiment: Experiment, section: LoadSection, *, several: bool) -> str:
    noise = noise_of(section.arms)
    told = [f"{percent(noise[each.name])} in {each.title}" for each in experiment.metrics if each.name in noise]
    at = section.load.under if several else ""
    if not told:
        return f"From round to round, {section.arms[0].title} does not differ from itself in anything{at}."
    return f"From round to round, {section.arms[0].title} differs from itself{at} by {listed(told)} (standard deviation)."


def _alarms(experiment: Experiment, loads: Sequence[LoadSection]) -> str:
    titles = {metric.name: metric.title for metric in experiment.metrics}
    alarms = {
        titles[metric]
        for section in loads
        for arm in section.arms
        for metric, effect in arm.effects.items()
        if effect.decision and effect.decision.verdict is EffectVerdict.DIFFERS
    }
    if not alarms:
        return "None of it is called a difference, as it should be."
    return f"Yet it is called a difference in {listed(sorted(alarms))}: something else than the contender is in these figures."
