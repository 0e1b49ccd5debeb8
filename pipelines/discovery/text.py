"""A diff as text for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from steps.discover import words
from steps.discover.records import Diff


def diff(found: Diff) -> str:
    """Every change, by kind."""
    return "\n".join(_lines(found))


def _lines(found: Diff) -> Iterator[str]:
    yield f"{found.before} to {found.after}: {len(found.changes)} changes"
    for kind, word in words.KINDS:
        changes = found.of(kind)
        if changes:
            yield f"{word} ({len(changes)})"
            for change in changes:
                told = words.change(change)
                known = f"  [known by its {change.matched_by}]" if change.matched_by else ""
                yield f"  {change.name}, {change.category}" + (f": {told}" if told else "") + known
    for each in found.suggestions:
        yield f"perhaps the same: {each.removed} and {each.added} ({each.likeness:g} of 100 alike)"
