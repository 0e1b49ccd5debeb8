"""What was counted of the messages that transactions leave, in a sentence for each arm. Pure."""

from __future__ import annotations

from steps.evidence import Evidence
from steps.model import Component, Experiment, LoadSection
from steps.model.durability import SURVIVES
from steps.model.outbox import Outbox, Published
from steps.statistics.words import counted


def published_of(experiment: Experiment, evidence: Evidence, section: LoadSection) -> tuple[str, ...]:
    """Of the cells under this load that have figures; nothing of an arm that publishes nothing, or has none."""
    told = []
    for arm in experiment.arms:
        found = [
            each.load.published for each, _ in evidence.with_figures(arm.name, section.label) if each.load and each.load.published
        ]
        if arm.outbox and found:
            told.append(_sentence(arm, arm.outbox, found))
    return tuple(told)


def _sentence(arm: Component, outbox: Outbox, found: list[Published]) -> str:
    broker = next(each.title for each in arm.brings if each.name == outbox.broker)
    kept, answered = sum(each.kept for each in found), sum(each.answered for each in found)
    return (
        f"{arm.title}: each answer waits for one message in {broker}, {SURVIVES[outbox.durability]}. Counted at the broker in "
        f"{counted(len(found), 'cell')}: {kept:,} messages of {answered:,} right answers."
    )
