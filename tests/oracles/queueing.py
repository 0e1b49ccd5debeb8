"""Queues whose answers are known from theory: first come first served, exponential service, in simulated time.

What is simulated is said by its name in Kendall's notation. The driver's own schedule is evenly spaced, so it makes D/M/1; for
M/M/1 and M/M/c the recording is given Poisson moments at which requests are due. Each server is a connection of its own, so a
request that finds none free waits where it would wait in reality: in the driver.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heapify, heapreplace
from math import exp, factorial, log

import numpy as np

from steps.drivers.recording import Fate, Flown, Recording, Schedule
from steps.model import HttpLoad

START_NS = 1_000_000_000_000


@dataclass(frozen=True)
class Queue:
    """A queue before `servers` that answer `rate_rps` requests a second together."""

    rate_rps: float
    servers: int = 1
    poisson: bool = True  # arrivals; else evenly spaced

    def fly(self, load: HttpLoad, *, seed: str) -> Flown:
        """The load as the driver leaves it, had it met this queue."""
        random = np.random.default_rng(list(seed.encode()))
        schedule = self._schedule(load, random)
        recording = Recording.of(schedule, start_ns=START_NS)
        service_ns = (random.exponential(self.servers / self.rate_rps, len(schedule)) * 1e9).astype(np.int64)
        recording.looked_ns = recording.due_ns
        recording.sent_ns = array("q", self._begin_ns(recording.due_ns, service_ns))
        recording.ended_ns = _array(np.frombuffer(recording.sent_ns, np.int64) + service_ns)
        recording.fates = bytearray([Fate.OK]) * len(schedule)
        begin_ns = START_NS + schedule.warmup_ns
        return Flown(
            schedule=schedule,
            recording=recording,
            start_ns=START_NS,
            window_ns=(begin_ns, begin_ns + schedule.duration_ns),
            cpu_s=0.5 * load.duration_s,
            connections=self.servers,
            spin=True,
            stopped=None,
        )

    def _schedule(self, load: HttpLoad, random: np.random.Generator) -> Schedule:
        if not self.poisson:
            return Schedule.of(load)
        warmup_ns, duration_ns = round(load.warmup_s * 1e9), round(load.duration_s * 1e9)
        most = 2 * round(load.rate_rps * (load.warmup_s + load.duration_s)) + 100
        offsets_ns = (np.cumsum(random.exponential(1e9 / load.rate_rps, most))).astype(np.int64)
        offsets_ns = offsets_ns[offsets_ns < warmup_ns + duration_ns]
        warmup = int(np.searchsorted(offsets_ns, warmup_ns))
        return Schedule(offsets_ns=_array(offsets_ns), warmup=warmup, warmup_ns=warmup_ns, duration_ns=duration_ns)

    def _begin_ns(self, due_ns: array[int], service_ns: np.ndarray) -> list[int]:
        """When each request's service begins: when it is due, or when the first server is free."""
        free_ns = [0] * self.servers
        heapify(free_ns)
        begun = []
        for due, service in zip(due_ns, service_ns.tolist(), strict=True):
            begin = max(due, free_ns[0])
            heapreplace(free_ns, begin + service)
            begun.append(begin)
        return begun

    # Theory

    def mean_ms(self, arrivals_rps: float) -> float:
        """Mean response time."""
        each_rps = self.rate_rps / self.servers
        if not self.poisson:
            return 1000 / (self.rate_rps * (1 - self._sigma(arrivals_rps)))
        return 1000 / each_rps + 1000 * self._waits(arrivals_rps) / (self.rate_rps - arrivals_rps)

    def quantile_ms(self, q: float, arrivals_rps: float) -> float:
        """Quantile of the response time."""
        if not self.poisson:
            return -log(1 - q) * self.mean_ms(arrivals_rps)
        return 1000 * _bisect(lambda t_s: self._longer(t_s, arrivals_rps) - (1 - q), 0, 100 / (self.rate_rps - arrivals_rps))

    def capacity_rps(self, p99_ms: float) -> float:
        """The rate of arrivals at which its p99 is this."""
        return _bisect(lambda rate_rps: p99_ms - self.quantile_ms(0.99, rate_rps), 0.01 * self.rate_rps, 0.9999 * self.rate_rps)

    def _longer(self, t_s: float, arrivals_rps: float) -> float:
        """The share of M/M/c responses that take longer."""
        each, spare = self.rate_rps / self.servers, self.rate_rps - arrivals_rps
        waits = self._waits(arrivals_rps)
        if self.servers == 1:
            return exp(-spare * t_s)
        return exp(-each * t_s) + waits * each / (each - spare) * (exp(-spare * t_s) - exp(-each * t_s))

    def _waits(self, arrivals_rps: float) -> float:
        """Erlang's C: the share of requests that wait at all."""
        c, offered = self.servers, arrivals_rps * self.servers / self.rate_rps
        last = offered**c / factorial(c) / (1 - offered / c)
        return last / (sum(offered**k / factorial(k) for k in range(c)) + last)

    def _sigma(self, arrivals_rps: float) -> float:
        """D/M/1: the share of requests that wait, the root below 1 of sigma = exp(-(1 - sigma) / rho)."""
        rho = arrivals_rps / self.rate_rps
        return _bisect(lambda sigma: exp(-(1 - sigma) / rho) - sigma, 0, rho)


def _bisect(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a function that is positive at `low` and negative at `high` is zero."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2


def _array(values: np.ndarray) -> array[int]:
    return array("q", values.tobytes())
