"""Queues in simulated time, and the rates at which theory says that their p99 reaches a limit: oracles for the search of a knee.

First come, first served; a server answers after an exponential time. Rates and `mu` are per second, times in seconds.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from math import exp, factorial, log

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


def one_server_capacity(mu: float, p99_s: float) -> float:
    """M/M/1's response is exponential with the rate mu - rate, so its p99 is ln(100) / (mu - rate)."""
    return mu - log(100) / p99_s


def one_server_evenly_asked_capacity(mu: float, p99_s: float) -> float:
    """D/M/1's is exponential with the rate mu (1 - s), where s = exp(-mu (1 - s) / rate); so both follow from the p99."""
    s = 1 - log(100) / p99_s / mu
    return -mu * (1 - s) / log(s)


def several_servers_capacity(mu: float, servers: int, p99_s: float) -> float:
    """M/M/c: the rate whose share of responses above the limit is 1 %, found by halving."""
    low, high = 0.0, servers * mu
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _above(mu, servers, middle, p99_s) < 0.01 else (low, middle)
    return low


def _above(mu: float, servers: int, rate: float, limit_s: float) -> float:
    """P(response > limit): a share C (Erlang's) waits exponentially with the rate c mu - rate, then all are served."""
    load, spare = rate / mu, servers * mu - rate
    waiting = load**servers / factorial(servers) * servers / (servers - load)
    c = waiting / (sum(load**n / factorial(n) for n in range(servers)) + waiting)
    served = exp(-mu * limit_s)
    both = (spare * served - mu * exp(-spare * limit_s)) / (spare - mu)
    return (1 - c) * served + c * both
