"""What makes a cell unusable, what makes it suspect, and which of its metrics. Every limit stands here, with its reason.

Those on the machine around it are in `environment_doubts`, on the laws in `laws`, on steadiness in `steady`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import isfinite

from steps.model import Calibration, Environment, HttpLoad, MessageLoad, SqlLoad, SqlRampLoad, Steadiness, Surroundings
from steps.statistics.environment_doubts import environment_doubts
from steps.statistics.figures import Facts, Figure, delivery_quantile_of, quantile_of
from steps.statistics.histogram import percentile_name
from steps.statistics.laws import broken_little, broken_utilisation, disagreeing, more_than_there_was
from steps.statistics.readings import broken_off
from steps.statistics.settling import CPU, unsettled

# Above 1 % of wrong answers p99 is no figure of the right ones any more, and a contender that sheds load is not comparable.
MOST_ERRORS = 0.01
# Load that was not sent is load that was not measured: the latency of the rest looks fine (k6 with too few users shows it).
MOST_DROPPED = 0.001
# Rule 5: the driver's own lateness is in every response time; up to a tenth of it, or a millisecond, is borne: by quantile.
LATE_MS = 1.0
LATE_SHARE = 0.1
# Rule 5: from here on queueing in the driver shows in its tail.
MOST_OF_CEILING = 0.6
# A driver that does not poll and yet uses so much of its core has no room for a burst.
MOST_CPU = 0.8
# Parsers of other tools' output have put the mean into p99's place in public tables; real tails have never come this near.
SAME_AS_MEAN = 1e-4


def failures(facts: Facts, figures: Mapping[str, Figure]) -> Iterator[str]:
    """Why a cell has no figures to rely on; nothing: it has."""
    counts = facts.counts
    if facts.record.failure:
        yield facts.record.failure
    if not counts.planned:
        yield "no request was due in the window"
        return
    if not counts.ok:
        yield f"no right answer to {counts.planned:,} requests{_kinds(facts)}"
        return
    wrong = counts.error + counts.timeout + counts.unfinished
    if wrong > MOST_ERRORS * counts.planned:
        yield f"{_share(wrong, counts.planned)} of the requests had no right answer{_kinds(facts)}; {MOST_ERRORS:.0%} may"
    if counts.dropped > MOST_DROPPED * counts.planned:
        yield f"invalid: {_share(counts.dropped, counts.planned)} of the load was never sent (at most {MOST_DROPPED:.1%} may be)"
    yield from broken_off(facts.readings)
    yield from _uncounted(facts)
    yield from _unpublished(facts)
    for name, found in figures.items():
        if found.value is None and not found.expected:
            yield f"{name} could not be measured: {found.reason}"
        elif found.value is not None and not (isfinite(found.value) and found.value >= 0):
            yield f"{name} is {found.value}, which is no measurement"


def _uncounted(facts: Facts) -> Iterator[str]:
    """Stores of which nobody knows what they kept: spans or lines may have been dropped, and dropping is cheap."""
    counted = {each.store: each for each in facts.record.kept}
    for each in facts.contender.parts:
        if each.keeps and each.name not in counted:
            yield f"what {each.name} keeps of the load was not counted"
        elif each.keeps and not counted[each.name].right:
            yield counted[each.name].said


def _unpublished(facts: Facts) -> Iterator[str]:
    """Transactions of which nobody knows whether they left their messages: not to publish is cheap."""
    outbox, published = facts.contender.outbox, facts.record.published
    if outbox and published is None:
        yield f"the messages that transactions left in {outbox.broker} were not counted"
    elif published and not published.right:
        yield published.said


def doubts(facts: Facts, environment: Environment, surroundings: Surroundings) -> Iterator[str]:
    """Why a cell may not decide alone, each beginning with whom it suspects."""
    yield from (f"suspect: generator: {doubt}" for doubt in _generator(facts, environment.calibration))
    commits = isinstance(facts.load, SqlLoad | SqlRampLoad | MessageLoad)
    around = environment_doubts(surroundings, environment.canary, commits=commits)
    yield from (f"suspect: environment: {doubt}" for doubt in around)


def _generator(facts: Facts, calibration: Calibration | None) -> Iterator[str]:
    driver = facts.driver
    rate = facts.load.rate_rps if isinstance(facts.load, HttpLoad) else facts.load.exchanges_per_s
    if not driver.spin and driver.cpu_s > MOST_CPU * facts.window.seconds:
        yield f"it used {driver.cpu_s / facts.window.seconds:.0%} of a core; {MOST_CPU:.0%} are allowed"
    if calibration is None or calibration.ceiling_rps is None:
        why = calibration.reason if calibration and calibration.reason else "it was not calibrated"
        yield f"its ceiling is not known: {why}"
    elif rate > MOST_OF_CEILING * calibration.ceiling_rps:
        ceiling = calibration.ceiling_rps
        yield f"{rate:g} req/s are {rate / ceiling:.0%} of its ceiling of {ceiling:g} req/s; {MOST_OF_CEILING:.0%} are allowed"


def metric_doubts(facts: Facts, figures: Mapping[str, Figure], steady: Mapping[str, Steadiness]) -> dict[str, str]:
    """Metric → why its value may not decide though the cell may. Of several reasons the first."""
    found: dict[str, str] = {}
    for metric, doubt in _of_metrics(facts, figures, steady):
        found.setdefault(metric, doubt)
    return found


def _of_metrics(facts: Facts, figures: Mapping[str, Figure], steady: Mapping[str, Steadiness]) -> Iterator[tuple[str, str]]:
    for metric, figure in figures.items():
        if late := _lateness(facts, metric, figure):
            yield metric, f"suspect: generator: {late}"
    for metric, doubt in (*_order(facts, figures), *_laws(facts, figures)):
        yield metric, f"suspect: figures: {doubt}"
    for metric in figures:
        if how := unsettled(metric, steady):
            yield metric, f"suspect: figures: {how}"


def _lateness(facts: Facts, metric: str, figure: Figure) -> str | None:
    """How the driver was too late for a quantile of response times."""
    q = _quantile(metric)
    if q is None or figure.value is None:
        return None
    late_ms = facts.histograms["lateness"].get_value_at_percentile(100 * q) / 1000
    allowed_ms = max(LATE_MS, LATE_SHARE * figure.value)
    if late_ms <= allowed_ms:
        return None
    name = percentile_name(q)
    return f"its lateness ({name}) is {late_ms:.2f} ms; {allowed_ms:.2f} ms are allowed (1, or a tenth of {name})"


def _quantile(metric: str) -> float | None:
    """Of response times, or of deliveries: both run from the moment that the driver meant."""
    return quantile_of(metric) or delivery_quantile_of(metric)


def _order(facts: Facts, figures: Mapping[str, Figure]) -> Iterator[tuple[str, str]]:
    """Percentiles that do not rise, or that equal the mean."""
    response = facts.histograms["response"]
    ladder = sorted((q, name) for name in figures if (q := quantile_of(name)) is not None and figures[name].value is not None)
    steps = [(name, figures[name].value or 0.0) for _, name in ladder]
    steps.append(("the largest", response.get_max_value() / 1000))
    for (lower, less), (upper, more) in pairwise(steps):
        if less > more:
            for name in {lower, upper} & figures.keys():
                yield name, f"{lower} ({less:g} ms) is above {upper} ({more:g} ms)"
    p99_ms, mean_ms = figures.get("p99_ms", Figure()).value, response.get_mean_value() / 1000
    if p99_ms and abs(p99_ms - mean_ms) <= SAME_AS_MEAN * mean_ms:
        yield "p99_ms", f"p99 equals the mean ({mean_ms:.3f} ms), which real response times do not"


def _laws(facts: Facts, figures: Mapping[str, Figure]) -> Iterator[tuple[str, str]]:
    if little := broken_little(facts):
        yield from ((name, little) for name in figures if _quantile(name) is not None or name == "goodput_rps")
    yield from broken_utilisation(facts, figures).items()
    for doubt in (*more_than_there_was(facts), *disagreeing(facts.record.cross_checks)):
        yield from ((name, doubt) for name in CPU if name in figures)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3g} % ({part:,} of {whole:,})"


def _kinds(facts: Facts) -> str:
    kinds = {**facts.record.errors, "timeout": facts.counts.timeout, "unfinished": facts.counts.unfinished}
    said = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items() if count)
    return f": {said}" if said else ""
