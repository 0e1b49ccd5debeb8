"""What a machine tells of itself beside its processes: CPU that is idle or stolen, pressure, throttling. Needs no right.

Everything is cumulative and None where the kernel does not tell. In a pod these are the node's counters: /proc/stat and
/proc/pressure know no namespaces. Imported by the keeper, whose start counts: no imports that are not cheap.
"""

# /proc is read so often that making a Path of each name would cost more than the reading.
# ruff: noqa: PTH110, PTH123

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def identity() -> str | None:
    """The machine until it starts anew, the same in each of its containers."""
    text = _read("/proc/sys/kernel/random/boot_id")
    return text.decode().strip() if text else None


def counters(cpus: Sequence[int] | None) -> dict[str, float | str | None]:
    """The node's part of a `steps.model.Usage`. cpus: only these cores; None: all."""
    found = cpu_times(_read("/proc/stat") or b"", cpus)
    count, idle_s, steal_s = found or (None, None, None)
    return {
        "node": identity(),
        "node_cpus": count,
        "node_idle_s": idle_s,
        "node_steal_s": steal_s,
        "cpu_pressure_s": pressure_s("cpu"),
        "io_pressure_s": pressure_s("io"),
        "memory_pressure_s": pressure_s("memory"),
    }


def cpu_times(stat: bytes, cpus: Sequence[int] | None) -> tuple[int, float, float] | None:
    """How many cores /proc/stat tells of, their idle seconds (waiting for a disk is idle too), and their stolen ones.

    Idle and not busy, for on most kernels only idle time is exact: busy time is sampled at ticks.
    """
    wanted = None if cpus is None else {b"cpu%d" % cpu for cpu in cpus}
    lines = [line.split() for line in stat.splitlines() if line[:3] == b"cpu" and line[3:4].isdigit()]
    rows = [[int(field) for field in line[1:]] for line in lines if wanted is None or line[0] in wanted]
    if not rows or any(len(row) < 8 for row in rows) or (wanted is not None and len(rows) < len(wanted)):
        return None
    return len(rows), sum(row[3] + row[4] for row in rows) * TICK_S, sum(row[7] for row in rows) * TICK_S


def pressure_s(resource: str) -> float | None:
    """Seconds in which at least one task of the machine waited for `cpu`, `io` or `memory`."""
    first = (_read(f"/proc/pressure/{resource}") or b"").split(b"\n", 1)[0]
    return int(first.rsplit(b"total=", 1)[1]) / 1e6 if b"total=" in first else None


def disks(*, proc: str = "/proc", devices: str = "/sys/block") -> dict[str, dict[str, float]]:
    """By whole device: seconds in which it had something to do (`disk_busy_s`), and those of its requests, added up
    (`disk_requests_s`). Empty where the kernel does not tell.

    The first is sampled at the kernel's ticks: requests that always fall between two of them are not in it. The second is exact.
    Of partitions `devices` knows nothing; what is made of other devices or of memory (loop, dm, md, zram) lies in virtual/block.
    """
    busy, requests = {}, {}
    for line in (_read(f"{proc}/diskstats") or b"").decode().splitlines():
        fields = line.split()
        if len(fields) < 14:
            continue
        path = f"{devices}/{fields[2]}"
        if os.path.exists(path) and "/virtual/block/" not in os.path.realpath(path):
            busy[fields[2]], requests[fields[2]] = (int(field) / 1000 for field in fields[12:14])
    return {"disk_busy_s": busy, "disk_requests_s": requests}


def oom_kills(pid: int, *, proc: str = "/proc", groups: str = "/sys/fs/cgroup") -> int | None:
    """Processes of its control group that were killed because memory ran out; None: that cannot be seen from here."""
    for line in (_read(f"{proc}/{pid}/cgroup") or b"").decode().splitlines():
        _, controllers, path = line.split(":", 2)
        name = "memory/{}/memory.oom_control" if controllers else "{}/memory.events"
        if ".." in path or (controllers and "memory" not in controllers.split(",")):
            continue
        said = dict(each.split(None, 1) for each in (_read(f"{groups}/{name.format(path.strip('/'))}") or b"").splitlines())
        if b"oom_kill" in said:
            return int(said[b"oom_kill"])
    return None


def limit_files(pid: int, *, proc: str = "/proc", groups: str = "/sys/fs/cgroup") -> list[str]:
    """The cpu.stat of a process's control group and of those above it, as far as they can be seen from here.

    groups: where they are mounted; another container's are seen through its root: `groups_of`.
    """
    found = []
    for line in (_read(f"{proc}/{pid}/cgroup") or b"").decode().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = f"{groups}/{controllers}" if controllers else groups
        parts = path.strip("/").split("/")
        levels = ["/".join(parts[:depth]) for depth in range(len(parts), 0, -1)] if path != "/" else []
        found += [f"{root}/{level}/cpu.stat" for level in levels if ".." not in level] + [f"{root}/cpu.stat"]
    return [path for path in found if throttled_s([path]) is not None]


def groups_of(pid: int) -> str:
    """Where the container of that process has its control groups. Ours has its own at the same place."""
    return f"/proc/{pid}/root/sys/fs/cgroup"


def throttling(files: Sequence[str]) -> dict[str, float | int | None]:
    """What limits on CPU did, whichever level has them: that part of a `steps.model.Usage`."""
    watched, held_back = periods(files) or (None, None)
    return {"throttled_s": throttled_s(files), "periods": watched, "throttled_periods": held_back}


def throttled_s(files: Iterable[str]) -> float | None:
    """Seconds for which a limit on CPU held tasks back, at whichever level; None: no level tells."""
    told = [seconds for path in files if (seconds := _throttled_s(_read(path) or b"")) is not None]
    return sum(told) if told else None


def periods(files: Iterable[str]) -> tuple[int, int] | None:
    """Periods in which a limit on CPU was watched, and those in which it held tasks back; None: no level has one.

    What each of them took is told badly by some kernels (6.18 with version 1: a tenth of it); that they were is told by all.
    """
    told = [both for path in files if (both := _periods(_read(path) or b"")) and both[0]]
    return (sum(each[0] for each in told), sum(each[1] for each in told)) if told else None


def throttled_share(of_time: float | None, watched: float | None, held_back: float | None) -> float | None:
    """Of the time or of the periods, whichever is more: kernels count the one or the other badly. None: nobody tells."""
    told = [share for share in (of_time, held_back / watched if watched and held_back is not None else None) if share is not None]
    return max(told) if told else None


def _periods(stat: bytes) -> tuple[int, int] | None:
    said = dict(line.split(b" ", 1) for line in stat.splitlines() if b" " in line)
    try:
        return int(said[b"nr_periods"]), int(said[b"nr_throttled"])
    except (KeyError, ValueError):
        return None


def _throttled_s(stat: bytes) -> float | None:
    for line in stat.splitlines():
        name, _, value = line.partition(b" ")
        if name == b"throttled_usec":  # version 2
            return int(value) / 1e6
        if name == b"throttled_time":  # version 1
            return int(value) / 1e9
    return None


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.readall()
    except OSError:
        return None
