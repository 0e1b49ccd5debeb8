"""The experiment on brokers: what it asks can be answered either way."""

from __future__ import annotations

from phases.phase_10_messaging import EXPERIMENTS
from steps.model.metric import LOST

(BROKERS,) = EXPERIMENTS


def test_no_hypothesis_is_on_what_fails_a_cell():
    """A cell that lost an acknowledged message has no figures, so that nothing could refute that none is lost."""
    arms = {arm.name: arm for arm in BROKERS.arms}
    promised = [
        each
        for each in BROKERS.hypotheses
        if arms[each.of].classes[BROKERS.load_called(each.load).durability].promise == "at-least-once"
    ]

    assert promised
    assert LOST.name not in {each.metric for each in promised}
