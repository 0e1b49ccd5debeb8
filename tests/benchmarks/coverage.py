"""What the lab's statistics promise, simulated: `python tests/benchmarks/coverage.py` prints the tables of docs/numbers.md.

Seeded, so it prints the same again; a test holds every row against the docs. Many comparisons at once are arrays here
(rounds are the last axis); a test holds the rule of this file against the one that runs use.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from math import exp, log, sqrt
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a file, from wherever

import numpy as np
from scipy.special import nctdtr, stdtr, stdtrit

from phases.phase_04 import PHASE
from steps.model import Plan
from steps.statistics.decision import ALPHA, limits
from steps.statistics.intervals import coverage_of, rank_for
from steps.statistics.power import POWER, smallest_ratio

ROUNDS = (6, 10, 20)
NOISES = (0.02, 0.10, 0.40)
COMPARISONS = 20_000
BAND = 0.05
FAMILY = 8  # metrics of the gateway comparison


def normal(draw: np.random.Generator, shape: tuple[int, ...]):
    """Run-to-run noise as it is mostly taken for: log-normal."""
    return draw.standard_normal(shape)


def heavy(draw: np.random.Generator, shape: tuple[int, ...]):
    """Student's t with three degrees of freedom, with a standard deviation of one."""
    return draw.standard_t(3, shape) / sqrt(3)


def disturbed(draw: np.random.Generator, shape: tuple[int, ...]):
    """One run in ten is slowed down by five standard deviations."""
    return draw.standard_normal(shape) + 5 * (draw.random(shape) < 0.1)


SHAPES: dict[str, Callable] = {"log-normal": normal, "heavy tails": heavy, "one run in ten disturbed": disturbed}


def log_ratios(noise: float, n: int, *, shape: str = "log-normal", metrics: int = 1, ratio: float = 1.0):
    """Logarithms of ratios: comparisons × metrics × rounds, of two arms that each have this run-to-run noise."""
    draw = np.random.default_rng([round(1000 * noise), n, metrics, list(SHAPES).index(shape)])
    size = (COMPARISONS, metrics, n)
    return log(ratio) + noise * (SHAPES[shape](draw, size) - SHAPES[shape](draw, size))


def bounds(logs):
    """The lower and upper end of each interval of the median."""
    ordered, rank = np.sort(logs, axis=-1), rank_for(logs.shape[-1])
    return ordered[..., rank - 1], ordered[..., -rank]


def p_of(logs):
    """The two-sided p of each paired t."""
    n = logs.shape[-1]
    return 2 * stdtr(n - 1, -np.abs(logs.mean(axis=-1) / (logs.std(axis=-1, ddof=1) / sqrt(n))))


def after_holm(p):
    """Each p after Holm over the last axis."""
    order = np.argsort(p, axis=-1)
    count = p.shape[-1] - np.arange(p.shape[-1])
    counted = np.maximum.accumulate(np.minimum(1, count * np.take_along_axis(p, order, axis=-1)), axis=-1)
    found = np.empty_like(p)
    np.put_along_axis(found, order, counted, axis=-1)
    return found


def differs(logs, band: float = BAND):
    """Whether each metric of each comparison "differs"."""
    low, high = bounds(logs)
    least, most = np.log(limits(band))
    return (after_holm(p_of(logs)) < ALPHA) & ((low > most) | (high < least))


def share(found) -> str:
    return f"{100 * np.mean(found):.1f} %"


def coverage_row(noise: float, shape: str = "log-normal") -> str:
    """How often the interval of the ratio holds the true one, 1.1."""
    cells = []
    for n in ROUNDS:
        low, high = bounds(log_ratios(noise, n, shape=shape, ratio=1.1))
        cells.append(share((low <= log(1.1)) & (log(1.1) <= high)))
    return f"| {noise * 100:g} %, {shape} | {' | '.join(cells)} |"


def pooled_row(noise: float, *, trials: int = 500, requests: int = 1000) -> str:
    """How often an interval holds an arm's true median: one value for each of six runs, and all requests in one pool."""
    draw = np.random.default_rng(round(1000 * noise))
    runs = noise * draw.standard_normal((trials, 6, 1))
    logs = runs + 0.25 * draw.standard_normal((trials, 6, requests))
    low, high = bounds(np.median(logs, axis=-1))
    pool = np.sort(logs.reshape(trials, -1), axis=-1)
    half = round(1.96 * sqrt(pool.shape[-1]) / 2)  # order statistics of so many values, by the normal limit of the binomial
    middle = pool.shape[-1] // 2
    inside = (pool[:, middle - half] <= 0) & (pool[:, middle + half] >= 0)
    return f"| {noise * 100:g} % | {share((low <= 0) & (high >= 0))} | {share(inside)} |"


