"""A history: like runs in one series, in the order of time, and where their level changed."""

import pytest

from steps.errors import UsageError
from steps.model import ChangeVerdict, History, RunVerdict
from steps.statistics.trends import history_of
from tests.steps.sealed_runs import half_bounded, run, with_figure
from tests.steps.simulated import tiny


def history(runs, **options):
    return history_of("phase-4", "gateway-comparison", runs, **{"left_out": {}, **options})


def of(found, contender, metric="p50_ms", group=1):
    return next(each for each in found.series if (each.contender, each.metric.name, each.group) == (contender, metric, group))


def step(metric, factor, *, before=10, after=10, **changes):
    """Runs of nginx with a step in one metric, given in no order of time."""
    days = list(range(before + after))
    return [
        run(f"r{day}", day=day, noise=0.01, factors={("nginx", metric): factor if day >= before else 1.0}, **changes)
        for day in [*days[1::2], *days[::2]]
    ]


@pytest.mark.parametrize(
    ("metric", "factor", "verdict"),
    [
        ("p50_ms", 1.2, ChangeVerdict.WORSE),
        ("p50_ms", 0.8, ChangeVerdict.BETTER),
        ("goodput_rps", 0.8, ChangeVerdict.WORSE),
        ("p50_ms", 1.03, ChangeVerdict.SAME),
    ],
    ids=["slower", "faster", "less goodput", "surely another, but hardly"],
)
def test_a_step_is_found_with_its_run_and_its_direction(metric, factor, verdict):
    """Medians before and after, and whether that is better."""
    found = history(step(metric, factor))

    (change,) = of(found, "nginx", metric).change_points
    assert (change.run, change.index, change.verdict) == ("r10", 10, verdict)
    assert change.ratio == pytest.approx(factor, rel=0.02)
    assert [(each.contender, each.metric.name) for each in found.worse] == (
        [("nginx", metric)] if verdict is ChangeVerdict.WORSE else []
    )


def test_only_the_last_level_counts_for_the_gate():
    """What became worse and better again is over."""
    runs = [
        run(f"r{day:02}", day=day, noise=0.01, factors={("nginx", "p50_ms"): 1.3 if 8 <= day < 16 else 1.0}) for day in range(24)
    ]

    found = history(runs)

    assert [each.verdict for each in of(found, "nginx").change_points] == [ChangeVerdict.WORSE, ChangeVerdict.BETTER]
    assert found.worse == ()


def slower(contenders, *, metric="p50_ms", **changes):
    """Twenty runs, of which the newer ten are slower by 30 %."""
    return [
        run(f"r{day:02}", day=day, noise=0.01, factors={(name, metric): 1.3 for name in contenders if day >= 10}, **changes)
        for day in range(20)
    ]


def test_a_direct_path_that_became_slower_stops_nobody():
    """It is told, and is no contender."""
    found = history(slower(["direct"]))

    assert of(found, "direct").direct
    assert [each.verdict for each in of(found, "direct").change_points] == [ChangeVerdict.WORSE]
    assert found.worse == ()


def test_a_slower_machine_is_no_slower_contender():
    """The baseline moved between the same runs as far; it need not be shown for that."""
    for wanted in (lambda *_: True, lambda contender, _: contender == "nginx"):
        found = history(slower(["direct", "nginx", "envoy"]), wanted=wanted)

        (change,) = of(found, "nginx").change_points
        assert (change.run, change.verdict) == ("r10", ChangeVerdict.CANNOT_TELL)
        assert 1.3 < change.reach < 1.35
        assert found.worse == ()


def test_a_baseline_without_figures_is_not_one_that_stood_still():
    """It has the metric and no run with six valid repetitions. What a direct path cannot have is judged by itself."""
    found = history(slower(["nginx"], suspect={"direct"}))
    memory = history(slower(["nginx"], metric="memory_mib"))

    (change,) = of(found, "nginx").change_points
    assert (change.verdict, change.reach) == (ChangeVerdict.CANNOT_TELL, None)
    (change,) = of(memory, "nginx", "memory_mib").change_points
    assert (change.verdict, change.reach) == (ChangeVerdict.WORSE, 1.0)


