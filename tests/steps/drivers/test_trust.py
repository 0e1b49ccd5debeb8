"""What a secured port shows, before a load and after it: against real TLS servers, good ones and bad ones."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from steps.certificates import issue
from steps.drivers.trust import Trust
from steps.model import Endpoints, Secured

NAME, EVERY_S = "sidecar-1", 0.3


def written(folder, identity):
    """Its files, the second certificate in a folder of its own."""
    for number, each in enumerate((identity, identity.renewed or identity)):
        inside = folder / str(number)
        inside.mkdir(parents=True)
        for name, text in each.files.items():
            (inside / name).write_text(text)
    return folder


class Port:
    """A TLS server; as a mesh's sidecar it asks for a certificate, unless it is a bad one."""

    def __init__(self, folder, *, asks=True):
        self.folder, self.asks, self.rotations, self.takes_up = folder, asks, 0, True
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "0" / "ca.pem")
        self.context.verify_mode = ssl.CERT_REQUIRED if asks else ssl.CERT_NONE
        self.show(0)

    def show(self, number):
        self.context.load_cert_chain(self.folder / str(number) / "cert.pem", self.folder / str(number) / "key.pem")

    def rotate(self):
        self.rotations += 1
        if self.takes_up:
            self.show(self.rotations % 2)

    async def answer(self, reader, writer):
        await reader.read(64)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def count(self, reader, writer):
        """Its keeper."""
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps({"rotations": self.rotations}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    async def turn(self):
        while True:
            await asyncio.sleep(EVERY_S)
            self.rotate()


def address(server):
    host, port = server.sockets[0].getsockname()
    return f"{host}:{port}"


@asynccontextmanager
async def trusting(port, *, identity=NAME, rotates=False):
    """The check of one port, with its keeper beside it."""
    async with AsyncExitStack() as stack:
        tls = await stack.enter_async_context(await asyncio.start_server(port.answer, "127.0.0.1", 0, ssl=port.context))
        keeper = await stack.enter_async_context(await asyncio.start_server(port.count, "127.0.0.1", 0))
        turning = asyncio.create_task(port.turn()) if rotates else None
        secured = Secured(address=address(tls), identity=identity, rotates_s=EVERY_S if rotates else None)
        yield Trust(Endpoints(target="http://x:1", keepers={NAME: f"http://{address(keeper)}"}, secured={NAME: secured}))
        if turning:
            turning.cancel()


def said(checks):
    return [(each.when, each.right, each.what) for each in checks]


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path / "files", issue([NAME], renewed=[NAME])[NAME])


def test_a_port_that_refuses_and_is_who_was_asked_for_is_right(folder):
    """Before and after."""

    async def asked():
        async with trusting(Port(folder)) as trust:
            return await trust.before() + await trust.after(1.0)

    right = f"{NAME} is spiffe://benchlab.dev/{NAME}, and refuses a caller without a certificate"
    assert said(asyncio.run(asked())) == [("before", True, right), ("after", True, right)]


def test_a_port_that_lets_in_everybody_is_wrong(folder):
    """It would be as fast as one that refuses."""

    async def asked():
        async with trusting(Port(folder, asks=False)) as trust:
            return await trust.before()

    assert said(asyncio.run(asked())) == [("before", False, f"{NAME} lets in a caller without a certificate")]


def test_a_port_that_is_somebody_else_is_wrong(folder):
    """A good certificate of another one is not its own."""

    async def asked():
        async with trusting(Port(folder), identity="sidecar-2") as trust:
            return await trust.before()

    (check,) = asyncio.run(asked())
    assert not check.right
    assert "shows a certificate of spiffe://benchlab.dev/sidecar-1, not of spiffe://benchlab.dev/sidecar-2" in check.what


def test_exchanged_certificates_are_seen_at_the_port(folder):
    """That they change before the load, and how often they did during it."""

    async def asked():
        async with trusting(Port(folder), rotates=True) as trust:
            before = await trust.before()
            await asyncio.sleep(4 * EVERY_S)
            return before + await trust.after(2 * EVERY_S)

    checks = asyncio.run(asked())
    assert all(each.right for each in checks)
    assert "shows a new certificate once it has one" in checks[1].what
    assert "and it takes up new ones still" in checks[-1].what


def test_a_program_that_never_takes_up_a_new_certificate_is_found_out(folder, monkeypatch):
    """Whatever its keeper counts."""
    monkeypatch.setattr("steps.drivers.trust.SLACK_S", 0.5)
    port = Port(folder)
    port.takes_up = False

    async def asked():
        async with trusting(port, rotates=True) as trust:
            return await trust.before()

    assert said(asyncio.run(asked()))[-1][1:] == (False, f"{NAME} goes on showing the same certificate")


def test_certificates_that_stayed_during_the_load_are_found_out(folder):
    """A load in which nothing was exchanged says nothing of exchanging."""

    async def asked():
        async with trusting(Port(folder), rotates=True) as trust:
            await trust.before()
            return await trust.after(100 * EVERY_S)

    (_, last) = asyncio.run(asked())
    assert not last.right
    assert "and not 100 or more" in last.what


def test_a_port_without_tls_is_wrong_in_a_sentence(folder):
    """Nobody there, or somebody who speaks plain HTTP."""

    async def asked():
        async with trusting(Port(folder)) as trust:
            keeper = trust.where.keepers[NAME].removeprefix("http://")
            plain = Endpoints(target="http://x:1", keepers={}, secured={NAME: Secured(address=keeper, identity=NAME)})
            return await Trust(plain).before()

    ((when, right, what),) = said(asyncio.run(asked()))
    assert (when, right) == ("before", False)
    assert what.startswith("nobody speaks TLS at 127.0.0.1:")
