"""How an effect is decided: by a test and by its size, and from what is stored alone."""

from __future__ import annotations

import json
from math import exp, log, sqrt
from statistics import NormalDist, mean, median, stdev

import pytest

from steps.evidence import read
from steps.model import CellOutcome, CellSummary, EffectVerdict, Hypothesis, LoadSection, Report, RunVerdict
from steps.model.metric import P99
from steps.statistics.answer import answer_of
from steps.statistics.comparison import paired_effect
from steps.statistics.decision import decided, limits, paired_t
from steps.statistics.findings import report_of
from steps.statistics.holm import holm
from steps.statistics.hypotheses import result_of
from tests.steps.simulated import NATURES, RUN, Nature, Story, simulate, small, tiny
from tests.steps.statistics.rounds import arm, compared, of_ratios

ABOVE, WITHIN = [1.2, 1.25, 1.22, 1.3, 1.24, 1.27], [1.0, 1.01, 0.99, 1.02, 0.98, 1.0]


@pytest.mark.parametrize(("n", "t", "p"), [(6, 2.5706, 0.05), (6, 4.0321, 0.01), (10, 2.2622, 0.05), (20, 2.0930, 0.05)])
def test_the_paired_t_has_the_p_of_the_tables(n, t, p):
    """Critical values of Student's t with n - 1 degrees of freedom, two-sided, as printed everywhere."""
    spread = [NormalDist().inv_cdf((place + 0.5) / n) for place in range(n)]
    logs = [each + t * stdev(spread) / sqrt(n) for each in spread]

    found = paired_t([exp(each) for each in logs])

    assert (found.t, found.p) == (pytest.approx(t), pytest.approx(p, rel=1e-3))


