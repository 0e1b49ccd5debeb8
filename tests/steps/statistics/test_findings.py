"""From a run's objects to its verdict, its answer and its figures."""

from __future__ import annotations

import json
import re

import pytest

from steps.evidence import read
from steps.model import EffectVerdict, HypothesisVerdict, RunVerdict, Steadiness
from steps.statistics.findings import report_of
from tests.steps.simulated import NATURES, RUN, Nature, Story, simulate, small, tiny

PREFIX = f"runs/phase-4/gateway-comparison/{RUN}"
CRASH = "envoy ended with status 127 before it was ready"
LATE = "suspect: generator: its lateness (p99) is 1.42 ms"


def report(story=None, *, objects=None, status="Succeeded", failures="null", **changes):
    """The report on a simulated run."""
    found = objects if objects is not None else simulate(small(**changes), story or Story())
    return report_of(read(found, run=RUN, prefix=PREFIX, status=status, failures=failures))


def failures(*nodes):
    """What `workflow.failures` holds: a JSON string with a JSON list in it."""
    return json.dumps(json.dumps([dict(zip(("displayName", "templateName", "message"), node, strict=True)) for node in nodes]))


def test_a_whole_run_is_answered():
    """Six valid repetitions of every arm, nothing failed, nothing left."""
    found = report()

    assert (found.verdict, found.reasons) == (RunVerdict.ANSWERED, ())
    assert found.answer.tiers[0] == ("haproxy",)
    assert re.match(
        r"HAProxy adds least at the median: 0\.\d+ ms \(0\.\d+ to 0\.\d+\) over direct traffic, at \d+ µs", found.answer.lead
    )


def test_arms_that_cannot_be_told_apart_are_not_ranked():
    """Three gateways that are the same stand together, whichever has the smallest median."""
    same = Nature(0.60, 0.22)
    found = report(Story(natures={**NATURES, "nginx": same, "haproxy": same, "envoy": same}))

    assert set(found.answer.tiers[0]) == {"nginx", "haproxy", "envoy"}
    assert "add least" in found.answer.lead


def test_where_none_can_be_told_apart_nobody_is_first():
    """Then the answer is that they are alike."""
    found = report(Story(natures={name: Nature(0.60, 0.22) if name != "direct" else NATURES["direct"] for name in NATURES}))

    assert len(found.answer.tiers) == 1
    assert "cannot be told apart at the median" in found.answer.lead
    assert "least" not in found.answer.lead


def test_a_preview_names_no_contender_in_its_answer():
    """It shows, and decides nothing: no ranking, no hypothesis."""
    found = report(preview=True, repetitions=3)

    assert found.verdict == RunVerdict.PREVIEW
    assert found.answer.lead.startswith("Seen, not ranked: all contenders add between 0.")
    assert not any(arm.title in found.answer.lead for arm in found.loads[0].arms[1:])
    assert {result.verdict for result in found.hypotheses} == {HypothesisVerdict.CANNOT_TELL}


def test_a_failed_preview_is_failed():
    """A preview that hides a broken gateway is of no use."""
    assert report(Story(failing={"envoy": CRASH}), preview=True, repetitions=3).verdict == RunVerdict.FAILED


def test_a_failed_contender_keeps_its_row_and_the_others_their_figures():
    """Its figures are missing with the reason, never zero."""
    found = report(Story(failing={"envoy": CRASH}), status="Failed")
    arms = {arm.name: arm for arm in found.loads[0].arms}

    assert found.verdict == RunVerdict.FAILED
    assert found.reasons == (f"envoy: 6 of 6 cells failed: {CRASH}",)
    assert (arms["envoy"].figures["p50_ms"].value, arms["envoy"].figures["p50_ms"].reason) == (None, CRASH)
    assert arms["nginx"].figures["p50_ms"].n == 6
    assert found.answer.lead.startswith("The run failed, so nothing is ranked: 4 of 5 contenders add")


def test_one_cause_that_struck_several_is_told_once():
    """The disk was full for all of them."""
    full = "the machine's disk is full (port 4711)"
    found = report(Story(failing={"envoy": full, "caddy": full.replace("4711", "4712")}), status="Failed")

    assert len(found.reasons) == 1
    assert "envoy (6 of 6 cells failed)" in found.reasons[0]
    assert "caddy (6 of 6 cells failed)" in found.reasons[0]


