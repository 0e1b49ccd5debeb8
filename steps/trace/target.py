"""Whom a trace looks at, and what /proc says of them beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from steps import node, processes
from steps.errors import MeasureError
from steps.model import Endpoints
from steps.model.trace import Counters


@dataclass(frozen=True)
class Target:
    """A component's process tree, below its keeper: what became an orphan in it has the keeper for its parent."""

    component: str
    keeper_pid: int
    main: tuple[int, int] | None = None  # pid and start of its first process; None: it is not known which

    @classmethod
    def of(cls, where: Endpoints, contender: str) -> Target:
        """What is measured of a contender. Raises MeasureError: it is not there."""
        component = where.measured(contender)
        running = where.rendered.get(component)
        pid, _, started = (running.instance if running and running.instance else "0 0").partition(" ")
        main = processes.look(int(pid))
        if main is None or main.started != int(started):
            message = f"{component} is not running: there is nothing to trace"
            raise MeasureError(message)
        return cls(component, main.parent, (main.pid, main.started))

    def ended(self) -> bool:
        """Whether its first process, or all of them, are gone."""
        if self.main is None:
            return not self.threads()
        now = processes.look(self.main[0])
        return now is None or now.zombie or now.started != self.main[1]

    def threads(self) -> list[int]:
        """Its threads now."""
        found: list[int] = []
        for each in processes.descendants(self.keeper_pid):
            with suppress(OSError):  # it ended meanwhile
                found += (int(thread.name) for thread in Path(f"/proc/{each.pid}/task").iterdir())
        return found

    def living(self) -> list[int]:
        """Those of them that have not ended; some that have are still there for their parents to ask."""
        return [thread for thread in self.threads() if (now := processes.look(thread)) and not now.zombie]

    def counters(self, cpus: Sequence[int] | None) -> Counters:
        """What it and the machine have used. cpus: the cores that count as the machine's; None: all."""
        reading = processes.read_cpu(self.keeper_pid)
        read, written = processes.storage_bytes(reading.tree)
        living = [each for each in reading.tree if not each.zombie]
        pids = [each.pid for each in living] or [self.keeper_pid]
        pid = pids[0]
        said, files = node.counters(cpus), node.limit_files(pid)
        return Counters(
            at_ns=reading.at_ns,
            cpu_s=reading.cpu_ns / 1e9,
            threads=sum(each.threads for each in living),
            read_bytes=read,
            write_bytes=written,
            retransmitted=retransmitted(pid),
            ip_sent_bytes=ip_bytes(pids, "OutOctets"),
            ip_received_bytes=ip_bytes(pids, "InOctets"),
            oom_kills=node.oom_kills(pid),
            **node.disks(),
            **node.throttling(files),
            **{name: said[name] for name in ("cpu_pressure_s", "io_pressure_s", "memory_pressure_s")},
        )


def retransmitted(pid: int) -> int | None:
    """TCP segments that were sent again in the network namespace of a process; None: it cannot be known."""
    return _counted(pid, "snmp", "Tcp:", "RetransSegs")


def ip_bytes(pids: Iterable[int], name: str) -> dict[str, int]:
    """`InOctets` or `OutOctets` of each network namespace that these processes are in; without those that cannot be known.

    With headers, and with loopback, which counts on both sides: 10 MB over 127.0.0.1 were 10.01 MB out and in. What IPv6 carries
    stands in a file of its own (10.3 MB over ::1); without IPv6 there is none.
    """
    found: dict[str, int] = {}
    for pid in pids:
        with suppress(OSError):  # it ended meanwhile
            namespace = str(Path(f"/proc/{pid}/ns/net").readlink())
            if namespace not in found and (ipv4 := _counted(pid, "netstat", "IpExt:", name)) is not None:
                found[namespace] = ipv4 + _ipv6(pid, name)
    return found


def _ipv6(pid: int, name: str) -> int:
    """0: there is no IPv6 here. Raises OSError: it ended meanwhile."""
    try:
        lines = [line.split() for line in Path(f"/proc/{pid}/net/snmp6").read_text(encoding="ascii").splitlines()]
    except FileNotFoundError:
        Path(f"/proc/{pid}/net").stat()
        return 0
    return next((int(value) for counter, value in lines if counter == f"Ip6{name}"), 0)


def _counted(pid: int, file: str, protocol: str, name: str) -> int | None:
    """A counter of /proc/PID/net: a line has the names, the next one the values."""
    try:
        lines = Path(f"/proc/{pid}/net/{file}").read_text(encoding="ascii").splitlines()
        names, values = (line.split() for line in lines if line.startswith(protocol))
        return int(values[names.index(name)])
    except (OSError, ValueError):
        return None
