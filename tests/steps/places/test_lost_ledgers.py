"""Which entries the sweeper strikes off in the store: of runs that are lost and gone, and only what no report has sealed."""

import secrets

import pytest

from steps.model import LedgerEntry, RunVerdict, now
from steps.places import lost_ledgers
from steps.seal import seal

COMPLETED = "workflows.argoproj.io/completed"


class Cluster:
    """What the API lists in a namespace."""

    namespace = "lab"

    def __init__(self, run, **labels):
        self.over = [self.workflow(run, **labels)]
        self.under_way = []
        self.things = []

    def workflow(self, run, *, experiments=(), **labels):
        given = {"benchlab.dev/run": run, "benchlab.dev/phase": "phase-0", **labels}
        parameters = [{"name": f"experiment-{each}"} for each in experiments]
        return {"metadata": {"name": run, "labels": given}, "spec": {"arguments": {"parameters": parameters}}}

    def list(self, kind, *, selector):
        if kind == "Workflow":
            return self.under_way if f"{COMPLETED}!=true" in selector else self.over
        return self.things if kind == "Pod" else []


OF_ONE = {"benchlab.dev/experiment": "trial"}


@pytest.fixture
def run():
    return f"lost-{secrets.token_hex(3)}"


def opened(store, run, entry, *, experiment="trial"):
    """An open entry of a run, as the store has it."""
    key = f"runs/phase-0/{experiment}/{run}/ledger/{entry}.json"
    store.put(key, LedgerEntry(id=entry, run=run, cell=None, kind="object", what=entry, opened_at=now()).to_json())
    return lambda: LedgerEntry.from_json(store.get(key), source=key)


def test_open_entries_of_a_run_that_is_over_and_gone_are_closed_once(store, run):
    """They get a proof; a second sweep finds nothing to do."""
    cluster, read = Cluster(run, **OF_ONE), opened(store, run, "echo")

    assert lost_ledgers.close(cluster, store) == [f"echo, of run {run}"]
    assert read().proof == f"swept: no Deployment, Service, ConfigMap, Pod of run {run} in namespace lab"
    assert lost_ledgers.close(cluster, store) == []


def test_every_experiment_of_a_phase_is_looked_at(store, run):
    """A phase's Workflow has a run of each."""
    read = [opened(store, run, "echo", experiment=each) for each in ("one", "other")]

    assert len(lost_ledgers.close(Cluster(run, experiments=("one", "other")), store)) == 2
    assert all(each().closed_at for each in read)


def test_a_run_of_which_something_is_there_keeps_its_entries_open(store, run):
    """What was not removed has not been seen to be gone."""
    cluster, read = Cluster(run, **OF_ONE), opened(store, run, "echo")
    cluster.things = [{"metadata": {"name": "echo", "labels": {"benchlab.dev/run": run}}}]

    assert lost_ledgers.close(cluster, store) == []
    assert read().closed_at is None


def test_a_run_that_is_being_finished_keeps_its_entries_open(store, run):
    """Another Workflow carries it on."""
    cluster, read = Cluster(run, **OF_ONE), opened(store, run, "echo")
    cluster.under_way = [cluster.workflow(run)]

    assert lost_ledgers.close(cluster, store) == []
    assert read().closed_at is None


def test_what_a_report_has_sealed_stays_as_it_was(store, run):
    """An entry that was open when the run was sealed is evidence; one that was opened later is not."""
    cluster, sealed = Cluster(run, **OF_ONE), opened(store, run, "sealed")
    prefix = f"runs/phase-0/trial/{run}"
    content = {"ledger/sealed.json": store.get(f"{prefix}/ledger/sealed.json")}
    store.put(f"{prefix}/seal-1.json", seal(content, run=run, verdict=RunVerdict.FAILED).to_json())
    later = opened(store, run, "later")

    assert lost_ledgers.close(cluster, store) == [f"later, of run {run}"]
    assert (sealed().closed_at, bool(later().closed_at)) == (None, True)
