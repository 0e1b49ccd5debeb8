"""The same contender with more of what it waits for: what a verdict is held against.

A verdict says what stands in the way. Whether that is so shows when it is taken away: the response comes, or it was wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from steps.attribution import thresholds as at
from steps.model import Component
from steps.model.trace import Bottleneck

MORE_MIB = 512  # of memory for files that are kept there: in a pod they count as the component's own

WORKERS = "@{workers}"


@dataclass(frozen=True)
class Raised:
    """A contender with more of a resource, what it has more of, and the wait that has to go with it."""

    arm: Component
    what: str
    share: str | None = None  # "disk_percent"; None: a full thread waits for nothing
    most: float = 0.0  # percent of its active time that may be left


def raised(arm: Component, found: Bottleneck, *, cores: int, configs: Mapping[str, str]) -> Raised | str:
    """The contender without that bottleneck, or why it cannot be had.

    cores: that it may use where it runs. configs: the texts of templates, by name.
    """
    if found.resource == "disk":
        return _in_memory(arm)
    if found.resource == "cpu":
        return _more_workers(arm, found, cores, configs)
    return {
        "throttling": "the limit is that of the control group in which the lab was started: run it again in one without",
        "memory": "a component here may use all memory that the machine has",
        "lock": "no machine has more of a lock; a finer one is a change of the program",
        "network": "the load goes over loopback or the cluster's own network, which cannot be made faster from here",
        "none": "nothing in it was the limit",
    }[found.resource]


def _in_memory(arm: Component) -> Raised | str:
    """As fast as a disk can be: none at all."""
    if arm.files == "memory":
        return "its files are in memory already"
    more = arm.resources.model_copy(update={"memory_mib": arm.resources.memory_mib + MORE_MIB})
    twin = arm.under(f"{arm.name}-memory", title=f"{arm.title}, in memory", files="memory", resources=more)
    return Raised(twin, "its files in memory, where no fsync waits for a device", "disk_percent", 100 * at.DISK_SHARE)


def _more_workers(arm: Component, found: Bottleneck, cores: int, configs: Mapping[str, str]) -> Raised | str:
    if found.kind == "others":
        return "others on the machine had the cores that it wanted: run it again without them"
    if found.kind != "one thread":
        return "it had all cores that it may use: a larger machine shows what more of them would do"
    if cores < 2:
        return "one thread was full, and it may use one core here: more workers need more cores"
    own = arm.model_dump_json(exclude={"brings", "watched_by"}), configs.get(arm.config, WORKERS) if arm.config else ""
    if not any(WORKERS in text for text in own):
        return "nothing that it is started with says how many workers it has: with more of them it would be compared with itself"
    twin = arm.under(f"{arm.name}-wider", title=f"{arm.title}, {cores} workers", workers=cores)
    return Raised(twin, f"{cores} workers")
