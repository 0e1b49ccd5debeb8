"""Servers that tests start on this machine: a port for them, and when they are there."""

from __future__ import annotations

import socket
import warnings
from contextlib import closing, suppress

import urllib3


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    """Whether an Argo Server says anything but 503, which it does while one half of it waits for the other."""
    with suppress(urllib3.exceptions.HTTPError), warnings.catch_warnings(), urllib3.PoolManager(cert_reqs="CERT_NONE") as http:
        warnings.simplefilter("ignore")  # whose certificate it is does not matter here
        return http.request("GET", f"{url}/api/v1/workflows/argo", timeout=3, retries=False).status < 500
    return False
