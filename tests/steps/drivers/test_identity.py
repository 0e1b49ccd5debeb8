"""Before and after a load: what runs is what was rendered, or the cell says what differs."""

import asyncio
from pathlib import Path

import pytest

from phases.catalogue.gateways import GATEWAYS
from steps.drivers import identity
from steps.model import Running, digest
from steps.running import describe
from tests.lab import experiment

RENDERED = Running(component="envoy", instance="7 100", argv=("/bin/envoy", "--config", "c"), config_digest="sha256:1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, None),
        ({"argv": ("nginx: master process /bin/envoy --config c",)}, None),
        ({"argv": ("/usr/bin/python", "/bin/envoy", "--config", "c")}, None),
        ({"ready_ms": 12.0}, None),
        ({"instance": None}, "it has ended"),
        ({"instance": "8 120"}, "it was started anew"),
        ({"config_digest": "sha256:2"}, "its configuration is sha256:2, rendered was sha256:1"),
        ({"argv": ("/bin/envoy", "--config", "d")}, "it runs as '/bin/envoy --config d', rendered was '/bin/envoy --config c'"),
    ],
    ids=["same", "title", "interpreter", "moment", "ended", "restarted", "configuration", "words"],
)
def test_difference_is_told(change, said):
    """Each kind of difference has its sentence; a title that a program writes over its words is none."""
    assert identity.unlike(RENDERED, RENDERED.model_copy(update=change)) == said


def case(gateway):
    """In each tier one gateway's: that each runs as it was rendered is looked at where each is deployed (test_gateways)."""
    return pytest.param(gateway, id=gateway.name, marks=() if gateway.name == "nginx" else pytest.mark.slow)


@pytest.mark.parametrize("gateway", [case(each) for each in GATEWAYS])
def test_every_gateway_runs_as_it_was_rendered(lab, gateway):
    """Asked of the real process: its words, its configuration file, its start."""
    lab.asked = experiment((gateway,))
    cell = f"{gateway.name}-500rps-r1"
    where = lab.deploy(cell)

    assert set(where.rendered) == {"upstream", gateway.name}
    assert asyncio.run(identity.difference(where, "before")) is None

    config = lab.state.cell(lab.run, cell) / gateway.name / gateway.config
    config.write_text(config.read_text() + "\n")
    said = asyncio.run(identity.difference(where, "before"))

    assert said.startswith(f"before the load, {gateway.name} is not what was deployed: its configuration is sha256:")
    lab.teardown(cell)


def test_component_that_is_away_is_told(lab):
    """A keeper that does not answer says nothing of its component, and that is the reason."""
    where = lab.deploy("envoy-500rps-r1")
    lab.teardown("envoy-500rps-r1")

    said = asyncio.run(identity.difference(where, "after"))

    assert said.startswith("after the load, upstream is not what was deployed: its keeper: ")


def test_component_is_loaded_once(lab):
    """A load pod that takes the place of a lost one finds a component that is not fresh any more."""
    where = lab.deploy("envoy-500rps-r1")

    first, second = (asyncio.run(identity.sent_before(where)) for _ in range(2))

    assert first is None
    assert second.startswith("upstream has been loaded before: ")
    lab.teardown("envoy-500rps-r1")
    assert "the keeper of upstream was not there" in asyncio.run(identity.sent_before(where))


def test_keepers_digest_is_that_of_the_vocabulary(tmp_path):
    """The keeper imports no pydantic and makes the same digest of a text all the same."""
    text = 'listen "é" \\ \t$;\n'
    path = Path(tmp_path / "config")
    path.write_text(text)

    assert describe(None, component="x", config=path)["config_digest"] == digest(text)
    assert describe(None, component="x", config=tmp_path / "away")["config_digest"] is None
