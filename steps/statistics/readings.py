"""What keepers told of a cell's components, taken apart."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from steps.drivers.keepers import Reading
from steps.model import Usage


def edges_of(readings: Iterable[Reading], component: str) -> dict[str, Usage]:
    """What a component's keeper said at the window's edges: `start` and `end`, as far as it answered."""
    return {each.edge: each.usage for each in of_component(readings, component) if each.edge}


def of_component(readings: Iterable[Reading], component: str) -> list[Reading]:
    """The readings of one component, by time."""
    return sorted((each for each in readings if each.usage.component == component), key=lambda each: each.usage.monotonic_ns)


def broken_off(readings: Iterable[Reading]) -> list[str]:
    """A sentence for each component that ended, or began anew, while it was read."""
    readings = tuple(readings)
    said = []
    for name in dict.fromkeys(each.usage.component for each in readings):
        own = of_component(readings, name)
        gone = next((each.usage for each in own if not each.usage.running or each.usage.exit_status is not None), None)
        if gone is not None:
            said.append(f"{name} ended" + ("" if gone.exit_status is None else f" with status {gone.exit_status}"))
        elif any(later.usage.cpu_s < earlier.usage.cpu_s - 1e-6 for earlier, later in pairwise(own)):
            said.append(f"{name} was restarted: its CPU time ran backwards")
    return said
