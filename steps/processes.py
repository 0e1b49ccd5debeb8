"""What /proc tells of processes: who they are, what they have used, and how they are ended.

CPU time is exact and nothing is counted twice or lost:
- of a living process it is its CPU clock (nanoseconds, all threads, ended ones included);
- of ended processes it is with whoever waited for them: `cutime` and `cstime` of a living parent (kept exactly by the
  kernel, shown in ticks of 10 ms), or what wait4 told the keeper;
- a process that ends and is waited for during a reading moves from one to the other, so a reading during which the tree
  changed is taken again.
Known gap: the children of a process that ignores SIGCHLD leave no trace in their parent (the kernel's rule).

Imported by the keeper, whose start counts: no imports that are not cheap.
"""

# /proc is read so often that making a Path of each name would cost more than the reading.
# ruff: noqa: PTH110, PTH115, PTH123, PTH208

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024
READINGS = 5  # of a tree that changes meanwhile; then the last one counts


class Process(NamedTuple):
    """A process at the moment of looking. A pid is used again; with the time of its start it names one process for good."""

    pid: int
    started: int  # ticks since the machine's start
    parent: int
    session: int
    terminal: int  # 0: none
    zombie: bool
    own_ticks: int
    children_ticks: int  # of children it waited for
    threads: int

    @property
    def key(self) -> tuple[int, int]:
        return self.pid, self.started


def look(pid: int) -> Process | None:
    """The process of that pid; None: there is none."""
    try:
        text = _read(f"/proc/{pid}/stat")
    except OSError:
        return None
    fields = text[text.rindex(b")") + 2 :].split()  # a name may hold blanks and brackets
    return Process(
        pid=pid,
        started=int(fields[19]),
        parent=int(fields[1]),
        session=int(fields[3]),
        terminal=int(fields[4]),
        zombie=fields[0] in b"ZX",
        own_ticks=int(fields[11]) + int(fields[12]),
        children_ticks=int(fields[13]) + int(fields[14]),
        threads=int(fields[17]),
    )


def everyone() -> Iterator[Process]:
    """Every process that can be seen."""
    for name in os.listdir("/proc"):
        if name.isdigit() and (found := look(int(name))):
            yield found


def descendants(pid: int) -> list[Process]:
    """The children of a process, theirs, and so on; those that ended and were not waited for are among them."""
    if os.path.exists(f"/proc/{pid}/task/{pid}/children"):  # not in every kernel
        return list(_below(pid))
    by_parent: dict[int, list[Process]] = {}
    for each in everyone():
        by_parent.setdefault(each.parent, []).append(each)
    found = list(by_parent.get(pid, ()))
    for each in found:
        found += by_parent.get(each.pid, ())
    return found


def _below(pid: int) -> Iterator[Process]:
    for child in _children(pid):
        if found := look(child):
            yield found
            yield from _below(child)


