"""bpftrace: whether this kernel lets it work, and one run of it.

It mounts tracefs in a mount namespace of its own, so that the machine stays as it was. There it also covers the kernel's symbols
where their addresses are withheld (without CAP_SYSLOG): bpftrace would read all of them again for each that it meets, 0.1 s each.
The kernel counts the run time of BPF programs only while somebody asks it to: a descriptor that closes with this process.

The image of the tracer's pod holds this module and little else: the standard library only.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import shutil
import signal
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from steps import shell
from steps.errors import MeasureError, PlaceError

PREPARE = (
    "test -d /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing || exit 1; "
    "grep -qvm1 '^0* ' /proc/kallsyms || mount --bind /dev/null /proc/kallsyms; "
)
ROOM = ("unshare", "--mount", "--", "sh", "-c", PREPARE + 'exec "$@"', "sh")
# It starts when a load of seconds has begun: on a full machine it would be late. Some kernels weigh sessions, and it has its own.
BEFORE_OTHERS = ("sh", "-c", 'echo -15 2>/dev/null >/proc/self/autogroup; exec nice -n -15 "$@"', "sh")
MISSING = 'for each in "$@"; do test -d "/sys/kernel/tracing/events/$each" || echo "$each"; done'
INSTALL = "apt-get install bpftrace, or your system's package of that name"
STARTS_S = 20.0  # it took 0.3 to 0.7 s; on a full machine eight
STOPS_S = 15.0
BPF = {"x86_64": 321, "aarch64": 280}  # the number of the system call
LOAD, ENABLE_STATS = 5, 32
AT_TRACEPOINTS = 5  # the type of a program
COUNTED = (AT_TRACEPOINTS, 7)  # and of one at a timer; those at its beginning and end are others in each version
NAMED = "// PROGRAM "  # a line of a text: whose the probes below it are
POINT = re.compile(r"(?:tracepoint|profile|interval):[\w:]+")
NOTHING = bytes([0xB7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0])  # r0 = 0; exit
MOST_KEYS = 16384  # of a map


def environment() -> dict[str, str]:
    """What bpftrace is told; the name of the limit changed with version 0.19."""
    limit = {"BPFTRACE_MAP_KEYS_MAX": str(MOST_KEYS), "BPFTRACE_MAX_MAP_KEYS": str(MOST_KEYS)}
    return {"PATH": os.environ.get("PATH", os.defpath), **limit}


def missing_tool() -> str | None:
    """Which program is not installed, and the command that mends it; None: all are."""
    for tool, mend in (("bpftrace", INSTALL), ("unshare", "install util-linux")):
        if shutil.which(tool) is None:
            return f"{tool} is not installed: {mend}"
    return None


def refused(points: Iterable[str]) -> str | None:
    """Why programs at these tracepoints (`block/block_io_start`) cannot run here; None: they can.

    Tried, not told from versions.
    """
    try:
        missing = shell.ask((*ROOM, "sh", "-c", MISSING, "sh", *points), env=environment()).split()
        if missing:
            return f"this kernel has no tracepoint {', '.join(missing)}"
        if why := two_instructions():
            return f"this kernel refuses to load a program of two instructions: {why}"
        shell.ask((*ROOM, "bpftrace", "-e", "BEGIN { exit(); }"), env=environment(), within_s=STARTS_S)
    except PlaceError as error:
        return f"this kernel refuses to load a program: {error}"
    return None


def two_instructions() -> str | None:
    """Loads the smallest program there is and drops it; why the kernel refuses it. Nothing is attached.

    None: it does not refuse, or how to ask it is not known on this kind of machine.
    """
    number = BPF.get(platform.machine())
    if number is None:
        return None
    code, licence = ctypes.create_string_buffer(NOTHING, len(NOTHING)), ctypes.create_string_buffer(b"GPL")
    fields = struct.pack("=IIQQ", AT_TRACEPOINTS, len(NOTHING) // 8, ctypes.addressof(code), ctypes.addressof(licence))
    descriptor = _bpf(number, LOAD, fields)
    if descriptor < 0:
        return os.strerror(-descriptor)
    os.close(descriptor)
    return None


def _bpf(number: int, command: int, fields: bytes) -> int:
    """A descriptor, or the error's number below zero."""
    attributes = ctypes.create_string_buffer(fields, 128)
    descriptor: int = ctypes.CDLL(None, use_errno=True).syscall(number, command, attributes, len(attributes))
    return descriptor if descriptor >= 0 else -ctypes.get_errno()


def version() -> str | None:
    """`bpftrace v0.17.0`; None: it does not say."""
    with suppress(PlaceError):
        return shell.ask(("bpftrace", "--version"), env=environment())
    return None