def test_unlike_runs_stand_in_separate_series():
    """A new kernel begins a new one, which is told; a step between them is none."""
    newer = [
        run(
            f"r{day}",
            day=day,
            noise=0.01,
            kernel="6.6" if day >= 10 else None,
            factors={("nginx", "p50_ms"): 1.3 if day >= 10 else 1.0},
        )
        for day in range(20)
    ]

    found = history(newer)

    assert [len(group.runs) for group in found.groups] == [10, 10]
    assert [each.key for each in found.groups[1].differences] == ["node.kernel"]
    assert of(found, "nginx").change_points == of(found, "nginx", group=2).change_points == ()

    joined = history(newer, despite=["kernel"])
    (change,) = of(joined, "nginx").change_points
    assert [each.key for each in change.despite] == [each.key for each in joined.despite] == ["node.kernel"]


def test_another_definition_begins_a_new_series():
    """Nine repetitions are not six, and another load is another measurement."""
    asked = tiny()
    more = asked.model_copy(update={"repetitions": 9})
    other_load = asked.model_copy(update={"loads": (asked.loads[0].model_copy(update={"connections": 64}),)})
    runs = [run("a", day=0), run("b", day=1, experiment=more), run("c", day=2, experiment=other_load)]

    assert len(history(runs).groups) == 3
    assert len(history(runs, despite=["experiment"]).groups) == 2


def test_runs_that_decide_nothing_are_left_out_and_told():
    """None disappears."""
    runs = [
        run("a"),
        run("quick", experiment=tiny().as_preview()),
        run("broken", verdict=RunVerdict.FAILED, reasons=("envoy: it crashed",)),
        run("mixed", verdict=RunVerdict.INCONCLUSIVE, reasons=("2 versions",), unlike=("2 versions",)),
    ]

    found = history(runs, left_out={"bare": "run bare has no seal"})

    assert found.left_out == {
        "bare": "run bare has no seal",
        "quick": "a preview decides nothing",
        "broken": "it failed: envoy: it crashed",
        "mixed": "its cells are unlike: 2 versions",
    }
    assert [group.runs for group in found.groups] == [("a",)]
    assert History.from_json(found.to_json(), source="history") == found


def test_previews_alone_are_no_history():
    """Nothing is not shown as if it were steady."""
    with pytest.raises(UsageError, match=r"decides anything: quick: a preview decides nothing"):
        history([run("quick", experiment=tiny().as_preview())])


def test_a_run_with_fewer_than_six_valid_repetitions_is_no_point():
    """Of that arm; its other arms have theirs."""
    found = history([run("a"), run("b", day=1, suspect={"envoy"})])

    assert [len(of(found, name).points) for name in ("nginx", "envoy")] == [2, 1]


def test_a_figure_that_is_only_bounded_is_no_point():
    """The median of its lower repetitions is not that run's level."""
    found = history([run("a"), with_figure(run("b", day=1), "envoy", "p50_ms", half_bounded())])

    assert [len(of(found, name).points) for name in ("nginx", "envoy")] == [2, 1]


def test_the_gate_asks_for_more_when_more_is_looked_at():
    """A change point that may be chance among all series is shown, and stops nobody."""
    found = history(step("p50_ms", 1.06, before=30, after=4))
    alone = history(
        step("p50_ms", 1.06, before=30, after=4), wanted=lambda contender, metric: (contender, metric) == ("nginx", "p50_ms")
    )

    assert [each.verdict for each in of(found, "nginx").change_points] == [ChangeVerdict.WORSE]
    weak = found.model_copy(update={"level": of(found, "nginx").change_points[0].p * 2})
    assert weak.worse == ()
    assert alone.model_copy(update={"level": weak.level}).worse == alone.series
