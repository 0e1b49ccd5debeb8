"""Runs held against each other: refused where they are unlike, judged where they are not."""

import pytest

from steps.errors import UsageError
from steps.model import ChangeVerdict, Comparison, RunVerdict
from steps.statistics.comparing import NOT_IN_TURN, ONE_RUN_A_SIDE, compare, summary
from tests.steps.sealed_runs import half_bounded, run, with_figure
from tests.steps.simulated import tiny

TWO_VERSIONS = "nginx ran in 2 different versions"


def verdicts(found):
    """Contender and metric → verdict, of all that is not the same."""
    return {(each.contender, each.metric.name): each.verdict for each in found.changes if each.verdict is not ChangeVerdict.SAME}


def test_a_contender_that_became_slower_is_worse_and_alone_so():
    """The effect stands first: the ratio with its interval."""
    found = compare([run("a", noise=0.01)], [run("b", noise=0.01, factors={("nginx", "p99_ms"): 1.3})])

    (worse,) = found.of(ChangeVerdict.WORSE)
    assert (worse.contender, worse.metric.name) == ("nginx", "p99_ms")
    assert worse.interval.low < 1.3 < worse.interval.high
    assert verdicts(found) == {("nginx", "p99_ms"): ChangeVerdict.WORSE}
    contenders = [each for each in found.changes if not each.direct]
    assert summary(found) == f"1 worse, {len(contenders) - 1} no difference that matters"


def test_less_goodput_is_worse_and_less_memory_better():
    """Each metric says what is better."""
    changed = {("envoy", "goodput_rps"): 0.8, ("envoy", "memory_mib"): 0.8}
    found = compare([run("a", noise=0.01)], [run("b", noise=0.01, factors=changed)])

    assert verdicts(found) == {
        ("envoy", "goodput_rps"): ChangeVerdict.WORSE,
        ("envoy", "memory_mib"): ChangeVerdict.BETTER,
    }


def test_a_slower_machine_is_no_slower_contender():
    """When the baseline moves as far, nothing is said of the others; what the direct path lacks is judged by itself."""
    everything = dict.fromkeys(("direct", "nginx", "envoy"), 1.2)
    found = compare([run("a", noise=0.01)], [run("b", noise=0.01, factors=everything)])

    latency = [each for each in found.changes if each.metric.name == "p50_ms"]
    assert [(each.contender, each.verdict) for each in latency] == [
        ("direct", ChangeVerdict.WORSE),
        ("nginx", ChangeVerdict.CANNOT_TELL),
        ("envoy", ChangeVerdict.CANNOT_TELL),
    ]
    assert "the baseline's own interval reaches ×1.2" in latency[1].why
    assert found.blind


@pytest.mark.parametrize("sets", [1, 3], ids=["one run a side", "sets"])
def test_a_baseline_without_an_estimate_is_not_one_that_stood_still(sets):
    """It lost a repetition: nothing says that it was not the machine. What the direct path lacks is judged by itself."""
    everything = dict.fromkeys(("direct", "nginx", "envoy"), 1.2)
    before = [run(f"a{n}", day=2 * n, noise=0.01) for n in range(sets)]
    after = [run(f"b{n}", day=2 * n + 1, noise=0.01, factors=everything, suspect={"direct"}) for n in range(sets)]

    found = compare(before, after)

    latency = [each for each in found.changes if each.metric.name == "p50_ms" and not each.direct]
    assert {each.verdict for each in latency} == {ChangeVerdict.CANNOT_TELL}
    assert all(each.why.startswith("how far the baseline moved is not known: ") for each in latency)
    assert "valid repetition" in latency[0].why
    assert found.blind
    memory = next(each for each in found.changes if (each.contender, each.metric.name) == ("nginx", "memory_mib"))
    assert memory.verdict is ChangeVerdict.WORSE


def test_two_runs_say_that_they_are_only_two():
    """What varies from run to run is in no interval of theirs."""
    assert compare([run("a")], [run("b")]).notes == (ONE_RUN_A_SIDE,)


def test_sets_have_the_run_as_unit():
    """Made in turn they carry no note; one after the other they might show the machine's change."""
    turns = compare([run("a1", day=0), run("a2", day=2)], [run("b1", day=1), run("b2", day=3)])
    blocks = compare([run("a1", day=0), run("a2", day=1)], [run("b1", day=2), run("b2", day=3)])

    assert (turns.unit, turns.notes) == ("run", ())
    assert blocks.notes == (NOT_IN_TURN,)
    assert {(each.n_before, each.n_after) for each in turns.changes} == {(2, 2)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kernel": "6.6"}, r"node\.kernel was 6\.1.* and is 6\.6\. To compare them all the same: --despite node\.kernel"),
        ({"nginx": "1.31"}, r"components\.nginx was unknown and is 1\.31"),
        ({"place": "kubernetes"}, r"place\.kind was process and is kubernetes"),
        ({"experiment": tiny().model_copy(update={"repetitions": 9})}, r"experiment\.repetitions was 6 and is 9"),
    ],
    ids=["kernel", "component", "place", "definition"],
)
def test_what_differs_is_named_and_refused(changes, message):
    """With the way out in the same sentence."""
    with pytest.raises(UsageError, match=message):
        compare([run("a")], [run("b", **changes)])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"experiment": tiny().model_copy(update={"loads": ()})}, "have no load in common"),
        ({"experiment": tiny().as_preview()}, "b is a preview and a is not"),
        ({"phase": "phase-9"}, r"a is a run of phase-4/gateway-comparison and b one of phase-9/gateway-comparison"),
    ],
    ids=["load", "preview", "experiment"],
)
def test_other_questions_are_refused_whatever_the_call_says(changes, message):
    """No --despite makes two questions one."""
    with pytest.raises(UsageError, match=message):
        compare([run("a")], [run("b", **changes)], despite=["experiment", "loads", "phase"])


