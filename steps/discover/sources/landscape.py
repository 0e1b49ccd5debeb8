"""The CNCF landscape: one file with everything. Rows are entries; the other sources' rows are facts about them."""

from __future__ import annotations

from collections.abc import Sequence

from steps.discover import landscape
from steps.discover.records import Entry
from steps.discover.snapshots import Received


def parse(answer: Received, entries: Sequence[Entry]) -> Sequence[Entry]:  # noqa: ARG001
    """The entries of landscape.yml."""
    return landscape.parse(answer.content, source=answer.url)
