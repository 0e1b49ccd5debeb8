"""bpftrace: whether it can be had here, and one run of it.

It mounts tracefs in a mount namespace of its own, so that the machine stays as it was. The kernel counts the run time of BPF
programs only while somebody asks it to: a descriptor that closes with this process.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from steps import shell
from steps.errors import MeasureError, PlaceError
from steps.model.trace_program import TraceProgram
from steps.trace.parsed import MOST_KEYS
from steps.trace.programs import tracepoints

ROOM = (
    "unshare",
    "--mount",
    "--",
    "sh",
    "-c",
    'test -d /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing || exit 1; exec "$@"',
    "sh",
)
# It starts when a load of seconds has begun: on a full machine it would be late. Some kernels weigh sessions, and it has its own.
BEFORE_OTHERS = ("sh", "-c", 'echo -15 2>/dev/null >/proc/self/autogroup; exec nice -n -15 "$@"', "sh")
MISSING = 'for each in "$@"; do test -d "/sys/kernel/tracing/events/$each" || echo "$each"; done'
INSTALL = "apt-get install bpftrace, or your system's package of that name"
STARTS_S = 20.0  # it took 0.3 to 0.7 s; on a full machine more
STOPS_S = 15.0
BPF = {"x86_64": 321, "aarch64": 280}  # the number of the system call
ENABLE_STATS = 32


def environment() -> dict[str, str]:
    """What bpftrace is told; the name of the limit changed with version 0.19."""
    limit = {"BPFTRACE_MAP_KEYS_MAX": str(MOST_KEYS), "BPFTRACE_MAX_MAP_KEYS": str(MOST_KEYS)}
    return {"PATH": os.environ.get("PATH", os.defpath), **limit}


def unavailable(programs: Sequence[TraceProgram]) -> str | None:
    """Why these programs cannot run here, and what would mend it; None: they can. Tried, not told from versions."""
    if platform.system() != "Linux":
        return f"tracing needs Linux, and this is {platform.system()}"
    for tool, mend in (("bpftrace", INSTALL), ("unshare", "install util-linux")):
        if shutil.which(tool) is None:
            return f"{tool} is not installed: {mend}"
    if os.geteuid() != 0:
        return "tracing needs root: run it with sudo"
    try:
        missing = shell.ask((*ROOM, "sh", "-c", MISSING, "sh", *tracepoints(programs)), env=environment()).split()
        if missing:
            return f"this kernel has no tracepoint {', '.join(missing)}"
        shell.ask((*ROOM, "bpftrace", "-e", "BEGIN { exit(); }"), env=environment())
    except PlaceError as error:
        return f"this kernel refuses to load a program: {error}"
    return None


def version() -> str | None:
    """`bpftrace v0.17.0`; None: it does not say."""
    with suppress(PlaceError):
        return shell.ask(("bpftrace", "--version"), env=environment())
    return None


class Cost(NamedTuple):
    """What BPF programs took until a moment."""

    at_ns: int
    run_ns: int
    runs: int

    def since(self, before: Cost) -> dict[str, float | None]:
        """The fields of a record, per second; None: nobody counted, or the programs were gone already."""
        if self.runs <= before.runs:
            return {"bpf_cores": None, "bpf_runs_per_s": None}
        lasted_ns = self.at_ns - before.at_ns
        return {
            "bpf_cores": (self.run_ns - before.run_ns) / lasted_ns,
            "bpf_runs_per_s": (self.runs - before.runs) / lasted_ns * 1e9,
        }


@dataclass
class Tracer:
    """A bpftrace that runs."""

    program: shell.Program
    output: Path
    log: Path

    def await_ready(self, within_s: float = STARTS_S) -> None:
        """Returns when it counts. Raises MeasureError: it does not, and what it said."""
        give_up = time.monotonic() + within_s
        while not self._said("ready "):
            if self.program.poll() is not None:
                message = f"the tracer ended before it was ready: {self.complaint()}"
                raise MeasureError(message)
            if time.monotonic() > give_up:
                message = f"the tracer was not ready within {within_s:g} s"
                raise MeasureError(message)
            time.sleep(0.02)

    def await_end(self, within_s: float) -> str:
        """Waits until it has ended by itself; returns its output. Raises MeasureError: it has not, or failed."""
        if not shell.ends_within(self.program, within_s):
            message = "the tracer did not end in time"
            raise MeasureError(message)
        if self.program.returncode != 0:
            status = self.program.returncode
            message = f"the tracer was ended by signal {-status}" if status < 0 else f"the tracer failed: {self.complaint()}"
            raise MeasureError(message)
        return self.output.read_text(encoding="utf-8", errors="replace")

    def complaint(self) -> str:
        """The last line of what it complained about."""
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1].strip() if lines else "it said nothing"

    def cost(self) -> Cost:
        """What its BPF programs took so far, as their descriptors tell."""
        programs: dict[str, tuple[int, int]] = {}
        with suppress(OSError):
            for each in Path(f"/proc/{self.program.pid}/fdinfo").iterdir():
                with suppress(OSError):
                    said = dict(line.split(":", 1) for line in each.read_text().splitlines() if ":" in line)
                    if "prog_id" in said and "run_time_ns" in said:
                        programs[said["prog_id"].strip()] = int(said["run_time_ns"]), int(said["run_cnt"])
        return Cost(time.monotonic_ns(), sum(ns for ns, _ in programs.values()), sum(runs for _, runs in programs.values()))

    def _said(self, mark: str) -> bool:
        return self.output.exists() and mark in self.output.read_text(encoding="utf-8", errors="replace")


@contextmanager
def tracing(text: str, folder: Path) -> Iterator[Tracer]:
    """Runs a text; whatever happens, nothing of it is left: the kernel drops the programs of who ends."""
    script, output, log = folder / "trace.bt", folder / "bpftrace.json", folder / "bpftrace.log"
    script.write_text(text, encoding="utf-8")
    argv = (*BEFORE_OTHERS, *ROOM, "bpftrace", "-f", "json", "-o", str(output), str(script))
    program = shell.start(argv, cwd=folder, env=environment(), log=log, dies_with_parent=True)
    try:
        yield Tracer(program, output, log)
    finally:
        for number in (signal.SIGINT, signal.SIGKILL):
            if program.poll() is None:
                shell.signal_group(program, number)
                shell.ends_within(program, STOPS_S)


@contextmanager
def run_times() -> Iterator[None]:
    """Lets the kernel count the run time of BPF programs meanwhile; where it cannot, they are not known."""
    number = BPF.get(platform.machine())
    descriptor = -1
    if number is not None:
        attributes = ctypes.create_string_buffer(128)  # type 0: run time
        descriptor = ctypes.CDLL(None, use_errno=True).syscall(number, ENABLE_STATS, attributes, len(attributes))
    try:
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)