def _children(pid: int) -> list[int]:
    """The kernel keeps children by the thread that made them."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            found += (int(child) for child in _read(f"/proc/{pid}/task/{thread}/children").split())
    except OSError:
        pass  # it ended meanwhile: its children are someone else's now, and the next look finds them there
    return found


def name(pid: int) -> str:
    """What the kernel calls it, 15 characters at most."""
    try:
        return _read(f"/proc/{pid}/comm").decode(errors="replace").strip()
    except OSError:
        return "gone"


def working_directory(pid: int) -> str:
    """Its path, also where the folder was removed meanwhile; "" where it may not be known."""
    return _link(f"/proc/{pid}/cwd").removesuffix(" (deleted)")


def user(pid: int) -> int | None:
    """Its real user; None: it is gone."""
    try:
        lines = _read(f"/proc/{pid}/status").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(b"Uid:")), None)


def command_line(pid: int) -> list[str]:
    """Its words as it was started with them; a program may have written something else over them since."""
    try:
        return [os.fsdecode(word) for word in _read(f"/proc/{pid}/cmdline").rstrip(b"\0").split(b"\0")]
    except OSError:
        return []


def variable(pid: int, name: str) -> str:
    """What a process was started with in a variable of its environment; "" where there is none or it may not be known."""
    try:
        variables = _read(f"/proc/{pid}/environ").split(b"\0")
    except OSError:
        return ""
    start = f"{name}=".encode()
    return next((os.fsdecode(each.removeprefix(start)) for each in variables if each.startswith(start)), "")


def open_files(pid: int) -> set[str]:
    """What its descriptors stand for: paths, and `socket:[INODE]`; none where that may not be known."""
    try:
        return {_link(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")}
    except OSError:
        return set()


class Reading(NamedTuple):
    """What a tree has used."""

    at_ns: int  # CLOCK_MONOTONIC
    tree: list[Process]
    cpu_ns: int  # of the living, and of the ended whom they waited for


def read_cpu(root: int) -> Reading:
    """The CPU time of everything below `root`, which itself is not counted."""
    return read_cpu_of(lambda: descendants(root))


def read_cpu_of(find: Callable[[], list[Process]]) -> Reading:
    """The CPU time of whatever `find` finds."""
    tree = find()
    for _ in range(READINGS):
        at_ns = time.monotonic_ns()
        used = sum(map(used_ns, tree))
        again = find()
        if _moved(again) == _moved(tree):
            break
        tree = again
    return Reading(at_ns, tree, used)


def _moved(tree: Iterable[Process]) -> set[tuple[int, int, int]]:
    return {(each.pid, each.started, each.children_ticks) for each in tree}


def used_ns(process: Process) -> int:
    """Of the process, and of the children that it waited for."""
    return _cpu_ns(process) + process.children_ticks * TICK_NS


def _cpu_ns(process: Process) -> int:
    """All threads of the process, ended ones included; the kernel's process clock, else ticks."""
    try:
        # The number of another process's CPU clock, as clock_getcpuclockid makes it; it works for one not yet waited for.
        return time.clock_gettime_ns((~process.pid << 3) | 2)
    except OSError:
        return process.own_ticks * TICK_NS


def memory_kib(tree: Iterable[Process]) -> tuple[int | None, str | None]:
    """Memory of the processes, and its kind: "pss" (shared pages shared out) if the kernel permits it for all, else "rss"."""
    living = [each for each in tree if not each.zombie]
    for kind, read in (("pss", _pss_kib), ("rss", _rss_kib)):
        sizes = {each.pid: read(each.pid) for each in living}
        known = [size for size in sizes.values() if size is not None]
        # A database's processes come and go: one that has given its memory back does not stand in the way of the others.
        if known and not any(size is None and _holds_memory(pid) for pid, size in sizes.items()):
            return sum(known), kind
    return None, None


def _holds_memory(pid: int) -> bool:
    """False: it is gone, or on its way out and no zombie yet."""
    try:
        return int(_read(f"/proc/{pid}/statm").split()[0]) > 0
    except OSError:
        return False


def _pss_kib(pid: int) -> int | None:
    try:
        lines = _read(f"/proc/{pid}/smaps_rollup").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(b"Pss:")), None)


def _rss_kib(pid: int) -> int | None:
    try:
        return int(_read(f"/proc/{pid}/statm").split()[1]) * PAGE_KIB
    except OSError:
        return None


def storage_bytes(tree: Iterable[Process]) -> tuple[int | None, int | None]:
    """Bytes read from and written to storage by the processes and the children they waited for; None: not permitted."""
    read = written = 0
    for each in tree:
        try:
            fields = dict(line.split(b": ") for line in _read(f"/proc/{each.pid}/io").splitlines())
        except OSError:
            if look(each.pid) is None:
                continue
            return None, None
        read += int(fields[b"read_bytes"])
        written += int(fields[b"write_bytes"])
    return read, written


def send(process: Process, number: signal.Signals) -> None:
    """Signals this process, not another one that got its pid meanwhile; that it is gone, or not ours, is fine."""
    now = look(process.pid)
    if now is None or now.started != process.started:
        return
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process.pid, number)


def end(
    find: Callable[[], list[Process]],
    *,
    polite_s: float = 2.0,
    within_s: float = 5.0,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[Process]:
    """Ends whatever `find` finds, also what appears meanwhile: asked first, killed after `polite_s`. Returns what is left."""
    began = time.monotonic()
    asked: set[tuple[int, int]] = set()
    while found := find():
        waited = time.monotonic() - began
        if waited > within_s:
            return found
        for each in found:
            if waited > polite_s:
                send(each, signal.SIGKILL)
            elif each.key not in asked:
                asked.add(each.key)
                send(each, signal.SIGTERM)
        time.sleep(min(0.005 + waited / 10, 0.05))
        meanwhile()
    return []


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        parts = []
        while part := file.read(65536):
            parts.append(part)
    return b"".join(parts)
