"""Remarks on figures that can hardly be true together: worth a look, they decide nothing. (Cells are checked by `measure`.)"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steps.model import Arm, LoadSection

RISING = ("p50_ms", "p90_ms", "p99_ms")
FEW = 3  # rounds: fewer say nothing
FASTER_SHARE = 0.01  # of the baseline's median: less is noise


def remarks(loads: Sequence[LoadSection]) -> tuple[str, ...]:
    """What does not fit together, one sentence each."""
    return tuple(remark for section in loads for arm in section.arms[1:] for remark in _of_arm(arm, section))


def _of_arm(arm: Arm, section: LoadSection) -> Iterator[str]:
    baseline = section.arms[0]
    if not baseline.direct:
        return
    for name in RISING:
        effect, base = arm.effects.get(name), baseline.figures.get(name)
        if effect is None or base is None or base.value is None or effect.difference.interval is None:
            continue
        if effect.difference.suspect or effect.difference.n < FEW:
            continue
        if effect.difference.interval.high < -FASTER_SHARE * base.value:
            yield (
                f"{arm.title} looks faster than direct traffic at {name.removesuffix('_ms')} in every round counted: "
                "a gateway cannot take time away, so something else differs"
            )
