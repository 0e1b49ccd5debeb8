"""Keeper and kubelet, asked side by side before the load and after it: how much CPU time did a component use between?

Nothing is asked while the load runs: a kubelet takes tens of milliseconds for an answer. Before and after, the component idles,
so that a counter that is a little older tells the same; one that is older than a second may not.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steps import kubelet
from steps.drivers.connection import ask_once
from steps.errors import LabError
from steps.kube import IN_POD
from steps.kubelet import Containers, Counter
from steps.model import CrossCheck, Endpoints, PodContainer, Usage

OLDEST_S = 1.0
WITHIN_S = 1.0


@dataclass(frozen=True)
class Witnesses:
    """What both said of one component at one moment."""

    keeper_s: float
    kubelet: Counter


Asked = Mapping[str, Witnesses | str]  # component → what was said, or why not


async def ask(where: Endpoints, *, account: Path = IN_POD) -> Asked:
    """Both witnesses of every component that lives in a pod. account: the files of the ServiceAccount."""
    nodes = {pod.node: _counters(pod.node, account) for pod in where.pods.values()}
    return {name: await _ask(where.keepers[name], pod, nodes[pod.node]) for name, pod in where.pods.items()}


def _counters(node: str, account: Path) -> Containers | str:
    """What a kubelet tells, or why it does not. It is waited for: nothing else goes on meanwhile."""
    try:
        return kubelet.read(node, account=account)
    except LabError as error:
        return str(error)


async def _ask(keeper: str, pod: PodContainer, counters: Containers | str) -> Witnesses | str:
    if isinstance(counters, str):
        return counters
    counter = counters.get((pod.namespace, pod.pod, pod.container))
    if counter is None:
        return "the kubelet does not know its container"
    if (old_s := time.time() - counter.at_ms / 1000) > OLDEST_S:
        return f"the kubelet's counters are {old_s:.1f} s old"
    answer = await ask_once(keeper, "/usage", within_s=WITHIN_S)
    if answer.status is None:
        return f"its keeper: {answer.how}"
    try:
        return Witnesses(Usage.from_json(answer.body, source="its keeper's answer").cpu_s, counter)
    except LabError as error:
        return str(error)


async def compare(where: Endpoints, before: Asked, *, account: Path = IN_POD) -> tuple[CrossCheck, ...]:
    """What each component used since, by both witnesses. Where there was none before, nobody is asked again."""
    after = await ask(where, account=account) if any(isinstance(each, Witnesses) for each in before.values()) else before
    return tuple(_compare(name, before[name], after[name]) for name in before)


def _compare(name: str, before: Witnesses | str, after: Witnesses | str) -> CrossCheck:
    if isinstance(before, str) or isinstance(after, str):
        return CrossCheck(component=name, reason=next(each for each in (before, after) if isinstance(each, str)))
    return CrossCheck(
        component=name,
        keeper_s=after.keeper_s - before.keeper_s,
        kubelet_s=after.kubelet.cpu_s - before.kubelet.cpu_s,
        over_s=(after.kubelet.at_ms - before.kubelet.at_ms) / 1000,
    )
