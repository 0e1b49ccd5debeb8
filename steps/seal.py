"""The seal of a run: the sha256 of every object it left, so that a later reader knows that nothing was changed or lost.

A run that is finished later gets a further seal (seal-2.json); the earlier ones stay and are not sealed themselves.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Literal

from steps.model import Model, RunVerdict
from steps.model.values import RunId

SEAL = re.compile(r"seal-(\d+)\.json")


class Seal(Model):
    """seal-N.json"""

    schema_version: Literal[1] = 1
    run: RunId
    verdict: RunVerdict
    objects: dict[str, str]  # key below the run's prefix → sha256


def seal(objects: Mapping[str, bytes], *, run: str, verdict: RunVerdict) -> Seal:
    """The seal of these objects, by their keys below the run's prefix."""
    sealed = {key: hashlib.sha256(objects[key]).hexdigest() for key in sorted(objects) if not SEAL.fullmatch(key)}
    return Seal(run=run, verdict=verdict, objects=sealed)


def next_name(keys: Iterable[str]) -> str:
    """`seal-1.json`, or the next that is free."""
    return f"seal-{_newest(keys) + 1}.json"


def newest_name(keys: Iterable[str]) -> str | None:
    """The seal that holds; None: there is none."""
    number = _newest(keys)
    return f"seal-{number}.json" if number else None


def _newest(keys: Iterable[str]) -> int:
    return max((int(match[1]) for key in keys if (match := SEAL.fullmatch(key))), default=0)


def broken(found: Seal, objects: Mapping[str, bytes]) -> tuple[str, ...]:
    """What is no longer as it was sealed, one sentence for each object; what was added later does not break a seal."""
    return tuple(
        f"{key} is missing" if key not in objects else f"{key} was changed"
        for key, digest in found.objects.items()
        if key not in objects or hashlib.sha256(objects[key]).hexdigest() != digest
    )
