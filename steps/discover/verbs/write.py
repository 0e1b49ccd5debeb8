"""A summary by a language model, where the settings name one; asked for once a day: a report that is made again has the same."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from steps.discover import reading, writing
from steps.discover.records import Findings
from steps.errors import UsageError
from steps.model.values import digest
from steps.store import Store

TOKEN = "BENCHLAB_WRITER_TOKEN"  # noqa: S105  # a variable's name


def run(
    *, findings: Path, settings: Path, written: Path, store: Store | None = None, environment: Mapping[str, str] | None = None
) -> None:
    """Writes what was written, or why nothing was. Raises UsageError: the settings name no writer."""
    discovery = reading.discovery(settings)
    if discovery.writer is None:
        message = "the settings name no `writer`"
        raise UsageError(message)
    found = Findings.from_json(findings.read_bytes(), source="the findings")
    made = reading.written(store or Store.from_environment(), found.cadence, found.date)
    if made is None or not made.text or made.of != digest(found) or made.model != discovery.writer.model:
        token = (os.environ if environment is None else environment).get(TOKEN, "")
        made = writing.write(found, discovery.writer, token=token, allow=discovery.allow)
    written.write_text(made.to_json(), encoding="utf-8")
    print(f"{made.model}: {made.why or f'{len(made.text)} characters'}")
