"""Every gateway of the catalogue, for real: deployed, asked, torn down."""

import asyncio
import socket

import pytest

from phases.catalogue.gateways import DIRECT, GATEWAYS
from phases.catalogue.upstreams import PRODUCT_JSON
from steps.drivers import identity
from steps.model import DeployedComponent
from steps.places import ports
from steps.places.attempt import Attempt
from steps.places.base import Deployed, Job
from steps.places.lodging import Lodging
from steps.places.process import ProcessPlace, find_program
from steps.places.readiness import PortTaken
from tests.lab import experiment, get, port_of, usage


@pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda gateway: gateway.name)
def test_gateway_answers_as_its_upstream_and_leaves_nothing(lab, gateway):
    """Each gateway hands on the upstream's body byte for byte; after teardown there is no process, port or folder of it."""
    lab.asked = experiment((gateway,))
    cell = f"{gateway.name}-500rps-r1"

    endpoints = lab.deploy(cell)
    body = get(f"{endpoints.target}/json")
    used = usage(endpoints, gateway.name)
    unlike = asyncio.run(identity.difference(endpoints, "after"))
    record = lab.teardown(cell)

    assert body == PRODUCT_JSON.encode()
    assert list(endpoints.keepers) == ["upstream", gateway.name]
    assert (set(endpoints.rendered), unlike) == ({"upstream", gateway.name}, None)
    assert (used.running, used.memory_kind, used.memory_mib > 1, used.cpu_s > 0) == (True, "pss", True, True)
    assert [each.name for each in lab.deployed().components] == ["upstream", gateway.name]
    assert all(each.version.count(".") > 1 and each.ready_ms > 0 for each in lab.deployed().components)
    assert (record.left, record.unclosed, lab.processes(), lab.ledger()) == ((), (), [], [])
    assert ports.listeners([port_of(url) for url in (endpoints.target, *endpoints.keepers.values())]) == {}
    assert not lab.state.cell(lab.run, cell).exists()
    assert all(entry.closed_at and entry.proof for entry in lab.stored(cell))
    assert len(lab.stored(cell)) == 2
    assert {path.name for path in lab.logs.iterdir()} >= {f"{gateway.name}.conf", "upstream.conf"}


def test_direct_path_is_the_upstream_itself(lab):
    """The baseline has no program of its own: the load goes to what stands around."""
    endpoints = lab.deploy(f"{DIRECT.name}-500rps-r1")

    assert get(f"{endpoints.target}/json") == PRODUCT_JSON.encode()
    assert list(endpoints.keepers) == ["upstream"]


@pytest.mark.slow
@pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda gateway: gateway.name)
def test_taken_port_is_told_apart_from_other_failures(lab, gateway):
    """Whatever words a gateway has for a port that is another's, they lead to another try on another port."""
    lab.asked = experiment((gateway,))
    program = find_program(gateway, {})
    folder = lab.state.cell(lab.run, f"{gateway.name}-500rps-r1") / gateway.name
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        attempt = Attempt(
            component=gateway,
            program=program,
            job=Job(run=lab.run, cell=f"{gateway.name}-500rps-r1", experiment=lab.asked),
            number=1,
            folder=folder,
            lock=lab.state.lock,
            ports={"http": stranger.getsockname()[1]},
            beside={"upstream": UPSTREAM_SOMEWHERE},
            environment=lab.environment,
            cpus=None,
            lodging=Lodging.of(gateway, folder=folder, program=program.path),
        )

        with pytest.raises(PortTaken):
            attempt.deploy(ProcessPlace(lab.environment).ledger(lab.run, prefix=lab.prefix))


UPSTREAM_SOMEWHERE = Deployed(
    record=DeployedComponent(name="upstream", program="", version="", argv=(), config_digest=None, ready_ms=1),
    host="127.0.0.1",
    ports={"http": 9},
    keeper="",
)
