"""One call that sends JSON and gets some, to an address that a setting names: GitHub's issues, a language model.

No redirects, because the call carries a secret; the same rule about addresses, a cap and a time as for sources.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpcore

from steps.discover.addresses import PublicOnly
from steps.discover.web import AGENT, SILENCE_S, FetchError

LARGEST_BYTES = 20_000_000


def call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    allow: tuple[str, ...],
    content: Mapping[str, Any] | None = None,
    within_s: float = 60.0,
    largest_bytes: int = LARGEST_BYTES,
) -> Any:
    """What was answered. Raises FetchError: nothing in time, another status than 2xx (it has it), or no JSON; Refused."""
    body = json.dumps(content).encode() if content is not None else None
    given = {"User-Agent": AGENT, "Content-Type": "application/json", "Accept-Encoding": "identity", **headers}
    until = time.monotonic() + within_s
    times = {"connect": SILENCE_S, "read": within_s, "write": SILENCE_S, "pool": SILENCE_S}
    try:
        with (
            httpcore.ConnectionPool(network_backend=PublicOnly(allow)) as pool,
            pool.stream(method, url, headers=list(given.items()), content=body, extensions={"timeout": times}) as answer,
        ):
            if not 200 <= answer.status < 300:
                message = f"{url}: answered {answer.status} to {method}"
                raise FetchError(message, answer.status)
            return json.loads(b"".join(_pieces(url, answer, until, largest_bytes)))
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        message = f"{url}: cannot be reached: {type(error).__name__}: {str(error) or 'no answer'}"
        raise FetchError(message) from error
    except (httpcore.UnsupportedProtocol, ValueError, RecursionError) as error:
        asked = not isinstance(error, httpcore.UnsupportedProtocol)
        message = f"{url}: its answer is no JSON" if asked else f"{url}: only http and https are asked"
        raise FetchError(message) from error


def _pieces(url: str, answer: httpcore.Response, until: float, left: int) -> Iterator[bytes]:
    for piece in answer.iter_stream():
        left -= len(piece)
        if left < 0 or time.monotonic() > until:
            message = f"{url}: {'its answer is too long' if left < 0 else 'not over in time'}"
            raise FetchError(message)
        yield piece
