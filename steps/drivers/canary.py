"""The canary: a small work, always the same, that tells whether a machine is still as fast as when the run began.

Three parts, each the median of several pieces: hashing (CPU), round trips on a loopback connection (kernel), 4 KiB that are
written and synced (disk). `provision` lets it sing many times and records what it usually takes; `load` lets it sing before and
after the load, on the cores of the system under test, and `measure` compares. It takes a tenth of a second, and nothing of it
runs beside the load.

The pieces are longer than a time slice of the scheduler (some 3 ms): on a core that is shared with a busy neighbour each of
them is stretched, not only every other one, so the median shows it.
"""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from steps import node
from steps.drivers.calibration import on_cores
from steps.model import Canary, CanaryReference, Usual

PIECES = 5
SYNCS = 9
HASHED = bytes(range(256)) * 4096 * 4  # 4 MiB: 3 ms with SHA instructions, 15 without
HASHES = 3
ROUND_TRIPS = 1000  # some 8 ms
WRITTEN = bytes(4096)
TO_SD = 1.4826  # of normal values, the standard deviation over the median absolute deviation


def sing(folder: Path, *, cpus: Sequence[int] | None) -> Canary:
    """How long each part takes now, on those cores where that is possible. folder: where it may write.

    Raises nothing: a part that cannot be done says why.
    """
    parts: dict[str, Callable[[], float]] = {"cpu": _cpu, "loopback": _loopback, "disk": lambda: _disk(folder)}
    took_ms: dict[str, float] = {}
    failures: dict[str, str] = {}
    with on_cores(cpus):
        for name, part in parts.items():
            try:
                took_ms[name] = part() / 1e6
            except OSError as error:
                failures[name] = error.strerror or type(error).__name__
    return Canary(node=node.identity(), took_ms=took_ms, failures=failures)


def reference(folder: Path, *, cpus: Sequence[int] | None, times: int) -> CanaryReference:
    """What the canary usually takes here: the median of that many times, and their spread."""
    sung = [sing(folder, cpus=cpus) for _ in range(times)]
    names = dict.fromkeys(name for each in sung for name in each.took_ms)
    took_ms = {name: [each.took_ms[name] for each in sung if name in each.took_ms] for name in names}
    return CanaryReference(node=sung[0].node, usual={name: _usual(values) for name, values in took_ms.items()})


def _usual(values_ms: Sequence[float]) -> Usual:
    middle = median(values_ms)
    sd = TO_SD * median(abs(each - middle) for each in values_ms)
    return Usual(mean_ms=middle, sd_ms=sd, n=len(values_ms))


def _cpu() -> float:
    return _middle(PIECES, lambda: [hashlib.sha256(HASHED).digest() for _ in range(HASHES)])


def _loopback() -> float:
    """One thread at both ends: what the kernel takes for it, without waking anybody."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as one:
        other, _ = server.accept()

        def round_trips() -> None:
            for _ in range(ROUND_TRIPS):
                one.send(b"?")
                other.recv(1)

        with other:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return _middle(PIECES, round_trips)


def _disk(folder: Path) -> float:
    path = folder / f".canary-{os.getpid()}"
    try:
        with path.open("wb", buffering=0) as file:

            def write() -> None:
                file.write(WRITTEN)
                os.fsync(file.fileno())

            return _middle(SYNCS, write)
    finally:
        path.unlink(missing_ok=True)


def _middle(times: int, piece: Callable[[], object]) -> float:
    """The median of so many, in ns."""
    took_ns = []
    for _ in range(times):
        began = time.monotonic_ns()
        piece()
        took_ns.append(time.monotonic_ns() - began)
    return median(took_ns)