def test_a_cell_without_an_outcome_is_missing_with_the_nearest_cause():
    """Here the failed step's own message; without any, that nobody says why."""
    story = Story(missing=frozenset({"caddy-100rps-r2", "caddy-100rps-r3"}))
    nodes = failures(("cells(4:caddy-100rps-r2)", "load", "pod deleted"), ("closing", "closing", "child 'x' failed"))
    found = {cell.id: cell for cell in report(story, status="Failed", failures=nodes).cells}

    assert (found["caddy-100rps-r2"].status, found["caddy-100rps-r2"].reasons) == ("missing", ("pod deleted",))
    assert found["caddy-100rps-r3"].reasons == ("no outcome was stored, and no step says why",)


def test_a_load_that_left_nothing_is_told_in_the_words_of_its_step():
    """That it was killed is known to the workflow alone, which does not name the cell; a step that failed by itself said why."""
    story = Story(failing={"caddy": "load left no load.json"})
    nodes = failures(("load", "load", "OOMKilled (exit code 137)"), ("load", "load", "main: Error (exit code 1)"))
    found = {cell.id: cell for cell in report(story, status="Failed", failures=nodes).cells}

    assert found["caddy-100rps-r2"].reasons == ("load: OOMKilled (exit code 137)", "load left no load.json")


def test_a_failed_step_outside_the_cells_fails_the_run_in_its_words():
    """Here a teardown."""
    nodes = failures(("teardown", "teardown", "exit code 5"), ("main", "main", "child 'y' failed"))
    found = report(status="Failed", failures=nodes)

    assert (found.verdict, found.reasons) == (RunVerdict.FAILED, ("step teardown failed: exit code 5",))


def test_a_run_that_was_stopped_says_so_first():
    """What the steps say that were not made any more is no reason of its own."""
    story = Story(missing=frozenset({"caddy-100rps-r2"}))
    nodes = failures(
        ("cells(4:caddy-100rps-r2).load", "load", "workflow shutdown with strategy:  Stop"),
        ("cells(4:caddy-100rps-r2).teardown", "teardown", "Stopped with strategy 'Stop'"),
    )
    found = report(story, status="Failed", failures=nodes)

    assert found.reasons[0] == "the run was stopped before its end"
    assert len(found.reasons) == 2
    assert found.reasons[1].startswith("caddy: 1 of 6 cells has no outcome")


def test_a_workflow_that_failed_without_a_word_is_failed():
    """Nothing was found, but it says so itself."""
    assert report(status="Error").reasons == ("the workflow ended as Error and does not say why",)


def test_what_was_left_behind_fails_the_run():
    """Every thing is named."""
    assert report(Story(left=("process 4711 (nginx)",))).reasons == ("left behind: process 4711 (nginx)",)


def test_without_the_last_teardowns_record_absence_is_not_proved():
    """Silence is no proof."""
    objects = simulate(small())
    del objects["teardown.json"]

    assert "not proved" in report(objects=objects).reasons[0]


def test_suspect_cells_leave_a_run_inconclusive():
    """Five valid repetitions of one arm decide nothing, and the suspect one stays visible."""
    found = report(Story(suspect={"nginx-100rps-r2": LATE}))

    assert found.verdict == RunVerdict.INCONCLUSIVE
    assert found.reasons == (f"nginx: 5 of 6 repetitions are valid, it takes 6: {LATE}",)
    assert [point.suspect for point in found.loads[0].arms[1].figures["p50_ms"].points].count(True) == 1


def test_too_few_planned_repetitions_are_inconclusive():
    """Unless it is called a preview."""
    assert report(repetitions=4).reasons == ("4 repetitions were planned; it takes 6 to decide",)


def test_cells_of_unlike_circumstances_are_not_put_in_one_table_silently():
    """Here the version changed between two cells."""
    objects = simulate(small())
    key = "cells/nginx-100rps-r1/outcome.json"
    objects[key] = objects[key].replace(b"nginx 1.31.3", b"nginx 1.31.4")

    found = report(objects=objects)

    assert found.reasons == found.unlike == ("nginx ran in 2 different versions",)


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b'{"schema_version": 9}'])
@pytest.mark.parametrize(
    "key", ["experiment.json", "plan.json", "environment.json", "teardown.json", "cells/nginx-100rps-r1/outcome.json"]
)
def test_a_damaged_record_is_a_reason_and_never_a_crash(key, damage):
    """It is named by its key."""
    found = report(objects={**simulate(tiny()), key: damage})

    assert found.verdict == RunVerdict.FAILED
    assert any(key in reason for reason in found.reasons)


