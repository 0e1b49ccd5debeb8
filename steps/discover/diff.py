"""What changed between two snapshots of the landscape. Pure.

The rule of identity, in this order; a rule pairs two entries that no rule before it paired, and only where what it looks at
occurs once among those left on either side:

    1 the same repository (or homepage), name and category          nothing happened
    2 the same repository and name                                  it moved to another category
    3 the same id at the CNCF (lfx_slug)                            whatever else changed
    4 the same repository                                           it was renamed
    5 a known rename of a repository (the table of aliases)
    6 the same name and homepage                                    its repository moved
    7 the same name and category                                    its repository or homepage moved
    8 the same homepage and category                                it was renamed, and has no repository

What is left went or came. Names that are merely alike pair nothing: they are suggested to a person. Entries are compared, not
repositories: of three that shared one repository, one may leave it (podman did, in July 2026).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

from rapidfuzz import fuzz

from steps.discover import identity
from steps.discover.records import Change, ChangeKind, Diff, Entry, Suggestion

_Rule = tuple[str, Callable[[Entry], Hashable | None]]
ALIKE = 90.0  # of 100, by the words that two names share


def compare(
    before: Sequence[Entry] | None,
    after: Sequence[Entry],
    *,
    dates: tuple[dt.date | None, dt.date],
    aliases: Mapping[str, str] | None = None,
) -> Diff:
    """What changed. before None: there is no earlier snapshot, so nothing can have changed."""
    if before is None:
        return Diff(before=None, after=dates[1], changes=())
    pairs, gone, come = _paired(before, after, _rules(aliases or {}))
    changed = [change for rule, old, new in pairs for change in _changes(rule, old, new)]
    changed += [_alone("removed", entry) for entry in gone]
    changed += [_alone("added", entry) for entry in come]
    order = sorted(changed, key=lambda change: (change.kind, change.category, change.name.casefold()))
    return Diff(before=dates[0], after=dates[1], changes=tuple(order), suggestions=tuple(_alike(gone, come)))


def _rules(aliases: Mapping[str, str]) -> tuple[_Rule, ...]:
    return (
        ("repository, name and category", lambda entry: (entry.key, entry.name, entry.category)),
        ("repository and name", lambda entry: (entry.key, entry.name)),
        ("CNCF id", lambda entry: entry.project),
        ("repository", lambda entry: entry.key),
        ("known rename", lambda entry: identity.canonical(entry.key, aliases)),
        ("name and homepage", lambda entry: (identity.plain_name(entry.name), identity.homepage(entry.homepage))),
        ("name and category", lambda entry: (identity.plain_name(entry.name), entry.category)),
        ("homepage and category", lambda entry: (identity.homepage(entry.homepage), entry.category)),
    )


def _paired(
    before: Sequence[Entry], after: Sequence[Entry], rules: Sequence[_Rule]
) -> tuple[list[tuple[str, Entry, Entry]], list[Entry], list[Entry]]:
    """Pairs with the rule that made them, and what is left on either side."""
    pairs: list[tuple[str, Entry, Entry]] = []
    left, right = list(before), list(after)
    for name, of in rules:
        old, new = _single(left, of), _single(right, of)
        both = [value for value in old if value in new]
        pairs += [(name, old[value], new[value]) for value in both]
        taken = {id(entry) for value in both for entry in (old[value], new[value])}
        left = [entry for entry in left if id(entry) not in taken]
        right = [entry for entry in right if id(entry) not in taken]
    return pairs, left, right


def _single(entries: Sequence[Entry], of: Callable[[Entry], Hashable | None]) -> dict[Hashable, Entry]:
    """Entries by what a rule looks at, where that occurs once."""
    counts = Counter(map(of, entries))
    return {value: entry for entry in entries if counts[value := of(entry)] == 1 and value is not None}


def _changes(rule: str, old: Entry, new: Entry) -> Iterator[Change]:
    looked_at: tuple[tuple[ChangeKind, str | None, str | None], ...] = (
        ("matured", old.maturity, new.maturity),
        ("moved", old.category, new.category),
        ("renamed", old.name, new.name),
        ("relocated", old.key, new.key),
    )
    for kind, before, after in looked_at:
        if before != after:
            yield Change(
                kind=kind, key=new.key, name=new.name, category=new.category, before=before, after=after, matched_by=rule
            )


def _alone(kind: ChangeKind, entry: Entry) -> Change:
    return Change(kind=kind, key=entry.key, name=entry.name, category=entry.category, after=entry.maturity)


def _alike(gone: Sequence[Entry], come: Sequence[Entry]) -> Iterator[Suggestion]:
    for old in gone:
        for new in come:
            likeness = fuzz.token_set_ratio(old.name.casefold(), new.name.casefold())
            if likeness >= ALIKE:
                yield Suggestion(removed=old.name, added=new.name, likeness=round(likeness, 1))
