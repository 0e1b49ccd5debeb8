"""What is in the store, as values: the settings of a run, the landscape of a day, the facts of all sources, earlier findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from steps.discover import identity, news
from steps.discover.records import Cadence, Change, Diff, Entry, Fact, Findings, Trouble, Verdict, Written
from steps.discover.settings import Discovery
from steps.discover.snapshots import Snapshots
from steps.discover.sources import KINDS, parsed
from steps.errors import MeasureError, MissingObject
from steps.store import Store

LANDSCAPE = "landscape"
BACK_DAYS: dict[Cadence, int] = {"daily": 1, "weekly": 7, "monthly": 30}
GROWTH_DAYS = 30
STALE_DAYS = 45  # a snapshot that is older tells nothing of today
_ALONE = frozenset({LANDSCAPE, "repositories", "releases", "lfx"})  # whose rows need no landscape beside them


def discovery(path: Path) -> Discovery:
    """The settings. Raises UsageError."""
    return Discovery.from_json(path.read_bytes(), source="the settings of the discovery")


def prefix(cadence: str, date: dt.date | str) -> str:
    """Where a report and its data are in the store."""
    return f"discovery/{cadence}/{date}"


def normalised(store: Store, kind: str, date: dt.date, entries: Sequence[Entry]) -> str:
    """Makes the rows of a snapshot, unless this parser did. Returns why there are none, or what was not read."""
    kept = Snapshots(store, kind)
    parser = KINDS[kind].parser
    found = kept.parsed(date, parser=parser)
    if found is None:
        rows, problem = parsed(kind, kept.answers(date), entries)
        found = kept.keep_rows(date, rows, parser=parser, problem=problem)
    return found.problem


def day_of(store: Store, kind: str, *, until: dt.date, since: dt.date | None = None) -> dt.date | None:
    """The newest day of which there are rows. Days before a parser changed are read again where that takes nothing but them."""
    kept = Snapshots(store, kind)
    for day in reversed([day for day in kept.dates() if day <= until and (since is None or day >= since)]):
        if kind in _ALONE:
            normalised(store, kind, day, ())
        found = kept.parsed(day, parser=KINDS[kind].parser)
        if found and found.rows:
            return day
    return None


def entries(store: Store, *, until: dt.date) -> tuple[Entry, ...]:
    """The landscape of the newest day that can be read, its rows made where they are not; empty: there is none."""
    day = day_of(store, LANDSCAPE, until=until)
    return landscape(store, day) if day else ()


def landscape(store: Store, date: dt.date) -> tuple[Entry, ...]:
    """The landscape of one day. Raises MissingObject."""
    return Snapshots(store, LANDSCAPE).rows(date, Entry, parser=KINDS[LANDSCAPE].parser)


def days_compared(store: Store, cadence: Cadence, date: dt.date) -> tuple[dt.date | None, dt.date]:
    """The day that is reported, and the one a day, week or month before; else the oldest there is. Raises MeasureError."""
    after = day_of(store, LANDSCAPE, until=date)
    if after is None:
        trouble = Snapshots(store, LANDSCAPE).trouble(date)
        message = (
            f"there is no landscape up to {date} ({trouble.why if trouble else 'it was never read'}): a report of nothing is none"
        )
        raise MeasureError(message)
    before = day_of(store, LANDSCAPE, until=after - dt.timedelta(days=BACK_DAYS[cadence]))
    if before is None:
        earlier = [day for day in Snapshots(store, LANDSCAPE).dates() if day < after]
        before = next((day for day in earlier if day_of(store, LANDSCAPE, until=day, since=day)), None)  # the oldest
    return before, after


def facts(
    store: Store, discovery: Discovery, *, cadence: str, date: dt.date
) -> tuple[list[Fact], list[tuple[str, dt.date]], list[Trouble]]:
    """The newest facts of every source, of which day each is, and what is missing of those that were due."""
    found: list[Fact] = []
    days: list[tuple[str, dt.date]] = []
    troubles: list[Trouble] = []
    for source in discovery.sources:
        if not source.enabled:
            continue
        kept = Snapshots(store, source.kind)
        day = day_of(store, source.kind, until=date, since=date - dt.timedelta(days=STALE_DAYS))
        troubles += _troubles(kept, source.kind, date, day) if cadence in source.cadences else []
        if day is not None:
            days.append((source.kind, day))
            if source.kind != LANDSCAPE:
                found += kept.rows(day, Fact, parser=KINDS[source.kind].parser)
    return found, days, troubles


def _troubles(kept: Snapshots, kind: str, date: dt.date, used: dt.date | None) -> list[Trouble]:
    """What was wrong with a source on a day: not got, not read, or got in part."""
    if not kept.has(date):
        told = kept.trouble(date)
        return [Trouble(source=kind, why=told.why if told else f"was not read on {date}", latest=used)]
    read = kept.parsed(date, parser=KINDS[kind].parser)
    why = [*kept.fetched(date).failed[:3], *([read.problem] if read and read.problem else [])]
    return [Trouble(source=kind, why="; ".join(why), latest=used)] if why else []


def with_renames(
    discovery: Discovery, told: Sequence[Fact], changed: Diff | None = None, entries: Sequence[Entry] = ()
) -> Discovery:
    """The settings with the renames that GitHub and the landscape tell of; what a person wrote there comes first.

    A repository that one entry left and another still has is no old name of anything. Overrides are about today's addresses too.
    """
    still = {entry.key for entry in entries}
    relocated = changed.of("relocated") if changed else ()
    moved = {each.before: each.key for each in relocated if each.before and each.before not in still}
    renamed = {fact.key: str(fact.value) for fact in told if fact.name == "renamed_to"}
    aliases = moved | renamed | discovery.aliases
    overrides = [each.model_copy(update={"key": identity.canonical(each.key, aliases)}) for each in discovery.overrides]
    return discovery.model_copy(update={"aliases": aliases, "overrides": tuple(overrides)})


def happened(
    store: Store, entries: Sequence[Entry], *, before: dt.date | None, after: dt.date, aliases: Mapping[str, str]
) -> tuple[Change, ...]:
    """What came out or was archived between two days, as the snapshots of releases and repositories tell it."""
    if before is None:
        return ()
    releases = _newest(store, "releases", until=after, since=before)
    now, then = _newest(store, "repositories", until=after, since=before), _newest(store, "repositories", until=before)
    return tuple(news.changes(entries, [*releases, *now], then, between=(before, after), aliases=aliases))


def _newest(store: Store, kind: str, *, until: dt.date, since: dt.date | None = None) -> tuple[Fact, ...]:
    day = day_of(store, kind, until=until, since=since)
    return Snapshots(store, kind).rows(day, Fact, parser=KINDS[kind].parser) if day else ()


def stars_before(store: Store, *, date: dt.date, aliases: Mapping[str, str]) -> dict[str, tuple[float, dt.date]]:
    """The stars of about a month ago, by repository: of our own snapshots, as GitHub tells only those of now."""
    day = day_of(store, "repositories", until=date - dt.timedelta(days=GROWTH_DAYS))
    if day is None:
        return {}
    rows = Snapshots(store, "repositories").rows(day, Fact, parser=KINDS["repositories"].parser)
    return {identity.canonical(fact.key, aliases): (float(fact.value), day) for fact in rows if fact.name == "stars"}


def findings(store: Store, cadence: str, *, before: dt.date | None = None) -> Findings | None:
    """The newest findings, or those before a day; None: there are none."""
    keys = [key for key in store.list(f"discovery/{cadence}/") if key.endswith("/findings.json")]
    days = sorted(dt.date.fromisoformat(key.split("/")[2]) for key in keys)
    days = [day for day in days if before is None or day < before]
    if not days:
        return None
    key = f"{prefix(cadence, days[-1])}/findings.json"
    return Findings.from_json(store.get(key), source=key)


def verdicts(store: Store, cadence: str, *, before: dt.date, aliases: Mapping[str, str]) -> dict[str, Verdict]:
    """Where candidates stood before a day, by their address of today: a repository that moved does not begin anew."""
    found = findings(store, cadence, before=before)
    return {identity.canonical(verdict.key, aliases): verdict for verdict in found.verdicts} if found else {}


def written(store: Store, cadence: str, date: dt.date) -> Written | None:
    """The summary that a language model wrote of a day; None: none was asked."""
    key = f"{prefix(cadence, date)}/written.json"
    try:
        return Written.from_json(store.get(key), source=key)
    except MissingObject:
        return None
