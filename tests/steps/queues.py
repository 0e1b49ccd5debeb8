"""Queues in simulated time, quick enough for a search of their knee.

First come, first served; a server answers after an exponential time. Rates and `mu` are per second, times in seconds.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

Simulated = Callable[[np.random.Generator, float, int], np.ndarray]  # a rate and a number of requests → response times


def one_server(mu: float) -> Simulated:
    """M/M/1: requests at random moments."""
    return lambda chance, rate, n: _behind_one(np.cumsum(chance.exponential(1 / rate, n)), chance.exponential(1 / mu, n))


def one_server_evenly_asked(mu: float) -> Simulated:
    """D/M/1: evenly spaced requests, as the lab's driver sends them."""
    return lambda chance, rate, n: _behind_one(np.arange(n) / rate, chance.exponential(1 / mu, n))


def _behind_one(asked: np.ndarray, work: np.ndarray) -> np.ndarray:
    """Response times behind one server, without a loop: a busy period begins with the request that found nobody."""
    done = np.cumsum(work)
    return done + np.maximum.accumulate(asked - (done - work)) - asked


def several_servers(mu: float, servers: int) -> Simulated:
    """M/M/c: who comes first gets the server that is free first."""

    def simulated(chance: np.random.Generator, rate: float, n: int) -> np.ndarray:
        asked = np.cumsum(chance.exponential(1 / rate, n)).tolist()
        free, responses = [0.0] * servers, []
        for moment, work in zip(asked, chance.exponential(1 / mu, n).tolist(), strict=True):
            done = max(free[0], moment) + work
            heapq.heapreplace(free, done)
            responses.append(done - moment)
        return np.array(responses)

    return simulated
