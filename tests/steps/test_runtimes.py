"""Every runtime of the catalogue, for real: built, deployed, asked on each path, torn down."""

import asyncio
import json
import re
import shutil
import urllib.error

import pytest

from phases.catalogue.databases import POSTGRES
from phases.catalogue.runtimes import BUN, COMPUTED_JSON, DOTNET, GO, PYTHON, RUNTIMES, RUST
from phases.catalogue.upstreams import PRODUCT_JSON
from phases.phase_10 import PHASE
from pipelines import building as preparing
from steps import load
from steps.drivers.connection import Client, Target
from steps.drivers.http import content_of
from steps.errors import MeasureError, PlaceError, Unavailable
from steps.evidence import read
from steps.model import RunVerdict
from steps.page.render import render
from steps.places import building
from steps.places.builds import IMAGES
from steps.places.programs import builds_of, check
from steps.statistics.findings import report_of
from tests.lab import CONFIGS, get
from tests.steps.simulated import RUN, Nature, Story, simulate

# What is only copied is there at once; the others fetch libraries and compile.
EACH = [pytest.param(each, id=each.name, marks=() if each is BUN else pytest.mark.slow) for each in RUNTIMES]


def experiment(*arms, **changes):
    """runtime-benchmark with few arms, for a second each."""
    whole = next(each for each in PHASE.experiments if each.name == "runtime-benchmark")
    loads = tuple(each.model_copy(update={"warmup_s": 0.2, "duration_s": 1.0}) for each in whole.loads)
    update = {"baseline": arms[0], "contenders": arms[1:], "hypotheses": (), "loads": loads, "phase": PHASE.id}
    return whole.model_copy(update=update | {"configs": {POSTGRES.config: (CONFIGS / POSTGRES.config).read_text()}} | changes)


def alone(runtime):
    """The runtime without a database."""
    process = runtime.process.model_copy(update={"env": {**runtime.process.env, "DATABASE_URL": ""}})
    return runtime.model_copy(update={"process": process})


def built(lab, component):
    """Builds a component as a run would; skips the test where that cannot be done."""
    try:
        check(component, lab.environment)
    except Unavailable as error:
        pytest.skip(str(error))
    for build in builds_of(component, lab.environment):
        building.make(build, lab.environment)


@pytest.mark.parametrize("runtime", EACH)
def test_runtime_without_a_database_says_so(lab, runtime):
    """503 where none is configured, and the other paths as ever."""
    built(lab, runtime)
    lab.asked = experiment(alone(runtime), PYTHON if runtime is not PYTHON else BUN, around=())
    endpoints = lab.deploy(f"{runtime.name}-json-300rps-r1")

    with pytest.raises(urllib.error.HTTPError, match="503") as refused:
        get(f"{endpoints.target}/database")
    assert refused.value.read().strip() == b"no database is configured"
    assert get(f"{endpoints.target}/json") == PRODUCT_JSON.encode()


@pytest.mark.parametrize("runtime", EACH)
def test_runtime_answers_every_load_byte_for_byte(lab, runtime):
    """The same bytes from each of them on every path, with the row from a real database."""
    built(lab, runtime)
    lab.asked = experiment(runtime, PYTHON if runtime is not PYTHON else BUN)
    cell = f"{runtime.name}-json-300rps-r1"

    endpoints = lab.deploy(cell)
    answers = {each.label: ask(endpoints.target, each) for each in lab.asked.loads}
    record = lab.teardown(cell)

    assert answers == {each.label: (200, each.expect.encode()) for each in lab.asked.loads}
    assert re.search(r"\d+\.\d+", lab.deployed().components[-1].version)
    assert ("size on disk: " in lab.deployed().components[-1].version) == (runtime is not PYTHON)  # which starts from a script
    assert (record.left, lab.processes()) == ((), [])


def ask(url, asked):
    """What comes back for a load's request, through the driver's own client."""

    async def answer():
        client = Client(url)
        found = await client.ask(content_of(asked, Target.of(url)), within_s=5)
        client.close()
        return found.status, found.body

    return asyncio.run(answer())


