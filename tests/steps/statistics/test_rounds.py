"""Which further rounds the evidence needs: decided from outcomes alone, with noise that is known."""

from __future__ import annotations

import itertools
import math
import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as some

from steps.model import CellOutcome, Measurement, Plan, Precision, digest
from steps.statistics import rounds
from steps.statistics.additions import precision_of
from tests.steps.simulated import tiny

RUN = "r1"
LATE = "suspect: generator: its lateness (p99) is 1.42 ms"
DIGEST = digest(tiny())


def experiment(**changes):
    """Direct traffic, nginx and envoy under one load, six repetitions."""
    return tiny().model_copy(update={"hypotheses": (), **changes})


def precise(half_width=0.05, *, most_rounds=30, **changes):
    return experiment(precision=Precision(half_width=half_width, most_rounds=most_rounds), **changes)


def begun(asked, seed=7):
    return Plan.of(asked, run=RUN, seed=seed)


def outcome(cell, *, value=1.0, status="ok", metric="p50_ms"):
    return CellOutcome(
        run=RUN,
        cell=cell.id,
        contender=cell.contender,
        load=cell.load,
        repetition=cell.repetition,
        status=status,
        reasons=() if status == "ok" else (LATE,),
        measurements=(Measurement(metric=metric, value=value),),
        experiment_digest=DIGEST,
        environment_digest=DIGEST,
        at="now",
    )


def outcomes(plan, *, suspect=(), failed=(), value=lambda cell: 1.0):
    """What became of a plan's cells."""
    status = {**dict.fromkeys(suspect, "suspect"), **dict.fromkeys(failed, "failed")}
    return {cell.id: outcome(cell, value=value(cell), status=status.get(cell.id, "ok")) for cell in plan.cells}


def noisy(sd, seed):
    """Values whose logarithm has this standard deviation; the same for the same cell."""
    return lambda cell: math.exp(random.Random(f"{seed} {cell.id}").gauss(0, sd))


def extended(asked, plan, done):
    return rounds.extended(asked, plan, done, at="now")


def to_its_end(asked, *, sd, seed):
    """The plan of a run whose cells are as noisy as that, when nothing is added any more, and its outcomes."""
    plan, value = begun(asked, seed), noisy(sd, seed)
    while True:
        done = outcomes(plan, value=value)
        further = extended(asked, plan, done)
        if further is plan:
            return plan, done
        plan = further


def test_nothing_is_added_to_cells_that_are_all_valid():
    """The usual run is over after its planned rounds: the plan is the very same."""
    plan = begun(experiment())

    assert extended(experiment(), plan, outcomes(plan)) is plan


def test_a_suspect_cell_is_repeated_with_its_baseline():
    """In a new round of those two, and it stays in the plan."""
    plan = begun(experiment())

    further = extended(experiment(), plan, outcomes(plan, suspect=["nginx-100rps-r2"]))

    assert set(further.todo) == {"nginx-100rps-r7", "direct-100rps-r7"}
    assert further.cells[: len(plan.cells)] == plan.cells
    (extension,) = further.extensions
    assert (extension.why, extension.cells, extension.repeats) == ("suspect", further.todo, ("nginx-100rps-r2",))


def test_a_suspect_baseline_repeats_the_whole_round():
    """Every contender lost its comparison."""
    plan = begun(experiment())

    further = extended(experiment(), plan, outcomes(plan, suspect=["direct-100rps-r3"]))

    assert set(further.todo) == {f"{arm}-100rps-r7" for arm in ("direct", "nginx", "envoy")}


def test_a_suspect_layer_repeats_every_layer():
    """What a layer adds takes rounds that have all of them; an arm that is no layer is not made again."""
    asked = experiment(layers=("direct", "nginx"))
    plan = begun(asked)
    both = extended(asked, plan, outcomes(plan, suspect=["nginx-100rps-r2"]))
    all_layers = experiment(layers=("direct", "nginx", "envoy"))

    assert set(both.todo) == {"direct-100rps-r7", "nginx-100rps-r7"}
    assert len(extended(all_layers, plan, outcomes(plan, suspect=["nginx-100rps-r2"])).todo) == 3


def test_repeats_share_rounds():
    """Two arms that each lost one round make it again in one, beside one baseline; an arm that lost two has a second."""
    plan = begun(experiment())
    suspect = ["nginx-100rps-r1", "nginx-100rps-r2", "envoy-100rps-r4"]

    further = extended(experiment(), plan, outcomes(plan, suspect=suspect))

    assert {cell.id for cell in further.cells if cell.repetition == 7} == {
        f"{arm}-100rps-r7" for arm in ("direct", "nginx", "envoy")
    }
    assert {cell.id for cell in further.cells if cell.repetition == 8} == {"direct-100rps-r8", "nginx-100rps-r8"}


