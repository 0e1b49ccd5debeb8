"""The digest, the page, the radar and the text of the issue, from the findings alone."""

from __future__ import annotations

from pathlib import Path

from steps.discover import digest, page, radar
from steps.discover.records import Findings, Written


def run(
    *, findings: Path, text: Path, html: Path, technologies: Path, issue: Path, summary: Path, written: Path | None = None
) -> None:
    """The same findings give the same bytes. written: a summary by a language model, where the settings name one."""
    found = Findings.from_json(findings.read_bytes(), source="the findings")
    by_machine = Written.from_json(written.read_bytes(), source="the summary") if written else None
    text.write_text(digest.markdown(found, by_machine), encoding="utf-8")
    html.write_text(page.render(found, by_machine), encoding="utf-8")
    technologies.write_text(radar.radar(found), encoding="utf-8")
    issue.write_text(digest.issue(found, by_machine), encoding="utf-8")
    summary.write_text(digest.lead(found), encoding="utf-8")
    print(digest.lead(found))
