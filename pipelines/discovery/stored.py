"""What discovery keeps, for the command line: snapshots and findings of the store, or files of the landscape."""

from __future__ import annotations

import datetime as dt
import difflib
import gzip
import os
import re
from collections.abc import Sequence
from pathlib import Path

from pipelines.local import objects
from pipelines.local.state import State
from steps.discover import diff as differ
from steps.discover import landscape, reading
from steps.discover.identity import plain_name
from steps.discover.records import Diff, Entry, Findings, Score, Verdict, Written
from steps.errors import UsageError

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def findings(cadence: str) -> Findings:
    """The newest of a cadence. Raises UsageError: there are none."""
    return report(cadence)[0]


def report(cadence: str) -> tuple[Findings, Written | None]:
    """The newest findings of a cadence, and what a language model wrote of them. Raises UsageError: there are none."""
    with objects.serve(State.from_environment(os.environ), os.environ) as found:
        newest = reading.findings(found.store, cadence)
        written = reading.written(found.store, cadence, newest.date) if newest else None
    if newest is None:
        message = f"there is no {cadence} discovery yet; make one: python -m pipelines run discovery-{cadence}"
        raise UsageError(message)
    return newest, written


def candidate(found: Findings, name: str) -> tuple[Score, Verdict]:
    """A candidate by its name or repository. Raises UsageError: there is none, or several."""
    wanted = plain_name(name)
    same = [
        score for score in found.scores if name.lower() in {score.key, score.name.lower()} or plain_name(score.name) == wanted
    ]
    if len(same) == 1:
        return same[0], next(verdict for verdict in found.verdicts if verdict.key == same[0].key)
    if same:
        message = f"{name!r} means {', '.join(score.key for score in same)}: name the repository"
        raise UsageError(message)
    near = difflib.get_close_matches(name, [score.name for score in found.scores], n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else "; what is outside of phases/discovery.py's SCOPE has no score"
    message = f"there is no candidate {name!r}{hint}"
    raise UsageError(message)


def diff(before: str, after: str) -> Diff:
    """Between two days or two files. Raises UsageError."""
    if _DATE.fullmatch(before) and _DATE.fullmatch(after):
        return _diff_of_days(before, after)
    return differ.compare(_file(Path(before)), _file(Path(after)), dates=(_day_in(before), _day_in(after)))


def _diff_of_days(before: str, after: str) -> Diff:
    days = [dt.date.fromisoformat(each) for each in (before, after)]
    with objects.serve(State.from_environment(os.environ), os.environ) as found:
        both = []
        for day in days:
            used = reading.day_of(found.store, reading.LANDSCAPE, until=day, since=day)
            if used is None:
                message = f"there is no snapshot of the landscape of {day}"
                raise UsageError(message)
            both.append(reading.landscape(found.store, used))
        made = differ.compare(both[0], both[1], dates=(days[0], days[1]))
        happened = reading.happened(found.store, both[1], before=days[0], after=days[1], aliases={})
    return made.model_copy(update={"changes": (*made.changes, *happened)})


def _file(path: Path) -> Sequence[Entry]:
    try:
        content = path.read_bytes()
        return landscape.parse(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content, source=str(path))
    except (OSError, EOFError) as error:
        message = f"{path} cannot be read: {error}"
        raise UsageError(message) from error


def _day_in(name: str) -> dt.date:
    """The day in a file's name; of a file without one, today."""
    found = _DATE.search(Path(name).name)
    return dt.date.fromisoformat(found[0]) if found else dt.datetime.now(dt.UTC).date()