def test_a_load_without_doubt_is_not_repeated():
    """Rounds of two loads: only the one with the suspect cell is made again."""
    loads = (*experiment().loads, experiment().loads[0].model_copy(update={"rate_rps": 200.0}))
    asked = experiment(loads=loads)
    plan = begun(asked)

    further = extended(asked, plan, outcomes(plan, suspect=["nginx-200rps-r2"]))

    assert set(further.todo) == {"nginx-200rps-r7", "direct-200rps-r7"}


def test_an_arm_whose_repeats_were_suspect_too_gets_the_rounds_that_it_lacks():
    """A second pass for it and the baseline alone; a third does not follow, whatever came of it."""
    plan = begun(experiment())
    suspect = ["nginx-100rps-r2", "nginx-100rps-r7", "nginx-100rps-r8"]
    first = extended(experiment(), plan, outcomes(plan, suspect=suspect))

    second = extended(experiment(), first, outcomes(first, suspect=suspect))

    assert set(second.todo) == {"nginx-100rps-r8", "direct-100rps-r8"}
    assert second.extensions[1].repeats == ("nginx-100rps-r7",)
    assert extended(experiment(), second, outcomes(second, suspect=suspect)) is second


def test_no_more_rounds_are_made_than_decide():
    """Of eight, seven are valid: a suspect repeat is let be."""
    asked = experiment(repetitions=8)
    plan = begun(asked)
    suspect = ["nginx-100rps-r2", "nginx-100rps-r9"]
    further = extended(asked, plan, outcomes(plan, suspect=suspect))

    assert extended(asked, further, outcomes(further, suspect=suspect)) is further


def test_a_busy_machine_gets_no_second_pass():
    """Where more than a quarter of all cells is suspect, more of the same would be too."""
    plan = begun(experiment())
    suspect = [cell.id for cell in plan.cells if cell.contender == "nginx"]
    further = extended(experiment(), plan, outcomes(plan, suspect=suspect))
    done = outcomes(further, suspect=[*suspect, "nginx-100rps-r7", "nginx-100rps-r8"])

    assert extended(experiment(), further, done) is further


@given(some.sets(some.sampled_from([cell.id for cell in begun(experiment()).cells])), some.sets(some.integers(7, 20)))
def test_passes_come_to_an_end_and_lose_no_cell(suspect, later):
    """Whatever was suspect, and whichever of the added rounds are too."""
    plans = [begun(experiment())]
    while len(plans) == 1 or plans[-1] is not plans[-2]:
        bad = suspect | {cell.id for cell in plans[-1].cells if cell.repetition in later}
        plans.append(extended(experiment(), plans[-1], outcomes(plans[-1], suspect=bad)))

    assert len(plans[-1].extensions) <= rounds.REPEATING_PASSES
    assert (plans[1] is plans[0]) == (not suspect)
    assert all(more.cells[: len(fewer.cells)] == fewer.cells for fewer, more in itertools.pairwise(plans))
    assert len({cell.id for cell in plans[-1].cells}) == len(plans[-1].cells)


@pytest.mark.parametrize("lost", ["failed", "missing", "preview"])
def test_nothing_is_added_to_a_run_that_will_not_decide(lost):
    """A failed or missing cell fails the run, and a preview decides nothing: more rounds would only cost."""
    asked = precise(0.001).model_copy(update={"preview": lost == "preview"})
    plan = begun(asked)
    done = outcomes(
        plan, suspect=["nginx-100rps-r2"], failed=["envoy-100rps-r1"] if lost == "failed" else [], value=noisy(0.1, 1)
    )
    if lost == "missing":
        del done["envoy-100rps-r6"]

    assert extended(asked, plan, done) is plan


def test_the_order_of_an_added_round_follows_from_the_seed():
    """The same seed gives the same order, and not every round has the same one."""

    def order(seed):
        plan = begun(precise(0.01), seed)
        return extended(precise(0.01), plan, outcomes(plan, value=noisy(0.1, 1))).todo

    assert order(3) == order(3)
    assert len({tuple(cell.split("-")[0] for cell in order(3)[start : start + 3]) for start in range(0, 72, 3)}) > 3


def test_a_precise_run_adds_nothing():
    """Six rounds without noise are as narrow as it gets."""
    plan = begun(precise(0.05))

    assert extended(precise(0.05), plan, outcomes(plan)) is plan


def test_rounds_grow_with_the_noise_and_never_past_the_budget():
    """The noisier, the more rounds; whoever asks for too much ends at the budget; all within five passes."""
    middle = []
    for sd in (0.005, 0.02, 0.04, 0.2):
        ends = [to_its_end(precise(0.05), sd=sd, seed=seed) for seed in range(25)]
        assert all(6 <= plan.rounds <= 30 for plan, _ in ends)
        assert all(len(plan.extensions) <= rounds.MOST_EXTENSIONS for plan, _ in ends)
        middle.append(median(plan.rounds for plan, _ in ends))

    assert middle == sorted(middle)
    assert (middle[0], middle[-1]) == (6, 30)
    assert 6 < middle[2] < 30


