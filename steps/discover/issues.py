"""An issue at GitHub that is found again by a hidden marker in its text, so that a week has one and not seven."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpcore

from steps.discover.addresses import PublicOnly
from steps.discover.web import AGENT, FetchError

LABEL = "tech-discovery"
_PAGE = 100


@dataclass(frozen=True)
class Place:
    """Whose issues are written, and with which right."""

    api: str
    repository: str  # owner/name
    token: str
    allow: tuple[str, ...] = ()


def publish(place: Place, *, title: str, marker: str, body: str) -> str:
    """Writes the issue or changes the one with this marker, and returns its address. Raises FetchError."""
    with httpcore.ConnectionPool(network_backend=PublicOnly(place.allow)) as pool:
        listed = f"/repos/{place.repository}/issues?labels={LABEL}&state=all&per_page={_PAGE}"
        found = _call(pool, place, "GET", listed)
        same = next((each for each in found if marker in (each.get("body") or "")), None)
        text = {"title": title, "body": body}
        if same is not None:
            return str(_call(pool, place, "PATCH", f"/repos/{place.repository}/issues/{same['number']}", text)["html_url"])
        return str(_call(pool, place, "POST", f"/repos/{place.repository}/issues", text | {"labels": [LABEL]})["html_url"])


def _call(pool: httpcore.ConnectionPool, place: Place, method: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
    headers = {
        "Authorization": f"Bearer {place.token}",
        "Accept": "application/vnd.github+json",
        "User-Agent": AGENT,
        "Content-Type": "application/json",
    }
    body = json.dumps(content).encode() if content is not None else None
    times = {"timeout": {"connect": 15.0, "read": 30.0, "write": 15.0, "pool": 15.0}}
    try:
        answer = pool.request(method, place.api + path, headers=list(headers.items()), content=body, extensions=times)
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        message = f"{place.api} cannot be reached: {type(error).__name__}: {error}"
        raise FetchError(message) from error
    if answer.status >= 300:
        message = f"{place.api}{path}: answered {answer.status} to {method}: may the token write issues of {place.repository}?"
        raise FetchError(message)
    return json.loads(answer.content)
