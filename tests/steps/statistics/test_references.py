"""Figures beside what others found: inside, outside, or nothing to hold them against."""

import pytest

from steps.model import Arm, Figure, HttpLoad, Interval, LoadSection
from steps.statistics.references import References, held_against, known

LOAD = HttpLoad(rate_rps=100, duration_s=5, expect="x")
BOOK = References.model_validate(
    {
        "schema_version": 1,
        "slack": 1.5,
        "references": [
            {"metric": "knee_rps", "of": "go", "over": "rust", "low": 0.5, "high": 1.0, "source": "somebody", "trust": "A"},
            {
                "metric": "p90_ms",
                "how": "difference",
                "of": "mesh",
                "over": "go",
                "low": 1,
                "high": 2,
                "source": "us",
                "trust": "B",
            },
            {"metric": "p50_ms", "load": "json", "of": "go", "low": 1, "high": 2, "source": "us", "trust": "B"},
            {"metric": "memory_mib", "of": "go", "low": 10, "high": 20, "source": "somebody else", "trust": "C"},
        ],
    }
)


def section(**arms):
    """arms: name → metric → (low, median, high)."""
    made = tuple(
        Arm(
            name=name,
            title=name.title(),
            planned=1,
            ok=1,
            suspect=0,
            failed=0,
            figures={
                metric: Figure(value=middle, interval=Interval(low=low, high=high, coverage=0.97))
                for metric, (low, middle, high) in figures.items()
            },
        )
        for name, figures in arms.items()
    )
    return LoadSection(label="100rps", load=LOAD, quantiles=(0.5,), arms=made)


@pytest.mark.parametrize(
    ("go", "verdict"),
    [((700, 720, 740), "inside"), ((330, 340, 350), "inside"), ((100, 110, 120), "outside"), ((1900, 2000, 2100), "outside")],
    ids=["within", "within the slack", "below", "above"],
)
def test_a_ratio_is_inside_when_its_interval_touches_the_widened_range(go, verdict):
    """0.5 to 1.0, widened by 1.5 in both directions: 0.33 to 1.5."""
    (found,) = held_against([section(go={"knee_rps": go}, rust={"knee_rps": (1000, 1000, 1000)})], BOOK)

    assert found.verdict == verdict
    assert found.source == "somebody"


def test_a_figure_by_itself_is_held_against_its_range():
    """In the unit of its metric."""
    (found,) = held_against([section(go={"memory_mib": (90, 95, 100)})], BOOK)

    assert (found.verdict, found.trust) == ("outside", "C")
    assert "90.0 to 100, where others found 10 to 20" in found.said


@pytest.mark.parametrize(("mesh", "verdict"), [((3.4, 3.5, 3.6), "inside"), ((9, 9, 9), "outside")], ids=["near", "far"])
def test_what_one_adds_is_held_against_a_range_of_additions(mesh, verdict):
    """Two sidecars add so many milliseconds, whatever the rest of the path takes."""
    (found,) = held_against([section(mesh={"p90_ms": mesh}, go={"p90_ms": (2, 2, 2)})], BOOK)

    assert found.verdict == verdict


def test_a_reference_of_another_load_says_nothing():
    """What holds for JSON does not for the counting of primes."""
    assert held_against([section(go={"p50_ms": (1, 1, 1)})], BOOK) == ()


def test_without_both_contenders_there_is_no_reference():
    """Nor without the metric: nothing is said of what was not measured."""
    assert held_against([section(go={"p99_ms": (1, 1, 1)}, rust={"p99_ms": (1, 1, 1)})], BOOK) == ()
    assert held_against([section(go={"knee_rps": (1, 1, 1)})], BOOK) == ()


def test_every_reference_that_comes_with_the_lab_has_a_range_and_a_source():
    """A range is from low to high, and somebody stands for it."""
    assert all(each.low <= each.high and each.source for each in known().references)
