"""`extend`, and what it means for a run that broke off: with a real object store, and outcomes of our own making."""

import json

import pytest

from pipelines import pages
from steps import extend, provision
from steps.errors import MissingObject
from steps.model import CellOutcome, Environment, Measurement, Plan, Precision, digest
from steps.store import Store
from tests.lab import experiment

SUSPECT = "envoy-500rps-r2"


class Run:
    """A run of direct traffic and Envoy, in six rounds, whose cells come to what a test says."""

    def __init__(self, folder, store, **changes):
        self.folder, self.store = folder, store
        self.asked = experiment().model_copy(update=changes)
        self.name = f"extend-{abs(hash(folder)) % 10**9}"
        self.prefix = f"{self.asked.key}/{self.name}"

    def provision(self):
        """The cells to do, as `provision` plans them."""
        found = Environment(run=self.name, at="now", place="process", driver={}, node={}, cluster={})
        made, found = provision.begin(self.store, self.asked, run=self.name, found=found)
        self.store.put(f"{self.prefix}/experiment.json", self.asked.to_json())
        self.store.put(f"{self.prefix}/environment.json", found.to_json())
        return list(made.todo)

    def extend(self):
        """The cells that the verb adds."""
        extend.run(prefix=self.prefix, plan=self.folder / "plan")
        return json.loads((self.folder / "plan").read_text())

    def plan(self):
        return Plan.from_json(self.store.get(f"{self.prefix}/plan.json"), source="plan.json")

    def missing(self):
        """What the command line says that a retry would make."""
        return list(pages.missing(self.store, self.asked, self.name))

    def finish(self, cells, *, suspect=(), failed=()):
        """Leaves outcomes of cells."""
        for cell in map(self.plan().cell, cells):
            status = "suspect" if cell.id in suspect else "failed" if cell.id in failed else "ok"
            outcome = CellOutcome(
                run=self.name,
                cell=cell.id,
                contender=cell.contender,
                load=cell.load,
                repetition=cell.repetition,
                status=status,
                reasons=() if status == "ok" else ("suspect: generator: it was late",),
                measurements=(Measurement(metric="p50_ms", value=_p50_ms(cell)),),
                experiment_digest=digest(self.asked),
                environment_digest="sha256:0",
                at="now",
            )
            self.store.put(f"{self.prefix}/cells/{cell.id}/outcome.json", outcome.to_json())


def _p50_ms(cell):
    """Envoy is 10 % slower in every other round."""
    return 1.1 if cell.contender == "envoy" and cell.repetition % 2 else 1.0


@pytest.fixture
def run(tmp_path, store_environment, monkeypatch):
    """Begins a run, which may ask for a precision."""
    for name, value in store_environment.items():
        monkeypatch.setenv(name, value)
    return lambda **changes: Run(tmp_path, Store.from_environment(store_environment), **changes)


def test_nothing_to_add_is_an_empty_list_and_leaves_the_plan_alone(run):
    """The cells after it are then skipped."""
    made = run()
    made.finish(made.provision())
    before = made.plan()

    assert made.extend() == []
    assert made.plan() == before


def test_what_is_added_stands_in_the_plan_before_it_begins(run):
    """With its reason; the cells before it stay where they were."""
    made = run()
    first = made.provision()
    made.finish(first, suspect=[SUSPECT])

    added = made.extend()

    assert sorted(added) == ["direct-500rps-r7", "envoy-500rps-r7"]
    assert [cell.id for cell in made.plan().cells] == [*first, *added]
    assert made.plan().extensions[0].repeats == (SUSPECT,)


def test_a_step_whose_word_was_lost_says_it_again(run):
    """Its pod died after the plan was stored: the next attempt adds nothing, and names the same cells."""
    made = run(precision=Precision(half_width=0.001))
    made.finish(made.provision(), suspect=[SUSPECT])

    assert made.extend() == made.extend()
    assert len(made.plan().extensions) == 1


def test_cells_that_failed_are_not_handed_out_again(run):
    """They began, so they are no lost word; the run is Failed, and a further pass adds nothing."""
    made = run()
    made.finish(made.provision(), suspect=[SUSPECT])
    made.finish(made.extend(), failed=["envoy-500rps-r7"])

    assert made.extend() == []


def test_a_run_that_broke_off_among_added_cells_is_finished_and_repeats_no_cell_twice(run):
    """`retry` makes the added cells that are missing; after them nothing is added a second time."""
    made = run()
    made.finish(made.provision(), suspect=[SUSPECT])
    one, other = made.extend()
    made.finish([one])

    assert made.missing() == [other]
    assert made.provision() == [other]
    made.finish([other], suspect=[other])
    last = made.extend()
    assert sorted(last) == ["direct-500rps-r8", "envoy-500rps-r8"]  # what decides is lacking still, so once more
    made.finish(last, suspect=last)
    assert made.extend() == []
    assert len(made.plan().cells) == 16


def test_a_run_that_broke_off_before_its_extension_gets_it_from_retry(run):
    """Every planned cell is valid, and one is suspect: what is left to do is its repeat."""
    made = run()
    made.finish(made.provision(), suspect=[SUSPECT])

    assert sorted(made.missing()) == ["direct-500rps-r7", "envoy-500rps-r7"]
    assert sorted(made.provision()) == ["direct-500rps-r7", "envoy-500rps-r7"]
    assert made.plan().extensions[0].repeats == (SUSPECT,)


def test_a_run_at_the_end_of_its_budget_has_nothing_left_to_do(run):
    """It is over, though it is not precise."""
    made = run(precision=Precision(half_width=0.001, most_rounds=8))
    made.finish(made.provision())
    made.finish(made.extend())

    assert made.plan().rounds == 8
    assert made.extend() == made.missing() == []
    assert made.provision() == []


def test_an_unreadable_outcome_adds_nothing(run):
    """The run is Failed then, and says which object is damaged."""
    made = run()
    made.finish(made.provision(), suspect=[SUSPECT])
    made.store.put(f"{made.prefix}/cells/envoy-500rps-r1/outcome.json", "{")

    assert made.extend() == []


def test_without_a_plan_the_step_fails(run):
    """It names what is missing."""
    made = run()
    made.store.put(f"{made.prefix}/experiment.json", made.asked.to_json())

    with pytest.raises(MissingObject, match=r"plan\.json"):
        made.extend()
