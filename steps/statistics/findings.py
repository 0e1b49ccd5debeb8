"""From the evidence of a run to its report, as data: pure, and the same for the same evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from steps.attribution.summary import traces_of
from steps.costs.budget import budget_of, told
from steps.costs.reported import reported
from steps.errors import MeasureError
from steps.evidence import CellEvidence, Evidence
from steps.model import (
    Absent,
    Answer,
    Arm,
    CellOutcome,
    CellSummary,
    Component,
    Curve,
    Experiment,
    Figure,
    LoadSection,
    Measurement,
    Point,
    PrecisionResult,
    Ramp,
    Report,
    RunVerdict,
    hops_of,
)
from steps.statistics.additions import few_rounds, precision_of
from steps.statistics.answer import answer_of, headline_of
from steps.statistics.cells import cause, summaries, unusable
from steps.statistics.chained import taken_apart
from steps.statistics.chains import chains_of
from steps.statistics.circumstances import circumstances_of, parity_of
from steps.statistics.comparison import paired_effect
from steps.statistics.curves import QUANTILES, response_curve
from steps.statistics.decision import decided
from steps.statistics.hypotheses import result_of
from steps.statistics.knees import bounded_figure, knee_answer, path_of
from steps.statistics.plausibility import remarks
from steps.statistics.references import held_against
from steps.statistics.settling import settled_s
from steps.statistics.tracks import CellTracks, cell_tracks, tracks_of
from steps.statistics.verdicts import doubted_metrics, unlike_reasons, unproved, verdict_of
from steps.statistics.watching import watching_of
from steps.statistics.waterfall import tuned_of, waterfalls_of

Note = Callable[[str], None]


def report_of(evidence: Evidence) -> Report:
    """The report on a run."""
    notes: list[str] = []
    experiment = evidence.experiment
    cells = summaries(evidence)
    unlike = unlike_reasons(evidence)
    loads = _sections(experiment, evidence, cells, unlike, notes.append) if experiment else ()
    outcomes = [each.outcome for each in evidence.cells if each.outcome]
    precision = precision_of(experiment, evidence.plan, outcomes) if experiment else None
    verdict, reasons = verdict_of(evidence, cells, doubts=_round_doubts(experiment, outcomes, precision))
    phase, name = _names(evidence)
    uses, costs, unpriced = reported(evidence, loads)
    budget = budget_of(evidence)
    answer = _answer(experiment, loads, verdict)
    waterfalls = waterfalls_of(experiment, evidence, loads, uses, costs) if experiment else ()
    chains = chains_of(experiment, loads, uses, costs) if experiment else ()
    watching = watching_of(experiment, evidence, loads, uses, costs) if experiment else ()
    return Report(
        run=evidence.run,
        prefix=evidence.prefix,
        phase=phase,
        experiment=name,
        question=experiment.question if experiment else f"{name}: the question could not be read",
        preview=bool(experiment and experiment.preview),
        repetitions=experiment.repetitions if experiment else 0,
        verdict=verdict,
        reasons=reasons,
        notes=(
            *notes,
            *doubted_metrics(experiment, cells),
            *unproved(experiment, outcomes),
            *remarks(loads),
            *unpriced,
            *told(budget),
        ),
        answer=taken_apart(answer, waterfalls, chains, watching, verdict),
        baseline=experiment.baseline.name if experiment else None,
        metrics=experiment.metrics if experiment else (),
        headline=headline_of(experiment) if experiment else (),
        loads=loads,
        hypotheses=tuple(result_of(each, experiment, loads, cells, unlike=unlike) for each in experiment.hypotheses)
        if experiment
        else (),
        cells=cells,
        parity=parity_of(experiment, evidence) if experiment else (),
        circumstances=circumstances_of(evidence),
        files=evidence.files,
        repeat=_repeat(phase, name, experiment),
        precision=precision,
        uses=uses,
        costs=costs,
        budget=budget,
        references=held_against(loads),
        traces=traces_of(experiment, outcomes, _files(evidence)) if experiment else (),
        absent=experiment.absent if experiment else (),
        waterfalls=waterfalls,
        tuned=tuned_of(experiment, loads, uses, costs) if experiment else (),
        chains=chains,
        watching=watching,
        unlike=unlike_reasons(evidence),
    )


def _files(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    """What each cell left, by its keys below the run's prefix."""
    return {each.cell.id: each.files for each in evidence.cells}


def _answer(experiment: Experiment | None, loads: Sequence[LoadSection], verdict: RunVerdict) -> Answer:
    if experiment is not None and experiment.shape == "ramp":
        return knee_answer(loads, verdict)
    return answer_of(experiment, loads, verdict)


def _round_doubts(
    experiment: Experiment | None, outcomes: Sequence[CellOutcome], precision: PrecisionResult | None
) -> tuple[str, ...]:
    """What the rounds lack. A precision that was asked for and not reached leaves a run inconclusive: its user set that bar."""
    if experiment is None:
        return ()
    wide = () if precision is None or precision.enough else (precision.said,)
    return (*few_rounds(experiment, outcomes), *wide)


def _options(experiment: Experiment) -> str:
    """What the command that repeats a run has beside the experiment's name."""
    asked = experiment.precision
    options = (
        " --quick" if experiment.preview else "",
        " --pilot" if experiment.pilot else "",
        f" --precision {100 * asked.half_width:g}% --most-rounds {asked.most_rounds}" if asked else "",
    )
    return "".join(options)


def _names(evidence: Evidence) -> tuple[str, str]:
    """Phase and experiment; from the prefix `runs/PHASE/EXPERIMENT/RUN` when the experiment cannot be read."""
    if evidence.experiment:
        return evidence.experiment.phase, evidence.experiment.name
    parts = evidence.prefix.split("/")
    return (parts[1], parts[2]) if len(parts) > 2 else ("unknown", "unknown")  # runs, phase, experiment


