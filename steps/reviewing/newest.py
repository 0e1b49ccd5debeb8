"""The newest run of an experiment that can be relied on, and why newer ones cannot.

A run is passed over when it has no seal, was changed, failed, or is a preview where the review decides; none is guessed at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from steps.errors import MissingObject, UsageError
from steps.model import RunVerdict
from steps.sealed import InStore, Sealed, unseal
from steps.store import Store

MANY = 3  # reasons that are told one by one


@dataclass(frozen=True)
class Newest:
    """What there is of an experiment."""

    experiment: str
    sealed: Sealed | None
    passed_over: tuple[str, ...] = ()  # newer runs, each with its reason

    @property
    def reason(self) -> str | None:
        """Why there is nothing to read; None: there is."""
        if self.sealed is not None:
            return None
        if not self.passed_over:
            return f"no run of {self.experiment} is in the store"
        more = len(self.passed_over) - MANY
        return "; ".join((*self.passed_over[:MANY], *([f"and {more} more"] if more > 0 else [])))


def newest(store: Store, phase: str, experiment: str, *, previews: bool) -> Newest:
    """The newest usable run. previews: they are, for what reads them decides nothing either. Raises StoreError."""
    passed_over: list[str] = []
    for found in _by_time(store, f"runs/{phase}/{experiment}"):
        try:
            sealed = unseal(found)
        except UsageError as error:
            passed_over.append(str(error))
            continue
        if reason := _unusable(sealed, previews=previews):
            passed_over.append(reason)
            continue
        return Newest(experiment, sealed, tuple(passed_over))
    return Newest(experiment, None, tuple(passed_over))


def _unusable(sealed: Sealed, *, previews: bool) -> str | None:
    report = sealed.report
    if report.verdict is RunVerdict.FAILED:
        return f"run {sealed.name} failed: {report.reasons[0] if report.reasons else 'it does not say why'}"
    if report.preview and not previews:
        return f"run {sealed.name} is a preview, which decides nothing"
    return None


def _by_time(store: Store, key: str) -> list[InStore]:
    """Every run below the key, the newest first; one that does not tell when it was made comes last."""
    keys: dict[str, set[str]] = {}
    for each in store.list(f"{key}/"):
        run, _, own = each.removeprefix(f"{key}/").partition("/")
        keys.setdefault(run, set()).add(own)
    found = [InStore(store, f"{key}/{run}", frozenset(own)) for run, own in keys.items()]
    return sorted(found, key=_made_at, reverse=True)


def _made_at(found: InStore) -> tuple[str, str]:
    try:
        said = json.loads(found.read("environment.json"))
    except (MissingObject, ValueError):
        said = None
    at = said.get("at") if isinstance(said, Mapping) else None
    return (str(at or ""), found.prefix)
