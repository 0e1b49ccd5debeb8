"""A run as it was sealed: its report, what was asked and where it was made, or why it cannot be relied on.

Every object that the seal names must be there, and those that hold figures must be as they were sealed: what is read here, and
the outcome of each cell, from which the report was made. So a deleted repetition, or a changed figure, is found.
What else a cell left (histograms, series, logs) is not read again: that would be most of a run, of each run of a history.
"""

from __future__ import annotations

import json
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from steps.errors import MissingObject, UsageError
from steps.model import Arm, Environment, Experiment, Report
from steps.model.deployed import SCHEMA_VERSION
from steps.model.report import REPORT_VERSION
from steps.seal import SEAL, Seal, broken
from steps.store import Store

READ = ("report/report.json", "experiment.json", "environment.json")
OUTCOME = re.compile(r"cells/[^/]+/outcome\.json")


class Objects(Protocol):
    """Where a run's objects are, by their keys below its prefix."""

    @property
    def where(self) -> str:
        """The run, as messages name it."""
        ...

    def keys(self) -> AbstractSet[str]:
        """All that there are."""
        ...

    def read(self, key: str) -> bytes:
        """One of them, whole."""
        ...


@dataclass(frozen=True)
class InStore:
    """A run's objects in the store."""

    store: Store
    prefix: str
    known: frozenset[str] | None = None  # the keys, where somebody listed them already

    @property
    def where(self) -> str:
        return f"run {self.prefix.rpartition('/')[2]}"

    def keys(self) -> AbstractSet[str]:
        if self.known is not None:
            return self.known
        return {key.removeprefix(f"{self.prefix}/") for key in self.store.list(f"{self.prefix}/")}

    def read(self, key: str) -> bytes:
        return self.store.get(f"{self.prefix}/{key}")


@dataclass(frozen=True)
class InFolder:
    """The folder of a report as `run` and `report` leave it: the page and its data on top, everything else in raw/."""

    folder: Path

    @property
    def where(self) -> str:
        return str(self.folder)

    def keys(self) -> AbstractSet[str]:
        raw, top = self.folder / "raw", self.folder
        below = {path.relative_to(raw).as_posix() for path in raw.rglob("*") if path.is_file()}
        return below | {f"report/{path.name}" for path in top.iterdir() if path.is_file()}

    def read(self, key: str) -> bytes:
        path = self.folder / (key.removeprefix("report/") if key.startswith("report/") else f"raw/{key}")
        try:
            return path.read_bytes()
        except OSError as error:
            message = f"{path} cannot be read: {error.strerror}"
            raise MissingObject(message) from error


@dataclass(frozen=True)
class Sealed:
    """A run that can be compared."""

    report: Report
    experiment: Experiment
    environment: Environment

    @property
    def name(self) -> str:
        return self.report.run

    @property
    def at(self) -> str:
        """When it was made: UTC, sorts by time."""
        return self.report.circumstances.started_at or self.environment.at

    def arm(self, load: str, contender: str) -> Arm | None:
        """What was found of a contender under a load; None: it was not asked for."""
        arms = {(section.label, arm.name): arm for section in self.report.loads for arm in section.arms}
        return arms.get((load, contender))


def unseal(objects: Objects) -> Sealed:
    """The run in these objects. Raises UsageError: it has no seal, was changed, or is of another version; StoreError."""
    keys = objects.keys()
    seal = _seal(objects, keys)
    missing = sorted(seal.objects.keys() - keys)
    if missing:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        message = f"{objects.where} is not whole: {missing[0]} is missing{more}; it was there when the run was sealed"
        raise UsageError(message)
    content, where = _as_sealed(objects, seal), objects.where
    for key, version in (("report/report.json", REPORT_VERSION), ("environment.json", SCHEMA_VERSION)):
        _check_version(content[key], version, f"{where}: {key}")
    report = Report.from_json(content["report/report.json"], source=f"{where}: report.json")
    experiment = Experiment.from_json(content["experiment.json"], source=f"{where}: experiment.json")
    environment = Environment.from_json(content["environment.json"], source=f"{where}: environment.json")
    return Sealed(report, experiment, environment)


def _as_sealed(objects: Objects, seal: Seal) -> dict[str, bytes]:
    """What decides, by its key. Raises UsageError: some of it was changed, or was never sealed."""
    deciding = {key: digest for key, digest in seal.objects.items() if key in READ or OUTCOME.fullmatch(key)}
    content = {key: objects.read(key) for key in deciding}
    changed = broken(seal.model_copy(update={"objects": deciding}), content)
    unsealed = [f"{key} was not sealed" for key in READ if key not in content]
    if wrong := (*changed, *unsealed):
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        way_out = "`report RUN` brings it as the store has it, else make another run"
        message = f"{objects.where}: {wrong[0]}{more}: it is not what was sealed, so nothing is compared with it; {way_out}"
        raise UsageError(message)
    return content


def _seal(objects: Objects, keys: AbstractSet[str]) -> Seal:
    """The newest. A run that was finished later has one for each of its reports."""
    found = sorted((int(match[1]), key) for key in keys if (match := SEAL.fullmatch(key)))
    if not found:
        message = f"{objects.where} has no seal: it did not come to its report, or only a part of it was kept"
        raise UsageError(message)
    return Seal.from_json(objects.read(found[-1][1]), source=f"{objects.where}: {found[-1][1]}")


def _check_version(content: bytes, version: int, where: str) -> None:
    """Raises UsageError: it was written by another version of the lab, whose figures may mean something else."""
    try:
        said = json.loads(content).get("schema_version", version)
    except (ValueError, AttributeError):
        return  # its model says what is wrong
    if said != version:
        message = f"{where} has schema version {said}, and this lab reads {version}: compare it with the lab that made it"
        raise UsageError(message)
