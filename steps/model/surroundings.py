"""What is recorded so that a cell's figures may be doubted: the machine around it, and whether it had settled."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from steps.model.values import Finite, Model, Name


class Canary(Model):
    """A fixed small work: what its parts took, or why one could not be done."""

    node: str | None  # the machine it sang on: comparable with what it took there only
    took_ms: dict[str, Finite]  # cpu, loopback, disk
    failures: dict[str, str] = {}


class Usual(Model):
    """What a part of the canary usually takes: the median, and the spread as a standard deviation (from the MAD)."""

    mean_ms: Finite
    sd_ms: Finite
    n: int = Field(ge=1)


class CanaryReference(Model):
    """The canary sung many times before anything was deployed."""

    node: str | None
    usual: dict[str, Usual]


class Surroundings(Model):
    """What a cell's machines did over the window beside what was asked of them. None: not known, and `unknown` says so.

    Of several machines it is the worst.
    """

    cores: int | None = None  # of the system under test, which the counters cover
    unattributed_cores: Finite | None = None  # CPU seconds per second that no component, keeper or driver accounts for
    kernel_cores: Finite | None = None  # of those, at most, the kernel's own threads, which write back what was synced
    programs_cores: Finite | None = None  # what programs used that are no components, on any core: at most that much of those
    steal_share: Finite | None = None  # of those cores' time
    throttled_share: Finite | None = None  # of the window, in which a limit held a component back, summed over its cores; or of
    # the periods in which one was watched, if that is more
    cpu_pressure_share: Finite | None = None  # of the window, in which something on the machine waited for it
    io_pressure_share: Finite | None = None
    memory_pressure_share: Finite | None = None
    canary_shift: dict[str, Finite] = {}  # part → how much longer it took before or after the load: 0.2 is a fifth
    unknown: tuple[str, ...] = ()  # what could not be told, and why


class Steadiness(Model):
    """Whether one quantity had settled, second by second."""

    verdict: Literal["steady", "not steady", "too short to prove"]
    edge_s: int | None = None  # from this second of the window on it had (below zero: in the warm-up); None: never, or not known
    trend: Finite | None = None  # how much it drifted over the window, as a share of its median
    early: Finite | None = None  # by which share of it the seconds before the edge move the window's mean


class PodContainer(Model):
    """Where a component's container is, as the kubelet of its node names it."""

    node: str  # the node's address
    namespace: str
    pod: str
    container: str


class CrossCheck(Model):
    """CPU time of one component from two sources over the same stretch of time, or why there are not two."""

    component: Name
    keeper_s: Finite | None = None
    kubelet_s: Finite | None = None
    over_s: Finite | None = None
    reason: str | None = None

    @property
    def apart(self) -> float | None:
        """How far the two are apart, as a share of the keeper's; None: there are not two."""
        if self.keeper_s is None or self.kubelet_s is None:
            return None
        return abs(self.kubelet_s - self.keeper_s) / max(self.keeper_s, 1e-9)

    def told(self) -> str:
        """`kubelet 1.870 s, keeper 1.871 s over the same 10.2 s`."""
        if self.keeper_s is None or self.kubelet_s is None or self.over_s is None:
            return f"no cross-check of {self.component}: {self.reason}"
        return f"kubelet {self.kubelet_s:.3f} s, keeper {self.keeper_s:.3f} s over the same {self.over_s:.1f} s"
