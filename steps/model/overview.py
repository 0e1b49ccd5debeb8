"""What a phase's run came to: a row for each of its experiments, from their reports alone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from steps.model.values import Model, Name, RunId
from steps.model.verdict import RunVerdict


class OverviewRow(Model):
    """An experiment's report in one line. Without a verdict: why there is no report."""

    experiment: Name
    question: str = ""
    verdict: RunVerdict | None = None
    answer: str = ""
    reasons: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()  # figures outside of what others found
    page: str  # where its page is, seen from this one


class Overview(Model):
    """The report of a phase's run, beside those of its experiments."""

    schema_version: Literal[1] = 1
    run: RunId
    phase: Name
    verdict: RunVerdict
    rows: tuple[OverviewRow, ...] = Field(min_length=1)
    started_at: str | None = None
    ended_at: str | None = None
