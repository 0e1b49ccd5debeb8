"""What runs in pods, seen from the node that they are on, where that is this machine."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from steps import processes


def in_pods(of: str = "pod") -> list[int]:
    """The processes on this machine that are in a pod, or in that of a uid."""
    found = []
    for each in processes.everyone():
        with suppress(OSError):
            groups = Path(f"/proc/{each.pid}/cgroup").read_text()
            found += [each.pid] if "kubepods" in groups and of in groups.replace("_", "-") else []
    return found


def held() -> int | None:
    """How many BPF programs are held by pods; None: the cluster's node is another machine, or we are not root."""
    pids = in_pods()
    if os.geteuid() != 0 or not pids:
        return None
    found = 0
    for path in (path for pid in pids for path in Path(f"/proc/{pid}/fdinfo").glob("*")):
        with suppress(OSError):
            found += "prog_id" in path.read_text()
    return found
