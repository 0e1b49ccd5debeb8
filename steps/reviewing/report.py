"""A review as data: its report, which has the form of every other, and beside it what its page is made from. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from steps.costs.book import PriceBook
from steps.costs.markets import choices
from steps.costs.rates import pricing_of
from steps.evidence import Evidence
from steps.model import Answer, Circumstances, Environment, Experiment, Report, RunVerdict
from steps.model.review import Contest, Review, Source
from steps.reviewing.contests import Prices, contests_of, priced, stacked
from steps.reviewing.deciding import decide, rule_said
from steps.reviewing.newest import Newest
from steps.reviewing.sources import alike
from steps.sealed import Sealed
from steps.statistics.verdicts import failure_reasons
from steps.statistics.words import counted, listed

NOTHING = "nothing is measured here"
SPOT_UNKNOWN = "what an interruption on the spot market costs: nobody here was interrupted"
START_UNKNOWN = "the CPU of a start, which is in no figure of what is scaled to zero"
ELSEWHERE_UNKNOWN = "how fast another machine is: figures are of the machine named, priced as if it stood elsewhere"


def review_of(asked: Experiment, found: Sequence[Newest], book: PriceBook, *, run: str, at: str) -> Review:
    """What the stored runs come to together. at: when the review is made; by that day a price is old."""
    sources, used = alike(found)
    usual, spot = choices(book)
    today = date.fromisoformat(at[:10])
    prices = Prices(pricing_of(book, usual, today=today), pricing_of(book, spot, today=today) if spot else None)
    contests = tuple(contest for each in used for contest in contests_of(each, prices, cycle=asked.duty))
    doubts = {each.report.experiment: _doubt(each, asked) for each in used}  # in a phase's run all have one name
    return Review(
        run=run,
        sources=tuple(_priced_by(each, used, prices) for each in sources),
        contests=tuple(_decided(each, asked, doubts[each.experiment]) for each in contests),
        pricing=prices.on_demand,
        spot=prices.spot,
        duty=asked.duty,
        rule=asked.rule,
        unknown=tuple(_unknown(asked, sources, used, contests, prices)),
    )


def _priced_by(source: Source, used: Sequence[Sealed], prices: Prices) -> Source:
    """The row, with a note where the run's own page was priced by another book than this one's figures are."""
    books = {each.report.experiment: costs[0].pricing.book for each in used if (costs := each.report.costs)}
    if books.get(source.experiment) in {None, prices.on_demand.book}:
        return source
    return source.model_copy(update={"note": "its own page was priced by another price book"})


def _decided(contest: Contest, asked: Experiment, doubt: str | None) -> Contest:
    if asked.rule is None:
        return contest
    return contest.model_copy(update={"outcome": decide(contest, asked.rule, doubt=doubt)})


def _doubt(run: Sealed, asked: Experiment) -> str | None:
    """Why a run's figures decide nothing here; None: they do."""
    if asked.preview or run.report.preview:
        return "a preview decides nothing"
    if run.report.verdict is not RunVerdict.ANSWERED:
        return f"run {run.name} is {run.report.verdict.value.lower()}, so it decides nothing"
    return None


def _unknown(
    asked: Experiment, sources: Sequence[Source], used: Sequence[Sealed], contests: Sequence[Contest], prices: Prices
) -> Iterator[str]:
    """What nobody measured, or what cannot be used of it."""
    yield from (f"{each.experiment}: {each.reason}" for each in sources if each.reason)
    with_costs = {contest.experiment for contest in contests}
    for each in used:
        if stacked(each):
            yield f"{each.report.experiment}: which to choose; each contender is another and something more, no alternative"
        elif each.report.experiment not in with_costs:
            yield f"{each.report.experiment}: what it costs, because it asks for no unit cost or measured no CPU"
    yield from (f"{contest.experiment}, {unpriced}" for contest in contests for unpriced in contest.unpriced)
    yield ELSEWHERE_UNKNOWN
    if prices.spot:
        yield SPOT_UNKNOWN
    if asked.duty:
        yield START_UNKNOWN