def test_a_run_ends_precise_or_at_its_budget():
    """There is no third way: the last pass takes what the budget has left."""
    asked = precise(0.05, most_rounds=40)
    for seed in range(40):
        plan, done = to_its_end(asked, sd=0.05, seed=seed)
        narrow = all(width.within(asked.precision) for width in rounds.widths(asked, done.values()))
        assert narrow or plan.rounds == 40


def test_stopping_when_precise_costs_little_coverage():
    """The interval still holds the true ratio, which is one, about as often as it says: 95 %."""
    asked = precise(0.05)
    found = [
        width.figure.interval
        for seed in range(150)
        for width in rounds.widths(asked, to_its_end(asked, sd=0.04, seed=seed)[1].values())
    ]

    assert sum(each.low <= 1 <= each.high for each in found) >= 0.92 * len(found)


@pytest.mark.parametrize("arm", ["nginx", "direct"])
def test_a_knee_that_is_only_bounded_is_not_precise(arm):
    """Its lower repetitions agree closely, and say nothing of those beyond the driver: no more of the same is added."""
    asked = precise()
    plan = begun(asked)
    done = outcomes(plan)
    for n in (1, 2, 3):
        bound = Measurement(metric="p50_ms", value=None, reason="at least 9 req/s: the driver ends there", at_least=9.0)
        done[f"{arm}-100rps-r{n}"] = done[f"{arm}-100rps-r{n}"].model_copy(update={"measurements": (bound,)})
    for n in range(7, 13):
        for each in ("direct", "nginx", "envoy"):
            more = done[f"{each}-100rps-r6"].model_copy(update={"repetition": n, "cell": f"{each}-100rps-r{n}"})
            done[more.cell] = more

    found = {each.contender: each for each in rounds.widths(asked, done.values())}
    told = precision_of(asked, plan, list(done.values()))

    assert not found["nginx"].within(asked.precision)
    assert "the driver ends there (in 3 of 12 repetitions)" in found["nginx"].figure.reason
    assert (told.enough, told.reached) == (False, None)
    assert extended(asked, plan, done) is plan


def test_a_pass_adds_at_least_two_full_rounds():
    """Of every arm; each look is a chance to stop too early."""
    asked = precise(0.05)
    plan = begun(asked)
    further = extended(asked, plan, outcomes(plan, value=noisy(0.03, 5)))

    assert further.rounds >= 8
    assert len(further.todo) == 3 * (further.rounds - 6)
    assert further.extensions[0].why == "precision"


def test_rounds_for_precision_make_good_for_suspect_ones():
    """A full round repeats a suspect cell too, which is not repeated again afterwards."""
    asked = precise(0.02)
    plan = begun(asked)
    done = outcomes(plan, suspect=["nginx-100rps-r2"], value=noisy(0.03, 5))

    further = extended(asked, plan, done)

    assert [(each.why, each.repeats) for each in further.extensions] == [("precision", ("nginx-100rps-r2",))]


def test_suspect_rounds_do_not_count_as_precise():
    """Five valid rounds decide nothing, however alike they are."""
    asked = precise(0.5)
    plan = begun(asked)

    assert extended(asked, plan, outcomes(plan, suspect=["envoy-100rps-r1"])) is not plan


def test_where_nothing_is_valid_more_of_the_same_is_not_asked_for():
    """All cells of an arm are suspect, and so are their repeats: the budget is not burnt."""
    asked = precise(0.05)
    plan = begun(asked)
    nginx = {f"nginx-100rps-r{number}" for number in range(1, 31)}

    further = extended(asked, plan, outcomes(plan, suspect=nginx))

    assert further.rounds == 12
    assert extended(asked, further, outcomes(further, suspect=nginx)) is further


def test_fewer_repetitions_than_decide_are_made_up():
    """One repetition has no interval: a precision first asks for six."""
    asked = precise(0.05, repetitions=1)
    plan = begun(asked)

    assert extended(asked, plan, outcomes(plan)).rounds == 6


def test_a_metric_that_direct_traffic_has_not_is_judged_by_itself():
    """CPU per request of direct traffic is no figure: the contender's own interval is what has to be narrow."""
    metrics = tuple(sorted(experiment().metrics, key=lambda metric: metric.name != "cpu_us_per_request"))
    asked = precise(0.05, metrics=metrics)
    plan = begun(asked)
    done = {cell.id: outcome(cell, metric="cpu_us_per_request") for cell in plan.cells if cell.contender != "direct"}

    assert [(each.contender, each.half) for each in rounds.widths(asked, done.values())] == [("nginx", 0.0), ("envoy", 0.0)]
