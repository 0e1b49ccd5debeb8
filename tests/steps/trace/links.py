"""A pair of network namespaces with a slow link between them. It goes with the processes that are in it. Needs root."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess

HERE, THERE, PORT = "10.111.0.1", "10.111.0.2", 5001
RATE, BUCKET = "8mbit", "16kb"  # of the link; what comes faster waits in its queue, and what finds that full is lost
NEW_NETWORK = 0x40000000


def make(queue: str) -> None:
    """Puts this process at one end of a link whose way out is shaped, and a process that takes all that comes at the other."""
    ready, arrived = os.pipe(), os.pipe()
    _leave()
    other = os.fork()
    if other == 0:
        _leave()
        os.write(ready[1], b".")
        os.read(arrived[0], 1)
        _up("there", THERE)
        _take(ready[1])
    os.read(ready[0], 1)
    _ip("link", "add", "here", "type", "veth", "peer", "name", "there")
    _ip("link", "set", "there", "netns", str(other))
    _up("here", HERE)
    _run("tc", "qdisc", "add", "dev", "here", "root", "tbf", "rate", RATE, "burst", BUCKET, "limit", queue)
    os.write(arrived[1], b".")
    os.read(ready[0], 1)


def _leave() -> None:
    """Into a network namespace of its own."""
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "no network namespace")


def _take(listening: int) -> None:
    """Takes one connection, and all that it brings."""
    with socket.create_server((THERE, PORT)) as server:
        os.write(listening, b".")
        connection, _ = server.accept()
        while connection.recv(1 << 16):
            pass
    os._exit(0)


def _up(device: str, address: str) -> None:
    _ip("addr", "add", f"{address}/24", "dev", device)
    _ip("link", "set", device, "up")
    _ip("link", "set", "lo", "up")


def _ip(*words: str) -> None:
    _run("ip", *words)


def _run(*words: str) -> None:
    subprocess.run(words, check=True)
