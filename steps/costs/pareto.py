"""The Pareto front: who is not beaten in one thing by somebody who is as good in the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Pair = tuple[Any, Any]  # less is better in both


def front(pairs: Mapping[str, Pair]) -> tuple[str, ...]:
    """The names on it, by the first of the two."""
    best = [name for name, pair in pairs.items() if not any(_beats(other, pair) for other in pairs.values())]
    return tuple(sorted(best, key=lambda name: pairs[name]))


def _beats(one: Pair, other: Pair) -> bool:
    return one[0] <= other[0] and one[1] <= other[1] and one != other
