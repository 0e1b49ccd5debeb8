"""What the page says of failures and doubts: each reason once, with the cells that have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from steps.model import CellSummary
from steps.statistics.cells import alike
from steps.statistics.words import counted

SUSPECT = "suspect: "


@dataclass(frozen=True)
class Doubt:
    """A reason and the cells that have it. `alike_only`: its figures are the first cell's."""

    status: str
    reason: str
    cells: tuple[CellSummary, ...]
    alike_only: bool

    def where(self, planned: int) -> list[str]:
        """The cells' names, or that it is all of them."""
        return [f"all {planned} cells"] if len(self.cells) == planned > 1 else [cell.id for cell in self.cells]


def doubts_of(cells: Sequence[CellSummary], titles: Mapping[str, str]) -> list[Doubt]:
    """Why cells failed or are suspect, then which of their values are. Reasons that differ in figures alone stand together.

    titles: of metrics, by name.
    """
    groups: dict[tuple[str, str], Doubt] = {}
    for cell in sorted(cells, key=lambda cell: cell.status == "suspect"):
        for status, reason in _reasons(cell, titles):
            kind = (status, alike(reason, cell.contender))
            earlier = groups.get(kind, Doubt(status, reason, (), alike_only=False))
            differs = bool(earlier.cells) and reason != earlier.reason
            groups[kind] = replace(earlier, cells=(*earlier.cells, cell), alike_only=earlier.alike_only or differs)
    return list(groups.values())


def _reasons(cell: CellSummary, titles: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from ((cell.status, reason.removeprefix(SUSPECT)) for reason in cell.reasons)
    by_doubt: dict[str, list[str]] = {}
    for metric, doubt in cell.doubts.items():
        by_doubt.setdefault(doubt, []).append(titles.get(metric, metric))
    yield from (("suspect", f"{', '.join(names)}: {doubt.removeprefix(SUSPECT)}") for doubt, names in by_doubt.items())


def why_suspect(cells: Sequence[CellSummary], contender: str, load: str, metric: str) -> str:
    """Why values of a metric in an arm's valid cells are not counted: `2 of 6 suspect: generator: …`; "" when all are."""
    own = [cell for cell in cells if (cell.contender, cell.load) == (contender, load)]
    doubts = [cell.doubts[metric] for cell in own if metric in cell.doubts]
    return f"{len(doubts)} of {len(own)} {doubts[0]}" if doubts else ""


def suspect_values(cells: Sequence[CellSummary]) -> str:
    """Of cells that are all valid: `none is suspect`, or how many of their values are."""
    count = sum(len(cell.doubts) for cell in cells)
    return f"{counted(count, 'value')} among them {'is' if count == 1 else 'are'} suspect" if count else "none is suspect"