@dataclass(frozen=True)
class Told:
    """A review beside what is known of its run."""

    evidence: Evidence
    review: Review | None  # None: its own definition could not be read


def report_of(told: Told) -> Report:
    """The report of a review."""
    evidence, asked = told.evidence, told.evidence.experiment
    verdict, reasons = _verdict(told)
    phase, name = (asked.phase, asked.name) if asked else tuple(evidence.prefix.split("/")[1:3])
    return Report(
        run=evidence.run,
        prefix=evidence.prefix,
        phase=phase,
        experiment=name,
        question=asked.question if asked else f"{name}: the question could not be read",
        preview=bool(asked and asked.preview),
        repetitions=0,
        verdict=verdict,
        reasons=reasons,
        notes=told.review.unknown if told.review else (),
        answer=_answer(told.review, verdict),
        circumstances=_circumstances(evidence.environment),
        files=evidence.files,
        repeat=f"python -m pipelines run {phase}/{name}{' --quick' if asked and asked.preview else ''}",
    )


def _verdict(told: Told) -> tuple[RunVerdict, tuple[str, ...]]:
    """Failed: a step failed, or there was nothing to read. Inconclusive: some of it could not be read, or decides nothing."""
    evidence, review = told.evidence, told.review
    failures = tuple(each for each in failure_reasons(evidence, ()) if not each.startswith("plan.json"))
    if failures or review is None:
        return RunVerdict.FAILED, failures or ("what it was asked could not be read",)
    if not priced(review.contests):
        return RunVerdict.FAILED, (
            "no stored run has figures to weigh",
            *(f"{s.experiment}: {s.reason}" for s in review.sources if s.reason),
        )
    open_ = tuple(_open(review))
    if evidence.experiment and evidence.experiment.preview:
        return RunVerdict.PREVIEW, ("previews are read too, which show and decide nothing", *open_)
    return (RunVerdict.INCONCLUSIVE, open_) if open_ else (RunVerdict.ANSWERED, ())


def _open(review: Review) -> Iterator[str]:
    yield from (f"{each.experiment}: {each.reason}" for each in review.sources if each.reason)
    for each in review.sources:
        if not each.reason and each.verdict is RunVerdict.INCONCLUSIVE:
            yield f"{each.experiment}: run {each.run} is inconclusive"


def _answer(review: Review | None, verdict: RunVerdict) -> Answer:
    """The outcome of the rule where there is one, else who is on the fronts; a line for each contest."""
    contests = priced(review.contests) if review else []
    if review is None or not contests:
        return Answer(decided=False, lead="Nothing can be weighed: no stored run can be used.")
    lines = tuple(f"{each.where}: {_line(each)}." for each in contests)
    return Answer(decided=verdict is RunVerdict.ANSWERED, lead=_lead(review, contests), more=lines)


def _lead(review: Review, contests: Sequence[Contest]) -> str:
    if review.rule is None:
        alone = sum(len(contest.front) == 1 for contest in contests)
        least = "one contender has the least p99, cost and memory at once"
        which = f"In {alone or 'none'} of {counted(len(contests), 'comparison')} {least}"
        return f"{which}." if alone == len(contests) else f"{which}; where several are on the front, it is a choice."
    decided = [contest for contest in contests if contest.outcome and contest.outcome.decided]
    return f"The rule decides {len(decided)} of {counted(len(contests), 'comparison')}: {rule_said(review.rule)}."


def _line(contest: Contest) -> str:
    if contest.outcome:
        return contest.outcome.said
    return f"on the front {'is' if len(contest.front) == 1 else 'are'} {listed(contest.titles[name] for name in contest.front)}"


def _circumstances(environment: Environment | None) -> Circumstances:
    layers = {"node": environment.node, "cluster": environment.cluster} if environment else {}
    return Circumstances(
        place=environment.place if environment else "unknown",
        layers={name: layer for name, layer in layers.items() if layer},
        driver_cpus=NOTHING,
        driver_spin=NOTHING,
        lateness=NOTHING,
        memory="as the runs say that were read",
        started_at=environment.at if environment else None,
    )
