"""What a cell's machines did over the window beside what was asked of them, from the keepers' readings at its edges. Pure.

What no component accounts for is the time of a machine's cores that was neither idle nor stolen, less what the components, the
keepers and the driver used of it. In a pod the counters are those of the whole node: other pods, the kubelet and the kernel are
in it. Here they are those of the cores that the components are confined to, and the kernel's own threads can be told apart; at
most, for some may have run on the driver's core too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from steps.model import Canary, CanaryReference, Surroundings, Usage
from steps.node import throttled_share
from steps.statistics.figures import Facts
from steps.statistics.readings import edges_of

PRESSURES = ("cpu", "io", "memory")
UNTOLD = "not told by the kernel there"
UNSEEN = {"kernel_cores": "its threads cannot be seen from there", "programs_cores": "not all of them can be seen from there"}


@dataclass(frozen=True)
class Stretch:
    """A keeper's two readings at the window's edges."""

    start: Usage
    end: Usage

    @property
    def seconds(self) -> float:
        return (self.end.monotonic_ns - self.start.monotonic_ns) / 1e9

    def rate(self, counter: str) -> float | None:
        """How much a cumulative counter gained per second; None: the kernel does not tell."""
        earlier, later = getattr(self.start, counter), getattr(self.end, counter)
        return None if earlier is None or later is None or self.seconds <= 0 else (later - earlier) / self.seconds

    @property
    def throttled_share(self) -> float | None:
        return throttled_share(self.rate("throttled_s"), self.rate("periods"), self.rate("throttled_periods"))


@dataclass(frozen=True)
class Machine:
    """The components of a cell that share one machine."""

    stretches: tuple[Stretch, ...]
    driver_cores: float  # what the driver used of the counted cores

    def counter(self, name: str) -> float | None:
        return next((rate for each in self.stretches if (rate := each.rate(name)) is not None), None)

    @property
    def cores(self) -> int | None:
        return next((each.end.node_cpus for each in self.stretches if each.end.node_cpus), None)

    @property
    def busy_cores(self) -> float | None:
        """CPU seconds per second, of anybody."""
        idle, steal = self.counter("node_idle_s"), self.counter("node_steal_s")
        return None if self.cores is None or idle is None or steal is None else self.cores - idle - steal

    @property
    def components_cores(self) -> float:
        return sum(each.rate("cpu_s") or 0.0 for each in self.stretches)

    @property
    def keepers_cores(self) -> float:
        return sum(each.rate("keeper_cpu_s") or 0.0 for each in self.stretches)

    @property
    def kernel_cores(self) -> float | None:
        """The part of it that the kernel's own threads used, at most."""
        kernel, whole = self.counter("kernel_cpu_s"), self.unattributed_cores
        return None if kernel is None or whole is None else min(kernel, whole)

    @property
    def unattributed_cores(self) -> float | None:
        if self.busy_cores is None:
            return None
        return max(self.busy_cores - self.components_cores - self.keepers_cores - self.driver_cores, 0.0)


def machines_of(facts: Facts) -> tuple[Machine, ...]:
    """The machines on which the cell's components ran; none where no keeper told which."""
    by_node: dict[str, list[Stretch]] = defaultdict(list)
    for name in dict.fromkeys(each.usage.component for each in facts.readings):
        edges = edges_of(facts.readings, name)
        if len(edges) == 2 and edges["end"].node is not None:
            by_node[edges["end"].node].append(Stretch(edges["start"], edges["end"]))
    return tuple(Machine(tuple(found), _driver_cores(facts, node)) for node, found in by_node.items())


def _driver_cores(facts: Facts, node: str) -> float:
    """Of a driver with cores of its own nothing is in the counters."""
    driver = facts.driver
    return driver.cpu_s / facts.window.seconds if driver.cpus is None and driver.node == node else 0.0


def surroundings_of(facts: Facts, reference: CanaryReference | None) -> Surroundings:
    """The worst of the cell's machines in each respect."""
    machines = machines_of(facts)
    stretches = [each for machine in machines for each in machine.stretches]
    shares = {
        "unattributed_cores": _worst(machine.unattributed_cores for machine in machines),
        "kernel_cores": _kernel_cores(machines),
        "programs_cores": _programs_cores(facts, machines),
        "steal_share": _worst(_share(machine.counter("node_steal_s"), machine.cores) for machine in machines),
        "throttled_share": _worst(each.throttled_share for each in stretches),
        **{f"{name}_pressure_share": _worst(machine.counter(f"{name}_pressure_s") for machine in machines) for name in PRESSURES},
    }
    unknown = [f"{name.replace('_', ' ')}: {UNSEEN.get(name, UNTOLD)}" for name, value in shares.items() if value is None]
    shift, silent = canary_shift((facts.record.canary_before, facts.record.canary_after), reference)
    return Surroundings(
        cores=max((machine.cores for machine in machines if machine.cores), default=None),
        **shares,
        canary_shift=shift,
        unknown=(*unknown, *silent),
    )


def canary_shift(sung: Iterable[Canary | None], reference: CanaryReference | None) -> tuple[dict[str, float], list[str]]:
    """How much longer each part of the canary took than usual, at worst, as a share; and why that is not known."""
    there = [each for each in sung if each is not None]
    if reference is None or not there:
        return {}, ["canary: it was not sung before the run" if reference is None else "canary: it was not sung in this cell"]
    if any(each.node is None or each.node != reference.node for each in there):
        return {}, ["canary: what it usually takes is known of another machine only"]
    shift: dict[str, float] = {}
    for name, usual in reference.usual.items():
        took_ms = [each.took_ms[name] for each in there if name in each.took_ms]
        if took_ms and usual.mean_ms > 0:
            shift[name] = max(took_ms) / usual.mean_ms - 1
    return shift, [f"canary, {name}: {why}" for each in there for name, why in each.failures.items()]


def worst_of(found: Iterable[Surroundings]) -> Surroundings | None:
    """The worst of several stretches of time in each respect; None: there are none."""
    several = list(found)
    if not several:
        return None
    numbers = [name for name in Surroundings.model_fields if name not in {"canary_shift", "unknown"}]
    parts = dict.fromkeys(part for each in several for part in each.canary_shift)
    return Surroundings(
        **{name: _worst(getattr(each, name) for each in several) for name in numbers},
        canary_shift={part: max(each.canary_shift[part] for each in several if part in each.canary_shift) for part in parts},
        unknown=tuple(dict.fromkeys(sentence for each in several for sentence in each.unknown)),
    )


def _worst(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _kernel_cores(machines: Iterable[Machine]) -> float | None:
    """Of the machine whose unattributed cores are told."""
    worst = max(machines, key=lambda each: each.unattributed_cores or 0.0, default=None)
    return worst.kernel_cores if worst else None


def _programs_cores(facts: Facts, machines: Iterable[Machine]) -> float | None:
    """Of programs beside the components and their keepers, on the driver's machine, which has to be the only one."""
    whole, several = facts.record.programs_cores, list(machines)
    if whole is None or len(several) != 1 or several[0].stretches[0].end.node != facts.driver.node:
        return None
    (machine,) = several
    return max(whole - machine.components_cores - machine.keepers_cores, 0.0)


def _share(rate: float | None, cores: int | None) -> float | None:
    return None if rate is None or not cores else rate / cores
