"""Only public addresses are asked. Checked where a connection is made, so after every redirect and every answer of the DNS.

The name is looked up once, every address of the answer has to be public, and the connection goes to an address that was checked:
a name that answers differently the second time (DNS rebinding) gains nothing. TLS still checks the name.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpcore

from steps.errors import LabError


class Refused(LabError):
    """An address that is not asked."""


def public(address: str) -> bool:
    """Whether anybody on the Internet would reach the same machine there. IPv4 within IPv6 is looked at as IPv4."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return public(str(inner))
        if found in _NAT64:
            return public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PublicOnly(httpcore.NetworkBackend):
    """Connects to public addresses, and to the host:port pairs that a setting allows."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._allow = frozenset(allow)
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to a checked address. Raises Refused: it is not public."""
        *others, last = self._checked(host, port)
        for address in others:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return self._sockets.connect_tcp(address, port, timeout, local_address, socket_options)
        return self._sockets.connect_tcp(last, port, timeout, local_address, socket_options)

    def _checked(self, host: str, port: int) -> list[str]:
        """Every address of a host, all of them public."""
        try:
            found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except OSError as error:
            message = f"{host} has no address: {error.strerror or error}"
            raise httpcore.ConnectError(message) from error
        if f"{host}:{port}" not in self._allow:
            for address in found:
                if not public(address):
                    message = f"{host}:{port} leads to {address}, which is not a public address: not asked"
                    raise Refused(message)
        return list(dict.fromkeys(found))
