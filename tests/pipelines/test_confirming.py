"""`confirm`: from a run's verdicts to the experiment that holds one of them against the same contender without its bottleneck."""

import pytest

from phases.catalogue.databases import POSTGRES
from pipelines import select
from pipelines.confirming import confirming
from steps.attribution.rules import bottlenecks_of
from steps.errors import UsageError
from steps.evidence import read
from steps.model.trace import ArmTrace
from steps.places import pods
from steps.places.base import Job
from steps.places.pods import Setting
from steps.statistics.findings import report_of
from tests.steps.attribution.test_rules import QUIET, SYNCING
from tests.steps.simulated import RUN, simulate, tiny

ASKED = select.experiments("io-bottleneck")[0]
SAFE, RELAXED = (load.label for load in ASKED.loads)


@pytest.fixture(scope="module")
def report():
    """A report whose traces are put in; the rest of it does not matter."""
    found = report_of(read(simulate(tiny()), run=RUN, prefix=f"runs/phase-4/x/{RUN}", status="Succeeded", failures=""))

    def made(*traces):
        return found.model_copy(update={"traces": traces})

    return made


def trace(load, signals, name="postgres", **fields):
    seen = {"target": name, "seen": 6, "verdict": bottlenecks_of(signals)[0], **fields}
    return ArmTrace(load=load, name=name, title="PostgreSQL", planned=6, **seen)


def confirmed(report, contender=None, load=None):
    return confirming(ASKED, report, contender=contender, load=load)


def test_heaviest_verdict_is_held_against_a_contender_without_it(report):
    """The contender as it was is the baseline, in the same rounds; what has to come and from where are its hypotheses."""
    made = confirmed(report(trace(RELAXED, QUIET), trace(SAFE, SYNCING)))

    assert made.baseline == POSTGRES
    assert [each.files for each in made.contenders] == ["memory"]
    assert made.loads == ASKED.loads  # the load under which it did not wait is the control
    assert [(each.metric, each.of, each.load) for each in made.hypotheses] == [
        ("p50_ms", "postgres-memory", SAFE),
        ("disk_percent", "postgres-memory", SAFE),
    ]
    assert (made.confirms, made.repetitions, made.preview) == (RUN, 6, False)
    assert made.name == "io-bottleneck-confirm"


def test_what_is_confirmed_here_can_run_in_pods(report):
    """The same experiment is compiled, and its contender is rendered."""
    made = confirmed(report(trace(SAFE, SYNCING)))
    job = Job(run="r", cell=f"postgres-memory-{SAFE}-r1", experiment=made)

    rendered = pods.render(made.contenders[0], job=job, beside={}, setting=Setting(namespace="lab", image="benchlab/steps:1"))

    assert rendered.config == pods.render(POSTGRES, job=job, beside={}, setting=Setting("lab", "benchlab/steps:1")).config


def test_verdict_is_chosen_by_contender_and_load(report):
    """By a load's label or its name; nothing of that name is a sentence."""
    found = report(trace(SAFE, SYNCING), trace(SAFE, SYNCING, name="postgres-grouped"))

    assert confirmed(found, contender="postgres-grouped").baseline.name == "postgres-grouped"
    assert confirmed(found, load="write-heavy").baseline.name == "postgres"
    with pytest.raises(UsageError, match="has no verdict that could be confirmed"):
        confirmed(found, contender="nginx")


def test_what_cannot_be_raised_is_said_of_each(report):
    """Nothing is run where nothing could come of it."""
    with pytest.raises(UsageError, match=f"nothing can be confirmed here: PostgreSQL under {SAFE}: nothing in it was the limit"):
        confirmed(report(trace(SAFE, QUIET)))


def test_verdict_of_a_cluster_is_not_tried_on_this_machine(report):
    """Another disk, other cores: what comes of it would say nothing of the run that it is named after."""
    here = report(trace(SAFE, SYNCING))
    there = here.model_copy(update={"circumstances": here.circumstances.model_copy(update={"place": "kubernetes"})})

    with pytest.raises(UsageError, match=r"was made in pods.* python -m pipelines run io-bottleneck"):
        confirmed(there)


def test_run_without_a_trace_says_why(report):
    """Not available where it was made: that is the reason."""
    none = ArmTrace(load=SAFE, name="postgres", title="PostgreSQL", planned=6, seen=0, reasons=("bpftrace is not installed",))

    with pytest.raises(UsageError, match="bpftrace is not installed"):
        confirmed(report(none))
