"""What a run left in the store, as values: the only thing that a report is made from.

Reading never stops: an object that is missing or damaged becomes a sentence among the problems, and the rest is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from steps.errors import LabError, StoreError
from steps.model import (
    Cell,
    CellOutcome,
    DeployRecord,
    Environment,
    Experiment,
    LedgerEntry,
    LoadRecord,
    Model,
    Plan,
    TeardownRecord,
)
from steps.store import Store

T = TypeVar("T", bound=Model)

READERS = 8  # objects on their way at a time: nearly all of it is waiting


@dataclass(frozen=True)
class FailedNode:
    """A node of the workflow that did not succeed, from `workflow.failures`."""

    name: str
    template: str
    message: str
    text: str  # everything it says, to look for a cell's name in


@dataclass(frozen=True)
class CellEvidence:
    """Everything that was stored for one planned cell."""

    cell: Cell
    deploy: DeployRecord | None = None
    load: LoadRecord | None = None
    outcome: CellOutcome | None = None
    teardown: TeardownRecord | None = None
    histograms: bytes | None = None  # load.hdr
    series: bytes | None = None  # series.csv
    usage: bytes | None = None  # usage.csv
    earlier: tuple[CellOutcome | None, ...] = ()  # attempts that a resumed run set aside
    files: tuple[str, ...] = ()  # keys below the run's prefix


@dataclass(frozen=True)
class Evidence:
    """Everything that was stored for a run, and what its workflow said of itself."""

    run: str
    prefix: str
    status: str  # of the workflow: Succeeded, Failed, Error
    failures: tuple[FailedNode, ...] = ()
    experiment: Experiment | None = None
    plan: Plan | None = None
    environment: Environment | None = None
    teardown: TeardownRecord | None = None  # of the whole run
    cells: tuple[CellEvidence, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    problems: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def with_figures(self, contender: str, load: str) -> Iterator[tuple[CellEvidence, CellOutcome]]:
        """The cells of a contender under a load that did not fail, with what they came to."""
        for each in self.cells:
            asked = (each.cell.contender, each.cell.load) == (contender, load)
            if asked and each.outcome is not None and each.outcome.status != "failed":
                yield each, each.outcome


def fetch(store: Store, prefix: str) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Every object below a prefix by its key below it, and a sentence for each that could not be read.

    Raises StoreError: the store does not even list them.
    """
    keys = list(store.list(f"{prefix}/"))

    def one(key: str) -> bytes | str:
        try:
            return store.get(key)
        except StoreError as error:
            return str(error)

    with ThreadPoolExecutor(max_workers=READERS) as pool:
        contents = dict(zip((key.removeprefix(f"{prefix}/") for key in keys), pool.map(one, keys), strict=True))
    unread = tuple(content for content in contents.values() if isinstance(content, str))
    return {key: content for key, content in contents.items() if isinstance(content, bytes)}, unread


def read(objects: Mapping[str, bytes], *, run: str, prefix: str, status: str, failures: str) -> Evidence:
    """The evidence in the objects of a run. failures: the text of `workflow.failures`."""
    problems: list[str] = []

    def record(kind: type[T], key: str) -> T | None:
        return _record(kind, key, objects, problems)

    plan = record(Plan, "plan.json")
    return Evidence(
        run=run,
        prefix=prefix,
        status=status,
        failures=read_failures(failures),
        experiment=record(Experiment, "experiment.json"),
        plan=plan,
        environment=record(Environment, "environment.json"),
        teardown=record(TeardownRecord, "teardown.json"),
        cells=tuple(_cell(cell, objects, problems) for cell in (plan.cells if plan else ())),
        ledger=tuple(
            entry
            for key in sorted(objects)
            if key.startswith("ledger/") and key.endswith(".json") and (entry := record(LedgerEntry, key))
        ),
        problems=tuple(problems),
        files=tuple(key for key in sorted(objects) if not key.startswith(("cells/", "report/", "ledger/", "seal-"))),
    )


def _cell(cell: Cell, objects: Mapping[str, bytes], problems: list[str]) -> CellEvidence:
    folder = f"cells/{cell.id}/"

    def record(kind: type[T], name: str) -> T | None:
        return _record(kind, folder + name, objects, problems)

    return CellEvidence(
        cell=cell,
        deploy=record(DeployRecord, "deploy.json"),
        load=record(LoadRecord, "load/load.json"),
        outcome=record(CellOutcome, "outcome.json"),
        teardown=record(TeardownRecord, "teardown.json"),
        histograms=objects.get(f"{folder}load/load.hdr"),
        series=objects.get(f"{folder}load/series.csv"),
        usage=objects.get(f"{folder}load/usage.csv"),
        earlier=tuple(
            _record(CellOutcome, f"{folder}earlier/{attempt}/outcome.json", objects, [])  # replaced, so no problem of this run
            for attempt in _attempts(folder, objects)
        ),
        files=tuple(key for key in sorted(objects) if key.startswith(folder)),
    )


def _attempts(folder: str, objects: Mapping[str, bytes]) -> list[int]:
    """The numbers below `earlier/`."""
    below = f"{folder}earlier/"
    numbers = {key.removeprefix(below).split("/")[0] for key in objects if key.startswith(below)}
    return sorted(int(number) for number in numbers if number.isdecimal())


def _record(kind: type[T], key: str, objects: Mapping[str, bytes], problems: list[str]) -> T | None:
    if key not in objects:
        return None  # who needs it says so
    try:
        return kind.from_json(objects[key], source=key)
    except LabError as error:
        problems.append(str(error))
        return None


def read_failures(text: str) -> tuple[FailedNode, ...]:
    """The failed nodes that `workflow.failures` names.

    Argo hands over a JSON string that holds a JSON list; a plain list, null and nothing at all are understood too.
    """
    value: Any = text
    for _ in range(3):
        if not isinstance(value, str):
            break
        try:
            value = json.loads(value) if value.strip() else None
        except ValueError:
            return (FailedNode(name="the workflow", template="", message=_short(text), text=text),)
    nodes: Iterable[Any] = value if isinstance(value, list) else ()
    return tuple(_failed_node(node) for node in nodes)


def _failed_node(node: Any) -> FailedNode:
    if not isinstance(node, dict):
        return FailedNode(name=_short(str(node)), template="", message="", text=str(node))
    name = str(node.get("displayName") or node.get("name") or node.get("podName") or "a step")
    message = str(node.get("message") or "").strip()
    text = " ".join(str(value) for value in node.values())
    return FailedNode(name=name, template=str(node.get("templateName") or ""), message=message, text=text)


def _short(text: str, most: int = 300) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
