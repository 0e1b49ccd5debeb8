"""The findings as one page: nothing is fetched, nothing is executed, everything is escaped. Pure."""

from __future__ import annotations

import re
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from steps.discover import words
from steps.discover.records import Findings, Written


def render(found: Findings, written: Written | None = None) -> str:
    """The page. The same findings, and the same summary by a language model where there is one, give the same bytes."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["web"] = _web
    template = environment.from_string((files("steps.discover") / "discovery.html").read_text(encoding="utf-8"))
    style = (files("steps.page") / "page.css").read_text(encoding="utf-8")
    verdicts = {verdict.key: verdict for verdict in found.verdicts}
    return template.render(
        found=found,
        written=written,
        words=words,
        verdicts=verdicts,
        style=Markup(style),  # noqa: S704  # ours
    )


def _web(address: str | None) -> str:
    """An address for a link: one of the web, or none at all (`javascript:` is an address too)."""
    return address if address and re.match(r"https?://", address) else "#"
