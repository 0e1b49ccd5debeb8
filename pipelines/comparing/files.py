"""What CI keeps of runs: JUnit XML, and a comment in Markdown. Both are written anew with every run that is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from steps.model import Comparison, Report


@dataclass
class Files:
    """Where they go; None: nobody asked for one."""

    junit: Path | None = None
    markdown: Path | None = None
    reports: list[Report] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)  # runs without a report, and why

    def tell(self, found: list[Report], *, run: str, why: str) -> None:
        """Adds a run's reports; where there is none, that and why, so that no file says nothing."""
        from steps.page import junit, markdown

        self.reports += found
        self.missing += [] if found else [(run, why)]
        _write(self.junit, lambda: junit.of_reports(self.reports, missing=self.missing))
        _write(self.markdown, lambda: markdown.of_reports(self.reports, missing=self.missing))

    def tell_comparison(self, found: Comparison) -> None:
        """Writes a comparison."""
        from steps.page import junit, markdown

        _write(self.junit, lambda: junit.of_comparison(found))
        _write(self.markdown, lambda: markdown.of_comparison(found))


def _write(path: Path | None, text: Callable[[], str]) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(), encoding="utf-8")


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options; the command gets them as `junit` and `markdown`."""
    path = click.Path(path_type=Path, dir_okay=False)
    command = click.option("--markdown", type=path, metavar="FILE", help="Also as a comment for a pull request.")(command)
    return click.option("--junit", type=path, metavar="FILE", help="Also as JUnit XML.")(command)