def size_row(noise: float, shape: str = "log-normal") -> str:
    """False alarms where both arms are the same: of one test, of a family after Holm, and of the verdict."""
    cells = []
    for n in ROUNDS:
        one, family = log_ratios(noise, n, shape=shape), log_ratios(noise, n, shape=shape, metrics=FAMILY)
        alarms = (p_of(one)[:, 0] < ALPHA, (after_holm(p_of(family)) < ALPHA).any(axis=-1), differs(family).any(axis=-1))
        cells.append(" · ".join(map(share, alarms)))
    return f"| {noise * 100:g} %, {shape} | {' | '.join(cells)} |"


def smallest_row(noise: float) -> str:
    """The smallest ratio that is found in four of five runs: by the test alone, and as "differs" among eight metrics."""
    cells = [f"{_by_test(noise, n):.3f} · {smallest_ratio(noise, n, band=BAND, family=FAMILY):.3f}" for n in ROUNDS]
    return f"| {noise * 100:g} % | {' | '.join(cells)} |"


def _by_test(noise: float, n: int) -> float:
    """By the noncentral t: the ratio at which the two-sided test alone has the power."""
    critical = stdtrit(n - 1, 1 - ALPHA / 2)
    low, high = 0.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        power = 1 - nctdtr(n - 1, middle * sqrt(n), critical) + nctdtr(n - 1, middle * sqrt(n), -critical)
        low, high = (middle, high) if power < POWER else (low, middle)
    return exp(noise * high)


def drift_row(drift: float, *, noise: float = 0.02, n: int = 6, runs: int = 2000) -> str:
    """False alarms where the machine gets slower by a share over the run: in the plan's order, and arm after arm."""
    draw = np.random.default_rng(round(1000 * drift))
    arms, n_cells = ("direct", "nginx"), 2 * n
    values = noise * draw.standard_normal((runs, 2, n))
    places = np.array([_places(seed, arms, n) for seed in range(runs)])
    in_turn = np.arange(n_cells).reshape(2, n)
    told = []
    for order in (places, in_turn):
        logs = values + log(1 + drift) * order / (n_cells - 1)
        ratio = (logs[:, 1] - logs[:, 0])[:, None, :]
        told.append(f"{share(p_of(ratio) < ALPHA)} · {share(differs(ratio))}")
    return f"| {drift * 100:g} % | {' | '.join(told)} |"


def _places(seed: int, arms: tuple[str, ...], n: int) -> list[list[int]]:
    """Each arm's places in the plan of that seed, by round."""
    asked = PHASE.experiments[0]
    few = tuple(each for each in asked.contenders if each.name in arms)
    plan = Plan.of(asked.model_copy(update={"contenders": few, "repetitions": n}), run="r", seed=seed)
    places = {(cell.contender, cell.repetition): place for place, cell in enumerate(plan.cells)}
    return [[places[arm, repetition] for repetition in range(1, n + 1)] for arm in arms]


def tables() -> Iterator[str]:
    """Every table, each under its heading."""
    rounds = " | ".join(f"n = {n}" for n in ROUNDS)
    head = f"| noise of a run | {rounds} |\n|---|---|---|---|"
    stated = " | ".join(f"{100 * coverage_of(n, rank_for(n)):.1f} %" for n in ROUNDS)
    others = [(0.10, shape) for shape in list(SHAPES)[1:]]
    rows = [(noise, "log-normal") for noise in NOISES] + others
    yield "### Coverage\n"
    yield "\n".join([head, f"| *stated* | {stated} |", *(coverage_row(*row) for row in rows)])
    yield "\n### Pooled\n"
    yield "| noise of a run | six runs, a value each | their requests in one pool |\n|---|---|---|"
    yield "\n".join(map(pooled_row, NOISES))
    yield "\n### Size\n"
    yield "\n".join([head, *(size_row(*row) for row in rows)])
    yield "\n### Smallest difference\n"
    yield "\n".join(
        [f"| noise of the ratio | {rounds} |\n|---|---|---|---|", *map(smallest_row, (0.01, 0.02, 0.05, 0.1, 0.2, 0.4))]
    )
    yield "\n### Drift\n"
    yield "| slower by | rounds in random order | arm after arm |\n|---|---|---|"
    yield "\n".join(map(drift_row, (0.02, 0.05, 0.1, 0.2)))


if __name__ == "__main__":
    for part in tables():
        print(part)
