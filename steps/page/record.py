"""The decision record of a review, as Markdown: context, rule, options, outcome, and what is not known.

No figure in it is typed by hand: the template has no digit (a test looks), and every number comes from a stored run, the price
book, or the rule that the author of the review stated.
"""

from __future__ import annotations

from typing import Any

from steps.costs.words import prices_taken, with_range
from steps.model import Figure, Report
from steps.model.review import Contest, Review
from steps.page.markdown import plain
from steps.page.templates import environment
from steps.reviewing.contests import priced, standings
from steps.reviewing.deciding import rule_said
from steps.statistics.words import DASH, decimals_of, number, range_text

TEMPLATE = "decision-record.md"


def record(report: Report, review: Review) -> str:
    """The record. The same report and review give the same bytes."""
    assert review.rule is not None  # noqa: S101  # who asks for a record has a rule
    made = environment((TEMPLATE,), escape=False)  # it is no HTML
    made.filters["plain"] = plain
    contests = [_contest(each) for each in priced(review.contests)]
    text = made.get_template(TEMPLATE).render(
        report=report,
        review=review,
        title=plain(report.question.rstrip("?")),
        question=plain(report.question),
        status=_status(review),
        made=report.circumstances.started_at or DASH,
        rule=rule_said(review.rule),
        contests=contests,
        prices=[prices_taken(each) for each in (review.pricing, review.spot) if each],
    )
    return text.rstrip() + "\n"


def _status(review: Review) -> str:
    """Whether the rule decided, in the words of decision records."""
    outcomes = [contest.outcome for contest in review.contests if contest.outcome]
    decided = sum(outcome.decided for outcome in outcomes)
    if decided and decided == len(outcomes) and not any(source.reason for source in review.sources):
        return "proposed"
    return "proposed in part" if decided else "open: nothing is decided"


def _contest(contest: Contest) -> dict[str, Any]:
    rows = [
        {
            "title": each.arm.title,
            "tail": _figure(each.p99),
            "usd": with_range(each.cost.used),
            "memory": _figure(each.memory),
            "front": "yes" if each.arm.name in contest.front else DASH,
        }
        for each in standings(contest)
    ]
    return {
        "title": contest.where,
        "run": contest.run,
        "heads": ("contender", "p99 (ms)", contest.usd, "memory (MiB)", "on the front"),
        "rows": rows,
        "unpriced": contest.unpriced,
        "outcome": contest.outcome.said if contest.outcome else DASH,
    }


def _figure(figure: Figure) -> str:
    digits = decimals_of(figure)
    return f"{number(figure.value or 0.0, digits)} ({range_text(figure, digits) if figure.interval else 'once'})"
