"""The pilot, and what `plan` says of the smallest difference that a run finds."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from pipelines import duration, manifest, noise, select
from pipelines.__main__ import cli
from steps.errors import UsageError
from steps.evidence import read
from steps.model import Plan
from steps.places.programs import override
from steps.statistics.findings import report_of
from tests.golden import write
from tests.steps.simulated import NATURES, RUN, Nature, Story, simulate, small

COMMAND = "python -m pipelines run phase-4/gateway-comparison --pilot"
ALIKE = {**NATURES, "direct-again": NATURES["direct"], "nginx-again": NATURES["nginx"]}


def declared():
    return select.experiments("gateway-comparison")[0]


def test_a_pilot_is_the_baseline_against_itself():
    """An experiment of its own, in six short rounds, with nothing to hold or break, in under three minutes."""
    (pilot,) = select.experiments("gateway-comparison", pilot=True)

    assert (pilot.name, pilot.key) == ("gateway-comparison-pilot", "runs/phase-4/gateway-comparison-pilot")
    assert [(arm.name, arm.title) for arm in pilot.arms] == [("direct", "Direct"), ("direct-again", "Direct again")]
    assert (pilot.repetitions, pilot.hypotheses, pilot.preview, pilot.pilot) == (6, (), False, True)
    assert pilot.metrics == declared().metrics
    assert duration.of_plan(pilot, Plan.of(pilot, run="r", seed=0)) < 180


def test_a_pilot_has_the_shape_of_every_run():
    """Its manifest differs from the experiment's in names and values alone."""
    asked = write.EXPERIMENTS["compare"]
    pilot, usual = (manifest.to_yaml(manifest.documents([each], image=write.IMAGE)) for each in (asked.as_pilot(), asked))
    tasks = [re.findall(r"template: (\S+)|depends: (.+)", text) for text in (pilot, usual)]

    assert tasks[0] == tasks[1]
    assert "runs/phase-0/golden-comparison-pilot/" in pilot


def test_a_copy_is_the_same_program():
    """The user's own binary is that of the copy too; a copy of a copy as well."""
    nginx = next(arm for arm in declared().arms if arm.name == "nginx")

    assert (nginx.again().name, override(nginx.again())) == ("nginx-again", "BENCHLAB_NGINX")
    assert override(nginx.again().again()) == "BENCHLAB_NGINX"
    assert nginx.again().process == nginx.process


def test_a_preview_of_a_pilot_is_refused():
    """Three rounds tell no noise."""
    (pilot,) = select.experiments("gateway-comparison", pilot=True)

    with pytest.raises(UsageError, match="--quick and --pilot exclude each other"):
        select.prepared(pilot, quick=True, settings=())


def test_a_name_that_gets_too_long_is_one_sentence():
    """It would not be a name in a cluster any more."""
    long = declared().model_copy(update={"name": "a" * 38})

    with pytest.raises(UsageError, match=r"^a+ has no pilot: Experiment: name"):
        select._pilot(long)


def kept(folder, run, asked, story=None):
    """The report of a simulated run where pages go."""
    objects = simulate(asked, story or Story(natures=ALIKE))
    made = report_of(read(objects, run=run, prefix=f"{asked.key}/{run}", status="Succeeded", failures="null"))
    (folder / run).mkdir(parents=True)
    (folder / run / "report.json").write_text(made.to_json())
    return made


def plan(folder, *words):
    """What the verb prints."""
    done = CliRunner().invoke(cli, ["plan", "gateway-comparison", "--reports", str(folder), "--set", "rate_rps=100", *words])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """A pilot and a decided run at 100 requests per second."""
    folder = tmp_path_factory.mktemp("reports")
    kept(folder, "gateway-comparison-20261123-100000", small())
    kept(folder, "gateway-comparison-pilot-20261123-090000", small().as_pilot())
    return folder


def test_without_a_pilot_plan_says_how_to_make_one(tmp_path):
    """A smallest difference is not guessed."""
    assert f"how small a difference it finds is not known yet: {COMMAND}" in plan(tmp_path)