def test_another_load_under_the_same_label_is_refused():
    """The rate is in the label; the rest of a load is not."""
    asked = tiny()
    other = asked.model_copy(update={"loads": (asked.loads[0].model_copy(update={"connections": 64}),)})

    with pytest.raises(UsageError, match=r"made under other loads: loads\.100rps\.connections was 32 and is 64"):
        compare([run("a")], [run("b", experiment=other)], despite=["experiment"])


def test_what_is_let_pass_is_told():
    """Always, and all of it."""
    found = compare([run("a")], [run("b", kernel="6.6", nginx="1.31")], despite=["kernel", "components"])

    assert [each.key for each in found.despite] == ["components.nginx", "node.kernel"]
    assert "node.governor" in found.unknown


def test_a_run_is_not_compared_with_itself():
    """Nor taken twice into a set."""
    with pytest.raises(UsageError, match="run a is named twice"):
        compare([run("a")], [run("b"), run("a")])


def test_runs_of_one_set_must_be_alike_too():
    """A mean over two kernels is a figure of neither."""
    with pytest.raises(UsageError, match=r"node\.kernel"):
        compare([run("a1"), run("a2", kernel="6.6")], [run("b1"), run("b2")])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"verdict": RunVerdict.FAILED, "reasons": ("envoy: 6 of 6 cells failed",)}, "run b failed: envoy: 6 of 6 cells failed"),
        (
            {"verdict": RunVerdict.INCONCLUSIVE, "reasons": (TWO_VERSIONS,), "unlike": (TWO_VERSIONS,)},
            f"the cells of run b are unlike: {TWO_VERSIONS}",
        ),
        ({"preview": True}, "is a preview and"),
    ],
    ids=["failed", "unlike cells", "preview"],
)
def test_runs_that_decide_nothing_decide_nothing_here(changes, why):
    """Their figures are shown, and called worse or better by nobody."""
    if "preview" in changes:
        quick = tiny().as_preview()
        found = compare([run("a", experiment=quick)], [run("b", experiment=quick, factors={"nginx": 2.0})])
        why = "a preview decides nothing"
    else:
        found = compare([run("a")], [run("b", factors={"nginx": 2.0}, **changes)])

    assert {each.why for each in found.changes} == {why}
    assert found.blind
    assert any(each.ratio and each.ratio > 1.9 for each in found.changes)


def test_a_contender_without_figures_keeps_its_row():
    """And says why, in the words of its run."""
    failing = run("b")
    (section,) = failing.report.loads
    arms = tuple(
        arm.model_copy(
            update={
                "failed": 6,
                "figures": {name: each.model_copy(update={"value": None, "interval": None, "points": (), "reason": "it crashed"})
                            for name, each in arm.figures.items()},
            }
        )
        if arm.name == "envoy"
        else arm
        for arm in section.arms
    )  # fmt: skip
    report = failing.report.model_copy(update={"loads": (section.model_copy(update={"arms": arms}),)})

    found = compare([run("a")], [type(failing)(report, failing.experiment, failing.environment)])

    assert {each.why for each in found.changes if each.contender == "envoy"} == {"it crashed"}


def test_a_figure_that_is_only_bounded_is_not_compared():
    """Six knees are known and six are beyond the driver: the six known ones are the lower half, and not the run's figure."""
    after = with_figure(run("b", noise=0.01), "envoy", "p50_ms", half_bounded())

    found = compare([run("a", noise=0.01)], [after])

    row = next(each for each in found.changes if (each.contender, each.metric.name) == ("envoy", "p50_ms"))
    assert (row.verdict, row.after, row.n_after) == (ChangeVerdict.CANNOT_TELL, None, 0)
    assert row.why == "at least 3 req/s: the driver ends there (in 6 of 12 repetitions)"


def test_a_comparison_is_read_back_as_it_was_written():
    """Other programs read it."""
    found = compare([run("a")], [run("b", kernel="6.6")], despite=["kernel"])

    assert Comparison.from_json(found.to_json(), source="comparison") == found


def test_a_direct_path_has_rows_for_what_it_has():
    """Also when all of it is suspect; what it cannot have, such as memory, has none."""
    found = compare([run("a")], [run("b", suspect={"direct"})])

    own = {each.metric.name: each.why for each in found.changes if each.direct}
    assert own["p50_ms"] == "5 valid repetitions on one side; it takes 6"
    assert "memory_mib" not in own
