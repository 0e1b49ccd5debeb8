"""Is what runs what was rendered, and fresh? The keepers are asked, before the load and after it.

A load that is sent to a program with another configuration, or to one that was started anew since it was deployed (a pod that
was evicted, a container that ran out of memory), measures something else than what was asked for. So does one that is sent a
second time: Argo 4.1 makes a step's pod anew, without a word, when it was deleted within ten seconds of its start.
"""

from __future__ import annotations

import json
from typing import Literal

from steps.drivers.connection import ask_once
from steps.errors import UsageError
from steps.model import Endpoints, Running

WITHIN_S = 2.0


async def difference(where: Endpoints, when: Literal["before", "after"]) -> str | None:
    """What is not as it was rendered, in a sentence; None: all is."""
    for name, rendered in where.rendered.items():
        found = await _ask(where.keepers[name])
        said = found if isinstance(found, str) else unlike(rendered, found)
        if said is not None:
            return f"{when} the load, {name} is not what was deployed: {said}"
    return None


async def sent_before(where: Endpoints) -> str | None:
    """That a load was sent to one of the components before, in a sentence; None: this is the first."""
    for name in where.rendered:
        answer = await ask_once(where.keepers[name], "/load", within_s=WITHIN_S)
        if answer.status != 200:
            return f"before the load, the keeper of {name} was not there: {answer.how}"
        if json.loads(answer.body)["loads_before"]:
            return f"{name} has been loaded before: this pod takes the place of one that was lost, and a cell is measured once"
    return None


def unlike(rendered: Running, found: Running) -> str | None:
    """How what runs differs from what was rendered; None: not at all."""
    if found.instance is None:
        return "it has ended"
    if found.instance != rendered.instance:
        return "it was started anew"
    if found.config_digest != rendered.config_digest:
        return f"its configuration is {found.config_digest}, rendered was {rendered.config_digest}"
    # A program may write its title before its words (nginx), and a script has its interpreter there.
    words = " ".join(rendered.argv[1:])
    if not " ".join(found.argv).strip().endswith(words):
        return f"it runs as {' '.join(found.argv)!r}, rendered was {' '.join(rendered.argv)!r}"
    return None


async def _ask(keeper: str) -> Running | str:
    try:
        answer = await ask_once(keeper, "/running", within_s=WITHIN_S)
        return Running.from_json(answer.body, source="its keeper's answer") if answer.status else f"its keeper: {answer.how}"
    except UsageError as error:
        return str(error)