def test_plan_tells_the_smallest_difference_at_the_noise_of_the_pilot(reports):
    """Per metric: the noise, and what four of five runs find; the pilot serves even where a decided run is newer."""
    said = plan(reports)
    noise_, more, less = map(float, re.search(r"100rps  p50_ms +([\d.]+) % +(\d+) % more or (\d+) % less", said).groups())

    assert "at the noise of gateway-comparison-pilot-20261123-090000 (6 rounds as processes on one machine):" in said
    assert "6 rounds know it to a factor of 0.6 to 2.5; less than 5 % does not matter" in said
    assert 0.5 < noise_ < 20
    assert more > 5
    assert less == pytest.approx(100 * (1 - 1 / (1 + more / 100)), abs=1)


def test_more_rounds_find_less(reports):
    """Twenty rounds at the same noise."""
    six, twenty = (
        float(re.search(r"p99_ms +[\d.]+ % +(\d+) %", plan(reports, *words))[1]) for words in ((), ("--set", "repetitions=20"))
    )

    assert twenty < six


def test_a_wider_band_finds_less(reports):
    """A difference of a third does not matter to who says so."""
    assert "less than 50 % does not matter" in plan(reports, "--set", "band=0.5")
    assert min(map(int, re.findall(r"(\d+) % more", plan(reports, "--set", "band=0.5")))) > 50


def test_a_decided_run_serves_where_there_is_no_pilot(tmp_path):
    """With its noisiest contender, and it is said."""
    found = kept(tmp_path, "gateway-comparison-20261123-100000", small())
    asked = small()
    known = noise.known(asked, tmp_path)
    noisiest = max(arm.effects["p50_ms"].decision.log_sd for arm in found.loads[0].arms[1:])

    assert known.by_load["100rps"]["p50_ms"] == noisiest
    assert "there is no pilot, so of its noisiest contender" in plan(tmp_path)


def test_a_pilot_that_decided_nothing_is_named(tmp_path):
    """Else one would be told to make what one just made."""
    late = Story(natures=ALIKE, suspect={"direct": "suspect: generator: late"})
    kept(tmp_path, "gateway-comparison-pilot-20261123-090000", small().as_pilot(), late)

    assert f"not known yet (gateway-comparison-pilot-20261123-090000 decided nothing): {COMMAND}" in plan(tmp_path)


def test_a_pilot_under_another_load_says_nothing_of_this_one(reports):
    """Noise depends on the load."""
    assert "200rps  -       -      not known: it was made at 100rps" in plan(reports, "--set", "rate_rps=200")


@pytest.mark.parametrize("words", [("--quick",), ("--set", "repetitions=5")], ids=["preview", "five rounds"])
def test_what_decides_nothing_finds_nothing(reports, words):
    """However small the noise is."""
    assert "finds no difference: it takes 6 repetitions" in plan(reports, *words)


def test_a_damaged_report_is_passed_over(reports, tmp_path):
    """Like one that is not there."""
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "report.json").write_text('{"experiment": "gateway-comparison-pilot"')

    assert "is not known yet" in plan(tmp_path)


def test_programs_get_the_same_figures(reports):
    """A number for each load and metric, and where the noise is from."""
    (found,) = json.loads(plan(reports, "--json"))

    assert found["noise_from"] == "gateway-comparison-pilot-20261123-090000"
    assert {each["metric"] for each in found["smallest"]} >= {"p50_ms", "p99_ms"}
    assert all(each["ratio"] > 1.05 for each in found["smallest"])


def test_a_pilots_report_tells_its_noise_and_how_to_repeat_it(tmp_path):
    """And that nothing of it is a difference; where something is, that something else is in the figures."""
    found = kept(tmp_path, RUN, small().as_pilot())
    natures = {**ALIKE, "direct-again": Nature(0.9, 0.2, cpu_us=None, memory_mib=None, ready_ms=None)}
    odd = kept(tmp_path, "odd", small().as_pilot(), Story(natures=natures))

    assert re.match(r"From round to round, Direct differs from itself by [\d.]+ % in p50, ", found.answer.lead)
    assert found.answer.more == ("None of it is called a difference, as it should be.",)
    assert found.repeat == COMMAND
    assert odd.answer.more[0].startswith("Yet it is called a difference in p50")
