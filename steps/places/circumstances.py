"""The circumstances of this machine that figures depend on, by layer. What cannot be read is `unknown`, never left out."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path

from steps.places.base import Cpus

UNKNOWN = "unknown"
LIBRARIES = ("uvloop", "httptools", "hdrhistogram")  # what the driver's figures hang on
CPU_FOLDER = Path("/sys/devices/system/cpu")


def driver() -> dict[str, str]:
    """The driver's own layer: the interpreter and the libraries that send, receive and count."""
    return {"python": f"{platform.python_implementation()} {platform.python_version()}", **{n: _version(n) for n in LIBRARIES}}


def cluster(environment: Mapping[str, str]) -> dict[str, str]:
    """The layer that is not there; what the manifest asks of it and has no meaning here is kept all the same."""
    ignored = environment.get("BENCHLAB_IGNORED_FIELDS")
    return {"without_meaning_here": ignored} if ignored else {}


def node(driver_cpus: Cpus, system_cpus: Cpus) -> dict[str, str]:
    """The machine's layer."""
    return {
        "machine": platform.machine(),
        "kernel": f"{platform.system()} {platform.release()}",
        "system": _system(),
        "cpu": _line("/proc/cpuinfo", r"model name\s*:\s*(.+)"),
        "cores": str(os.cpu_count() or UNKNOWN),
        "threads_per_core": _threads_per_core(),
        "driver_cpus": _cpus(driver_cpus),
        "system_cpus": _cpus(system_cpus),
        "cpu_quota": _cpu_quota(),
        "governor": _text(CPU_FOLDER / "cpu0/cpufreq/scaling_governor"),
        "memory_mib": _memory_mib(),
        "clocksource": _text(Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")),
        "hypervisor": "yes" if " hypervisor" in _line("/proc/cpuinfo", r"flags\s*:\s*(.+)") else "none seen",
    }


def _cpus(cpus: Cpus) -> str:
    return "not pinned" if cpus is None else ",".join(map(str, cpus))


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return UNKNOWN


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", UNKNOWN)
    except OSError:
        return UNKNOWN


def _threads_per_core() -> str:
    """2 where two cores of the kernel are one of the machine: then driver and system under test may share it."""
    siblings = _text(CPU_FOLDER / "cpu0/topology/thread_siblings_list")
    return siblings if siblings == UNKNOWN else str(len(re.split(r"[,-]", siblings)))


def _cpu_quota() -> str:
    """The limit of this process's control group, in cores."""
    path = _line("/proc/self/cgroup", r"0::(/.*)")
    text = _text(Path(f"/sys/fs/cgroup{path}/cpu.max")) if path != UNKNOWN else UNKNOWN
    if text == UNKNOWN or text.startswith("max"):
        return "none" if text.startswith("max") else UNKNOWN
    quota, period = text.split()
    return f"{int(quota) / int(period):g}"


def _memory_mib() -> str:
    kib = _line("/proc/meminfo", r"MemTotal:\s*(\d+) kB")
    return kib if kib == UNKNOWN else str(int(kib) // 1024)


def _text(path: Path) -> str:
    try:
        return path.read_text().strip() or UNKNOWN
    except OSError:
        return UNKNOWN


def _line(path: str, pattern: str) -> str:
    """What the pattern's group matches first in a file."""
    try:
        found = re.search(pattern, Path(path).read_text())
    except OSError:
        return UNKNOWN
    return found[1].strip() if found else UNKNOWN
