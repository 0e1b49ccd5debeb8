"""One issue per ISO week, updated in place; without `publish` it is printed, and nothing is sent."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from steps.discover import digest, issues, reading
from steps.discover.records import Findings
from steps.errors import UsageError


def run(
    *, findings: Path, issue: Path, settings: Path, publish: str, result: Path, environment: Mapping[str, str] | None = None
) -> None:
    """publish: `true` or `false`. Raises UsageError: it shall be published, and where or with which token is not said."""
    found = Findings.from_json(findings.read_bytes(), source="the findings")
    text = issue.read_text(encoding="utf-8")
    if publish != "true":
        print(text)
        result.write_text(f"not published: {digest.title(found)}", encoding="utf-8")
        return
    discovery = reading.discovery(settings)
    token = (os.environ if environment is None else environment).get("GITHUB_TOKEN", "")
    if not discovery.issues or not token:
        lacking = "GITHUB_TOKEN is not set" if discovery.issues else "the settings name no repository (`issues`)"
        message = f"the issue cannot be published: {lacking}"
        raise UsageError(message)
    address = issues.publish(
        issues.Place(api=discovery.issues_api, repository=discovery.issues, token=token, allow=discovery.allow),
        title=digest.title(found),
        marker=digest.marker(found),
        body=text,
    )
    result.write_text(address, encoding="utf-8")
    print(address)
