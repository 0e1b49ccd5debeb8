"""The image of the steps: what is in it, seen from what it is made of. `tests/cluster` looks into the image itself."""

import re
import tomllib
from pathlib import Path

import pytest

from phases.catalogue.gateways import GATEWAYS
from phases.catalogue.runtimes import RUNTIMES
from phases.catalogue.upstreams import UPSTREAM

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DOCKERFILE = (ROOT / "images" / "steps" / "Dockerfile").read_text()
STAND_INS = ROOT / "tests" / "cluster" / "images"


def pinned(name):
    return set(re.findall(r"^([a-z0-9-]+==[^ ;]+)", (ROOT / name).read_text(), re.MULTILINE))


def test_compiler_is_not_in_the_image_of_the_steps():
    """Neither Hera nor what only the command line needs: a step cannot make workflows."""
    names = {each.partition("==")[0] for each in pinned("requirements.steps.lock")}

    assert not names & {"hera", "click", "rich", "kubernetes", "pytest"}
    assert {"pydantic", "boto3", "uvloop", "matplotlib"} <= names


def test_steps_run_on_the_versions_that_everything_runs_on():
    """One version of each library in the whole project, declared once and repeated word for word."""
    assert pinned("requirements.steps.lock") <= pinned("requirements.lock")
    assert set(PROJECT["dependency-groups"]["steps"]) <= set(PROJECT["project"]["dependencies"])


def test_lock_names_no_index():
    """Where packages come from is the builder's setting."""
    assert "://" not in (ROOT / "requirements.steps.lock").read_text()


def test_steps_do_not_run_as_root():
    """The last user is a number, for Pod Security "restricted" cannot look a name up."""
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)

    assert users[-1] == "65532:65532"
    assert "--require-hashes" in DOCKERFILE


def test_every_runtime_has_a_stand_in_too():
    """The same reference and path, from what is built here."""
    found = {path.read_text().splitlines()[0].removeprefix("# image: "): path for path in STAND_INS.glob("runtime-*/Dockerfile")}

    assert set(found) == {each.image.reference for each in RUNTIMES if each.image}
    for runtime in RUNTIMES:
        if runtime.image:
            assert f'CMD ["{runtime.image.program}"' in found[runtime.image.reference].read_text()


@pytest.mark.parametrize("component", [*GATEWAYS, UPSTREAM], ids=lambda each: each.name)
def test_every_component_has_a_stand_in_for_clusters_without_a_registry(component):
    """The same reference, and the real program of the pinned wheel at the path that the entry names."""
    found = {
        path.read_text().splitlines()[0].removeprefix("# image: "): path.read_text() for path in STAND_INS.glob("*/Dockerfile")
    }
    text = found[component.image.reference]

    assert f"{component.process.program.wheel}=={component.version}" in text
    assert f" {component.image.program}" in text
