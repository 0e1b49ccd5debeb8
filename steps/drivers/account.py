"""The driver's own counters: its CPU time, and how many requests are open, weighted by time.

The mean of open requests is the check on response times (Little's law): it knows nothing of any single request. It is
integrated at each change. Looking every 20 ms instead would see one phase of an evenly spaced schedule again and again.
"""

from __future__ import annotations

import time
from typing import NamedTuple

EDGES = 2


class Edge(NamedTuple):
    """The counters at one of the window's edges."""

    at_ns: int
    cpu_s: float
    open_ns: int  # each open request adds the time for which it is open


class Account:
    """Counters of one flight."""

    def __init__(self) -> None:
        self._open = 0
        self._open_ns = 0
        self._changed_ns = 0
        self._edges: list[Edge] = []

    def due(self, now: int) -> None:
        """A request is due: it is open, sent or not."""
        self._open_ns += self._open * (now - self._changed_ns)
        self._changed_ns = now
        self._open += 1

    def ended(self, now: int) -> None:
        """A request has ended, however."""
        self._open_ns += self._open * (now - self._changed_ns)
        self._changed_ns = now
        self._open -= 1

    def edge(self, now: int) -> None:
        """One of the window's edges."""
        open_ns = self._open_ns + self._open * (now - self._changed_ns)
        self._edges.append(Edge(now, time.process_time(), open_ns))

    def over_window(self, now: int) -> tuple[float, float]:
        """CPU seconds, and the mean of open requests. now: the end of a window that was broken off; 0 where it had not begun."""
        if len(self._edges) < EDGES:
            self.edge(now)
        start, end = self._edges[0], self._edges[-1]
        return end.cpu_s - start.cpu_s, (end.open_ns - start.open_ns) / max(end.at_ns - start.at_ns, 1)
