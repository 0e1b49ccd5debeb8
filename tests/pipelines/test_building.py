"""What is said of programs that are built here: before a run, by `build`, and by `doctor`."""

import os

import pytest
from click.testing import CliRunner

from phases.catalogue.runtimes import DOTNET, GO
from phases.catalogue.watching import LOGS, LOKI
from phases.phase_10 import PHASE
from pipelines import building
from pipelines.__main__ import cli
from pipelines.local import doctor


@pytest.fixture
def bare_machine(monkeypatch, tmp_path):
    """No toolchain on PATH, and nothing built before."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("BENCHLAB_STATE", str(tmp_path / "state"))


def test_build_builds_what_is_named_and_then_has_nothing_to_do(bare_machine):
    """The second call finds everything built."""
    first, second = (CliRunner().invoke(cli, ["build", "python"]) for _ in range(2))

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.output.startswith("building images/runtimes/python …\n")
    assert second.output == "everything is built\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "cobol",
            "build: nothing called cobol is built here; there are go, rust, node, bun, python, dotnet, ",
        ),
        ("go", "build: there is no go here: install Go 1.25 or later (https://go.dev/dl)\n"),
    ],
)
def test_what_cannot_be_built_is_said_in_a_sentence(bare_machine, name, said):
    """A name that is none, and a program that was asked for by name without its toolchain."""
    found = CliRunner().invoke(cli, ["build", name])

    assert (found.exit_code != 0, found.output.startswith(said), found.output.count("\n")) == (True, True, 1)


@pytest.mark.slow
def test_doctor_says_how_to_get_what_a_run_can_go_without(bare_machine):
    """An optional contender that is not to be had is no fault; one that is still to be built is none either."""
    found = {each.what: each for each in doctor.findings()}

    assert (found["go"].fine, found["go"].optional) == (True, True)
    assert "– go" in doctor.as_text([found["go"]])
    assert "install Go 1.25 or later" in found["go"].said
    assert found["python"].said == "is built when a run needs it, or by: python -m pipelines build"


@pytest.fixture
def bare_cache(monkeypatch, tmp_path):
    """A Go that is never asked for anything, and nothing built before."""
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho go version go1.26.8 linux/amd64\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_what_takes_half_an_hour_is_a_row_until_somebody_builds_it(bare_cache, monkeypatch):
    """Neither a run nor `build` without a name begins it; both say how to get it, and so does doctor. An own program will do."""
    said = "Loki is not built yet, which takes half an hour on two cores: python -m pipelines build loki"
    monkeypatch.setattr(building, "make", lambda components: len(built.extend(each.name for each in components) or built))
    built: list[str] = []
    every = CliRunner().invoke(cli, ["build"])

    assert building._absent(LOGS).reason == said
    assert f"Loki is not available here: {said}\n" in every.output
    assert {"victoria-metrics", "loki", "jaeger"} & set(built) == {"victoria-metrics"}
    found = doctor._program(LOKI)
    assert (found.fine, found.optional, found.said) == (True, True, said)
    monkeypatch.setenv("BENCHLAB_LOKI", os.__file__)
    assert building.waits_for_a_hand(LOKI) is None


def test_own_program_needs_no_toolchain(bare_machine, monkeypatch):
    """BENCHLAB_GO takes the place of what would be built."""
    monkeypatch.setenv("BENCHLAB_GO", os.__file__)

    assert building._absent(GO) is None
    assert building._absent(DOTNET).reason.startswith("there is no dotnet here")


def test_contender_without_an_image_is_left_out_on_a_cluster():
    """What cannot run in a pod is a row there too."""
    experiment = building.in_pods(PHASE.experiments[0])

    assert [each.name for each in experiment.absent] == ["dotnet"]
    assert "dotnet" not in {arm.name for arm in experiment.arms}
