"""When a server wants to be asked again, by its own words. Pure but for the clock.

GitHub (REST API, "Best practices"): wait as long as Retry-After says; where X-RateLimit-Remaining is 0, until X-RateLimit-Reset,
a time of the clock; else at least a minute. LFX Insights says in X-RateLimit-Reset how many seconds are left; Artifact Hub's 429
says nothing at all.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

UNSAID_S = 60.0
_CLOCK = 1_000_000_000  # what is larger is a time of the clock in seconds, not a number of seconds to wait


def limited(status: int, told: Mapping[str, str]) -> bool:
    """Whether an answer says that there were too many requests; GitHub says so with 403 too."""
    return status == 429 or (status == 403 and ("retry-after" in told or told.get("x-ratelimit-remaining") == "0"))


def wait_s(status: int, told: Mapping[str, str]) -> float | None:
    """Seconds from now; None: it does not say, and it is no limit. told: headers, their names in lower case."""
    said = _seconds(told.get("retry-after", ""))
    if said is not None or not limited(status, told):
        return said
    reset = _reset(told.get("x-ratelimit-reset", "")) if told.get("x-ratelimit-remaining") == "0" else None
    return UNSAID_S if reset is None else reset


def _seconds(told: str) -> float | None:
    """Retry-After: a number, or a date. None: it says nothing that one could read."""
    if told.strip().isdecimal():
        return float(told)
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _reset(told: str) -> float | None:
    if not told.strip().isdecimal():
        return None
    value = float(told)
    return max(0.0, value - time.time()) + 1 if value > _CLOCK else value