@pytest.mark.parametrize("name", ["load.hdr", "series.csv", "usage.csv"])
@pytest.mark.parametrize("cut", [0, 100, 700])
def test_a_damaged_table_costs_its_picture_only(name, cut):
    """The outcome was made from the whole one."""
    objects = simulate(tiny())
    key = f"cells/nginx-100rps-r1/load/{name}"
    objects[key] = objects[key][:cut]

    assert report(objects=objects).verdict == RunVerdict.ANSWERED


def test_an_empty_store_is_a_failed_run_and_not_a_crash():
    """The question is unknown, and so is everything else."""
    found = report(objects={}, status="Failed", failures=failures(("provision", "provision", "no such bucket")))

    assert found.verdict == RunVerdict.FAILED
    assert "step provision failed: no such bucket" in found.reasons
    assert found.phase == "phase-4"


def test_an_earlier_attempt_stays_on_the_report():
    """A cell that was made again tells what became of it before."""
    objects = simulate(small())
    failed = simulate(small(), Story(failing={"nginx": CRASH}))["cells/nginx-100rps-r1/outcome.json"]
    objects["cells/nginx-100rps-r1/earlier/1/outcome.json"] = failed
    cells = {cell.id: cell for cell in report(objects=objects).cells}

    assert cells["nginx-100rps-r1"].earlier == (f"failed: {CRASH}",)


def test_a_gateway_faster_than_direct_traffic_is_worth_a_look():
    """It cannot take time away."""
    found = report(Story(natures={**NATURES, "nginx": Nature(0.30, 0.2)}))

    assert any("nginx looks faster than direct traffic at p50" in note for note in found.notes)


def test_the_same_evidence_gives_the_same_report():
    """No clock, no order of a set, no random number."""
    assert report().to_json() == report().to_json()


def test_a_report_reads_back_from_its_json():
    """What is stored is the whole of it."""
    found = report()

    assert type(found).from_json(found.to_json(), source="report.json") == found


LATE_AT_P99 = "suspect: generator: its lateness (p99) is 2.31 ms; 1.00 ms are allowed (1, or a tenth of p99)"
UNSETTLED = "suspect: figures: not steady: the seconds' p50 had settled 3 s after the window's begin only"


def test_doubt_about_a_metric_that_does_not_rank_leaves_the_answer():
    """p99 is suspect where the driver was late; the median, which ranks, is not, and the run is answered with a note."""
    cells = [f"{name}-100rps-r{repetition}" for name, repetition in (("nginx", 2), ("nginx", 5), ("caddy", 1))]
    found = report(Story(doubts={(cell, "p99_ms"): LATE_AT_P99 for cell in cells}))
    nginx = next(arm for arm in found.loads[0].arms if arm.name == "nginx")

    assert (found.verdict, found.reasons) == (RunVerdict.ANSWERED, ())
    assert (nginx.ok, nginx.figures["p50_ms"].n, nginx.figures["p99_ms"].n) == (6, 6, 4)
    assert [point.repetition for point in nginx.figures["p99_ms"].points if point.suspect] == [2, 5]
    assert not nginx.figures["p99_ms"].suspect
    [note] = found.notes
    assert note.startswith("p99 is suspect in 3 of 36 cells: generator: its lateness (p99) is 2.31 ms")
    assert note.endswith(("; it decides nothing for nginx and caddy", "; it decides nothing for caddy and nginx"))
    assert {cell.id: cell.doubts for cell in found.cells}["nginx-100rps-r2"] == {"p99_ms": LATE_AT_P99}


def test_doubt_about_the_metric_that_ranks_leaves_the_run_inconclusive():
    """Five valid medians of an arm are too few, though each of its cells is valid."""
    found = report(Story(doubts={("envoy-100rps-r3", "p50_ms"): UNSETTLED}))

    assert found.verdict == RunVerdict.INCONCLUSIVE
    assert f"envoy: 5 of 6 repetitions are valid, it takes 6: {UNSETTLED}" in found.reasons
    assert found.loads[0].arms[0].figures["p50_ms"].n == 6


