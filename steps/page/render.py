"""The report as one self-contained HTML page: nothing is fetched, nothing is executed, everything is escaped."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from steps.model import LoadSection, RampLoad, Report
from steps.page.costs import CostView
from steps.page.effects import NARROW, WIDE, effects
from steps.page.knees import knees, searches
from steps.page.percentiles import percentiles
from steps.page.tables import View
from steps.page.timeline import timeline
from steps.page.traces import TraceView


def render(report: Report) -> str:
    """The page. The same report gives the same bytes."""
    here = files("steps.page")
    templates = {
        name: (here / name).read_text(encoding="utf-8") for name in ("page.html", "decisions.html", "costs.html", "traces.html")
    }
    style = (here / "page.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=DictLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawings = [_drawings(report, section, number) for number, section in enumerate(report.loads)]
    return environment.get_template("page.html").render(
        report=report,
        view=View(report),
        drawings=drawings,
        costs=_costs(report),
        traces={each.load: TraceView(report, each.load) for each in report.traces},
        style=Markup(style),  # noqa: S704  # ours
    )


def _costs(report: Report) -> dict[str, tuple[CostView, tuple[Markup, Markup] | None]]:
    """By load: its costs, and their picture for wide and for narrow screens, where there is one."""
    found: dict[str, tuple[CostView, tuple[Markup, Markup] | None]] = {}
    for number, load in enumerate(report.costs[0].loads if report.costs else ()):
        view = CostView(report, number)
        wide = view.pictures.draw(width=1040, stacked=False, name=f"c{number}w")
        narrow = view.pictures.draw(width=358, stacked=True, name=f"c{number}n")
        found[load.load] = (view, (wide, narrow) if wide and narrow else None)
    return found


def _drawings(report: Report, section: LoadSection, number: int) -> dict[str, Markup]:
    """Each picture twice, for wide and for narrow screens; none of what was not measured."""
    if not any(arm.curves or arm.tracks or arm.paths or _has_figures(arm.figures.values()) for arm in section.arms):
        return {}
    if isinstance(section.load, RampLoad):
        return _ramp_drawings(report, section, number)
    drawn = {
        "effects": effects(report, section, WIDE, name=f"e{number}w"),
        "effects_narrow": effects(report, section, NARROW, name=f"e{number}n"),
    }
    if any(arm.curves for arm in section.arms):
        drawn["percentiles"] = percentiles(section, width=1040, height=440, name=f"p{number}w")
        drawn["percentiles_narrow"] = percentiles(section, width=358, height=360, name=f"p{number}n")
    if any(arm.tracks for arm in section.arms):
        columns = len(section.arms) if len(section.arms) <= 7 else 6  # narrower columns say nothing
        drawn["timeline"] = timeline(section, width=1040, columns=columns, name=f"t{number}w")
        drawn["timeline_narrow"] = timeline(section, width=358, columns=3, name=f"t{number}n")
    return drawn


def _ramp_drawings(report: Report, section: LoadSection, number: int) -> dict[str, Markup]:
    drawn = {
        "knees": knees(report, section, width=1040, stacked=False, name=f"k{number}w"),
        "knees_narrow": knees(report, section, width=358, stacked=True, name=f"k{number}n"),
    }
    if any(arm.paths for arm in section.arms):
        columns = min(len(section.arms), 6)
        drawn["searches"] = searches(section, width=1040, columns=columns, name=f"s{number}w")
        drawn["searches_narrow"] = searches(section, width=358, columns=2, name=f"s{number}n")
    return drawn


def _has_figures(figures: object) -> bool:
    return any(figure.value is not None for figure in figures)  # type: ignore[attr-defined]
