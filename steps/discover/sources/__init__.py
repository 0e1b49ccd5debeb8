"""The sources: one module each, which makes rows of an answer. What is common (asking, keeping, counting) is not theirs.

A parser that changes what it makes gets a higher version: its rows are then written beside those of the older one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from steps.discover.records import Entry, Fact
from steps.discover.snapshots import Received
from steps.discover.sources import artifact_hub, feeds, hacker_news, landscape, lfx, releases, repositories, trending
from steps.errors import LabError
from steps.model.values import Model


@dataclass(frozen=True)
class Kind:
    """How a kind of source is read. parse: rows of one answer; what it raises is told, and the other answers still count."""

    parse: Callable[[Received, Sequence[Entry]], Sequence[Model]]
    row: type[Model]
    parser: int = 1


KINDS: dict[str, Kind] = {
    "landscape": Kind(landscape.parse, Entry),
    "releases": Kind(releases.parse, Fact, parser=2),
    "repositories": Kind(repositories.parse, Fact),
    "artifact-hub": Kind(artifact_hub.parse, Fact),
    "hacker-news": Kind(hacker_news.parse, Fact),
    "lfx": Kind(lfx.parse, Fact, parser=2),
    "feeds": Kind(feeds.parse, Fact),
    "trending": Kind(trending.parse, Fact),
}


def parsed(kind: str, answers: Sequence[Received], entries: Sequence[Entry]) -> tuple[list[Any], str]:
    """The rows of all answers, and what went wrong: nothing at all out of good answers is a parser's failure, not "no news"."""
    rows: list[Any] = []
    problems: list[str] = []
    for answer in answers:
        try:
            rows += KINDS[kind].parse(answer, entries)
        except (LabError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            problems.append(f"{answer.url}: {type(error).__name__ if isinstance(error, KeyError) else ''}{error}".strip())
    if not rows and not problems:
        problems.append(f"{len(answers)} answers, and no row in them: its form has changed, or it was never read right")
    return rows, "; ".join(problems[:3])
