"""`python -m steps.keeper FOLDER`: stands beside one component, ends it, and tells what it uses.

It is the component's parent, in a session of its own, and the reaper of every orphan below it: a component may fork and
daemonise, it stays in the keeper's tree. Three ways lead to the end of that tree: SIGTERM, the end of the run (nobody holds
its lock; looked at twice a second), and the keeper's own violent death, at which the kernel kills the component.

FOLDER is the component's. Files in it:

    keeper.json    read: {"component", "argv", "env", "log", "config", "run", "lock", "cpus", "host", "room", "user",
                           "identity", "rotates_s"}
    started.json   written once the component runs: `Started`
    ended.json     written when its main process ended: {"exit_status", "end_ns"}

GET /usage answers a `steps.model.Usage`, GET /running a `steps.model.Running`, GET /health {"component", "running",
"exit_status"}, GET /kept {"kept_bytes"}, GET /rotations {"rotations"} where the component's certificate is exchanged. A keeper
is started for every component of every cell, and that time is nobody's measurement: no pydantic, no http.server, one thread.
In a pod the keeper stands beside the component's container instead: `steps.sidecar`, which
`python -m steps.keeper --beside COMPONENT …` starts.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from steps import answering, node, processes, running, shell
from steps.errors import PlaceError
from steps.kept import bytes_in
from steps.kernel_threads import KernelThreads
from steps.rotation import Rotation
from steps.state import holder, is_over

ORDER, STARTED, ENDED = "keeper.json", "started.json", "ended.json"
POLITE_S = 2.0
FILES = 65536
LESS_URGENT = 10  # not 19: on a core that is full a reading would then take longer than the driver waits


class Started(NamedTuple):
    """What started.json says."""

    pid: int  # of the keeper
    started: int  # of the keeper: ticks since the machine's start
    port: int  # of the keeper
    component_pid: int
    start_ns: int  # CLOCK_MONOTONIC, right before the component was started

    @classmethod
    def read(cls, folder: Path) -> Started:
        return cls(**json.loads((folder / STARTED).read_text()))


class Keeper:
    """One component's parent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.order: dict[str, Any] = json.loads((folder / ORDER).read_text())
        self.component_pid = 0
        self.exit_status: int | None = None
        self.reaped_ns = 0
        self.reaped_blocks = [0, 0]  # of 512 bytes: read, written
        self.kernel = KernelThreads(self.order["cpus"])
        self.limits: list[str] = []  # where the kernel tells how long the component was held back

    def keep(self) -> int:
        """Starts the component, answers until it is time, ends the tree. 0: nothing of it is left."""
        shell.adopt_orphans()
        signals = answering.signals_as_bytes()
        left: list[processes.Process] = []
        held_by = holder(Path(self.order["lock"]))  # before anybody sees that it started: later it may be another's
        try:
            with socket.create_server((self.order["host"], 0)) as server:
                self._start(server.getsockname()[1])
                # A reading takes some milliseconds, mostly for PSS: they come from what the component leaves idle.
                os.nice(LESS_URGENT)
                self._answer(server, signals, held_by)
        finally:
            left = processes.end(self._living, polite_s=POLITE_S, meanwhile=self._reap)
            self._reap()
        for each in left:
            print(f"keeper: process {each.pid} is still there after SIGKILL", file=sys.stderr)
        return 1 if left else 0

    def _start(self, port: int) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        enough = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, enough), hard))  # for all: Go programs raise it themselves
        start_ns = time.monotonic_ns()
        program = shell.start(
            self.order["argv"],
            cwd=Path(self.order.get("room", self.folder)),
            env=self.order["env"],
            log=Path(self.order["log"]),
            cpus=self.order["cpus"],
            own_session=False,  # the keeper's: one mark more by which teardown finds it
            dies_with_parent=True,
            user=self.order.get("user"),
        )
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        program.returncode = 0  # waited for here, by wait4, which tells what it used
        self.component_pid = program.pid
        self.limits = node.limit_files(program.pid)
        me = processes.look(os.getpid())
        started = Started(os.getpid(), me.started if me else 0, port, program.pid, start_ns)
        self._write(STARTED, started._asdict())

    def _answer(self, server: socket.socket, signals: socket.socket, held_by: dict[str, object] | None) -> None:
        """Serves until SIGTERM or the end of the run, whose lock that one held."""
        lock, run = Path(self.order["lock"]), self.order["run"]
        answers = {"/usage": self.usage, "/running": self.running, "/health": self.health, "/load": running.Loads().announced}
        answers["/kept"] = lambda: {"kept_bytes": bytes_in(Path(self.order.get("room", self.folder)))}
        rotation = self._rotation()
        if rotation is not None:
            answers["/rotations"] = rotation.told

        def over() -> bool:
            gone = is_over(lock, run, held_by=held_by)
            if gone:
                print(f"keeper: nobody holds {lock} for {run} any more: ending {self.order['component']}")
            return gone

        meanwhile = rotation.look if rotation else lambda: None
        answering.serve(server, signals, answers, child_ended=self._reap, over=over, meanwhile=meanwhile)

    def _rotation(self) -> Rotation | None:
        """What exchanges the component's certificate; None: nothing does."""
        order = self.order
        if not order.get("rotates_s"):
            return None
        return Rotation(Path(order.get("room", self.folder)), Path(order["identity"]), order["rotates_s"])

    def health(self) -> dict[str, Any]:
        """Whether the component's main process lives."""
        return {"component": self.order["component"], "running": self.exit_status is None, "exit_status": self.exit_status}

    def running(self) -> dict[str, Any]:
        """What runs, as asked of the process itself."""
        config = self.order.get("config")
        return running.describe(
            processes.look(self.component_pid),
            component=self.order["component"],
            config=self.folder / config if config else None,
        )

    def usage(self) -> dict[str, Any]:
        """What the tree has used since its start, as `steps.model.Usage` has it."""
        self._reap()
        reading = processes.read_cpu(os.getpid())
        memory_kib, kind = processes.memory_kib(reading.tree)
        read, written = processes.storage_bytes(reading.tree)
        living = [each for each in reading.tree if not each.zombie]
        return {
            "component": self.order["component"],
            "monotonic_ns": reading.at_ns,
            "running": self.exit_status is None,
            "exit_status": self.exit_status,
            "cpu_s": (reading.cpu_ns + self.reaped_ns) / 1e9,
            "memory_mib": None if memory_kib is None else memory_kib / 1024,
            "memory_kind": kind,
            "read_bytes": None if read is None else read + 512 * self.reaped_blocks[0],
            "write_bytes": None if written is None else written + 512 * self.reaped_blocks[1],
            "processes": len(living),
            "threads": sum(each.threads for each in living),
            "keeper_cpu_s": time.process_time(),
            **node.throttling(self.limits),
            "kernel_cpu_s": self.kernel.cpu_s(),
            **node.counters(self.order["cpus"]),
        }

    def _living(self) -> list[processes.Process]:
        return [each for each in processes.descendants(os.getpid()) if not each.zombie]

    def _reap(self) -> None:
        """Waits for every child that ended, and keeps what it used: with it, what it had waited for itself."""
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.reaped_ns += round((used.ru_utime + used.ru_stime) * 1e9)
            self.reaped_blocks[0] += used.ru_inblock
            self.reaped_blocks[1] += used.ru_oublock
            if pid == self.component_pid:
                self.exit_status = os.waitstatus_to_exitcode(status)
                with suppress(OSError):  # a full disk: GET /health still tells
                    self._write(ENDED, {"exit_status": self.exit_status, "end_ns": time.monotonic_ns()})

    def _write(self, name: str, content: dict[str, Any]) -> None:
        """Whole or not at all: others wait for the file's name."""
        draft = self.folder / f".{name}"
        draft.write_text(json.dumps(content))
        draft.replace(self.folder / name)


def main(folder: Path) -> int:
    """Keeps the component of that folder."""
    try:
        return Keeper(folder).keep()
    except (PlaceError, OSError) as error:
        print(f"keeper: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    if sys.argv[1] == "--beside":
        from steps import sidecar

        sys.exit(sidecar.main(sys.argv[2:]))
    sys.exit(main(Path(sys.argv[1])))
