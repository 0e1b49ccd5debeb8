"""Each manifest comes to the node tree that real Argo made of it: names, ids, types, phases, messages, outputs, children."""

import json
from pathlib import Path

import pytest

from pipelines.local import read
from tests.pipelines.local import trees

GOLDEN = Path(__file__).parents[2] / "golden" / "argo"
# Steps that sleep until a deadline of some seconds ends them, and one that waits between attempts (test_walk: without waiting).
LONG = {"deadline", "timeout", "retry-backoff-recovers"}

# What is not alike, and why it is left so.
DIFFERENT = {
    "with-param-invalid": frozenset({"with-param-invalid.list.message"}),  # it ends in the words of Go's JSON reader
}


def case(name):
    return pytest.param(name, id=name, marks=pytest.mark.slow if name in LONG else ())


@pytest.mark.parametrize("name", [case(path.stem) for path in sorted(GOLDEN.glob("*.json"))])
def test_a_manifest_comes_to_the_tree_that_argo_made_of_it(name, begin, store):
    """The golden was recorded on a real controller; differences that stay have a reason above."""
    manifest = read.file(GOLDEN / f"{name}.yaml")
    golden = json.loads((GOLDEN / f"{name}.json").read_text())

    status = begin(manifest, store=store).execute()

    assert trees.differences(golden, status, but=DIFFERENT.get(name, frozenset())) == []


def test_every_golden_has_its_manifest():
    """A recording without its manifest would never be looked at."""
    assert {path.stem for path in GOLDEN.glob("*.json")} == {path.stem for path in GOLDEN.glob("*.yaml")}