def test_metric_that_is_suspect_in_every_cell_is_shown_and_marked():
    """Its figure is the median of suspect values, which decides nothing."""
    found = report(Story(doubts={("nginx", "p99_ms"): LATE_AT_P99}))
    figure = next(arm for arm in found.loads[0].arms if arm.name == "nginx").figures["p99_ms"]

    assert (figure.suspect, figure.n) == (True, 6)
    assert found.verdict == RunVerdict.ANSWERED


def test_ranking_metric_without_a_value_answers_nothing():
    """A contender whose median could not be had is not ranked, and no run succeeds on nothing."""
    experiment = small()
    goodput = next(each for each in experiment.metrics if each.name == "goodput_rps")
    objects = simulate(small(metrics=(goodput.model_copy(update={"name": "p99.9_ms", "title": "p99.9"}), *experiment.metrics)))
    for key in [key for key in objects if key.endswith("outcome.json")]:
        outcome = json.loads(objects[key])
        outcome["measurements"].append({"metric": "p99.9_ms", "value": None, "reason": "400 answers; p99.9 needs 2,995"})
        objects[key] = json.dumps(outcome).encode()
    found = report(objects=objects)

    assert found.verdict == RunVerdict.INCONCLUSIVE
    assert "there is no p99.9_ms: 400 answers; p99.9 needs 2,995" in found.reasons[0]


def test_second_from_which_an_arm_had_settled_is_that_of_its_slowest_repetition():
    """Where one repetition does not tell, the arm does not."""
    assert {arm.settled_s for arm in report(Story(settled_s=-1)).loads[0].arms} == {-1}
    assert {arm.settled_s for arm in report().loads[0].arms} == {None}


def test_cpu_that_no_component_accounts_for_is_a_circumstance():
    """Of the middle cell and the worst, beside the cores that it is a part of."""
    said = report().circumstances.unattributed

    assert re.match(r"0\.01\d of 1 core in the middle cell, at worst 0\.018 \([a-z]+-100rps-r6\)$", said)


def test_cells_of_unlike_circumstances_decide_no_effect_and_no_hypothesis():
    """One cell in another environment: figures and effects are shown, each with the reason why nothing follows from them."""
    objects = simulate(tiny())
    assert {each.verdict for each in report(objects=objects).hypotheses} == {HypothesisVerdict.HOLDS}
    key = "cells/envoy-100rps-r3/outcome.json"
    objects[key] = json.dumps({**json.loads(objects[key]), "environment_digest": f"sha256:{'0' * 64}"}).encode()

    found = report(objects=objects)

    why = "the cells were measured in different environments"
    decisions = [effect.decision for arm in found.loads[0].arms for effect in arm.effects.values() if effect.decision]
    assert (found.verdict, found.reasons) == (RunVerdict.INCONCLUSIVE, (why,))
    assert {(each.verdict, each.why) for each in found.hypotheses} == {(HypothesisVerdict.CANNOT_TELL, why)}
    assert {(each.verdict, each.why) for each in decisions} == {(EffectVerdict.CANNOT_TELL, why)}


def test_windows_too_short_to_prove_that_a_cell_had_settled_say_so():
    """In a run that decides; what nobody could find is not taken for found. A preview decides nothing anyway."""
    short = Story(steady=Steadiness(verdict="too short to prove"))

    (note,) = [each for each in report(short).notes if "too short" in each]

    assert note == (
        "100rps: in 36 cells a window of 4 s is too short to prove a steady state, which needs 8 s, and to check CPU time by the "
        "utilisation law, which needs 7 s"
    )
    assert not any("too short" in each for each in report().notes)
    long = small().loads[0].model_copy(update={"duration_s": 8.0})
    assert not any("too short" in each for each in report(short, loads=(long,), contenders=tiny().contenders).notes)
    assert not any("too short" in each for each in report(short, objects=simulate(small().as_preview(), short)).notes)


def test_cpu_that_decides_nothing_is_not_in_the_answer():
    """The metric that ranks decides; CPU that is suspect in a round of six is no figure beside it."""
    clean = report(objects=simulate(tiny())).answer.lead
    doubted = Story(doubts={("nginx-100rps-r1", "cpu_us_per_request"): "suspect: figures: x"})
    lead = report(objects=simulate(tiny(), doubted)).answer.lead

    assert re.search(r"nginx adds least .+, at \d+ µs of CPU a request; Envoy most: .+, at \d+ µs of CPU a request\.$", clean)
    assert re.search(r"nginx adds least .+ over direct traffic; Envoy most: .+, at \d+ µs of CPU a request\.$", lead)