def _repeat(phase: str, name: str, experiment: Experiment | None) -> str:
    """The command that makes such a run."""
    if experiment and experiment.confirms:
        return f"python -m pipelines confirm {experiment.confirms} --contender {experiment.baseline.name}"
    called = name.removesuffix("-pilot") if experiment and experiment.pilot else name
    return f"python -m pipelines run {phase}/{called}{_options(experiment) if experiment else ''}"


def _sections(
    experiment: Experiment, evidence: Evidence, cells: Sequence[CellSummary], unlike: Sequence[str], note: Note
) -> tuple[LoadSection, ...]:
    sections = []
    for load in experiment.loads:
        arms = [
            _arm(arm, experiment, [each for each in evidence.cells if _is(each, arm, load.label)], cells, note)
            for arm in experiment.under(load)
        ]
        lacking = [
            Absent(name=arm.name, title=arm.title, reason=reason)
            for arm in experiment.arms
            if (reason := experiment.lacking(arm, load))
        ]
        under = [cell for cell in cells if cell.load == load.label]
        compared = (arms[0], *(_compared(arm, arms[0], under, experiment, unlike) for arm in arms[1:]))
        sections.append(LoadSection(label=load.label, load=load, quantiles=QUANTILES, arms=compared, lacking=tuple(lacking)))
    return tuple(sections)


def _is(found: CellEvidence, arm: Component, load: str) -> bool:
    return found.cell.contender == arm.name and found.cell.load == load


def _arm(arm: Component, experiment: Experiment, found: Sequence[CellEvidence], cells: Sequence[CellSummary], note: Note) -> Arm:
    ids = {each.cell.id for each in found}
    own = [cell for cell in cells if cell.id in ids]
    lost = unusable(own)
    failure = cause(lost) if lost else None
    shown = [each for each in found if each.outcome and each.outcome.status != "failed"]
    return Arm(
        name=arm.name,
        title=arm.title,
        baseline=arm == experiment.baseline,
        direct=arm.direct,
        planned=len(own),
        ok=sum(cell.status == "ok" for cell in own),
        suspect=sum(cell.status == "suspect" for cell in own),
        failed=len(lost),
        failure=failure,
        figures={metric.name: _figure(metric.name, shown, failure) for metric in experiment.metrics},
        curves=tuple(curve for each in shown if not _ramps(each) and (curve := _curve(each, note))),
        tracks=tracks_of(_cell_tracks(_deciding(shown), arm, experiment, note)),
        paths=tuple(path for each in found if (path := path_of(each))),
        settled_s=settled_s([each.outcome for each in _deciding(shown) if each.outcome]),
    )


def _ramps(found: CellEvidence) -> bool:
    """Whether the cell has several loads, so that no one of their curves is its own."""
    return found.load is not None and isinstance(found.load.load, Ramp)


def _suspect(found: CellEvidence) -> bool:
    return bool(found.outcome and found.outcome.status == "suspect")


def _deciding(shown: Sequence[CellEvidence]) -> list[CellEvidence]:
    """The valid cells; the suspect ones when there are no others."""
    return [each for each in shown if not _suspect(each)] or list(shown)


def _figure(metric: str, shown: Sequence[CellEvidence], failure: str | None) -> Figure:
    measured = [(each, value) for each in shown if each.outcome for value in each.outcome.measurements if value.metric == metric]
    points = [
        Point(repetition=each.cell.repetition, value=value.value, suspect=_suspect(each) or value.suspect is not None)
        for each, value in measured
        if value.value is not None
    ]
    bounds = [
        Point(repetition=each.cell.repetition, value=value.at_least, suspect=_suspect(each))
        for each, value in measured
        if value.at_least is not None
    ]
    return bounded_figure(
        points,
        bounds,
        reason=_no_figure([value for _, value in measured], failure),
        coarse=any(value.coarse for _, value in measured),
    )


def _no_figure(measured: Sequence[Measurement], failure: str | None) -> str:
    reasons = [value.reason for value in measured if value.reason]
    return reasons[0] if reasons else (failure or "it was not measured in any repetition")


def _curve(found: CellEvidence, note: Note) -> Curve | None:
    if found.histograms is None:
        note(f"{found.cell.id}: its histograms are missing, so it has no percentile curve")
        return None
    counts = found.outcome.counts if found.outcome else None
    try:
        response_ms = response_curve(
            found.histograms, name=f"{found.cell.id}: load.hdr", planned=counts.planned if counts else None
        )
    except MeasureError as error:
        note(str(error))
        return None
    return Curve(repetition=found.cell.repetition, suspect=_suspect(found), response_ms=response_ms)


def _cell_tracks(found: Sequence[CellEvidence], arm: Component, experiment: Experiment, note: Note) -> list[CellTracks]:
    tracks = []
    for each in found:
        hops = hops_of(experiment.load_called(each.cell.load))
        own, around = ([one.name for one in some] for some in (arm.parts_under(hops), experiment.around_under(hops)))
        try:
            tracks.append(cell_tracks(each, own=own, around=around))
        except MeasureError as error:
            note(str(error))
    return tracks


def _compared(arm: Arm, baseline: Arm, cells: Sequence[CellSummary], experiment: Experiment, unlike: Sequence[str]) -> Arm:
    """The arm with its effects over the baseline, and what is decided of them."""
    effects = {metric: paired_effect(figure, baseline.figures[metric]) for metric, figure in arm.figures.items()}
    with_effects = arm.model_copy(update={"effects": effects})
    return decided(with_effects, baseline, cells, band=experiment.band, preview=experiment.preview, unlike=unlike)
