"""Who looks at what a contender keeps: the tables of a database, the topic of a broker."""

from __future__ import annotations

from steps.drivers.bank import Bank
from steps.drivers.post import Post
from steps.errors import UsageError
from steps.model import Component, MessageLoad, SqlLoad, SqlRampLoad

Kept = Bank | Post


def keeping(load: SqlLoad | SqlRampLoad | MessageLoad, url: str, contender: Component | None) -> Kept:
    """Raises UsageError: the contender is neither; MeasureError: no client."""
    if contender is None:
        message = f"load {load.label} is for a database or a broker, and nobody says who it is"
        raise UsageError(message)
    return Bank(load, url, contender.speaks) if not isinstance(load, MessageLoad) else Post(load, url, contender)
