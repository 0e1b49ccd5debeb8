"""Who looks at what a contender keeps: the tables of a database, the topic of a broker."""

from __future__ import annotations

import json

from steps.drivers.bank import Bank
from steps.drivers.connection import ask_once
from steps.drivers.post import Post
from steps.errors import UsageError
from steps.model import Component, Endpoints, MessageLoad, SqlLoad, SqlRampLoad

Kept = Bank | Post

WITHIN_S = 10.0  # its keeper looks at each of its files, a thousand or more


def keeping(load: SqlLoad | SqlRampLoad | MessageLoad, url: str, contender: Component | None) -> Kept:
    """Raises UsageError: the contender is neither; MeasureError: no client."""
    if contender is None:
        message = f"load {load.label} is for a database or a broker, and nobody says who it is"
        raise UsageError(message)
    return Bank(load, url, contender.speaks) if not isinstance(load, MessageLoad) else Post(load, url, contender)


async def kept_on_disk(where: Endpoints, contender: Component | None) -> int | None:
    """Bytes that the contender keeps on its disk by now; None: its files are in memory, or its keeper cannot tell."""
    if contender is None or contender.files == "memory" or contender.name not in where.keepers:
        return None
    answer = await ask_once(where.keepers[contender.name], "/kept", within_s=WITHIN_S)
    found: int | None = json.loads(answer.body)["kept_bytes"] if answer.status == 200 else None
    return found
