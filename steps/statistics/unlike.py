"""What differs between two runs, layer by layer: their circumstances, and what was asked. Pure.

A circumstance that nobody recorded is `unknown`, which is a value of its own: known here and unknown there is a difference.
Unknown in both is none, but a doubt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from steps.model import Difference, Environment, Experiment, digest
from steps.statistics.words import sentence

UNKNOWN = "unknown"
ABSENT = "absent"
LONGEST = 80
ASKED = "experiment"  # the layer of what was asked


def circumstances(one: Environment, other: Environment) -> tuple[Difference, ...]:
    """How the places and what ran in them differ: `node.kernel`, `components.nginx`."""
    return _differences(_facts(one), _facts(other), absent=UNKNOWN)


def unknown_in_both(one: Environment, other: Environment) -> tuple[str, ...]:
    """The circumstances that neither of them knows."""
    facts, others = _facts(one), _facts(other)
    keys = sorted(facts.keys() | others.keys())
    return tuple(key for key in keys if {facts.get(key, UNKNOWN), others.get(key, UNKNOWN)} == {UNKNOWN})


def definitions(one: Experiment, other: Experiment) -> tuple[Difference, ...]:
    """How the experiments differ: `experiment.repetitions`, `experiment.contenders.nginx.version`. Loads by their labels."""
    if digest(one) == digest(other):
        return ()
    return _differences(_fields(one), _fields(other), absent=ABSENT)


def loads(one: Experiment, other: Experiment) -> tuple[Difference, ...]:
    """How loads of the same label differ: then they are not the same load. `loads.500rps.model`: open or closed."""
    known = {load.label: load for load in other.loads}
    return tuple(
        difference
        for load in one.loads
        if load.label in known
        for difference in _differences(
            dict(_leaves(load.model_dump(mode="json"), f"loads.{load.label}")),
            dict(_leaves(known[load.label].model_dump(mode="json"), f"loads.{load.label}")),
            absent=ABSENT,
        )
    )


def allowed(difference: Difference, despite: Iterable[str]) -> bool:
    """Whether the call lets it pass: by its whole key (`node.kernel`), its layer (`node`), or its name alone (`kernel`)."""
    key, (_, _, name) = difference.key, difference.key.partition(".")
    return any(wanted in {key, name} or key.startswith(f"{wanted}.") for wanted in despite)


def told(difference: Difference) -> str:
    """`node.kernel was Linux 6.1 and is Linux 6.6`."""
    return f"{difference.key} was {difference.before} and is {difference.after}"


def _facts(environment: Environment) -> dict[str, str]:
    layers: Mapping[str, Mapping[str, str]] = {"place": {"kind": environment.place}, **environment.identity}
    return {f"{layer}.{name}": value for layer, facts in layers.items() for name, value in facts.items()}


def _fields(experiment: Experiment) -> dict[str, str]:
    plain = experiment.model_dump(mode="json")
    plain["loads"] = ", ".join(load.label for load in experiment.loads)  # `loads` says how those of one label differ
    return dict(_leaves(plain, ASKED))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Each plain value in a JSON-able one, by its path; things in a list by their names where they have any. null is no value."""
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _leaves(part, f"{path}.{name}")
    elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        for number, part in enumerate(value, start=1):
            yield from _leaves(part, f"{path}.{part.get('name', number)}")
    elif value is not None:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _differences(one: Mapping[str, str], other: Mapping[str, str], *, absent: str) -> tuple[Difference, ...]:
    pairs = ((key, one.get(key, absent), other.get(key, absent)) for key in sorted(one.keys() | other.keys()))
    return tuple(Difference(key=key, **_apart(before, after)) for key, before, after in pairs if before != after)


def _apart(before: str, after: str) -> dict[str, str]:
    """Two long texts as the first line in which they differ, so that what is shown of them differs too."""
    lines: Sequence[tuple[str, str]] = list(zip_longest(before.splitlines(), after.splitlines(), fillvalue=""))
    one, other = next((pair for pair in lines if pair[0] != pair[1]), (before, after))
    one, other = sentence(one), sentence(other)
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, same - LONGEST // 2) if max(len(one), len(other)) > LONGEST else 0
    return {"before": _cut(one, start), "after": _cut(other, start)}


def _cut(text: str, start: int) -> str:
    part = text[start : start + LONGEST]
    return (f"{'…' if start else ''}{part}{'…' if len(text) > start + LONGEST else ''}") or "nothing"
