"""Reads sources of one host, in turn, into snapshots of a day. What is not got is told in the report, and fails nothing.

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
from steps.discover.web import Answer, FetchError, Manners, Web
from steps.errors import LabError, UsageError
from steps.store import Store

AND = "+"
GIVE_UP_AFTER = 3  # failures in a row: the server is not there today
NOT_THERE = frozenset({404, 410, 451})  # says something of one page, and that the server is there


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
    """source: its kind, or several of one host as `releases+repositories`. Raises StoreError: what was read could not be kept."""
    discovery = reading.discovery(settings)
    given = os.environ if environment is None else environment
    day = dt.date.fromisoformat(date)
    over = day != (today or dt.datetime.now(dt.UTC).date())
    paces: dict[str, float] = {}
    said = []
    for kind in source.split(AND):
        found = discovery.source(kind)
        if found is None:
            message = f"{kind} is not among the sources of the settings"
            raise UsageError(message)
        token = given.get(found.token, "") if found.token else ""
        kept = Snapshots(store or Store.from_environment(), kind)
        told = _fetch(kept, _affordable(found, token), discovery, day=day, over=over, token=token, paces=paces)
        said.append(f"{kind}: {told}")
    result.write_text("\n".join(said), encoding="utf-8")
    print("\n".join(said))


def _affordable(source: Source, token: str) -> Source:
    """The source with as many requests as its server lets a nameless visitor make, where there is no token."""
    if token or not source.token or source.without_token is None:
        return source
    return source.model_copy(update={"most": min(source.most, source.without_token)})


def _fetch(
    kept: Snapshots,
    source: Source,
    discovery: Discovery,
    *,
    day: dt.date,
    over: bool,
    token: str,
    paces: dict[str, float],
) -> str:
    if kept.has(day):
        return f"there is a snapshot of {day} already"
    if over:
        if kept.trouble(day) is None:  # what was wrong on that day stays what is told of it
            kept.keep_trouble(day, f"was not read on {day}, and what it says later is not what it said then")
        return "that day is over: not asked"
    entries = reading.entries(kept.store, until=day)
    candidates = targets.chosen(entries, discovery, most=source.most) if entries else []
    asked = targets.addresses(source, candidates, date=day)
    manners = Manners(contact=discovery.contact, delay_s=source.delay_s, robots=source.robots, token=token, allow=discovery.allow)
    answers, unchanged, failed = _ask(asked, _before(kept, day), Web(manners, last=paces))
    if not answers:
        kept.keep_trouble(day, failed[0] if failed else "there was nothing to ask about: the landscape has to be read first")
        return f"nothing was got: {failed[0] if failed else 'nothing to ask about'}"
    kept.keep(day, answers, at=dt.datetime.now(dt.UTC), unchanged=unchanged, failed=failed)
    return f"{len(answers)} answers, {unchanged} of them as before, {len(failed)} not got"


def _ask(asked: Sequence[tuple[str, str]], before: Mapping[str, Received], web: Web) -> tuple[list[Received], int, list[str]]:
    """All answers of a source, how many were as before, and what was not got. Leaves a server that fails three times in a row."""
    answers: list[Received] = []
    failed: list[str] = []
    unchanged = in_a_row = 0
    try:
        for url, key in asked:
            old = before.get(url)
            try:
                answer = web.get(url, etag=old.etag if old else "", last_modified=old.last_modified if old else "")
                answers.append(_kept(answer, url, key, old))
            except LabError as error:
                failed.append(str(error))
                in_a_row = 0 if getattr(error, "status", None) in NOT_THERE else in_a_row + 1
                if in_a_row == GIVE_UP_AFTER:
                    failed.append(f"{len(asked) - len(answers) - len(failed)} more were not asked")
                    break
                continue
            in_a_row = 0
            unchanged += answer.status == 304
    finally:
        web.close()
    return answers, unchanged, failed


def _kept(answer: Answer, url: str, key: str, old: Received | None) -> Received:
    """An answer as it is kept: after a 304 with the body that it stands for, so that each snapshot is whole."""
    if answer.status == 304 and old is not None:
        return old.model_copy(update={"status": 304, "key": key})
    if answer.status == 304:
        message = f"{url}: answered 304, and nothing was said to compare with"
        raise FetchError(message)
    return received(url, answer.body, status=answer.status, key=key, etag=answer.etag, last_modified=answer.last_modified)


def _before(kept: Snapshots, day: dt.date) -> dict[str, Received]:
    """The answers of the newest snapshot, by address."""
    newest = kept.newest(until=day)
    return {answer.url: answer for answer in kept.answers(newest)} if newest else {}
