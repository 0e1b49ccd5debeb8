"""The page of a phase's run: each experiment's question, its answer in a sentence, its verdict, and where its page is."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from steps.model import RunVerdict
from steps.model.overview import Overview
from steps.page.templates import environment, style
from steps.statistics.words import counted, listed

TONES = {
    RunVerdict.ANSWERED: "same",
    RunVerdict.INCONCLUSIVE: "open",
    RunVerdict.PREVIEW: "differs",
    RunVerdict.FAILED: "failed",
}
WORDS = {
    RunVerdict.ANSWERED: "answered",
    RunVerdict.PREVIEW: "seen in a preview",
    RunVerdict.INCONCLUSIVE: "inconclusive",
    RunVerdict.FAILED: "failed",
}


def render(overview: Overview) -> str:
    """The page. The same overview gives the same bytes."""
    return (
        environment(("overview.html", "head.html"))
        .get_template("overview.html")
        .render(
            overview=overview,
            where=" · ".join(filter(None, (overview.phase, overview.run, _when(overview)))),
            counts=counts(overview),
            title=overview.phase.replace("-", " "),
            tones=TONES,
            style=style(),
        )
    )


def counts(overview: Overview) -> str:
    """`3 experiments: 2 answered and 1 failed.`"""
    found = Counter(row.verdict for row in overview.rows)
    parts = [f"{found[verdict]} {word}" for verdict, word in WORDS.items() if found[verdict]]
    parts += [f"{found[None]} without a report"] if found[None] else []
    return f"{counted(len(overview.rows), 'experiment')}: {listed(parts)}."


def _when(overview: Overview) -> str:
    """`2026-11-25 15:04 to 16:10 UTC`; nothing, when nothing was measured."""
    if overview.started_at is None:
        return ""
    began = datetime.fromisoformat(overview.started_at)
    ended = datetime.fromisoformat(overview.ended_at or overview.started_at)
    return f"{began:%Y-%m-%d %H:%M} to {ended:%H:%M} UTC"
