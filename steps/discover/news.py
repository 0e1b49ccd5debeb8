"""What became of repositories between two days that the landscape does not tell: a release, or that one was archived. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from steps.discover import identity
from steps.discover.records import Change, ChangeKind, Entry, Fact


def changes(
    entries: Sequence[Entry],
    now: Sequence[Fact],
    then: Sequence[Fact],
    *,
    between: tuple[dt.date, dt.date],
    aliases: Mapping[str, str],
) -> Iterator[Change]:
    """Releases with a date after the first day, and repositories that were not archived then. In order of names.

    then: facts of the first day. Of a repository that was not asked about then, nobody knows whether it is newly archived.
    """
    new, old = ({(identity.canonical(fact.key, aliases), fact.name): fact.value for fact in facts} for facts in (now, then))
    one_each = {identity.canonical(entry.key, aliases): entry for entry in reversed(entries)}
    ordered = sorted(one_each.items(), key=lambda pair: pair[1].name.casefold())
    for key, entry in ordered:
        released = new.get((key, "last_release"))
        if released is not None and between[0] < dt.date.fromisoformat(str(released)) <= between[1]:
            yield _change("released", key, entry, f"{new.get((key, 'release'), 'a release')} on {released}")
    for key, entry in ordered:
        if new.get((key, "archived")) == 1 and old.get((key, "archived")) == 0:
            yield _change("archived", key, entry, "at GitHub")


def _change(kind: ChangeKind, key: str, entry: Entry, after: str) -> Change:
    return Change(kind=kind, key=key, name=entry.name, category=entry.category, after=after)
