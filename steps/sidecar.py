"""The keeper in a pod: `python -m steps.keeper --beside COMPONENT --port PORT [--config FILE] [--ready PORT PATH]
[--folder FOLDER] [--rotate FOLDER IDENTITY EVERY_S]`.

It is a container of its own beside the component's, in a process namespace that both share, under the same user and without
any right: that suffices to read its neighbour's CPU clocks, memory and I/O. It cannot be the component's parent there, so
- the component's processes are all of the pod's that run as the keeper's own user; what a mesh puts into the pod runs as
  another (a mark in the environment would not do: nginx writes its title over it);
- the time of orphans that ended is with the pod's first process (`pause`), which waits for them;
- how the component ended is not known here, only that it did: Kubernetes tells the status.

It answers the same questions as the keeper of a process.
"""

from __future__ import annotations

import argparse
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from steps import answering, node, processes, running
from steps.kept import bytes_in
from steps.kernel_threads import KernelThreads
from steps.processes import Process
from steps.rotation import Rotation

ASK_EVERY_S = 0.005
COMM = "benchlab-keeper"  # what the kernel calls it: a tracer of the pod leaves it out
FIRST = 1  # `pause`, the parent of orphans in a shared process namespace


class Sidecar:
    """One component's neighbour."""

    def __init__(
        self,
        component: str,
        *,
        config: Path | None,
        find: Callable[[], list[Process]] | None = None,
        first: int = FIRST,
    ) -> None:
        """find: the component's processes; None: the pod's that run as this user. first: who waits for their orphans."""
        self.component = component
        self.config = config
        self._find = find or neighbours
        self._first = first
        self._main: Process | None = None  # the first that was seen: one that comes later is another life
        self._ready_at_ms: float | None = None
        self._cpu_ns = 0
        self._kernel = KernelThreads(None)

    def usage(self) -> dict[str, Any]:
        """What the component has used since its start, as `steps.model.Usage` has it."""
        lives = self._running() is not None
        reading = processes.read_cpu_of(self._find)
        orphans_ns = self._waited_for() * processes.TICK_NS
        # The time of a main process that ended is with the container's runtime, out of sight: the last reading stands.
        self._cpu_ns = max(self._cpu_ns, reading.cpu_ns + orphans_ns)
        memory_kib, kind = processes.memory_kib(reading.tree)
        read, written = processes.storage_bytes(reading.tree)
        living = [each for each in reading.tree if not each.zombie]
        return {
            "component": self.component,
            "monotonic_ns": reading.at_ns,
            "running": lives,
            "exit_status": None,
            "cpu_s": self._cpu_ns / 1e9,
            "memory_mib": None if memory_kib is None else memory_kib / 1024,
            "memory_kind": kind,
            "read_bytes": read,
            "write_bytes": written,
            "processes": len(living),
            "threads": sum(each.threads for each in living),
            "keeper_cpu_s": time.process_time(),
            **node.throttling(node.limit_files(self._main.pid, groups=node.groups_of(self._main.pid)) if self._main else ()),
            "kernel_cpu_s": self._kernel.cpu_s(),
            **node.counters(None),
        }

    def running(self) -> dict[str, Any]:
        """What runs, as `steps.model.Running` has it."""
        return running.describe(self._running(), component=self.component, config=self.config, ready_at_ms=self._ready_at_ms)

    def watch(self, port: int, what: str) -> None:
        """Asks until the first good answer, and keeps the moment: from outside, a pod's start is known to a second or two."""
        while not _answers_well(port, what):
            time.sleep(ASK_EVERY_S)
        self._ready_at_ms = running.boot_ms()

    def health(self) -> dict[str, Any]:
        """Whether the component's main process lives."""
        return {"component": self.component, "running": self._running() is not None, "exit_status": None}

    def _running(self) -> Process | None:
        """The main process; None: it has not started, or has ended."""
        if self._main is None:  # a container's first process is its oldest
            self._main = min(self._find(), key=lambda each: (each.started, each.pid), default=None)
        now = processes.look(self._main.pid) if self._main else None
        return now if now and self._main and now.started == self._main.started and not now.zombie else None

    def _waited_for(self) -> int:
        """Ticks of the orphans that ended."""
        first = processes.look(self._first)
        return first.children_ticks if first else 0


def neighbours() -> list[Process]:
    """Every process of the pod that runs as this user, but the pod's first and this one."""
    others = (each for each in processes.everyone() if each.pid not in {FIRST, os.getpid()})
    return [each for each in others if processes.user(each.pid) == os.getuid()]


def _answers_well(port: int, what: str) -> bool:
    """Whether the component, in the same pod, answers 2xx; `tcp:HELLO:ANSWER`: whether it takes a connection, and answers so."""
    try:
        if what.startswith("tcp:"):
            return _greets(port, *what.split(":")[1:])
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"GET {what} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
            return connection.recv(16)[9:10] == b"2"  # HTTP/1.1 200 OK
    except OSError:
        return False


def _greets(port: int, hello: str, answer: str) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(bytes.fromhex(hello))
        return not answer or connection.recv(len(answer) // 2).hex() == answer


def main(argv: Sequence[str]) -> int:
    """Answers until the pod ends."""
    words = argparse.ArgumentParser(prog="python -m steps.keeper --beside")
    words.add_argument("component")
    words.add_argument("--port", type=int, required=True)
    words.add_argument("--config", type=Path)
    words.add_argument(
        "--ready",
        nargs=2,
        metavar=("PORT", "WHAT"),
        help="a path that answers 2xx once the component is ready, or tcp:HELLO:ANSWER",
    )
    words.add_argument("--folder", type=Path, help="where it keeps what it keeps, for one that is asked how much that is")
    words.add_argument(
        "--rotate",
        nargs=3,
        metavar=("FOLDER", "IDENTITY", "EVERY_S"),
        help="where the link to its certificate is, where its certificates are, and how often they are exchanged",
    )
    given = words.parse_args(argv)
    with suppress(OSError):
        Path("/proc/self/comm").write_text(COMM, encoding="ascii")  # its threads get the name with their birth
    signals = answering.signals_as_bytes()
    beside = Sidecar(given.component, config=given.config)
    if given.ready:
        threading.Thread(target=beside.watch, args=(int(given.ready[0]), given.ready[1]), daemon=True).start()
    with socket.create_server(("0.0.0.0", given.port)) as server:  # noqa: S104  # the driver asks from another pod
        answers = {"/usage": beside.usage, "/running": beside.running, "/health": beside.health}
        answers["/load"] = running.Loads().announced
        answers["/kept"] = lambda: {"kept_bytes": bytes_in(given.folder) if given.folder else None}
        rotation = Rotation(Path(given.rotate[0]), Path(given.rotate[1]), float(given.rotate[2])) if given.rotate else None
        if rotation is not None:
            answers["/rotations"] = rotation.told
        answering.serve(server, signals, answers, meanwhile=rotation.look if rotation else lambda: None)
    return 0
