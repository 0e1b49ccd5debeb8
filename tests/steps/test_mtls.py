"""A pair of real sidecars with mTLS, brought by one arm: who gets in, who does not, and what stays of their keys."""

from __future__ import annotations

import re
import socket
import ssl

import pytest

from phases.catalogue.gateways import NGINX
from phases.catalogue.stack import SIDECAR_CLIENT, SIDECAR_SERVER
from phases.catalogue.upstreams import PRODUCT_JSON
from steps.certificates import issue
from steps.errors import NotReady
from steps.model import Ready
from steps.store import Store
from tests.lab import experiment, get, usage

pytestmark = pytest.mark.slow

CELL = "mesh-500rps-r1"
SERVER = SIDECAR_SERVER.under("sidecar-server", upstream="upstream")
CLIENT = SIDECAR_CLIENT.under("sidecar-client", ready=Ready(path="/json", within_s=5))
MESH = NGINX.under("mesh", upstream="sidecar-client", brings=(SERVER, CLIENT))


def call(port, folder=None):
    """What a direct call of the server's sidecar comes to, with the certificate in a folder, or without one."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # whether it lets us in is asked, not whether we trust it
    if folder is not None:
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname="sidecar-server") as secured,
        ):
            secured.sendall(b"GET /json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return secured.recv(4096).split(b"\r\n")[0].decode() or "refused"
    except (ssl.SSLError, ConnectionError):
        return "refused"


def written(folder, identity):
    """An identity in a folder of its own."""
    folder.mkdir()
    for name, text in identity.files.items():
        (folder / name).write_text(text)
    return folder


def mtls_port(folder):
    """The port of the server's sidecar, as the client's configuration names it last."""
    return int(re.findall(r"port_value: (\d+)", (folder / "sidecar-client" / CLIENT.config).read_text())[-1])


def test_a_sidecar_lets_in_nobody_but_the_other_one(lab, tmp_path):
    """Not without a certificate, not with another cell's, and not with a good one of somebody else."""
    lab.asked = experiment((MESH,))
    endpoints = lab.deploy(CELL)
    folder = lab.state.cell(lab.run, CELL)
    port = mtls_port(folder)

    through = get(f"{endpoints.target}/json")
    nobody = call(port)
    stranger = call(port, written(tmp_path / "stranger", issue(["sidecar-client"])["sidecar-client"]))
    itself = call(port, folder / "sidecar-server" / "identity")
    the_other = call(port, folder / "sidecar-client" / "identity")

    assert through == PRODUCT_JSON.encode()
    assert (nobody, stranger, itself) == ("refused", "refused", "refused")
    assert the_other == "HTTP/1.1 200 OK"
    lab.teardown(CELL)


def test_a_sidecar_calls_nobody_but_the_other_one(lab):
    """A server that shows a good certificate of somebody else is not spoken to: the arm does not get ready."""
    somebody = SERVER.under("sidecar-server", identity="somebody")
    lab.asked = experiment(
        (MESH.under("mesh", brings=(somebody, CLIENT.under("sidecar-client", ready=Ready(path="/json", within_s=1)))),)
    )

    with pytest.raises(NotReady, match=r"sidecar-client was not ready after 1 s: GET /json was answered 503"):
        lab.deploy(CELL)

    assert lab.teardown(CELL).left == ()


def test_what_an_arm_brings_comes_before_it_and_goes_with_it(lab):
    """In its order, each under a keeper of its own and in the ledger; nothing is left of them."""
    lab.asked = experiment((MESH,))

    endpoints = lab.deploy(CELL)
    used = usage(endpoints, "sidecar-server")
    record = lab.teardown(CELL)

    assert list(endpoints.keepers) == ["upstream", "sidecar-server", "sidecar-client", "mesh"]
    assert used.running
    assert {entry.id for entry in lab.stored(CELL)} == {f"{CELL}-{name}" for name in endpoints.keepers}
    assert (record.left, record.unclosed, lab.processes(), lab.ledger()) == ((), (), [], [])
    assert not lab.state.cell(lab.run, CELL).exists()


def test_keys_stay_in_the_folder_of_who_has_them(lab):
    """Only their owner may read them, and no log, record, ledger or object of the store holds one."""
    lab.asked = experiment((MESH,))
    lab.deploy(CELL)
    keys = list(lab.state.folder.rglob("key.pem"))

    assert len(keys) == 2
    assert {key.stat().st_mode & 0o077 for key in keys} == {0}
    assert {key.parent.stat().st_mode & 0o077 for key in keys} == {0}
    lab.teardown(CELL)
    store = Store.from_environment(lab.environment)
    kept = [path.read_bytes() for path in (*lab.folder.rglob("*.json"), *lab.logs.rglob("*")) if path.is_file()]
    kept += [store.get(key) for key in store.list(lab.prefix)]
    assert len(kept) > 8
    assert not any(b"PRIVATE KEY" in each for each in kept)
