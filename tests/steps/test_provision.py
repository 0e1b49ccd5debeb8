"""`provision`: what a run is begun with, and what it is gone on with."""

import json

import pytest

from steps import provision
from steps.errors import StoreError, UsageError
from steps.model import CellOutcome, Environment, Experiment, Plan, digest
from steps.store import Store
from tests.lab import experiment


@pytest.fixture
def begun(tmp_path, store_environment, monkeypatch):
    """Provisions a run of a preview with one contender; what it wrote is beside the test."""
    for name, value in store_environment.items():
        monkeypatch.setenv(name, value)
    asked = experiment().as_preview()
    return Begun(tmp_path, asked, Store.from_environment(store_environment))


class Begun:
    def __init__(self, folder, asked, store):
        self.folder, self.asked, self.store = folder, asked, store
        self.name = f"provision-{abs(hash(folder)) % 10**9}"
        self.prefix = f"{asked.key}/{self.name}"

    def provision(self, asked=None, **node):
        """The cells to do. node: what is different of the machine."""
        found = Environment(run=self.name, at="now", place="process", driver={}, node={"kernel": "6.1", **node}, cluster={})
        made, found = provision.begin(self.store, asked or self.asked, run=self.name, found=found)
        # As the executor does after the step.
        self.store.put(f"{self.prefix}/experiment.json", (asked or self.asked).to_json())
        self.store.put(f"{self.prefix}/environment.json", found.to_json())
        return list(made.todo)

    def whole(self):
        """The verb itself, with a calibration and a look at every program."""
        (self.folder / "asked.json").write_text(self.asked.to_json())
        paths = {name: self.folder / name for name in ("stored", "plan", "environment")}
        provision.run(run=self.name, experiment=self.folder / "asked.json", **paths)
        return json.loads(paths["plan"].read_text())

    def plan(self):
        return Plan.from_json(self.store.get(f"{self.prefix}/plan.json"), source="plan.json")

    def finish(self, cell, *, status="ok"):
        """Leaves an outcome of a cell, and a file beside it."""
        planned = self.plan().cell(cell)
        outcome = CellOutcome(
            run=self.name,
            cell=cell,
            contender=planned.contender,
            load=planned.load,
            repetition=planned.repetition,
            status=status,
            reasons=() if status == "ok" else ("it was not well",),
            experiment_digest=digest(self.asked),
            environment_digest="sha256:0",
            at="2026-11-23T00:00:00.000Z",
        )
        self.store.put(f"{self.prefix}/cells/{cell}/outcome.json", outcome.to_json())
        self.store.put(f"{self.prefix}/cells/{cell}/load/load.json", "{}")


def test_a_run_begins_with_the_whole_matrix(begun):
    """Every cell is planned once, in rounds, and the place is recorded with the driver's calibration."""
    todo = begun.whole()

    environment = Environment.from_json((begun.folder / "environment").read_bytes(), source="environment")
    assert sorted(todo) == sorted(f"{arm}-500rps-r{n}" for arm in ("direct", "envoy") for n in (1, 2, 3))
    assert todo == list(begun.plan().todo)
    assert environment.calibration is not None
    assert environment.node
    assert not begun.store.exists(f"{begun.prefix}/probe")
    assert Experiment.from_json((begun.folder / "stored").read_bytes(), source="stored") == begun.asked


def test_a_second_part_keeps_the_order_and_makes_what_is_missing(begun):
    """A run that is gone on with has the recorded order, and only the cells without a valid outcome."""
    first = begun.provision()
    begun.finish(first[0])
    begun.finish(first[1], status="suspect")
    begun.finish(first[2], status="failed")

    second = begun.provision()

    assert second == first[2:]
    assert [cell.id for cell in begun.plan().cells] == first


def test_what_a_failed_attempt_left_is_set_aside_not_lost(begun):
    """No file of an earlier attempt can be taken for one of the next, and none is thrown away."""
    first = begun.provision()
    begun.finish(first[0], status="failed")

    begun.provision()
    begun.finish(first[0], status="failed")
    begun.provision()

    kept = sorted(
        key.removeprefix(f"{begun.prefix}/cells/{first[0]}/") for key in begun.store.list(f"{begun.prefix}/cells/{first[0]}/")
    )
    assert kept == [f"earlier/{n}/{name}" for n in (1, 2) for name in ("load/load.json", "outcome.json")]


def test_a_run_with_nothing_left_to_do_keeps_what_it_has(begun):
    """In a phase that is finished later, and where only the report got lost: no cell is made anew, and no outcome is touched."""
    for cell in begun.provision():
        begun.finish(cell)
    kept = list(begun.store.list(f"{begun.prefix}/cells/"))

    assert begun.provision() == []
    assert list(begun.store.list(f"{begun.prefix}/cells/")) == kept


def test_another_definition_cannot_go_on_with_a_run(begun):
    """Figures of two definitions are not put in one table."""
    begun.provision()

    with pytest.raises(UsageError, match="begun with another definition of gateway-comparison: start a new run"):
        begun.provision(begun.asked.model_copy(update={"repetitions": 2}))


def test_other_circumstances_cannot_go_on_with_a_run(begun):
    """Figures of two machines are not put in one table; what differs is named."""
    begun.provision()

    with pytest.raises(UsageError, match=r"node\.kernel was 6\.1 and is 5\.4\): start a new run"):
        begun.provision(kernel="5.4")


def test_a_store_with_wrong_credentials_is_named(begun, monkeypatch):
    """A refused secret is one sentence that names what to check."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")

    with pytest.raises(StoreError, match="check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        begun.whole()
