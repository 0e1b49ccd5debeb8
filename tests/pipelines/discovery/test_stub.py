"""A stub of a real candidate compiles, lints, applies as a patch, and says what a person must fill in."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from phases.discovery import DISCOVERY
from pipelines.discovery import documents, stored, stub
from steps.discover import scoring
from steps.discover.records import Findings
from steps.errors import UsageError
from tests.steps.discover.snapshots_of_2026 import MONTH_BEFORE, NOW, compared, entries

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def scores():
    found = scoring.of_landscape(entries(NOW), DISCOVERY.model_copy(update={"coverage": documents.coverage()}))
    return {score.name: score for score in found}


@pytest.mark.parametrize("name", ["Multigres", "BunkerWeb", "Membrane", "KubeElasti"])
def test_stub_compiles_and_lints(scores, name):
    """With the rivals that the lab has of the category."""
    made = stub.of(scores[name])
    stub.check(made)

    assert made.module.count(stub.MARK) >= 5
    assert ("ENVOY" in made.module) == (name == "BunkerWeb")
    assert ("SqlLoad" in made.module) == ("baseline=POSTGRES" in made.module) == (name == "Multigres")


def test_patch_applies_and_lints_in_a_copy_of_the_lab(scores, tmp_path):
    """`git apply` takes it, and the module it brings is one of the catalogue's."""
    for room in ("phases", "steps", "pipelines"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=stub.patch(stub.of(scores["Multigres"])), text=True, check=True)

    script = "from phases.catalogue.multigres import EXPERIMENT; print(EXPERIMENT.name)"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "multigres-comparison\n"
    assert (tmp_path / "phases" / "configs" / "multigres.conf").exists()


def test_words_from_outside_stay_words(scores):
    """A name with quotes, braces and a newline neither breaks the module nor runs in it."""
    evil = scores["Multigres"].model_copy(update={"name": 'X"""\nimport os {{a}} $(b) \\', "category": 'A" / B'})

    stub.check(stub.of(evil))


def test_what_the_lab_has_needs_no_stub(scores):
    """It is in the catalogue."""
    with pytest.raises(UsageError, match="the lab has Envoy already: envoy"):
        stub.of(scores["Envoy"])


def test_candidate_is_found_by_name_or_repository(scores):
    """And a name that is none is answered with those near."""
    found = Findings(
        cadence="weekly", date="2026-08-07", diff=compared(MONTH_BEFORE, NOW), scores=tuple(scores.values()), verdicts=()
    )

    with pytest.raises(UsageError, match="did you mean Multigres"):
        stored.candidate(found, "Multigre")