def test_holm_counts_the_smallest_most():
    """The example of every textbook, and none below one before it."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.7, 0.8]) == (1.0, 1.0)
    assert holm([]) == ()


def test_the_band_is_as_far_below_one_as_above_it():
    """A contender that is slower by 5 % and a baseline that is slower by 5 % are judged alike."""
    least, most = limits(0.05)

    assert -log(least) == pytest.approx(log(most))
    assert (of_ratios(*ABOVE).verdict, of_ratios(*[1 / each for each in ABOVE]).verdict) == (EffectVerdict.DIFFERS,) * 2


@pytest.mark.parametrize(
    ("ratios", "verdict", "why"),
    [
        (ABOVE, "differs", "the whole interval is above 1.05, and p is below 0.0001 after Holm over 1 metric"),
        (WITHIN, "no difference that matters", "the whole interval is between 0.952 and 1.05"),
        ([1.01, 1.02, 1.03, 1.02, 1.01, 1.02], "no difference that matters", "the whole interval is between 0.952 and 1.05"),
        ([1.04, 1.25, 1.22, 1.3, 1.24, 1.27], "cannot tell", "the interval reaches into the band from 0.952 to 1.05"),
        ([1.06, 9.0, 1.07, 1.06, 1.08, 1.07], "cannot tell", "p is 0.29 after Holm over 1 metric, which is not below 0.05"),
        ([0.5, 1.2, 1.3, 1.2, 1.2, 1.3], "cannot tell", "the interval reaches into the band"),
    ],
    ids=["large", "none", "certain but small", "one round in the band", "an outlier", "to both sides"],
)
def test_a_difference_is_certain_and_large(ratios, verdict, why):
    """It takes a significant test and an interval wholly outside the band; one of them cannot tell."""
    found = of_ratios(*ratios)

    assert (found.verdict, why in found.why) == (verdict, True), found


def test_a_difference_that_is_significant_alone_may_not_be_among_many():
    """Holm over eight metrics asks for a smaller p of the only one that differs."""
    ratios = [1.06, 1.5, 1.1, 1.4, 1.2, 1.06]
    noise = {f"m{each}": WITHIN for each in range(7)}
    alone = of_ratios(*ratios)
    among = compared({"cpu": ratios, **noise}, {name: [1.0] * 6 for name in ("cpu", *noise)})["cpu"]

    assert (alone.verdict, alone.family) == ("differs", 1)
    assert (among.verdict, among.family, among.p) == ("cannot tell", 8, alone.p)
    assert among.p_holm == pytest.approx(8 * alone.p)


def test_the_band_can_be_set():
    """Who does not care for a third says so."""
    assert of_ratios(*ABOVE, band=0.5).verdict == EffectVerdict.NO_DIFFERENCE


def test_fewer_than_six_rounds_decide_nothing():
    """However far they are from one; nothing is tested, and no figure of a test is invented."""
    found = of_ratios(*ABOVE[:5])

    assert (found.verdict, found.why, found.n) == ("cannot tell", "5 valid rounds; it takes 6", 5)
    assert (found.t, found.p, found.p_holm, found.log_sd, found.family) == (None, None, None, None, 0)


def test_suspect_rounds_are_not_counted():
    """Five valid ones of six decide nothing, and six of seven do, whatever the suspect one says."""
    assert of_ratios(*ABOVE, suspect=[2]).why == "5 valid rounds; it takes 6"
    assert of_ratios(*ABOVE, 0.1, suspect=[7]) == of_ratios(*ABOVE)


def test_a_preview_decides_nothing_whatever_it_shows():
    """However many rounds it has."""
    found = of_ratios(*ABOVE, preview=True)

    assert (found.verdict, found.why, found.p) == ("cannot tell", "a preview decides nothing", None)


def test_what_does_not_vary_has_no_t():
    """A goodput that is the rate in every round; and one that is always twice as much."""
    same, double = of_ratios(*[1.0] * 6), of_ratios(*[2.0] * 6)

    assert (same.verdict, same.t, same.p) == ("no difference that matters", None, 1.0)
    assert (double.verdict, double.t, double.p) == ("differs", None, 0.0)


def test_zero_has_no_logarithm():
    """A contender that used nothing in a round is no reason for a traceback."""
    assert "zero has no logarithm" in of_ratios(0.0, *ABOVE).why


def test_rounds_whose_baseline_is_zero_are_not_left_out_of_a_difference():
    """Six rounds of nine have a ratio: to decide from those would choose the rounds by their outcome."""
    found = compared({"backlog": [9.0, 9.0, 9.0, *ABOVE]}, {"backlog": [0.0] * 3 + [1.0] * 6})["backlog"]

    assert found.verdict == "cannot tell"
    assert found.why == "the baseline's value is zero in 3 of 9 rounds, which has no ratio"


def test_an_effect_without_a_ratio_has_no_decision():
    """The ratio says why there is none."""
    assert compared({"cpu": [1.0] * 6}, {"cpu": []})["cpu"] is None


def cells(late_ms, *, of="nginx", over="direct"):
    """Cells of six rounds: how late the driver was at p99 with the contender; with the baseline 0.1 ms."""
    return [
        CellSummary(
            id=f"{name}-r{n}",
            contender=name,
            load="500rps",
            repetition=n,
            order=n,
            status="ok",
            lateness_p50_ms=0.0,
            lateness_p99_ms=late,
        )
        for name, late in ((of, late_ms), (over, 0.1))
        for n in range(1, 7)
    ]


@pytest.mark.parametrize(
    ("late_ms", "metric", "verdict"),
    [
        (0.11, "p99_ms", "differs"),
        (0.14, "p99_ms", "cannot tell"),
        (0.14, "p99.9_ms", "cannot tell"),
        (0.14, "p90_ms", "cannot tell"),
        (0.14, "p50_ms", "differs"),
        (0.14, "cpu_us_per_request", "differs"),
        (0.06, "p99_ms", "cannot tell"),
        (0.14, "delivery_p99_ms", "cannot tell"),
        (0.14, "delivery_p50_ms", "differs"),
        (0.14, "p99_at_75_ms", "cannot tell"),
        (0.14, "knee_rps", "differs"),
    ],
)
def test_a_difference_that_may_be_the_drivers_own_is_not_called_one(late_ms, metric, verdict):
    """The contender takes 0.24 ms more: a tenth of that is 0.024. The quantile is the nearest one that cells tell."""
    found = compared({metric: ABOVE}, {metric: [1.0] * 6}, cells=cells(late_ms))[metric]

    assert found.verdict == verdict
    assert (found.suspect or "").startswith("suspect: generator" if verdict == "cannot tell" else "")
    assert found.why == found.suspect or verdict == "differs"


def told(late_ms, **lateness_ms):
    """Cells that tell more quantiles than p50 and p99; the contender's is as late as that in each of `lateness_ms`."""
    names = {name: name.replace("_", ".").replace(".at.", " at ") for name in lateness_ms}
    return [
        each.model_copy(
            update={"lateness_ms": {names[name]: ms if each.contender == "nginx" else 0.1 for name, ms in lateness_ms.items()}}
        )
        for each in cells(late_ms)
    ]


