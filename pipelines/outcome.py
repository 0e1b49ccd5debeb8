"""What a run came to, told in the same words and with the same exit status wherever it ran."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from pipelines.comparing.files import Files
from pipelines.local.nodes import Node, Status
from pipelines.pages import Brought
from steps.errors import LabError, LeftBehind
from steps.model import Report, RunVerdict

INTERRUPTED = 130
GATE_BROKEN = 3
# What Argo, and the interpreter after it, say of a run that was ended from outside.
_ENDED = ("Stopped", "Terminated", "workflow shutdown")

Reason = Callable[[Status, Node], str]


def tell(status: Status, reason: Reason, *, brought: Brought, gate: bool, files: Files | None = None) -> int:
    """Prints what the run came to, the pages' paths last, and returns the exit status. files: for CI."""
    found = read(brought.pages)
    if files is not None:
        files.tell(found, run=status.workflow, why=_without_report(status))
    click.echo()
    several = len(found) + len(brought.without) > 1
    for each in found:
        _tell_report(each, of=f"{each.experiment}: " if several else "")
    if not found or brought.without:
        tell_failures(status, reason)
    for page in brought.told:
        click.echo(page)
    return exit_status(status, found, gate=gate)


def _tell_report(found: Report, *, of: str) -> None:
    click.echo(f"{of}{found.verdict.value}: {found.answer.lead}")
    for reason in (*found.answer.more, *found.reasons):
        click.echo(f"  {reason}")
    for hypothesis in found.hypotheses:
        click.echo(f"  {hypothesis.verdict.value}: {hypothesis.statement}")


def tell_failures(status: Status, reason: Reason) -> None:
    """What a run without a report came to, and each step that failed, with its reason."""
    verdict = status.output("verdict")
    click.echo(f"{status.phase}: {verdict}" if verdict else _without_report(status))
    for node in status.failures():
        if node.kind == "Pod":
            click.echo(f"  {node.name.removeprefix(f'{status.workflow}.')}: {reason(status, node)}")


def read(pages: list[Path]) -> list[Report]:
    """The reports beside the pages; one that cannot be read is told, and left out."""
    return [report for page in pages if (report := _read(page)) is not None]


def _without_report(status: Status) -> str:
    return f"{status.phase}: {status.message or 'there is no report'}"


def _read(page: Path) -> Report | None:
    try:
        path = page.parent / "report.json"
        return Report.from_json(path.read_bytes(), source=str(path))
    except (OSError, LabError) as error:
        click.echo(f"the report's data cannot be read: {error}", err=True)
        return None


def exit_status(status: Status, found: list[Report], *, gate: bool) -> int:
    """0 answered or preview, 1 failed, 4 inconclusive, 5 left behind, 130 stopped; with `gate` 3: hypothesis or budget broken.

    A run that its budget stopped has cells without figures, so it failed; the gate tells why. Where the cells are
    unlike, the hypotheses were judged on figures of no one thing: such a run is inconclusive, and breaks nothing.
    """
    codes = {node.outputs.exit_code for node in status.nodes.values() if node.outputs}
    if str(LeftBehind.exit_status) in codes:
        return LeftBehind.exit_status
    if status.message.startswith(_ENDED):
        return INTERRUPTED
    if gate and any(map(_overspent, found)):
        return GATE_BROKEN
    if not status.succeeded:
        return RunVerdict.FAILED.exit_status
    if gate and any(each.verdict.value == "does not hold" for report in found if not report.unlike for each in report.hypotheses):
        return GATE_BROKEN
    return _by_verdict(status, found)


def _overspent(found: Report) -> bool:
    return found.budget is not None and found.budget.passed


def _by_verdict(status: Status, found: list[Report]) -> int:
    if found:
        return max(each.verdict.exit_status for each in found)
    said = status.output("verdict") or RunVerdict.FAILED.value  # no verdict: nothing was shown
    return RunVerdict(said).exit_status if said in {each.value for each in RunVerdict} else RunVerdict.FAILED.exit_status
