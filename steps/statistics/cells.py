"""What became of each planned cell, and why: none disappears."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from steps.evidence import CellEvidence, Evidence
from steps.model import CellOutcome, CellSummary
from steps.model.report import CellStatus
from steps.statistics.additions import why_added
from steps.statistics.words import counted, sentence

OWN_FAILURE = re.compile(r"^$|\(exit code 1\)$")  # of a step that said why it failed, in its own record


def summaries(evidence: Evidence) -> tuple[CellSummary, ...]:
    """Every planned cell in the plan's order."""
    added = why_added(evidence.plan) if evidence.plan else {}
    return tuple(_summary(cell, evidence, order, added) for order, cell in enumerate(evidence.cells, start=1))


def _summary(found: CellEvidence, evidence: Evidence, order: int, added: Mapping[str, str]) -> CellSummary:
    outcome, cell = found.outcome, found.cell
    status: CellStatus = outcome.status if outcome else "missing"
    driver = outcome.driver if outcome else None
    return CellSummary(
        id=cell.id,
        contender=cell.contender,
        load=cell.load,
        repetition=cell.repetition,
        order=order,
        status=status,
        reasons=_reasons(found, evidence),
        counts=outcome.counts if outcome else None,
        errors=outcome.errors if outcome else {},
        lateness_p50_ms=driver.lateness_p50_ms if driver else None,
        lateness_p99_ms=driver.lateness_p99_ms if driver else None,
        lateness_ms={**(driver.lateness_ms if driver else {}), **(outcome.lateness_ms if outcome else {})},
        earlier=tuple(_attempt(attempt) for attempt in found.earlier),
        files=found.files,
        added=added.get(cell.id),
        doubts={each.metric: sentence(each.suspect) for each in outcome.measurements if each.suspect} if outcome else {},
    )


def _reasons(found: CellEvidence, evidence: Evidence) -> tuple[str, ...]:
    """Why a cell is as it is. Where its load left nothing, how loads ended comes first: the workflow knows that, not whose."""
    if found.outcome is None:
        return (_why_missing(found, evidence),)
    ends = {node.message for node in evidence.failures if node.template == "load" and not OWN_FAILURE.search(node.message)}
    ended = [f"load: {' or '.join(sorted(ends))}"] if ends and found.load is None else []
    return tuple(map(sentence, (*ended, *found.outcome.reasons)))


def _why_missing(found: CellEvidence, evidence: Evidence) -> str:
    """The nearest cause that anything recorded for a cell without an outcome."""
    key = f"cells/{found.cell.id}/"
    named = re.compile(rf"(?<![a-z0-9-]){re.escape(found.cell.id)}(?![a-z0-9-])")
    said = [node.message for node in evidence.failures if node.message and named.search(node.text)]
    causes = (
        found.deploy.failure if found.deploy else None,
        found.load.failure if found.load else None,
        *(problem for problem in evidence.problems if key in problem),
        *sorted(said, key=lambda message: message.startswith("child ")),  # a step's own words before its flow's
    )
    first = next((cause for cause in causes if cause), None)
    return sentence(first) if first else "no outcome was stored, and no step says why"


def _attempt(outcome: CellOutcome | None) -> str:
    if outcome is None:
        return "left no outcome that can be read"
    return sentence(f"{outcome.status}: {outcome.reasons[0]}" if outcome.reasons else outcome.status)


def unusable(cells: Iterable[CellSummary]) -> list[CellSummary]:
    """Those that have no figures: failed, or missing altogether."""
    return [cell for cell in cells if cell.status in {"failed", "missing"}]


def alike(reason: str, contender: str) -> str:
    """The reason without its figures (ports, pids, times) and without the contender's name: what it has in common with others."""
    return re.sub(r"\d+(?:[.,]\d+)*", "#", reason).replace(contender, "*")


def cause(cells: Sequence[CellSummary]) -> str:
    """One sentence for several cells: the most frequent reason, and how many cells have others."""
    kinds = Counter(alike(cell.reasons[0], cell.contender) for cell in cells if cell.reasons)
    if not kinds:
        return "no reason was recorded"
    most, times = kinds.most_common(1)[0]
    text = next(cell.reasons[0] for cell in cells if cell.reasons and alike(cell.reasons[0], cell.contender) == most)
    others = kinds.total() - times
    return f"{text} (and {counted(others, 'cell')} for other reasons)" if others else text
