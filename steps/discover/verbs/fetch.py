"""Reads one source into a snapshot of a day. What it does not get is told in the report, and fails nothing.

A day that lies back is not asked: what a server says today would be called what it said then.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from steps.discover import reading, targets
from steps.discover.settings import Discovery, Source
from steps.discover.snapshots import Received, Snapshots, received
from steps.discover.web import FetchError, Manners, Web
from steps.errors import LabError
from steps.store import Store


def run(
    *,
    source: str,
    date: str,
    settings: Path,
    result: Path,
    store: Store | None = None,
    today: dt.date | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """source: its kind. Raises StoreError: what was read could not be kept."""
    discovery = reading.discovery(settings)
    found = discovery.source(source)
    day = dt.date.fromisoformat(date)
    kept = Snapshots(store or Store.from_environment(), source)
    said = (
        _fetch(kept, found, discovery, day, today or dt.datetime.now(dt.UTC).date(), os.environ if environment is None else environment)
        if found
        else "it is not among the sources"
    )
    result.write_text(said, encoding="utf-8")
    print(f"{source}: {said}")


def _fetch(
    kept: Snapshots, source: Source, discovery: Discovery, day: dt.date, today: dt.date, environment: Mapping[str, str]
) -> str:
    if kept.has(day):
        return f"there is a snapshot of {day} already"
    if day != today:
        kept.keep_trouble(day, f"was not read on {day}, and what it says later is not what it said then")
        return "that day is over: not asked"
    entries = reading.entries(kept.store, until=day)
    candidates = targets.chosen(entries, discovery, most=source.most) if entries else []
    asked = targets.addresses(source, candidates, date=day)
    answers, unchanged, failed = _ask(kept, source, discovery, day, asked, environment)
    if not answers:
        kept.keep_trouble(day, failed[0] if failed else "there was nothing to ask about: the landscape has to be read first")
        return f"nothing was got: {failed[0] if failed else 'nothing to ask about'}"
    kept.keep(day, answers, at=dt.datetime.now(dt.UTC), unchanged=unchanged, failed=failed)
    return f"{len(answers)} answers, {unchanged} of them as before, {len(failed)} not got"


def _ask(
    kept: Snapshots,
    source: Source,
    discovery: Discovery,
    day: dt.date,
    asked: Sequence[tuple[str, str]],
    environment: Mapping[str, str],
) -> tuple[list[Received], int, list[str]]:
    """All answers of a source, how many were as before, and what was not got. Gives up a server that fails three times in a row."""
    before = _before(kept, day)
    manners = Manners(
        contact=discovery.contact,
        delay_s=source.delay_s,
        robots=source.robots,
        token=environment.get(source.token, "") if source.token else "",
        allow=discovery.allow,
    )
    web = Web(manners)
    answers: list[Received] = []
    failed: list[str] = []
    unchanged = in_a_row = 0
    try:
        for url, key in asked:
            old = before.get(url)
            try:
                answer = web.get(url, etag=old.etag if old else "", last_modified=old.last_modified if old else "")
            except LabError as error:
                failed.append(str(error))
                in_a_row += 1
                if in_a_row == GIVE_UP_AFTER:
                    failed.append(f"{len(asked) - len(answers) - len(failed)} more were not asked")
                    break
                continue
            in_a_row = 0
            unchanged += answer.status == 304
            answers.append(_kept(url, key, answer.status, answer.body, answer.etag, answer.last_modified, old))
    finally:
        web.close()
    return answers, unchanged, failed


GIVE_UP_AFTER = 3


def _kept(url: str, key: str, status: int, body: bytes, etag: str, last_modified: str, old: Received | None) -> Received:
    """An answer as it is kept: after a 304 with the body that it stands for, so that each snapshot is whole."""
    if status == 304 and old is not None:
        return old.model_copy(update={"status": 304, "key": key})
    if status == 304:
        message = f"{url}: answered 304, and nothing was said to compare with"
        raise FetchError(message)
    return received(url, body, status=status, key=key, etag=etag, last_modified=last_modified)


def _before(kept: Snapshots, day: dt.date) -> dict[str, Received]:
    """The answers of the newest snapshot, by address."""
    newest = kept.newest(until=day)
    return {answer.url: answer for answer in kept.answers(newest)} if newest else {}

