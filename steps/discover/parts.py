"""The parts of a score but the first, and the penalties: each says why, and where one can see it. Pure."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping, Sequence

from steps.discover.records import Entry, Fact, Maturity, Part
from steps.discover.settings import Weights

LANDSCAPE = "https://landscape.cncf.io"
_SIGNS = re.compile(r"[^a-z0-9]+")
MANY_STARS = 500  # new ones between two dates, without any release in a year
ENOUGH_MENTIONS = 3  # different places that speak of it give all points
_NO_LICENCE = frozenset({"none", "NOASSERTION"})


def guide(path: str) -> str:
    """Where the landscape tells of a category: `…/guide#orchestration-management--api-gateway`."""
    return f"{LANDSCAPE}/guide#{_slugs(path)}"


def item(entry: Entry) -> str:
    """Where the landscape tells of an entry: `…/?item=orchestration-management--api-gateway--membrane`."""
    return f"{LANDSCAPE}/?item={_slugs(entry.category)}--{_slug(entry.name)}"


def _slugs(path: str) -> str:
    return "--".join(map(_slug, path.split(" / ")))


def _slug(text: str) -> str:
    return _SIGNS.sub("-", text.lower()).strip("-")


def maturity_part(entry: Entry, maturity: Maturity | None, weights: Weights) -> Part:
    """Where the CNCF has it; a program that never asked to join gets the points of `none`."""
    said = maturity or "none"
    since = f", accepted {entry.accepted}" if entry.accepted else ""
    why = f"{said} at the CNCF{since}" if maturity else "not a project of the CNCF"
    points = round(weights.maturity * weights.of_maturity[said], 1)
    return Part(name="maturity", points=points, most=weights.maturity, why=why, evidence=(item(entry),))


def rhythm_part(facts: Sequence[Fact], weights: Weights, date: dt.date) -> Part:
    """Releases in a year, and less of it the longer the last one is ago."""
    count, last = _fact(facts, "releases_12m"), _fact(facts, "last_release")
    if count is None:
        return _unknown("cadence", weights.cadence, "no source told of releases")
    if last is None:
        return Part(name="cadence", points=0, most=weights.cadence, why="no release yet", evidence=(count.url,))
    ago_days = max(0, (date - dt.date.fromisoformat(str(last.value))).days)
    fresh = max(0.0, 1 - ago_days / weights.quiet_days)
    points = weights.cadence * min(1.0, float(count.value) / weights.releases_a_year) * fresh
    why = f"{count.value:.0f} releases in the year before the last one, which is {ago_days} days old"
    return Part(name="cadence", points=round(points, 1), most=weights.cadence, why=why, evidence=(count.url,))


def growth_part(
    key: str, gains: Mapping[str, float], before: tuple[float, dt.date] | None, facts: Sequence[Fact], weights: Weights
) -> Part:
    """New stars since an earlier snapshot of ours, on a logarithmic scale, against the most in the category."""
    stars = _fact(facts, "stars")
    if stars is None:
        return _unknown("growth", weights.growth, "no source told of stars")
    if before is None or key not in gains:
        return _unknown("growth", weights.growth, "there is no earlier snapshot of its stars to compare with")
    most = max(gains.values())
    share = math.log1p(gains[key]) / math.log1p(most) if most > 0 else 0.0
    why = f"{gains[key]:.0f} new stars since {before[1]}; the most in its category are {most:.0f}"
    return Part(name="growth", points=round(weights.growth * share, 1), most=weights.growth, why=why, evidence=(stars.url,))


def health_part(facts: Sequence[Fact], weights: Weights) -> Part:
    """What LFX Insights says of its health, else how many people work on it: a program of one person stops with that person."""
    health, people = _fact(facts, "health"), _fact(facts, "contributors")
    if health is not None:
        points = weights.health * min(100.0, float(health.value)) / 100
        why = f"its health is {health.value:.0f} of 100"
        return Part(name="health", points=round(points, 1), most=weights.health, why=why, evidence=(health.url,))
    if people is None:
        return _unknown("health", weights.health, "no source told of its health or its contributors")
    points = weights.health * min(1.0, math.log1p(float(people.value)) / math.log1p(weights.contributors))
    why = f"{people.value:.0f} people contributed in the last year"
    return Part(name="health", points=round(points, 1), most=weights.health, why=why, evidence=(people.url,))


def mentions_part(facts: Sequence[Fact], weights: Weights) -> Part:
    """In how many different places somebody speaks of it. One place that does so often counts once."""
    asked = {fact.source for fact in facts if fact.name in {"stories", "packages"}}
    told = [fact for fact in facts if fact.name in {"mention", "trending"}]
    if not asked and not told:
        return _unknown("mentions", weights.mentions, "no source was asked who speaks of it")
    places = sorted({fact.source for fact in told})
    points = weights.mentions * min(1.0, len(places) / ENOUGH_MENTIONS)
    why = f"mentioned by {', '.join(places)}" if places else f"not mentioned by {', '.join(sorted(asked))}"
    evidence = tuple(dict.fromkeys(fact.url for fact in told))[:5]
    return Part(name="mentions", points=round(points, 1), most=weights.mentions, why=why, evidence=evidence)


def penalties(
    entry: Entry, facts: Sequence[Fact], weights: Weights, *, maturity: Maturity | None, date: dt.date, new_stars: float | None
) -> Iterator[Part]:
    """What speaks against a candidate; only what is known does."""
    archived, licence, created = (_fact(facts, name) for name in ("archived", "licence", "created"))
    if maturity == "archived" or (archived and archived.value):
        at_github = archived is not None and maturity != "archived"
        where, url = ("at GitHub", archived.url) if archived and at_github else ("at the CNCF", item(entry))
        yield _off("archived", weights.archived, f"archived {where}", url)
    if not entry.repository:
        yield _off("no repository", weights.no_repository, "no public repository: it cannot be run here", item(entry))
    if licence and licence.value in _NO_LICENCE:
        yield _off("no licence", weights.no_licence, f"GitHub knows no licence of it ({licence.value})", licence.url)
    if created and (age_days := (date - dt.date.fromisoformat(str(created.value))).days) < weights.young_days:
        yield _off("young", weights.young, f"its repository is {age_days} days old", created.url)
    releases = _fact(facts, "releases_12m")
    if new_stars is not None and new_stars >= MANY_STARS and releases is not None and releases.value == 0:
        why = f"{new_stars:.0f} new stars and no release: stars can be bought"
        yield _off("bought stars", weights.bought, why, releases.url)


def _off(name: str, points: float, why: str, url: str) -> Part:
    return Part(name=name, points=points, most=0, why=why, evidence=(url,))


def _unknown(name: str, most: float, why: str) -> Part:
    return Part(name=name, points=None, most=most, why=why)


def _fact(facts: Sequence[Fact], name: str) -> Fact | None:
    return next((fact for fact in facts if fact.name == name), None)
