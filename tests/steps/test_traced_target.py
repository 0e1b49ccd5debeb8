"""What /proc says of whom a trace looks at, on this machine."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from steps.trace.target import ip_bytes

SENT = 1_000_000


def sent_over(family, address):
    """That many bytes through a pair of TCP sockets."""
    with socket.socket(family) as server, socket.socket(family) as client:
        try:
            server.bind((address, 0))
        except OSError:
            pytest.skip(f"{address} is not there")
        server.listen()
        client.connect(server.getsockname())
        near, left = server.accept()[0], SENT
        with near:
            while left:
                piece = min(left, 10_000)
                client.sendall(bytes(piece))
                left -= len(near.recv(piece, socket.MSG_WAITALL))


def carried(name):
    """By the network namespace of this process, so far."""
    return sum(ip_bytes([os.getpid()], name).values())


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")], ids=["IPv4", "IPv6"])
def test_loopback_counts_as_what_the_namespace_carried(family, address):
    """On both sides, and with headers; others on this machine may send meanwhile."""
    before = [carried(name) for name in ("OutOctets", "InOctets")]
    sent_over(family, address)
    after = [carried(name) for name in ("OutOctets", "InOctets")]

    assert all(last - first >= SENT for first, last in zip(before, after, strict=True))


def test_each_namespace_counts_once():
    """Two processes in one of them are no two networks."""
    assert list(ip_bytes([os.getpid(), os.getpid()], "OutOctets")) == [str(Path("/proc/self/ns/net").readlink())]


def test_namespace_of_who_is_gone_is_not_known():
    """Nothing is told, and not 0."""
    assert ip_bytes([4_000_000], "InOctets") == {}
