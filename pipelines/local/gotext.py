"""Text as Go writes it: JSON, quoted strings, durations and times end up in names, messages and parameters."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from math import isfinite
from typing import Any

_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def to_json(value: Any) -> str:
    """Compact JSON with the characters escaped that matter inside HTML."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_HTML)


def unescape_html(text: str) -> str:
    """Undoes the escapes of `to_json` that people would stumble over in a name."""
    return text.replace("\\u003c", "<").replace("\\u003e", ">").replace("\\u0026", "&")


def quote(text: str) -> str:
    """A double-quoted string with escapes."""
    return json.dumps(text, ensure_ascii=False)


def number(value: float) -> str:
    """A number in plain decimal, without a fraction that is zero. Raises ValueError: it is infinite, or none at all."""
    if not isfinite(value):
        message = f"{value} is not a number that JSON can hold"
        raise ValueError(message)
    if value == int(value):
        return str(int(value))
    return format(value, "f") if "e" in repr(value) else repr(value)


def seconds(text: str) -> float:
    """A duration such as `90`, `1.5s` or `1h30m`, in seconds; a bare number is seconds.

    Raises ValueError: it is no duration.
    """
    sign, rest = (-1.0, text[1:]) if text.startswith("-") else (1.0, text.removeprefix("+"))
    if rest.isdigit():
        return sign * float(rest)
    if not rest or _PART.sub("", rest):
        message = f"{text!r} is not a duration such as 30, 30s or 1h30m"
        raise ValueError(message)
    return sign * sum(float(amount) * _UNITS_S[unit] for amount, unit in _PART.findall(rest))


def humanize(duration_s: float) -> str:
    """A duration in words, the greatest unit and the one below it: `1 minute 30 seconds`."""
    whole_s = int(duration_s)
    if whole_s < 60:
        return _count(whole_s, "second")
    if whole_s < 3600:
        return f"{_count(whole_s // 60, 'minute')} {whole_s % 60} seconds"
    if whole_s < 86400:
        return f"{_count(whole_s // 3600, 'hour')} {whole_s % 3600 // 60} minutes"
    return f"{_count(whole_s // 86400, 'day')} {whole_s % 86400 // 3600} hours"


def _count(amount: int, unit: str) -> str:
    return f"{amount} {unit}" if amount == 1 else f"{amount} {unit}s"


def rfc3339(moment: datetime) -> str:
    """A UTC time to the second: `2026-11-23T15:04:05Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def milliseconds(moment: datetime) -> str:
    """A UTC time to the millisecond, which Argo's readers take too: steps here are shorter than a second."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