@pytest.mark.parametrize(
    ("late", "metric", "verdict"),
    [
        ({"p99": 0.1, "p99_9": 0.9}, "p99.9_ms", "cannot tell"),
        ({"p99": 0.9, "p99_9": 0.1}, "p99.9_ms", "differs"),
        ({"p90": 0.1, "p99": 0.9}, "p90_ms", "differs"),
        ({"p99_at_50": 0.1, "p99_at_75": 0.9}, "p99_at_75_ms", "cannot tell"),
        ({"p99_at_50": 0.9, "p99_at_75": 0.1}, "p99_at_75_ms", "differs"),
    ],
)
def test_lateness_is_that_of_the_metrics_own_quantile_and_share(late, metric, verdict):
    """Where it is stored: p99 says little about p99.9, and half of the knee little about three quarters."""
    assert compared({metric: ABOVE}, {metric: [1.0] * 6}, cells=told(0.1, **late))[metric].verdict == verdict


@pytest.mark.parametrize(
    ("late_ms", "bound", "verdict"),
    [
        (0.11, {"added_above": 0.1}, "holds"),
        (0.14, {"added_above": 0.1}, "cannot tell"),
        (0.14, {"added_below": 0.1}, "cannot tell"),
        (0.14, {"added_below": 1.0}, "holds"),
        (0.4, {"added_below": 1.0}, "cannot tell"),
        (0.9, {"above": 1.1}, "holds"),
    ],
)
def test_a_statement_that_the_drivers_lateness_may_have_made_is_not_decided(late_ms, bound, verdict):
    """The contender adds 0.24 ms; a tenth of the effect or of the bound is borne. What is no comparison has no gap."""
    asked = tiny()
    over = "direct" if any(name.startswith("added") for name in bound) else None
    said = Hypothesis(statement="so it is", metric="p99_ms", of="nginx", over=over, **bound)
    arms = (arm("direct", {"p99_ms": [1.0] * 6}), arm("nginx", {"p99_ms": ABOVE}))
    section = LoadSection(label="100rps", load=asked.loads[0], quantiles=(), arms=arms)
    late = [each.model_copy(update={"load": "100rps"}) for each in cells(late_ms)]

    found = result_of(said, asked, (section,), late)

    assert found.verdict == verdict
    assert found.why.startswith("suspect: generator: its lateness differs") == (verdict == "cannot tell")


def test_a_contender_that_the_drivers_lateness_may_have_made_slow_is_not_ranked():
    """It is named with the reason; two that are further apart than the driver was late are in order, nearer ones are not."""
    asked = tiny().model_copy(update={"metrics": (P99,)})
    rounds = {"nginx": ABOVE, "envoy": [each + 0.2 for each in ABOVE]}

    def answer(*, direct=True, **late_ms):
        base = arm("direct", {"p99_ms": [1.0] * 6}).model_copy(update={"direct": direct})
        own = [each for name, ms in late_ms.items() for each in cells(ms, of=name)]
        arms = [base, *(judged(arm(name, {"p99_ms": values}), base, own) for name, values in rounds.items())]
        section = LoadSection(label="100rps", load=asked.loads[0], quantiles=(), arms=tuple(arms))
        return answer_of(asked, (section,), RunVerdict.ANSWERED)

    assert answer(nginx=0.1, envoy=0.1).tiers == (("nginx",), ("envoy",))
    assert answer(nginx=0.1, envoy=0.13).tiers == (("nginx",), ("envoy",))
    close = {"nginx": ABOVE, "envoy": [each + 0.11 for each in ABOVE]}
    rounds.update(close)
    assert answer(nginx=0.1, envoy=0.1).tiers == (("nginx",), ("envoy",))
    assert answer(nginx=0.1, envoy=0.13).tiers == (("nginx", "envoy"),)
    assert answer(direct=False, nginx=0.1, envoy=0.13).tiers == (("direct",), ("nginx", "envoy"))
    doubted = answer(nginx=0.1, envoy=0.9)
    assert (doubted.decided, doubted.tiers) == (True, (("nginx",),))
    (why,) = doubted.more
    assert why.startswith("envoy is not ranked: suspect: generator: its lateness differs by 0.8 ms between the arms")
    nobody = answer(nginx=0.9, envoy=0.9)
    assert (nobody.decided, nobody.lead) == (False, "No contender has a figure for p99 that decides.")


def judged(contender, baseline, own):
    """The contender with its effects, and what is decided of them."""
    effects = {metric: paired_effect(figure, baseline.figures[metric]) for metric, figure in contender.figures.items()}
    return decided(contender.model_copy(update={"effects": effects}), baseline, own, band=0.05, preview=False)


def test_lateness_does_not_hide_that_there_is_no_difference():
    """The rule is about the effect that is claimed; where none is, none is doubted away."""
    found = compared({"p99_ms": WITHIN}, {"p99_ms": [1.0] * 6}, cells=cells(0.2))["p99_ms"]

    assert (found.verdict, found.suspect, found.lateness_gap_ms) == ("no difference that matters", None, pytest.approx(0.1))


