"""What a run shows while it goes on: a live tree in a terminal, plain lines elsewhere."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines import duration
from pipelines.local.nodes import Node, Row, Status, now

if TYPE_CHECKING:
    from rich.console import RenderableType

SIGNS = {"Succeeded": "✔", "Failed": "✖", "Error": "⚠", "Running": "●", "Pending": "◷", "Skipped": "○", "Omitted": "○"}
COLOURS = {"Succeeded": "green", "Failed": "red", "Error": "red", "Running": "cyan", "Pending": "yellow"}
_CELL = re.compile(r"cells(?:-\d+)?\(")  # of the tasks of `main` that loop over what was planned
_PLANNER = re.compile(r"provision|extend-\d+")  # whose output is a plan
SHOWN_DONE = 6  # cells that are over and still shown

Reason = Callable[[Status, Node], str]


def cells(status: Status) -> list[Node]:
    """The nodes of the cells that were begun, in order."""
    return [node for node in status.nodes.values() if node.kind == "DAG" and _CELL.match(node.display_name)]


def plans(status: Status) -> list[tuple[str, list[str]]]:
    """The cells that have been planned, by the step that did: `provision`, or `extend-1` which added some."""
    return [
        (node.display_name, json.loads(each.value))
        for node in status.nodes.values()
        if _PLANNER.fullmatch(node.display_name) and node.outputs
        for each in node.outputs.parameters
        if each.name == "plan" and each.value
    ]


def cell_name(node: Node) -> str:
    """`envoy-500rps-r3` of `cells(7:envoy-500rps-r3)`."""
    return node.display_name.partition(":")[2].rstrip(")") or node.display_name


def experiment_of(status: Status, node: Node) -> str:
    """`gateway-comparison.`: which experiment of a phase a node is of; nothing in a run of one experiment."""
    path = node.name.removeprefix(f"{status.workflow}.").removeprefix("onExit.").split(".")
    return f"{path[0]}." if len(path) > 1 else ""


def rows(status: Status) -> Iterator[Row]:
    """The tree without what says nothing: the only attempt of a step that may be tried again."""
    alone = {node.children[0] for node in status.nodes.values() if node.kind == "Retry" and len(node.children) == 1}
    return (row for row in status.tree() if row.node.id not in alone or row.node.failed)


@dataclass
class Progress:
    """How far a run is: cells over, cells in all, and how long the rest takes."""

    cells_in_all: int
    cell_s: float  # expected, until cells have been seen
    experiments: int = 1  # that plan cells, one after the other

    def left_s(self, status: Status) -> float:
        """Seconds that the cells to come will take, about."""
        begun = cells(status)
        taken = [node.duration_s(now()) for node in begun if node.fulfilled]
        each_s = sum(taken) / len(taken) if taken else self.cell_s
        running = sum(min(each_s, node.duration_s(now())) for node in begun if not node.fulfilled)
        return max(0.0, (self.cells_in_all - len(taken)) * each_s - running)

    def known(self, status: Status) -> int:
        """How many cells there are in all: as planned, but what is expected while an experiment has not planned its own."""
        found = plans(status)
        count = sum(len(cells) for _, cells in found)
        all_planned = sum(name == "provision" for name, _ in found) >= self.experiments
        return count if all_planned and count else max(count, self.cells_in_all)

    def spoken(self, status: Status) -> str:
        """`cell 7 of 36, about 9 min left`."""
        self.cells_in_all = self.known(status)
        over = sum(node.fulfilled for node in cells(status))
        if over >= self.cells_in_all:
            return f"{over} of {self.cells_in_all} cells are over"
        return f"{over} of {self.cells_in_all} cells are over, about {duration.spoken(self.left_s(status))} left"


@contextmanager
def watching(title: str, progress: Progress, reason: Reason) -> Iterator[Callable[[Status], None]]:
    """Shows a run as long as the block lasts; what it yields takes each new status."""
    if sys.stdout.isatty():
        with _tree(title, progress, reason) as observe:
            yield observe
    else:
        print(title, flush=True)
        yield _Lines(progress, reason)


@contextmanager
def _tree(title: str, progress: Progress, reason: Reason) -> Iterator[Callable[[Status], None]]:
    from rich.live import Live

    newest: list[Status] = []

    def picture() -> RenderableType:
        return _picture(title, newest[-1], progress, reason) if newest else title

    def observe(status: Status) -> None:
        newest[:] = [status]

    with Live(get_renderable=picture, refresh_per_second=2, transient=False):
        yield observe


def _picture(title: str, status: Status, progress: Progress, reason: Reason) -> RenderableType:
    from rich.text import Text
    from rich.tree import Tree

    root = Tree(Text.assemble((title, "bold"), f"   {progress.spoken(status)}   {duration.spoken(status.duration_s)}"))
    over = [node for node in cells(status) if node.fulfilled]
    hidden = {node.id for node in over[:-SHOWN_DONE]}
    branches = {0: root}
    skip_below: int | None = None
    for row in rows(status):
        if skip_below is not None and row.depth > skip_below:
            continue
        skip_below = None
        if row.node.id in hidden:
            skip_below = row.depth
            continue
        branches[row.depth + 1] = branches[row.depth].add(_line(status, row.node, reason))
        if row.node in over:
            skip_below = row.depth
    if hidden:
        root.add(Text(f"… and {len(hidden)} cells before", style="dim"))
    return root


def _line(status: Status, node: Node, reason: Reason) -> RenderableType:
    from rich.text import Text

    name = cell_name(node) if _CELL.match(node.display_name) else node.display_name
    line = Text.assemble(
        (f"{SIGNS.get(node.phase, '?')} ", COLOURS.get(node.phase, "dim")),
        name,
        (f"  {duration.exact(node.duration_s(now()))}" if node.kind != "Skipped" else "", "dim"),
    )
    if (node.failed or _waits(node)) and (why := reason(status, node)):
        line.append(f"  {why}", style="red" if node.failed else "yellow")
    return line


def _waits(node: Node) -> bool:
    """Whether a step does not start, and somebody says why."""
    return node.phase == "Pending" and bool(node.message)


@dataclass
class _Lines:
    """One line for each cell that is over, and for each step beside the cells."""

    progress: Progress
    reason: Reason
    told: set[str] = field(default_factory=set)

    def __call__(self, status: Status) -> None:
        own = {node.id for node in cells(status)}
        for node in status.nodes.values():
            why = self.reason(status, node) if node.kind == "Pod" and _waits(node) else ""
            if why and why not in self.told:
                self.told.add(why)
                print(f"{SIGNS['Pending']} {node.display_name} waits: {why}", flush=True)
            beside = node.kind == "Pod" and not any(node.boundary_id == cell for cell in own)
            if node.fulfilled and node.id not in self.told and (node.id in own or beside):
                self.told.add(node.id)
                self._tell(status, node, is_cell=node.id in own)

    def _tell(self, status: Status, node: Node, *, is_cell: bool) -> None:
        own = cell_name(node) if is_cell else node.display_name.removesuffix("(0)")  # the first attempt, mostly the only one
        name = experiment_of(status, node) + own
        over = f"   {self.progress.spoken(status)}" if is_cell else ""
        print(f"{SIGNS.get(node.phase, '?')} {name}  {duration.exact(node.duration_s(now()))}{over}", flush=True)
        inside = [each for each in status.failures() if node.id in {each.boundary_id, each.id}]
        for each in (one for one in inside if one.kind == "Pod"):
            print(f"    {each.display_name}: {self.reason(status, each)}", flush=True)
