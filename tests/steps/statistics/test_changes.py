"""Change points: steps are found, noise has none, and Apache Otava agrees."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from steps.statistics.changes import FEWEST_POINTS, best_cut, change_points, t_test

GOLDEN = Path(__file__).parents[2] / "golden"
OTAVA = json.loads((GOLDEN / "otava.json").read_text())["series"]


def series(chance, *levels, noise=0.02):
    """Values around each level: (1.0, 15), (1.05, 15) is a step of 5 % after 15."""
    return np.concatenate([level * np.exp(chance.normal(0, noise, count)) for level, count in levels])


def cuts(values):
    return [each.index for each in change_points(values)]


@pytest.mark.parametrize("levels", [((1.0, 15), (1.05, 15)), ((1.05, 24), (1.0, 10))], ids=["up", "down, lately"])
def test_a_step_of_5_percent_in_noise_of_2_is_found(levels):
    """In nine of ten series or more, within two runs of its place, and hardly ever with another one beside it."""
    chance = np.random.default_rng(1)
    found = [cuts(series(chance, *levels)) for _ in range(200)]

    place = levels[0][1]
    assert sum(any(abs(each - place) <= 2 for each in one) for one in found) >= 180
    assert sum(len(one) > 1 for one in found) <= 4


@pytest.mark.parametrize(("count", "found"), [(10, 2), (30, 15), (50, 19), (100, 38)])
def test_noise_alone_has_no_change_points(count, found):
    """Seeded, so exactly so many of 1,000 series have any: what docs/comparing.md states, give or take what chance allows."""
    chance = np.random.default_rng(2)

    assert sum(bool(cuts(series(chance, (1.0, count)))) for _ in range(1000)) == found


def test_several_levels_are_told_apart():
    """Worse, better, and worse again, over more runs than are looked at together."""
    values = series(np.random.default_rng(3), (1.0, 30), (1.2, 25), (0.9, 30), (1.1, 20))

    assert cuts(values) == [30, 55, 85]


@pytest.mark.parametrize("runs", [5, 8])
def test_what_was_mended_again_is_found(runs):
    """10 % worse for some runs, and as before since then: two change points, in nine of ten series."""
    chance = np.random.default_rng(7)

    found = [cuts(series(chance, (1.0, 8), (1.1, runs), (1.0, 16 - runs))) for _ in range(100)]

    assert sum(one == [8, 8 + runs] for one in found) >= 90


def test_an_outlier_is_no_level():
    """Not even a large one, nor two in a row: a level has four runs."""
    chance = np.random.default_rng(4)
    for outliers in (1, 2):
        values = series(chance, (1.0, 15), (1.6, outliers), (1.0, 15))
        assert cuts(values) == [], outliers


@pytest.mark.parametrize("count", [0, 1, 2 * FEWEST_POINTS - 1])
def test_too_few_runs_have_no_change_point(count):
    """A level needs four on each side."""
    assert cuts([1.0] * (count // 2) + [2.0] * (count - count // 2)) == []


def test_four_runs_on_each_side_are_enough():
    """Where the step is large; and values that never vary are no trouble."""
    assert cuts([1.0] * 4 + [2.0] * 4) == [4]
    assert cuts([500.0] * 20) == []


def test_the_best_cut_has_the_largest_energy_distance():
    """Against the definition, pair by pair."""
    values = series(np.random.default_rng(5), (1.0, 9), (1.1, 8), (1.0, 6))

    def distance(cut, end):
        left, right = values[:cut], values[cut:end]
        across = np.mean([abs(a - b) for a in left for b in right])
        inside = [
            np.mean([abs(a - b) for i, a in enumerate(side) for j, b in enumerate(side) if i != j]) for side in (left, right)
        ]
        return (2 * across - sum(inside)) * len(left) * len(right) / end

    fewest, count = FEWEST_POINTS, len(values)
    all_cuts = [(cut, end) for cut in range(fewest, count) for end in range(cut + fewest, count + 1)]
    assert best_cut(values) == max(all_cuts, key=lambda each: distance(*each))


def test_the_t_test_is_scipys():
    """Student's, with one variance."""
    values = series(np.random.default_rng(6), (1.0, 9), (1.02, 14))

    assert t_test(values[:9], values[9:]) == pytest.approx(stats.ttest_ind(values[:9], values[9:]).pvalue)


def test_otava_agrees():
    """40 series of up to three steps as Otava judged them: the same change points, but for stretches of a few runs."""
    ours = [cuts(each["values"]) for each in OTAVA]
    theirs = [each["change_points"] for each in OTAVA]

    assert sum(map(bool, theirs)) >= 25
    unlike = [(one, other) for one, other in zip(ours, theirs, strict=True) if one != other]
    assert len(unlike) <= 3, unlike


@pytest.mark.skipif("BENCHLAB_OTAVA_PYTHON" not in os.environ, reason="BENCHLAB_OTAVA_PYTHON names no Python with apache-otava")
def test_otava_says_what_is_written_down():
    """The recorded answers are those of the Otava that is installed."""
    values = [each["values"] for each in OTAVA]
    said = subprocess.run(
        [os.environ["BENCHLAB_OTAVA_PYTHON"], str(GOLDEN / "ask_otava.py")],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(said.stdout) == [each["change_points"] for each in OTAVA]
