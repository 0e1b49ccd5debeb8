"""Which of the newest runs go together: made on one machine, in one sort of place, with one version of each program. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from steps.model import Difference
from steps.model.review import Source
from steps.reviewing.newest import Newest
from steps.sealed import Sealed
from steps.statistics.unlike import UNKNOWN, circumstances, told

COMPONENTS = "components."
OF_THE_MANIFEST = "cluster.without_meaning_here"  # a phase's says more than an experiment's, and nothing of the place


def alike(found: Sequence[Newest]) -> tuple[tuple[Source, ...], tuple[Sealed, ...]]:
    """A row for each experiment, and the runs whose figures are used: those made under the circumstances of the newest."""
    there = [each.sealed for each in found if each.sealed]
    reference = max(there, key=lambda sealed: sealed.at, default=None)
    reasons = {each.experiment: each.reason or _unlike(each.sealed, reference) for each in found}
    used = tuple(each.sealed for each in found if each.sealed and not reasons[each.experiment])
    return tuple(_row(each, reasons[each.experiment]) for each in found), used


def _row(found: Newest, reason: str | None) -> Source:
    if found.sealed is None:
        return Source(experiment=found.experiment, question="", reason=reason)
    report = found.sealed.report
    return Source(
        experiment=found.experiment,
        question=report.question,
        run=report.run,
        at=found.sealed.at,
        verdict=report.verdict,
        answer=report.answer.lead,
        reason=reason,
        passed_over=found.passed_over,
    )


def _unlike(sealed: Sealed | None, reference: Sealed | None) -> str | None:
    """What differs from the circumstances of the newest run; None: nothing that matters, or it is the newest itself."""
    if sealed is None or reference is None or sealed is reference:
        return None
    different = [each for each in circumstances(reference.environment, sealed.environment) if _matters(each)]
    if not different:
        return None
    more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
    said = told(Difference(key=different[0].key, before=different[0].after, after=different[0].before))
    return f"run {sealed.name} was made under other circumstances than {reference.name}: {said}{more}"


def _matters(difference: Difference) -> bool:
    """Experiments have contenders of their own; those that both have must be the same."""
    if difference.key.startswith(COMPONENTS):
        return UNKNOWN not in {difference.before, difference.after}
    return difference.key != OF_THE_MANIFEST
