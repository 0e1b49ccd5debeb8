"""The verdict on a run: what the evidence allows, and the reasons.

Failed        a planned cell has no figures, a step outside the cells failed, or something was left behind
Preview       a --quick run: shows, decides nothing
Inconclusive  some arm has fewer than six valid repetitions, a precision that was asked for was not reached, or cells were
              measured under unlike circumstances
Answered      everything else

A repetition is valid when its cell is, and its value of the main metric: the experiment's first, which ranks. Another metric may
be suspect by itself, as p99 is when the driver was late there and nowhere else. It then decides nothing, and a note says so; to
withhold the answer to the experiment's question for it would say that the question could not be answered, which is wrong.

A failed preview is Failed: a preview that hides a broken gateway is of no use.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from steps.evidence import Evidence, FailedNode
from steps.model import CellOutcome, CellSummary, Experiment, RunVerdict, Steadiness
from steps.statistics.answer import main_metric
from steps.statistics.cells import alike, cause, unusable
from steps.statistics.circumstances import without_log_lines
from steps.statistics.intervals import FEWEST
from steps.statistics.knees import knee_reasons
from steps.statistics.laws import SHORTEST_S
from steps.statistics.steady import FEWEST_S
from steps.statistics.words import counted, listed, sentence

OF_A_CELL = frozenset({"cell", "deploy", "load", "trace", "measure"})  # their causes stand in the cell's own records
STOPPED = re.compile(r"(?:workflow shutdown|Stopped) with strategy")  # Argo's words for steps that are not made any more
FLOWS = frozenset({"main", "closing"})


def verdict_of(
    evidence: Evidence, cells: Sequence[CellSummary], *, doubts: tuple[str, ...] = ()
) -> tuple[RunVerdict, tuple[str, ...]]:
    """The verdict and its reasons. doubts: what the rounds lack, beside what can be seen here."""
    if failures := failure_reasons(evidence, cells):
        return RunVerdict.FAILED, failures
    if evidence.experiment and evidence.experiment.preview:
        return RunVerdict.PREVIEW, (_preview_reason(evidence), *_suspects(cells))
    if open_ := (*doubt_reasons(evidence, cells), *doubts):
        return RunVerdict.INCONCLUSIVE, open_
    return RunVerdict.ANSWERED, ()


def _preview_reason(evidence: Evidence) -> str:
    experiment = evidence.experiment
    assert experiment is not None  # noqa: S101  # the caller looked
    seconds = listed(f"{seconds:g} s" for seconds in sorted({load.window_s for load in experiment.loads}))
    return f"{counted(experiment.repetitions, 'short repetition')} of {seconds} show, and decide nothing"


def _suspects(cells: Sequence[CellSummary]) -> list[str]:
    suspect = [cell for cell in cells if cell.status == "suspect"]
    which = f"all {len(cells)} cells are" if len(suspect) == len(cells) else f"{len(suspect)} of {len(cells)} cells are"
    return [f"{which} {cause(suspect)}"] if suspect else []


def failure_reasons(evidence: Evidence, cells: Sequence[CellSummary]) -> tuple[str, ...]:
    """Why a run failed; empty when it did not."""
    steps = [*_step_reasons(evidence, cells), *_left_reasons(evidence)]
    reasons = [*_stopped(evidence), *_unread(evidence, cells), *_cell_reasons(cells), *steps]
    if not reasons and evidence.status not in {"Succeeded", "Running"}:
        reasons.append(f"the workflow ended as {evidence.status} and does not say why")
    return tuple(dict.fromkeys(reasons))


def _stopped(evidence: Evidence) -> list[str]:
    """That somebody stopped the run, which says more than what its unmade steps say."""
    return ["the run was stopped before its end"] if any(STOPPED.search(node.message) for node in evidence.failures) else []


def _unread(evidence: Evidence, cells: Sequence[CellSummary]) -> list[str]:
    missing = [
        f"{name}.json is missing or damaged, so {what}"
        for name, found, what in (
            ("experiment", evidence.experiment, "the question is not known"),
            ("plan", evidence.plan, "it is not known which cells were planned"),
        )
        if found is None
    ]
    told = [f"cells/{cell.id}/" for cell in unusable(cells)]  # these say it themselves
    return [*missing, *(problem for problem in evidence.problems if not any(key in problem for key in told))]


def _cell_reasons(cells: Sequence[CellSummary]) -> list[str]:
    """`envoy: 6 of 6 cells failed: …`, one line for each cause; arms that lost cells for the same one stand together."""
    lost: dict[str, list[CellSummary]] = defaultdict(list)
    for cell in unusable(cells):
        lost[cell.contender].append(cell)
    planned = Counter(cell.contender for cell in cells)
    by_cause: dict[str, list[str]] = defaultdict(list)
    for contender, failed in lost.items():
        by_cause[alike(cause(failed), contender)].append(contender)
    if len(cells) == sum(map(len, lost.values())) and len(by_cause) == 1 and len(lost) > 1:
        return [f"none of the {len(cells)} planned cells was measured: {cause(unusable(cells))}"]
    return [
        f"{listed(f'{name} ({_lost(lost[name], planned[name])})' for name in names)}: {cause(lost[names[0]])}"
        if len(names) > 1
        else f"{names[0]}: {_lost(lost[names[0]], planned[names[0]])}: {cause(lost[names[0]])}"
        for names in by_cause.values()
    ]


def _lost(cells: Sequence[CellSummary], planned: int) -> str:
    """`6 of 6 cells failed`."""
    cell = "cell" if planned == 1 else "cells"
    if any(each.status == "failed" for each in cells):
        return f"{len(cells)} of {planned} {cell} failed"
    return f"{len(cells)} of {planned} {cell} {'has' if len(cells) == 1 else 'have'} no outcome"


def _step_reasons(evidence: Evidence, cells: Sequence[CellSummary]) -> list[str]:
    """Failed steps that no cell accounts for, in the words of the step."""
    explained = bool(unusable(cells))
    return [_in_words(node, cells) for node in evidence.failures if not _is_consequence(node, explained=explained)]


def _is_consequence(node: FailedNode, *, explained: bool) -> bool:
    flow = node.template in FLOWS or node.message.startswith("child ")
    stopped = STOPPED.search(node.message) is not None
    return flow or stopped or not (node.template or node.message) or (explained and node.template in OF_A_CELL)


def _in_words(node: FailedNode, cells: Sequence[CellSummary]) -> str:
    longest_first = sorted((cell.id for cell in cells if cell.id in node.text), key=len, reverse=True)
    of_cell = f" of cell {longest_first[0]}" if longest_first else ""
    step = f"step {node.template}" if node.template else node.name
    return sentence(f"{step}{of_cell} failed: {node.message or 'it does not say why'}")


def _left_reasons(evidence: Evidence) -> list[str]:
    if evidence.teardown is not None:
        return [f"left behind: {thing}" for thing in evidence.teardown.left]
    still_open = [entry.what for entry in evidence.ledger if entry.closed_at is None]
    if still_open:
        return [f"the last teardown left no record, and {counted(len(still_open), 'thing')} may still be there: {still_open[0]}"]
    return ["the last teardown left no record: that nothing was left behind is not proved"] if evidence.plan else []


def doubt_reasons(evidence: Evidence, cells: Sequence[CellSummary]) -> tuple[str, ...]:
    """Why a run that did not fail decides nothing; empty when it decides."""
    return (*_few_reasons(evidence, by_main_metric(evidence, cells)), *unlike_reasons(evidence), *knee_reasons(evidence))


def by_main_metric(evidence: Evidence, cells: Sequence[CellSummary]) -> list[CellSummary]:
    """The cells as the metric that ranks sees them: one whose value of it is suspect, or missing, is suspect itself."""
    experiment = evidence.experiment
    if experiment is None:
        return list(cells)
    metric, pathless = main_metric(experiment).name, {arm.name for arm in experiment.arms if arm.direct}
    absent = {
        found.cell.id: f"suspect: figures: there is no {metric}: {measured.reason}"
        for found in evidence.cells
        if found.outcome and found.cell.contender not in pathless  # a direct path may have none
        for measured in found.outcome.measurements
        if measured.metric == metric and measured.value is None and measured.at_least is None
    }
    doubts = {cell.id: cell.doubts.get(metric) or absent.get(cell.id) for cell in cells if cell.status == "ok"}
    return [
        cell.model_copy(update={"status": "suspect", "reasons": (doubt,)}) if (doubt := doubts.get(cell.id)) else cell
        for cell in cells
    ]


def doubted_metrics(experiment: Experiment | None, cells: Sequence[CellSummary]) -> tuple[str, ...]:
    """A note on each metric with values that are suspect in otherwise valid cells, and for whom it decides nothing therefore."""
    if experiment is None:
        return ()
    notes = []
    for metric in experiment.metrics:
        doubted = [cell for cell in cells if metric.name in cell.doubts]
        if not doubted:
            continue
        why = cause([cell.model_copy(update={"reasons": (cell.doubts[metric.name],)}) for cell in doubted])
        valid = Counter((cell.contender, cell.load) for cell in cells if cell.status == "ok" and cell not in doubted)
        short = dict.fromkeys(cell.contender for cell in doubted if valid[cell.contender, cell.load] < FEWEST)
        of_all = f"{len(doubted)} of {counted(len(cells), 'cell')}"
        note = f"{metric.title} is suspect in {of_all}: {why.removeprefix('suspect: ')}"
        notes.append(f"{note}; it decides nothing for {listed(short)}" if short and not experiment.preview else note)
    return tuple(notes)


def unproved(experiment: Experiment | None, outcomes: Iterable[CellOutcome]) -> tuple[str, ...]:
    """A note on each load whose windows are too short for what is asked of a cell; a preview decides nothing anyway."""
    if experiment is None or experiment.preview:
        return ()
    short = Counter(each.load for each in outcomes if any(map(_too_short, each.steady.items())))
    loads = [load for load in experiment.loads if short[load.label] and load.window_s < FEWEST_S]
    return tuple(
        f"{load.label}: in {counted(short[load.label], 'cell')} a window of {load.window_s:g} s is too short to prove a steady "
        f"state, which needs {FEWEST_S} s{_unchecked(load.window_s)}"
        for load in loads
    )


def _too_short(found: tuple[str, Steadiness]) -> bool:
    """Of the p50 alone: every second has one, while a p99 may be missing in some seconds of a long window."""
    name, steady = found
    return name.partition(" at ")[0] == "p50_ms" and steady.verdict == "too short to prove"


def _unchecked(window_s: float) -> str:
    return f", and to check CPU time by the utilisation law, which needs {SHORTEST_S} s" if window_s < SHORTEST_S else ""


def _few_reasons(evidence: Evidence, cells: Sequence[CellSummary]) -> list[str]:
    planned = evidence.experiment.repetitions if evidence.experiment else 0
    if planned < FEWEST and not (evidence.experiment and evidence.experiment.precision):  # which would have added some
        return [f"{counted(planned, 'repetition')} {'was' if planned == 1 else 'were'} planned; it takes {FEWEST} to decide"]
    groups: dict[tuple[str, str], list[CellSummary]] = defaultdict(list)
    for cell in cells:
        groups[cell.contender, cell.load].append(cell)
    several = len({load for _, load in groups}) > 1
    by_cause: dict[str, list[tuple[str, list[CellSummary]]]] = defaultdict(list)
    for (contender, load), group in groups.items():
        if sum(cell.status == "ok" for cell in group) < FEWEST:
            doubts = [cell for cell in group if cell.status == "suspect"]
            by_cause[alike(cause(doubts).split(" (and ")[0], contender)].append(
                (f"{contender} at {load}" if several else contender, group)
            )
    return [_too_few(arms) for arms in by_cause.values()]


def _too_few(arms: Sequence[tuple[str, list[CellSummary]]]) -> str:
    """`nginx: 5 of 6 repetitions are valid, it takes 6: …`; arms with the same cause stand together."""
    doubts = [cell for _, group in arms for cell in group if cell.status == "suspect"]
    told = [(name, sum(cell.status == "ok" for cell in group), len(group)) for name, group in arms]
    if len(told) == 1:
        name, valid, planned = told[0]
        return f"{name}: {valid} of {planned} repetitions are valid, it takes {FEWEST}: {cause(doubts)}"
    names = listed(f"{name} ({valid} of {planned})" for name, valid, planned in told)
    return f"too few valid repetitions, it takes {FEWEST}: {names}: {cause(doubts)}"


def unlike_reasons(evidence: Evidence) -> tuple[str, ...]:
    """What differs between cells that stand in one table."""
    outcomes = [found.outcome for found in evidence.cells if found.outcome and found.outcome.status != "failed"]
    reasons = []
    if len({outcome.experiment_digest for outcome in outcomes}) > 1:
        reasons.append("the cells were measured under different versions of the experiment")
    if len({outcome.environment_digest for outcome in outcomes}) > 1:
        reasons.append("the cells were measured in different environments")
    versions: dict[str, set[str]] = defaultdict(set)
    for outcome in outcomes:
        for name, version in outcome.versions.items():
            versions[name].add(without_log_lines(version))
    reasons += [f"{name} ran in {len(found)} different versions" for name, found in versions.items() if len(found) > 1]
    return tuple(reasons)
