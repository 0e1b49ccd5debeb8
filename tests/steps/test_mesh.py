"""A chain with real sidecars: who gets in, what becomes of a request while certificates are exchanged, and what is left."""

from __future__ import annotations

import re

import pytest

from phases.catalogue.meshes import MTLS_MESH
from phases.catalogue.upstreams import PRODUCT_JSON
from phases.phase_10_mesh import EXPERIMENTS
from steps import load
from steps.errors import MeasureError
from steps.model import LoadRecord
from tests.lab import get, port_of, whole
from tests.steps.test_mtls import call, written

(MESH,) = EXPERIMENTS
pytestmark = pytest.mark.slow


@pytest.fixture
def mesh(lab):
    """The experiment as it travels, with the service built; skips where Go is missing."""
    lab.asked = whole(lab, MESH).as_preview()
    return lab


def test_a_sidecar_of_the_chain_lets_in_who_stands_before_it(mesh, tmp_path):
    """And the caller; nobody without a certificate, with another cell's, or with a good one of somebody else in the chain."""
    endpoints = mesh.deploy("mtls-three-100rps-r1")
    folder = mesh.state.cell(mesh.run, "mtls-three-100rps-r1")
    port = int(endpoints.secured["sidecar-1"].address.rpartition(":")[2])

    def answered(who):
        return call(port, folder / who / "identity")

    assert get(f"{endpoints.target}/json") == PRODUCT_JSON.encode()
    assert sorted(endpoints.secured) == ["mtls", "sidecar-1", "sidecar-2", "sidecar-3"]
    assert (call(port), answered("sidecar-3"), answered("sidecar-1")) == ("refused", "refused", "refused")
    assert call(port, stranger(tmp_path)) == "refused"
    assert (answered("sidecar-2"), answered("mtls")) == ("HTTP/1.1 200 OK", "HTTP/1.1 200 OK")
    assert mesh.teardown("mtls-three-100rps-r1").left == ()


def stranger(tmp_path):
    from steps.certificates import issue

    return written(tmp_path / "stranger", issue(["sidecar-2"])["sidecar-2"])


def test_certificates_are_exchanged_under_load_and_no_request_is_lost(mesh):
    """The load's own checks see the new ones; each request has its right answer; nothing is left of the cell."""
    cell = "mtls-rotated-three-100rps-r1"
    endpoints = mesh.deploy(cell)

    record = loaded(mesh, cell, endpoints)
    left = mesh.teardown(cell)

    assert record.failure is None
    assert record.counts.ok == record.counts.planned >= 300
    said = [each.what for each in record.checks if "was exchanged" in each.what]
    assert len(said) == 4
    assert all("takes up new ones still" in each for each in said)
    assert (left.left, left.unclosed, mesh.processes(), mesh.ledger()) == ((), (), [], [])


def loaded(lab, cell, endpoints):
    """The record of the load verb."""
    folder = lab.folder / "load"
    load.run(run=lab.run, cell=cell, experiment=lab.folder / "experiment.json", endpoints=endpoints.to_json(), folder=folder)
    return LoadRecord.from_json((folder / "load.json").read_bytes(), source="load.json")


def test_the_chain_is_as_long_as_its_load_asks_for(mesh):
    """One request is one call of each service: what comes in at each sidecar is counted by Envoy itself."""
    cell = "plain-three-100rps-r1"
    endpoints = mesh.deploy(cell)
    for _ in range(10):
        assert get(f"{endpoints.target}/json") == PRODUCT_JSON.encode()

    assert list(endpoints.keepers) == [*(f"{what}-{n}" for what in ("service", "sidecar") for n in (1, 2, 3)), "plain"]
    assert [counted(mesh, cell, f"sidecar-{n}") for n in (3, 2, 1)] == [11, 11, 11]  # the ready check is a request too
    assert port_of(endpoints.target) == int(ports(mesh, cell, "plain")["outbound"])
    mesh.teardown(cell)


def ports(lab, cell, component):
    """By the name of the listener, from its rendered configuration; the admin's first."""
    text = (lab.state.cell(lab.run, cell) / component / "sidecar.envoy.yaml").read_text()
    numbers = [line.split()[-1] for line in text.splitlines() if "port_value" in line]
    return dict(zip(("admin", "inbound", "outbound"), numbers, strict=False))


def counted(lab, cell, component):
    """Requests that came in."""
    found = get(f"http://127.0.0.1:{ports(lab, cell, component)['admin']}/stats?filter=http.inbound.downstream_rq_2xx").decode()
    return int(found.split()[-1])


def test_a_sidecar_that_lets_in_everybody_fails_its_cell(mesh):
    """Encryption without identity is not what was asked for, however fast it is."""
    cell = "mtls-three-100rps-r1"
    name = MTLS_MESH.config
    nobody_named = re.sub(r"\n +match_typed[^@]+@\{lets_in\}.+?/caller", "", mesh.asked.configs[name], count=1, flags=re.DOTALL)
    open_to_all = nobody_named.replace("require_client_certificate: true", "require_client_certificate: false")
    mesh.asked = mesh.asked.model_copy(update={"configs": {**mesh.asked.configs, name: open_to_all}})
    endpoints = mesh.deploy(cell)

    with pytest.raises(MeasureError, match=r"wrong before the load: .* lets in a caller without a certificate"):
        loaded(mesh, cell, endpoints)
    mesh.teardown(cell)
