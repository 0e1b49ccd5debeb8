"""What a discovery is told: its sources, weights, what the lab covers, and what people decided. It travels as one document."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field, field_validator

from steps.discover import identity
from steps.discover.records import Cadence, Maturity, VerdictName
from steps.model.values import Finite, Model, Name, Positive

Kind = Literal["landscape", "releases", "repositories", "artifact-hub", "hacker-news", "lfx", "feeds", "trending"]


class Source(Model):
    """A source that is read. Its addresses may hold @{repository} @{name} @{project} @{since}: then one for each candidate."""

    kind: Kind
    urls: tuple[str, ...] = Field(min_length=1)
    enabled: bool = True  # the switch
    cadences: tuple[Cadence, ...] = ("daily", "weekly", "monthly")
    delay_s: float = Field(default=1.0, ge=0)  # between two requests to one host, made longer by up to a half
    most: int = Field(default=40, ge=1)  # requests a day
    robots: bool = True  # False: a documented API or a raw file, whose terms are its documentation
    token: str | None = None  # the environment variable that may hold a secret for this host, and for no other
    without_token: int | None = Field(default=None, ge=1)  # requests a day where it holds none; None: as many as with it


class Weights(Model):
    """How many points each part of a score can give (100 in all), what is taken off, and where the lines are."""

    gap: Finite = 30
    maturity: Finite = 20
    cadence: Finite = 15
    growth: Finite = 15
    health: Finite = 10
    mentions: Finite = 10
    off_per_contender: Finite = 5  # of the gap, for each contender that the lab has in the category
    least_gap: Finite = 5  # an experiment that exists can take one more contender
    of_maturity: dict[Maturity | Literal["none"], Finite] = {
        "graduated": 1.0,
        "incubating": 0.9,
        "sandbox": 0.6,
        "none": 0.3,
        "archived": 0.0,
    }
    releases_a_year: Positive = 12  # gives all points of cadence
    quiet_days: Positive = 365  # since the last release: no points of cadence
    contributors: Positive = 50  # gives all points of health, where no source tells a health of its own
    archived: Finite = -40
    no_repository: Finite = -30
    no_licence: Finite = -20
    young: Finite = -10
    young_days: Positive = 180
    bought: Finite = -15  # many new stars and no release
    adopt: Finite = 80
    trial: Finite = 60
    assess: Finite = 40
    enough_known: Finite = 60  # of 100: with less, nothing is better than `assess`


class Covered(Model):
    """A component of the lab and where the landscape has it."""

    component: Name
    title: str
    landscape: str  # the category, as the landscape writes it
    repository: str | None = None  # normalised; None: found by its title within the category


class Override(Model):
    """What a person decided about a candidate, until when and why. key: its repository or page, in any way to write it."""

    key: str
    verdict: VerdictName
    until: dt.date
    why: str = Field(min_length=1)

    @field_validator("key")
    @classmethod
    def _normal(cls, told: str) -> str:
        """As candidates are known by it: an address that is written otherwise must not overrule nothing."""
        found = identity.repository(told) or identity.homepage(told)
        if found is None:
            message = f"{told!r} is no address: write github.com/OWNER/NAME, or the page of one without a repository"
            raise ValueError(message)
        return found


class Writer(Model):
    """A language model that may write the summary, behind an address that speaks as OpenAI's chat completions do.

    Its token, where it wants one, is in BENCHLAB_WRITER_TOKEN. An address that is not public has to be in `allow`.
    """

    url: str = Field(pattern=r"^https?://[^/\s]+/")  # whole, as https://models.example/v1/chat/completions
    model: str = Field(min_length=1)
    within_s: Positive = 120  # for the whole answer; without it the report goes without a summary


class Discovery(Model):
    """The whole of it."""

    contact: str  # in the User-Agent: whom to tell that we are a nuisance; empty: nobody is asked anything
    sources: tuple[Source, ...]
    scope: dict[str, float]  # category → how much this lab can measure of it, from 0 to 1; not in it: nothing
    weights: Weights = Weights()
    coverage: tuple[Covered, ...] = ()
    overrides: tuple[Override, ...] = ()
    aliases: dict[str, str] = {}  # repository → what it became
    allow: tuple[str, ...] = ()  # host:port that may be asked though their addresses are not public: tests and mirrors
    writer: Writer | None = None  # None: nobody but this lab writes anything
    issues: str | None = None  # owner/name of the repository whose issues `--publish` writes
    issues_api: str = "https://api.github.com"

    def source(self, kind: str) -> Source | None:
        """The source of a kind; None: there is none."""
        return next((source for source in self.sources if source.kind == kind), None)

    def covered(self, category: str) -> tuple[Covered, ...]:
        """What the lab has in a category."""
        return tuple(each for each in self.coverage if each.landscape == category)
