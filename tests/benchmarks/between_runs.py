"""What comparisons of runs promise, simulated: `python tests/benchmarks/between_runs.py` prints the tables of docs/comparing.md.

Seeded, so it prints the same again; a test holds a row of each table against the docs. All of it goes through the code that
decides: the estimates and the rule of `compare`, the change points, and whole histories of sealed runs.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from math import exp
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a file, from wherever

import numpy as np

from steps.model import ChangeVerdict
from steps.statistics.between import judged, of_repetitions, of_runs
from steps.statistics.changes import change_points
from steps.statistics.holm import holm
from steps.statistics.trends import history_of
from tests.steps.sealed_runs import run

BAND = 0.05
ARMS = 6  # a baseline and five contenders
REPETITIONS = 6
DRIFTS = (0.0, 0.02, 0.05, 0.10)
NOISES = (0.02, 0.04, 0.10)
CHANGES = (1.1, 1.2, 1.5)
SETS = (1, 3, 5)  # runs a side
LENGTHS = (10, 30, 50, 100)
WRONG = {ChangeVerdict.WORSE, ChangeVerdict.BETTER}


def table(draw, *, drift: float, runs: int = 1, noise: float = 0.04, change: float = 1.0, control: bool = True):
    """The verdicts on the contenders in one metric; each run's machine is off by a factor, and the last contender changed."""
    moved = np.exp(draw.normal(0, drift, (2, runs, 1, 1)))
    values = moved * np.exp(draw.normal(0, noise, (2, runs, ARMS, REPETITIONS)))
    values[1, :, -1] *= change
    sides = values.swapaxes(1, 2).tolist()  # side, arm, run, repetition
    found = [
        of_repetitions(before[0], after[0]) if runs == 1 else of_runs(before, after) for before, after in zip(*sides, strict=True)
    ]
    reach = found[0].reach if control else 1.0
    return [
        judged(each, p_holm=p, better="lower", band=BAND, reach=reach)[0]
        for each, p in zip(found[1:], holm([each.p for each in found])[1:], strict=True)
    ]


def alarm_row(drift: float, *, pairs: int = 1000) -> str:
    """In how many tables of alike runs something is called worse or better: one run a side, without the baseline, and sets."""
    cells = []
    for given in ({}, {"control": False}, {"runs": 3}):
        draw = np.random.default_rng(round(1000 * drift))
        alarms = sum(bool(WRONG & {*table(draw, drift=drift, **given)}) for _ in range(pairs))
        cells.append(f"{100 * alarms / pairs:.1f} %")
    return f"| {drift * 100:g} % | {' | '.join(cells)} |"


def power_row(noise: float, *, pairs: int = 1000) -> str:
    """How often a contender that became worse is called so, at 2 % drift: by one, three and five runs a side."""
    cells = []
    for change in CHANGES:
        shares = []
        for runs in SETS:
            draw = np.random.default_rng([round(1000 * noise), round(1000 * change), runs])
            found = [table(draw, drift=0.02, runs=runs, noise=noise, change=change) for _ in range(pairs)]
            shares.append(f"{100 * sum(each[-1] is ChangeVerdict.WORSE for each in found) / pairs:.0f}")
        cells.append(f"{', '.join(shares)} %")
    return f"| {noise * 100:g} % | {' | '.join(cells)} |"


def series(draw, *levels: tuple[float, int], noise: float = 0.02):
    """Values around each level."""
    return np.concatenate([level * np.exp(draw.normal(0, noise, count)) for level, count in levels])


def noise_row(count: int, *, times: int = 10_000) -> str:
    """In how many series of nothing but noise there is a change point."""
    draw = np.random.default_rng(count)
    found = sum(bool(change_points(series(draw, (1.0, count)))) for _ in range(times))
    return f"| {count} | {1000 * found / times:.1f} |"


def found_row(*levels: tuple[float, int], times: int = 1000) -> str:
    """In how many series all their changes are found within two runs of their places, and no others."""
    draw = np.random.default_rng(9)
    places = np.cumsum([count for _, count in levels])[:-1]
    hits = 0
    for _ in range(times):
        cuts = [each.index for each in change_points(series(draw, *levels))]
        hits += len(cuts) == len(places) and all(abs(cut - place) <= 2 for cut, place in zip(cuts, places, strict=True))
    told = ", ".join(f"{count} at {level:g}" for level, count in levels)
    return f"| {told} | {100 * hits / times:.0f} |"


def history(seed: str, *, before: int, after: int = 0, change: float = 1.0):
    """A history of gateways whose runs vary by 4 % in each metric of each arm by itself, and in which nginx's p50 changed."""
    chance, runs = random.Random(seed), []
    (section,), metrics = run("a-run").report.loads, run("a-run").report.metrics
    names = [(arm.name, metric.name) for arm in section.arms for metric in metrics]
    for day in range(before + after):
        factors = {name: exp(chance.gauss(0, 0.04)) for name in names}
        if day >= before:
            factors["nginx", "p50_ms"] *= change
        runs.append(run(f"{seed}-{day:03}", day=day, noise=0.001, factors=factors))
    return history_of("phase-4", "gateway-comparison", runs, left_out={})


def gate_row(after: int, *, times: int = 100) -> str:
    """How often the gate of `history` closes for a metric that became worse by 15 %, that many runs ago."""
    found = [history(f"gate-{each}", before=15, after=after, change=1.15) for each in range(times)]
    hits = sum(("nginx", "p50_ms") in {(one.contender, one.metric.name) for one in each.worse} for each in found)
    return f"| 15 % worse for {after} runs, after 15 | {100 * hits / times:.0f} |"


def quiet_row(*, count: int = 50, times: int = 200) -> str:
    """How often it closes where nothing changed."""
    found = [history(f"quiet-{each}", before=count) for each in range(times)]
    closed = sum(bool(each.worse) for each in found)
    return f"| nothing but noise, {len(found[0].series)} series of {count} runs | {100 * closed / times:.1f} |"


def tables() -> Iterator[str]:
    """Every table, each under its heading."""
    yield "### False alarms of compare\n"
    yield '| drift of runs (sd) | tables with a false "worse" or "better" | without the baseline\'s word | sets of 3 + 3 runs |'
    yield "|---|---|---|---|"
    yield from map(alarm_row, DRIFTS)
    yield "\n### What compare finds\n"
    yield "| noise between repetitions | 10 % worse: 1 + 1, 3 + 3, 5 + 5 runs | 20 % worse | 50 % worse |"
    yield "|---|---|---|---|"
    yield from map(power_row, NOISES)
    yield "\n### False change points\n"
    yield "| runs in the series | series of 1,000 with a false change point |\n|---|---|"
    yield from map(noise_row, LENGTHS)
    yield "\n### What change points find\n"
    yield "| runs at their levels | found, of 100 |\n|---|---|"
    yield found_row((1.0, 15), (1.05, 15))
    yield found_row((1.0, 8), (1.1, 5), (1.0, 11))
    yield "\n### The gate of history\n"
    yield "| a history | closed, of 100 |\n|---|---|"
    yield from map(gate_row, (4, 5, 8))
    yield quiet_row()


if __name__ == "__main__":
    for part in tables():
        print(part, flush=True)
