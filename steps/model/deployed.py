"""What `deploy` leaves behind and hands over, and what keepers say of what runs: frozen records, stored as JSON.

A value that could not be measured is `None` beside a reason. Zero means that zero was measured.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from steps.model.keeping import StoreAt
from steps.model.surroundings import PodContainer
from steps.model.values import CellId, Finite, Model, Name, RunId

SCHEMA_VERSION = 1


def now() -> str:
    """This moment in UTC, to the millisecond: `2026-11-23T15:04:05.678Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Running(Model):
    """What a keeper says of the program beside it: what runs, not what was asked for."""

    component: Name
    instance: str | None  # another one, another start; None: its main process has ended
    argv: tuple[str, ...] = ()  # some programs write a title over it
    config_digest: str | None = None  # of the file as the program can read it
    ready_ms: Finite | None = None  # from its start to its first good answer, where the keeper looked


class Secured(Model):
    """A port that lets in nobody without a certificate."""

    address: str  # HOST:PORT
    identity: Name  # who has to answer there
    rotates_s: Finite | None = None  # how often its certificate is exchanged; None: never


class Endpoints(Model):
    """What `deploy` hands to `load`, as the output parameter `endpoints`."""

    target: str  # http://HOST:PORT that the load is sent to
    keepers: dict[Name, str]  # component → http://HOST:PORT of its keeper
    rendered: dict[Name, Running] = {}  # what each component was started with, and the start that deploy saw
    outbox: str | None = None  # http://HOST:PORT of the broker to which the contender publishes; None: it does not
    driver_cpus: tuple[int, ...] | None = None  # None: not pinned
    system_cpus: tuple[int, ...] | None = None
    pods: dict[Name, PodContainer] = {}  # components that live in pods, for a second witness of their CPU time
    secured: dict[Name, Secured] = {}  # of components that speak mTLS
    stores: tuple[StoreAt, ...] = ()  # those that keep what the load causes, to be counted after it

    def measured(self, contender: Name) -> Name:
        """The contender's own component; of a direct path, which has none, what was deployed last."""
        return contender if contender in self.keepers else list(self.keepers)[-1]


class Usage(Model):
    """A keeper's reading of one component's process tree. Counters are cumulative since its start."""

    component: Name
    monotonic_ns: int  # CLOCK_MONOTONIC at the reading
    running: bool
    exit_status: int | None = None  # of the main process; negative: the signal that ended it
    cpu_s: Finite  # user + system, of living and finished processes of the tree
    memory_mib: Finite | None
    memory_kind: Literal["pss", "rss"] | None
    read_bytes: int | None = None
    write_bytes: int | None = None
    processes: int
    threads: int
    # What the keeper tells of itself and of the machine, from `steps.node`. None: the kernel does not tell.
    keeper_cpu_s: Finite | None = None
    throttled_s: Finite | None = None
    periods: int | None = None  # in which a limit on CPU was watched, and of them those in which it held tasks back
    throttled_periods: int | None = None
    node: str | None = None  # which machine, until it starts anew
    node_cpus: int | None = None  # the cores that the next two are the sums of
    node_idle_s: Finite | None = None
    node_steal_s: Finite | None = None
    kernel_cpu_s: Finite | None = None  # of the kernel's own threads that may run on those cores, since the first reading
    cpu_pressure_s: Finite | None = None
    io_pressure_s: Finite | None = None
    memory_pressure_s: Finite | None = None


class DeployedComponent(Model):
    """What really runs, as asked of the thing itself."""

    name: Name
    program: str
    version: str  # what the program says of itself, with its build options
    argv: tuple[str, ...]
    config_digest: str | None
    ready_ms: Finite
    attempts: int = 1  # more: a port that was free had been taken by another meanwhile


class DeployRecord(Model):
    """deploy.json"""

    schema_version: int = SCHEMA_VERSION
    run: RunId
    cell: CellId
    at: str
    components: tuple[DeployedComponent, ...] = ()
    failure: str | None = None
