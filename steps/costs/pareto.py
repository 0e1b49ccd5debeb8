"""The Pareto front: who is not beaten in one thing by somebody who is as good in all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Figures = tuple[Any, ...]  # less is better in each; all of one length


def front(figures: Mapping[str, Figures]) -> tuple[str, ...]:
    """The names on it, by the first of their figures."""
    best = [name for name, own in figures.items() if not any(_beats(other, own) for other in figures.values())]
    return tuple(sorted(best, key=lambda name: figures[name]))


def _beats(one: Figures, other: Figures) -> bool:
    return one != other and all(mine <= theirs for mine, theirs in zip(one, other, strict=True))