def named(text: str) -> tuple[str, ...]:
    """Whose each BPF program of a text is: the kernel gets one for each point of a probe, in the order of the text."""
    name, found = "", []
    for line in text.splitlines():
        if line.startswith(NAMED):
            name = line.removeprefix(NAMED)
        elif POINT.match(line):
            found += [name] * len(POINT.findall(re.split(r"[/{]", line)[0]))
    return tuple(found)


def clock_ns() -> int:
    """Now, in ns, by the clock that programs read as `nsecs`: CLOCK_BOOTTIME, in every version where the kernel has it (5.8).

    Where a machine slept since it started, that is hours ahead of CLOCK_MONOTONIC.
    """
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Cost(NamedTuple):
    """What BPF programs took until a moment: ns and runs of each of them, in the order in which the kernel got them."""

    at_ns: int
    taken: tuple[tuple[int, int], ...]
    names: tuple[str, ...] = ()  # whose each of them is

    @property
    def runs(self) -> int:
        return sum(runs for _, runs in self.taken)

    def since(self, before: Cost) -> dict[str, Any]:
        """The fields of a record, per second; None: nobody counted, or the programs were gone already.

        By name only where there are as many as names: a tracer that loads others than its text says is not divided by guess.
        """
        if self.runs <= before.runs or len(self.taken) != len(before.taken):
            return {"bpf_cores": None, "bpf_runs_per_s": None}
        lasted_ns = self.at_ns - before.at_ns
        ran_ns = [now - then for (now, _), (then, _) in zip(self.taken, before.taken, strict=True)]
        cores: dict[str, float] = {}
        if len(self.names) == len(ran_ns):
            for name, ns in zip(self.names, ran_ns, strict=True):
                cores[name] = cores.get(name, 0.0) + ns / lasted_ns
        return {
            "bpf_cores": sum(ran_ns) / lasted_ns,
            "bpf_runs_per_s": (self.runs - before.runs) / lasted_ns * 1e9,
            "bpf_cores_of": cores,
        }


@dataclass
class Tracer:
    """A bpftrace that runs."""

    program: shell.Program
    output: Path
    log: Path
    names: tuple[str, ...] = ()  # of its BPF programs

    def await_ready(self, within_s: float = STARTS_S, *, mark: str = "ready") -> int:
        """Returns when it counts, and the moment. Raises MeasureError: it does not, and what it said.

        mark: `armed` when all its probes are attached, be it that it does not count yet.
        """
        give_up = time.monotonic() + within_s
        while (at_ns := self._said(mark)) is None:
            if self.program.poll() is not None:
                message = f"the tracer ended before it was ready: {self.complaint()}"
                raise MeasureError(message)
            if time.monotonic() > give_up:
                message = f"the tracer was not ready within {within_s:g} s"
                raise MeasureError(message)
            time.sleep(0.02)
        return at_ns

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
        """The last line of what it complained about; what is indented shows where in the program that is."""
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip() and not line[0].isspace()]
        return lines[-1].strip() if lines else "it said nothing"

    def cost(self) -> Cost:
        """What its BPF programs took so far, as their descriptors tell."""
        programs: dict[int, tuple[int, int]] = {}
        with suppress(OSError):
            for each in Path(f"/proc/{self.program.pid}/fdinfo").iterdir():
                with suppress(OSError):
                    said = dict(line.split(":", 1) for line in each.read_text().splitlines() if ":" in line)
                    if "run_time_ns" in said and int(said["prog_type"]) in COUNTED:
                        programs[int(said["prog_id"])] = int(said["run_time_ns"]), int(said["run_cnt"])
        return Cost(time.monotonic_ns(), tuple(taken for _, taken in sorted(programs.items())), self.names)

    def _said(self, mark: str) -> int | None:
        """The moment beside a mark; None: it is not there yet."""
        text = self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""
        found = re.search(rf"{mark} (\d+)\\n", text)
        return int(found[1]) if found else None


@contextmanager
def tracing(text: str, folder: Path) -> Iterator[Tracer]:
    """Runs a text; whatever happens, nothing of it is left: the kernel drops the programs of who ends."""
    script, output, log = folder / "trace.bt", folder / "bpftrace.json", folder / "bpftrace.log"
    script.write_text(text, encoding="utf-8")
    argv = (*BEFORE_OTHERS, *ROOM, "bpftrace", "-f", "json", "-o", str(output), str(script))
    program = shell.start(argv, cwd=folder, env=environment(), log=log, dies_with_parent=True)
    try:
        yield Tracer(program, output, log, named(text))
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
        descriptor = _bpf(number, ENABLE_STATS, b"")  # type 0: run time
    try:
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)
