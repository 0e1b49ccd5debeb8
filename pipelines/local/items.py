"""The turns of a loop: what `withItems`, `withParam` and `withSequence` come to.

An item is kept as its JSON text, because its text is what ends up in names: `2.50` stays `2.50`, a map keeps its order
within, an escaped letter stays escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pipelines.local import gotext, names

_STRING_OR_SPACE = re.compile(r'("(?:[^"\\]|\\.)*")|\s+')
_SPACE = re.compile(r"\s*")
_DECODER = json.JSONDecoder()
_FORMAT = re.compile(r"%([-+ #0]*)(\d*)([dxXobcv%])")


@dataclass(frozen=True)
class Item:
    """One turn: compact JSON."""

    raw: str

    @property
    def shown(self) -> str:
        """The item as it stands in a name: strings without their quotes, lists as Go prints them."""
        if self.raw.startswith("["):
            return "[" + " ".join(each.shown for each in elements(self.raw)) + "]"
        if self.raw.startswith("{"):
            return ",".join(sorted(f"{key}:{value.plain}" for key, value in members(self.raw).items()))
        return self.plain

    @property
    def plain(self) -> str:
        """The item as text: strings without their quotes, everything else as JSON."""
        return gotext.unescape_html(self.raw[1:-1] if self.raw.startswith('"') else self.raw)

    def tags(self) -> dict[str, str]:
        """What `item`, and for a map `item.KEY`, stand for in this turn."""
        if self.raw.startswith('"'):
            return {"item": json.loads(self.raw)}
        if self.raw.startswith("{"):
            keyed = members(self.raw)
            whole = ",".join(f"{gotext.to_json(key)}:{keyed[key].raw}" for key in sorted(keyed))
            return {"item": f"{{{whole}}}"} | {f"item.{key}": value.plain for key, value in keyed.items()}
        return {"item": self.raw}

    def name(self, task: str, index: int) -> str:
        """The name of this turn of the task."""
        return names.loop_child(task, index, self.shown)


def from_values(values: Iterable[Any]) -> tuple[Item, ...]:
    """The items of `withItems`."""
    return tuple(Item(gotext.to_json(value)) for value in values)


def elements(text: str) -> tuple[Item, ...]:
    """The items of a JSON list. Raises ValueError: it is none."""
    json.loads(text)
    if not text.lstrip().startswith("["):
        message = "it is not a list"
        raise ValueError(message)
    found: list[Item] = []
    position = _skip(text, text.index("[") + 1)
    while text[position] != "]":
        _, end = _DECODER.raw_decode(text, position)
        found.append(Item(compact(text[position:end])))
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)
    return tuple(found)


def members(text: str) -> dict[str, Item]:
    """The items of a JSON object by key."""
    found: dict[str, Item] = {}
    position = _skip(text, text.index("{") + 1)
    while text[position] != "}":
        key, end = _DECODER.raw_decode(text, position)
        start = _skip(text, text.index(":", end) + 1)
        _, end = _DECODER.raw_decode(text, start)
        found[key] = Item(compact(text[start:end]))
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)
    return found


def sequence(*, count: str | None, start: str | None, end: str | None, form: str | None) -> tuple[Item, ...]:
    """The items of `withSequence`: whole numbers as strings, both ends counted, downwards too.

    Raises ValueError: one of them is no whole number, or neither count nor end is given.
    """
    first = int(start or "0")
    if end is not None:
        last = int(end)
    elif count is not None:
        last = first + int(count) - 1
        if int(count) == 0:
            return ()
    else:
        message = "neither end nor count was specified in withSequence"
        raise ValueError(message)
    step = 1 if first <= last else -1
    return tuple(Item(gotext.to_json(_format(form or "%d", number))) for number in range(first, last + step, step))


def _format(form: str, number: int) -> str:
    """Go's way to print a number: `r%02d`."""

    def one(match: re.Match[str]) -> str:
        flags, width, verb = match.groups()
        if verb == "%":
            return "%"
        return f"%{flags}{width}{'d' if verb == 'v' else verb}" % number if verb != "b" else format(number, f"{flags}{width}b")

    return _FORMAT.sub(one, form)


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def compact(raw: str) -> str:
    """JSON text without the space between its parts."""
    return _STRING_OR_SPACE.sub(lambda match: match.group(1) or "", raw)
