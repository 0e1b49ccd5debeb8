"""The contract that every component of the catalogue keeps; a new one is covered by being listed."""

import importlib.metadata
import json
import re
from pathlib import Path

import pytest

from phases.catalogue.brokers import BROKERS
from phases.catalogue.databases import DATABASES, POSTGRES
from phases.catalogue.embedded import EMBEDDED
from phases.catalogue.gateways import DIRECT, GATEWAYS
from phases.catalogue.meshes import LAYERS as MESH_LAYERS
from phases.catalogue.stack import LAYERS
from phases.catalogue.upstreams import PRODUCT_JSON, UPSTREAM
from phases.catalogue.watching import WATCHED
from phases.index import PHASES
from steps.model import Component
from steps.model.durability import CLASSES
from steps.places.templates import placeholders

CONFIGS = Path(__file__).parent.parent.parent / "phases" / "configs"
CLIENTS = CONFIGS.parent.parent / "steps" / "drivers"
PROGRAMS = (*GATEWAYS, UPSTREAM)
EVERY = (DIRECT, *PROGRAMS, *DATABASES, *EMBEDDED, *BROKERS)
OWN = {"program", "config", "folder", "host", "workers", "port"}


def by_name(component):
    return component.name


def texts(component):
    """Everything of a component that may carry placeholders."""
    process = component.process
    return [*process.argv, *process.env.values(), (CONFIGS / component.config).read_text() if component.config else ""]


def test_names_are_unique():
    """A name is the identity of a contender in ids, keys and report columns."""
    assert len({each.name for each in EVERY}) == len(EVERY)


@pytest.mark.parametrize("component", PROGRAMS, ids=by_name)
def test_pinned_version_is_the_installed_one(component):
    """The version in the entry is that of the wheel, which requirements.lock pins."""
    wheel = component.process.program.wheel

    assert importlib.metadata.version(wheel) == component.version
    assert f"{wheel}=={component.version};" in (CONFIGS.parent.parent / "pyproject.toml").read_text()


@pytest.mark.parametrize("component", PROGRAMS, ids=by_name)
def test_component_runs_somewhere_and_says_when_it_is_ready(component):
    """At least one place, a ready check, an answer in bounded time."""
    assert component.process is not None
    assert component.ready is not None
    assert component.ready.within_s <= 60


@pytest.mark.parametrize("component", PROGRAMS, ids=by_name)
def test_template_asks_only_for_what_there_is(component):
    """Placeholders are the place's, the component's settings, or those of the upstream that every gateway stands before."""
    beside = set() if component is UPSTREAM else {"upstream.host", "upstream.port"}
    known = OWN | beside | set(component.settings) | {f"port.{port.name}" for port in component.ports}
    asked = set().union(*map(placeholders, texts(component)))

    assert asked <= known
    assert {"host", "port", "config"} | beside <= asked
    assert "workers" in asked


@pytest.mark.parametrize("component", EVERY, ids=by_name)
def test_entry_survives_its_journey(component):
    """An entry crosses into a container as JSON, whole, and holds nothing that Argo would take for a tag."""
    assert Component.model_validate_json(component.model_dump_json()) == component
    assert "{{" not in component.model_dump_json()


@pytest.mark.parametrize("asked", [each for phase in PHASES for each in phase.experiments], ids=lambda each: each.name)
def test_experiment_survives_the_short_way(asked):
    """What is as it is by default need not travel, but for what tells sorts of loads apart."""
    text = asked.to_short_json()

    assert type(asked).from_json(text, source=asked.name) == asked
    assert len(text) < 0.9 * len(asked.model_dump_json())


@pytest.mark.parametrize("path", sorted(CONFIGS.iterdir()), ids=lambda path: path.name)
def test_template_belongs_to_a_component_and_suits_argo(path):
    """Each file is used, and no file holds `{{`."""
    layered = (part for arm in (*LAYERS, *MESH_LAYERS, *WATCHED) for part in arm.parts)
    assert path.name in {each.config for each in (*EVERY, *layered)}
    assert "{{" not in path.read_text()


@pytest.mark.parametrize("component", [DIRECT, *GATEWAYS], ids=by_name)
def test_contender_says_what_makes_it_alike(component):
    """Every contender has its row in the parity table."""
    assert component.parity is not None
    assert all(component.parity.model_dump(exclude={"more"}).values())


def test_upstream_sends_what_the_load_expects():
    """One constant, half a kilobyte of JSON that an nginx string can hold as it is."""
    assert UPSTREAM.settings["body"] == PRODUCT_JSON
    assert len(PRODUCT_JSON.encode()) == 512
    assert json.loads(PRODUCT_JSON)["in_stock"] is True
    assert not set("'$\\\n") & set(PRODUCT_JSON)
    assert all(load.expect == PRODUCT_JSON for load in PHASES[0].experiments[0].loads)


@pytest.mark.parametrize("component", GATEWAYS, ids=by_name)
def test_upstream_keep_alive_is_set_alike(component):
    """64 idle connections for 60 s wherever a product lets one say so; Envoy has no limit of their number."""
    text = (CONFIGS / component.config).read_text()

    assert "60s" in text
    assert ("64" in text) == (component.name != "envoy")


def test_database_of_a_wheel_is_the_pinned_one():
    """The wheel's version begins with the program's, and is pinned; skipped where it is not installed."""
    wheel = POSTGRES.process.program.wheel
    try:
        version = importlib.metadata.version(wheel)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{wheel} is not installed here")

    assert version.startswith(f"{POSTGRES.version}.")
    assert f"{wheel}=={version};" in (CONFIGS.parent.parent / "pyproject.toml").read_text()


@pytest.mark.parametrize("component", DATABASES, ids=by_name)
def test_database_asks_only_for_what_there_is(component):
    """Its preparation too; and it is reached by the load at an address and a port that it is given."""
    known = OWN | {"bin"} | set(component.settings)
    asked = set().union(*map(placeholders, (*texts(component), *(word for words in component.process.prepare for word in words))))

    assert asked <= known
    assert {"host", "port", "config", "folder", "schema"} <= asked


@pytest.mark.parametrize("component", BROKERS, ids=by_name)
def test_broker_asks_only_for_what_there_is(component):
    """In every class that it has; and it has a client and an image, and says how each class is set up or why it is lacking."""
    process = component.process
    known = OWN | {"bin", "reached"} | {f"port.{port.name}" for port in component.ports}
    asked = set().union(*map(placeholders, (*texts(component), *(word for words in process.prepare for word in words))))

    assert component.image is not None
    assert (CLIENTS / f"broker_{component.speaks}.py").is_file()
    assert tuple(component.classes) == CLASSES
    assert {"host", "port"} <= asked
    for durability in CLASSES:
        if component.lacks(durability) is None:
            assert asked <= known | set(component.keeping(durability).settings), durability


def test_broker_of_a_wheel_is_the_pinned_one():
    """The wheel's version begins with the program's, and is pinned."""
    for component in BROKERS:
        if (wheel := component.process.program.wheel) is not None:
            assert re.search(
                rf"{wheel}=={re.escape(component.version)}[.\w]*;", (CONFIGS.parent.parent / "pyproject.toml").read_text()
            )
