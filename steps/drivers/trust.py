"""Who answers at each secured port, and is anybody let in without a certificate? Asked before the load and after it.

A mesh that encrypts and lets in everybody is as fast as one that does not, and a certificate that is exchanged on paper alone
loses no request: figures of either are worth nothing. So a caller without a certificate has to be refused, the answer has to come
from the identity that the component has, and where certificates are exchanged, the port has to be seen to show the other one.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from steps.certificates import TRUST
from steps.drivers.connection import Client
from steps.errors import MeasureError
from steps.model import Check, Endpoints, Secured

WITHIN_S = 2.0
ASK_EVERY_S = 0.15
SLACK_S = 3.0  # beyond the time between two exchanges: the keeper looks twice a second, and the program takes some time

When = Literal["before", "after"]


@dataclass(frozen=True)
class Shown:
    """What a port showed to a caller without a certificate."""

    refused: bool
    identities: tuple[str, ...]  # URIs
    fingerprint: str


@dataclass
class Trust:
    """The secured ports of one cell."""

    where: Endpoints
    _counted: dict[str, int] = field(default_factory=dict)  # exchanges before the load

    async def before(self) -> list[Check]:
        """Who answers, who is let in, and whether exchanged certificates are taken up. A port that does not answer is wrong."""
        checks = await self._asked("before")
        if all(each.right for each in checks):
            checks += await self._all("before", (self._taking_up(name) for name in self._rotating))
        return checks

    async def after(self, window_s: float) -> list[Check]:
        """The same once more, and that certificates were exchanged all through a window of so many seconds."""
        least = {name: max(1, int(window_s / self._rotating[name] + 1e-6)) for name in self._counted}
        checks = await self._asked("after")
        return checks + await self._all("after", (self._exchanged(name, often) for name, often in least.items()))

    async def _all(self, when: When, asking: Iterable[Coroutine[None, None, Check]]) -> list[Check]:
        try:
            return list(await asyncio.gather(*asking))
        except MeasureError as error:
            return [Check(when=when, right=False, what=str(error))]

    @property
    def _rotating(self) -> dict[str, float]:
        return {name: each.rotates_s for name, each in self.where.secured.items() if each.rotates_s}

    async def _asked(self, when: When) -> list[Check]:
        return await self._all(when, (_check(name, each, when) for name, each in self.where.secured.items()))

    async def _taking_up(self, name: str) -> Check:
        """That it takes up a new certificate now; from here on exchanges are counted."""
        taken = await self._changes(name)
        self._counted[name] = await self._count(name)
        does = "shows a new certificate once it has one" if taken else "goes on showing the same certificate"
        return Check(when="before", right=taken, what=f"{name} {does}")

    async def _exchanged(self, name: str, least: int) -> Check:
        """That it was done so often since, and that new ones are taken up still."""
        often = await self._count(name) - self._counted[name]
        done = f"{name}: its certificate was exchanged {often} times during the load"
        if often < least:
            return Check(when="after", right=False, what=f"{done}, and not {least} or more")
        taken = await self._changes(name)
        does = "takes up new ones still" if taken else "does not take up new ones any more"
        return Check(when="after", right=taken, what=f"{done}, and it {does}")

    async def _changes(self, name: str) -> bool:
        """Waits until the port shows another certificate than it did."""
        address, deadline = self.where.secured[name].address, time.monotonic() + self._rotating[name] + SLACK_S
        first = (await shown(address)).fingerprint
        while time.monotonic() < deadline:
            await asyncio.sleep(ASK_EVERY_S)
            if (await shown(address)).fingerprint != first:
                return True
        return False

    async def _count(self, name: str) -> int:
        client = Client(self.where.keepers[name])
        answer = await client.get("/rotations", within_s=WITHIN_S)
        client.close()
        if answer.status != 200:
            message = f"the keeper of {name} does not tell how often its certificate was exchanged: {answer.how}"
            raise MeasureError(message)
        return int(json.loads(answer.body)["rotations"])


async def _check(name: str, asked: Secured, when: When) -> Check:
    wanted, found = f"{TRUST}/{asked.identity}", await shown(asked.address)
    if found.identities != (wanted,):
        said = ", ".join(found.identities) or "nobody"
        return Check(when=when, right=False, what=f"{name} shows a certificate of {said}, not of {wanted}")
    if not found.refused:
        return Check(when=when, right=False, what=f"{name} lets in a caller without a certificate")
    return Check(when=when, right=True, what=f"{name} is {wanted}, and refuses a caller without a certificate")


async def shown(address: str) -> Shown:
    """What a port shows to a caller without a certificate. Raises MeasureError: nobody is there, or does not speak TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is read here who answers; names of hosts say nothing
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(WITHIN_S):
            reader, writer = await asyncio.open_connection(host, int(port), ssl=context, server_hostname=host)
            certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            refused = not await _answer(reader, writer)
    except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
        message = f"nobody speaks TLS at {address}: {error or type(error).__name__}"
        raise MeasureError(message) from error
    return Shown(refused, _identities(certificate), sha256(certificate).hexdigest())


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The first bytes that come back for a request; with TLS 1.3 a caller learns only then that he is not let in."""
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return await reader.read(16)
    except (ssl.SSLError, ConnectionError):
        return b""
    finally:
        writer.close()


def _identities(certificate: bytes) -> tuple[str, ...]:
    from cryptography import x509

    names = x509.load_der_x509_certificate(certificate).extensions
    try:
        who = names.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(who.get_values_for_type(x509.UniformResourceIdentifier))
