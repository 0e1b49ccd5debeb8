"""An issue at GitHub that is found again by a hidden marker in its text, so that a week has one and not seven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steps.discover import calls
from steps.discover.web import FetchError

LABEL = "tech-discovery"
_PAGE = 100  # the newest; the week's own is among them


@dataclass(frozen=True)
class Place:
    """Whose issues are written, and with which right."""

    api: str
    repository: str  # owner/name
    token: str
    allow: tuple[str, ...] = ()


def publish(place: Place, *, title: str, marker: str, body: str) -> str:
    """Writes the issue or changes the one with this marker, and returns its address. Raises FetchError."""
    found = _call(place, "GET", f"?labels={LABEL}&state=all&per_page={_PAGE}")
    same = next((each for each in found if marker in (each.get("body") or "")), None)
    text = {"title": title, "body": body}
    try:
        if same is not None:
            return str(_call(place, "PATCH", f"/{same['number']}", text)["html_url"])
        return str(_call(place, "POST", "", text | {"labels": [LABEL]})["html_url"])
    except (KeyError, TypeError) as error:
        message = f"{place.api}: did not answer as GitHub does: {error}"
        raise FetchError(message) from error


def _call(place: Place, method: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
    headers = {"Authorization": f"Bearer {place.token}", "Accept": "application/vnd.github+json"}
    try:
        found = calls.call(
            method,
            f"{place.api}/repos/{place.repository}/issues{path}",
            headers=headers,
            allow=place.allow,
            content=content,
        )
    except FetchError as error:
        if error.status is None:
            raise
        message = f"{error}: may the token write issues of {place.repository}?"
        raise FetchError(message, error.status) from error
    if method == "GET" and not (isinstance(found, list) and all(isinstance(each, dict) for each in found)):
        message = f"{place.api}: did not answer as GitHub does: no list of issues"
        raise FetchError(message)
    return found
