"""A run is relied on as it was sealed, and not at all otherwise."""

import json
import shutil

import pytest

from steps.errors import UsageError
from steps.sealed import InFolder, InStore, unseal
from tests.steps.sealed_runs import folder, objects


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A report's folder, as `report` leaves it; tests copy it before they spoil it."""
    return folder(tmp_path_factory.mktemp("whole") / "a-run", objects("a-run"))


@pytest.fixture
def copied(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "a-run")


def test_a_folder_and_the_store_hold_the_same_run(tmp_path, store):
    """CI compares what two jobs kept, a machine what its store has."""
    found = objects("a-run", cells=False)
    for key, content in found.items():
        store.put(f"runs/test-sealed/{key}", content)

    here, there = unseal(InFolder(folder(tmp_path / "a-run", found))), unseal(InStore(store, "runs/test-sealed"))

    assert here == there
    assert (here.name, here.report.verdict) == ("a-run", "Answered")


def test_a_deleted_repetition_is_found(copied):
    """Rule 14: no part of a run disappears."""
    (copied / "raw/cells/envoy-100rps-r3/outcome.json").unlink()

    with pytest.raises(UsageError, match=r"is not whole: cells/envoy-100rps-r3/outcome\.json is missing; it was there when"):
        unseal(InFolder(copied))


@pytest.mark.parametrize(
    "name", ["report.json", "raw/experiment.json", "raw/environment.json", "raw/cells/envoy-100rps-r3/outcome.json"]
)
def test_what_figures_come_from_must_be_as_sealed(copied, name):
    """One digit is enough."""
    path = copied / name
    path.write_text(path.read_text().replace("1", "2", 1))

    with pytest.raises(
        UsageError, match=rf"{name.removeprefix('raw/')} was changed: it is not what was sealed, so nothing is .*; `report RUN`"
    ):
        unseal(InFolder(copied))


def test_a_damaged_report_is_one_sentence(copied):
    """Rule 24: cut off, it is not what was sealed, and nobody reads zeros from it."""
    path = copied / "report.json"
    path.write_bytes(path.read_bytes()[:1000])

    with pytest.raises(UsageError, match=r"report/report\.json was changed"):
        unseal(InFolder(copied))


def test_a_report_that_was_never_sealed_is_refused(copied):
    """A seal of other things says nothing of it."""
    path = copied / "raw/seal-1.json"
    found = json.loads(path.read_text())
    del found["objects"]["report/report.json"]
    path.write_text(json.dumps(found))

    with pytest.raises(UsageError, match=r"report/report\.json was not sealed"):
        unseal(InFolder(copied))


def test_a_run_without_its_seal_is_refused(copied):
    """It may have been interrupted, or only its page was kept."""
    (copied / "raw/seal-1.json").unlink()

    with pytest.raises(UsageError, match=r"has no seal: it did not come to its report, or only a part of it was kept"):
        unseal(InFolder(copied))


def test_the_newest_seal_counts(copied):
    """A run that was finished later has a report and a seal for each part."""
    path = copied / "raw/seal-1.json"
    (copied / "raw/seal-10.json").write_text(path.read_text())
    path.write_text(path.read_text().replace('"plan.json": "', '"plan.json": "0'))

    assert unseal(InFolder(copied)).name == "a-run"


def test_another_schema_is_told_as_such():
    """Its figures may mean something else."""
    import hashlib

    found = objects("a-run")
    newer = json.dumps({**json.loads(found["report/report.json"]), "schema_version": 2}).encode()
    seal = json.loads(found["seal-1.json"])
    seal["objects"]["report/report.json"] = hashlib.sha256(newer).hexdigest()

    class InMemory:
        where = "run a-run"
        content = {**found, "report/report.json": newer, "seal-1.json": json.dumps(seal).encode()}

        def keys(self):
            return self.content.keys()

        def read(self, key):
            return self.content[key]

    with pytest.raises(UsageError, match=r"report/report\.json has schema version 2, and this lab reads 1"):
        unseal(InMemory())