def test_runtime_with_a_wrong_answer_fails_its_cell(lab, tmp_path):
    """A runtime that counts one prime too few is not measured, and the record says what it said."""
    shutil.copytree(IMAGES / "runtimes" / "bun", tmp_path / "images" / "runtimes" / "bun")
    server = tmp_path / "images" / "runtimes" / "bun" / "server.js"
    server.write_text(server.read_text().replace("let found = 0", "let found = -1"))
    lab.environment |= {"BENCHLAB_IMAGES": str(tmp_path / "images"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    built(lab, BUN)
    lab.asked = experiment(alone(BUN), PYTHON, around=())
    cell = f"{BUN.name}-compute-300rps-r1"
    endpoints = lab.deploy(cell)

    with pytest.raises(MeasureError, match=r"wrong answer before the load from .*/compute: .*'2\}' instead of '3\}'"):
        load.run(
            run=lab.run,
            cell=cell,
            experiment=lab.folder / "experiment.json",
            endpoints=endpoints.to_json(),
            folder=tmp_path / "load",
        )
    assert json.loads((tmp_path / "load" / "load.json").read_text())["counts"] is None


@pytest.fixture
def bare_machine(monkeypatch, tmp_path):
    """No toolchain on PATH, and nothing built before."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("BENCHLAB_STATE", str(tmp_path / "state"))


def test_runtime_without_its_toolchain_is_a_row_and_no_cell(bare_machine, capsys):
    """Who is not to be had stays on the page with the way to get it; the first of the others is the baseline then."""
    asked = experiment(
        GO, RUST, PYTHON, GO.model_copy(update={"name": "python-again", "optional": False, "process": PYTHON.process})
    )

    here = preparing.prepared(asked.model_copy(update={"loads": asked.loads[:2], "quick_loads": ()}))
    story = Story(natures={name: Nature(0.5, 0.2) for name in ("python", "python-again")})
    found = report_of(read(simulate(here, story), run=RUN, prefix=f"{here.key}/{RUN}", status="Succeeded", failures="null"))
    page = render(found)

    assert [each.name for each in here.arms] == ["python", "python-again"]
    assert {cell.contender for cell in found.cells} == {"python", "python-again"}
    assert found.verdict is RunVerdict.ANSWERED
    assert page.count("not available here: there is no go here: install Go 1.25 or later") == 2  # a table for each load
    assert "Rust is not available here: there is no cargo here: install Rust" in capsys.readouterr().out


def test_nothing_is_compared_where_nothing_is_to_be_had(bare_machine):
    """A run of one contender, or of none, would succeed on nothing."""
    with pytest.raises(PlaceError, match="too few of its contenders are available here to compare anything; there is no go here"):
        preparing.prepared(experiment(GO, RUST, DOTNET, PYTHON))


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda each: each.name)
def test_runtime_has_what_an_image_is_made_from(runtime):
    """A Dockerfile that ends as no root and gives the image the name by which a pod asks for it."""
    text = (IMAGES / "runtimes" / runtime.name / "Dockerfile").read_text()

    assert re.findall(r"^USER (\S+)", text, re.MULTILINE)[-1] == "65532:65532"
    assert text.startswith(f"# image: benchlab.local/runtime-{runtime.name}:content\n")
    assert runtime.image is None or runtime.image.reference == text.splitlines()[0].removeprefix("# image: ")
    bases = [base for base in re.findall(r"^FROM (\S+)", text, re.MULTILINE) if "distroless" not in base]
    assert all(re.search(r":[\w.-]*\d", base) for base in bases)


def test_locks_name_no_address():
    """Where packages come from is the builder's setting."""
    lock = (IMAGES / "runtimes" / "node" / "package-lock.json").read_text()

    assert "resolved" not in lock
    packages = [each for name, each in json.loads(lock)["packages"].items() if name]
    assert all(each["integrity"].startswith("sha512-") for each in packages)
    assert "://" not in (IMAGES / "runtimes" / "python" / "requirements.txt").read_text()


def test_what_is_answered_is_what_was_computed():
    """The expected bodies, made anew."""
    primes = sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(2, 2000))

    assert json.loads(COMPUTED_JSON) == {"below": 2000, "primes": primes}
    assert json.dumps(json.loads(PRODUCT_JSON), separators=(",", ":")) == PRODUCT_JSON
