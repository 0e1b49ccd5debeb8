"""What discovery speaks of: entries of the landscape, what changed between two dates, scores and verdicts. All frozen."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from steps.model.values import Finite, Model

Maturity = Literal["sandbox", "incubating", "graduated", "archived"]
VerdictName = Literal["adopt", "trial", "assess", "hold"]
Cadence = Literal["daily", "weekly", "monthly"]
ChangeKind = Literal["added", "removed", "matured", "moved", "renamed", "relocated", "released", "archived"]


class Entry(Model):
    """One line of the landscape. Two entries may share a repository: a product of two categories, or two of one repository."""

    key: str  # the identity: the normalised repository, else the homepage
    name: str
    category: str  # "Orchestration & Management / API Gateway"
    also: tuple[str, ...] = ()  # further categories, as the landscape's second_path says
    homepage: str = ""
    repository: str | None = None  # as an address; None: it has no public one
    maturity: Maturity | None = None  # None: not a project of the CNCF
    project: str | None = None  # its id at the CNCF, which survives renames and moves
    accepted: dt.date | None = None
    description: str = ""


class Change(Model):
    """What became of one entry. `before` and `after` say the part that the kind is about."""

    kind: ChangeKind
    key: str  # as it is now; of one that was removed, as it was
    name: str
    category: str
    before: str | None = None
    after: str | None = None
    matched_by: str | None = None  # the rule that says that both are the same; None: nothing to match


class Suggestion(Model):
    """One that went and one that came, with names alike: a person decides whether they are the same."""

    removed: str
    added: str
    likeness: Finite = Field(ge=0, le=100)


class Diff(Model):
    """What changed between two snapshots of the landscape."""

    before: dt.date | None  # None: there was no snapshot before
    after: dt.date
    changes: tuple[Change, ...]
    suggestions: tuple[Suggestion, ...] = ()

    def of(self, kind: ChangeKind) -> tuple[Change, ...]:
        """The changes of a kind, in order."""
        return tuple(change for change in self.changes if change.kind == kind)


class Fact(Model):
    """A figure that a source told about a repository, on a day, and where one can see it."""

    key: str
    name: str  # one of FACTS
    value: Finite | str
    source: str
    url: str


class Part(Model):
    """A visible part of a score. points None: no source told, and why; then its weight counts for nothing."""

    name: str
    points: Finite | None
    most: Finite
    why: str
    evidence: tuple[str, ...] = ()


class Score(Model):
    """How much a candidate is worth a look here, from 0 to 100, with every point accounted for."""

    key: str
    name: str
    category: str
    repository: str | None
    maturity: Maturity | None = None
    description: str = ""
    covered_by: str | None = None  # the component that this lab has of it
    parts: tuple[Part, ...]
    penalties: tuple[Part, ...] = ()
    value: Finite = Field(ge=0, le=100)
    known: Finite  # the weights of the parts that are known, out of 100


class Verdict(Model):
    """Where a candidate stands, since when, and what the last score would say."""

    key: str
    name: str
    verdict: VerdictName
    since: dt.date
    pending: VerdictName | None = None  # what the score says now; it takes a second date to move
    pending_since: dt.date | None = None
    before: VerdictName | None = None  # where it stood until `since`; None: it was new then
    by: Literal["score", "person"] = "score"
    why: str = ""


class Trouble(Model):
    """A source that did not give what it should: the report says so and goes on."""

    source: str
    why: str
    latest: dt.date | None = None  # the snapshot that is used instead


class Findings(Model):
    """All that a report is made of."""

    cadence: Cadence
    date: dt.date
    diff: Diff
    scores: tuple[Score, ...]
    verdicts: tuple[Verdict, ...]
    troubles: tuple[Trouble, ...] = ()
    sources: tuple[tuple[str, dt.date], ...] = ()  # which snapshot of each source was used
    notes: tuple[str, ...] = ()  # what a person should look at in the settings


class Written(Model):
    """A summary by a language model. It stands beside the findings and is no part of them. why: why there is no text."""

    model: str
    of: str  # the digest of the findings that it was shown
    text: str = ""
    why: str = ""