# ── every verdict can be recomputed ──

LIKE_DIRECT = Story(natures={**NATURES, "haproxy": Nature(0.424, 0.2, cpu_us=31, memory_mib=21, ready_ms=31, noise=0.01)})


@pytest.fixture(scope="module")
def objects():
    """A run of which some metrics differ, some do not, and some cannot be told, in seven rounds of which one is suspect."""
    suspect = {"envoy-100rps-r2": "suspect: generator: late", "direct-100rps-r4": "suspect: environment: busy"}
    return simulate(small(repetitions=7), Story(natures=LIKE_DIRECT.natures, suspect=suspect))


@pytest.fixture(scope="module")
def stored(objects):
    """Its report as report.json holds it."""
    made = report_of(read(objects, run=RUN, prefix=f"runs/phase-4/x/{RUN}", status="Succeeded", failures="null"))
    return made.to_json()


def decisions(report):
    """Each decision by contender and metric."""
    return {
        (each.name, metric): effect.decision
        for section in report.loads
        for each in section.arms
        for metric, effect in each.effects.items()
    }


def test_every_verdict_follows_from_the_points_of_the_report(stored):
    """report.json without its decisions gives the same decisions again: points, cells and band are all they are made from."""
    report = Report.from_json(stored, source="report.json")
    (section,) = report.loads
    band = next(found.band for found in decisions(report).values() if found)
    bare = [
        each.model_copy(
            update={"effects": {name: effect.model_copy(update={"decision": None}) for name, effect in each.effects.items()}}
        )
        for each in section.arms
    ]

    again = [bare[0], *(decided(each, bare[0], report.cells, band=band, preview=report.preview) for each in bare[1:])]

    assert again == list(section.arms)
    assert {found.verdict for found in decisions(report).values() if found} == set(EffectVerdict)


def test_every_verdict_follows_from_the_outcomes_of_the_cells(objects, stored):
    """From outcome.json alone, in other words than the lab's: medians, t and Holm by hand."""
    outcomes = [CellOutcome.from_json(text, source=key) for key, text in objects.items() if key.endswith("outcome.json")]
    valid = {
        (each.contender, found.metric, each.repetition): found.value
        for each in outcomes
        for found in each.measurements
        if each.status == "ok" and found.value is not None
    }
    told = decisions(Report.from_json(stored, source="report.json"))
    for contender in {name for name, _ in told}:
        ps = {}
        for metric in {name for _, name in told}:
            decision = told[contender, metric]
            rounds = [n for n in range(1, 8) if (contender, metric, n) in valid and ("direct", metric, n) in valid]
            ratios = [valid[contender, metric, n] / valid["direct", metric, n] for n in rounds]
            if not ratios:
                assert decision is None
                continue
            assert (decision.n, decision.interval.low, decision.interval.high) == (len(ratios), min(ratios), max(ratios))
            if len(ratios) < 6:
                assert (decision.verdict, decision.p) == ("cannot tell", None)
                continue
            logs = [log(ratio) for ratio in ratios]
            if max(logs) > min(logs):
                assert decision.t == pytest.approx(mean(logs) / stdev(logs) * sqrt(len(logs)))
            ps[metric] = decision.p
        ranked = sorted(ps, key=ps.get)
        adjusted = [
            min(1.0, max((len(ps) - i) * ps[name] for i, name in enumerate(ranked[: place + 1]))) for place in range(len(ps))
        ]
        assert [told[contender, name].p_holm for name in ranked] == pytest.approx(adjusted)
        for name in ranked:
            _check(told[contender, name])


def _check(decision):
    """The verdict that interval and p allow."""
    low, high = decision.interval.low, decision.interval.high
    if low > 1 / 1.05 and high < 1.05:
        assert decision.verdict == "no difference that matters"
    elif decision.p_holm < 0.05 and (low > 1.05 or high < 1 / 1.05) and not decision.suspect:
        assert decision.verdict == "differs"
    else:
        assert decision.verdict == "cannot tell"


def test_the_effect_of_the_report_is_the_median_over_rounds(stored):
    """Effect size first: the ratio with its interval stands in the report beside the p."""
    report = json.loads(stored)
    effect = report["loads"][0]["arms"][1]["effects"]["p50_ms"]
    counted = [point["value"] for point in effect["ratio"]["points"] if not point["suspect"]]

    assert effect["ratio"]["value"] == pytest.approx(median(counted))
    assert list(effect).index("ratio") < list(effect).index("decision")
