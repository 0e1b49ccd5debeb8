"""The report as one self-contained HTML page: nothing is executed, everything is escaped, and nothing is fetched but the flame
graphs beside it, when somebody opens them."""

from __future__ import annotations

from markupsafe import Markup

from steps.model import LoadSection, Ramp, Report
from steps.page import watching
from steps.page.chains import ChainView
from steps.page.costs import CostView
from steps.page.effects import NARROW, WIDE, effects
from steps.page.knees import knees, searches
from steps.page.messages import MessageView
from steps.page.percentiles import percentiles
from steps.page.spent import SpentView
from steps.page.tables import View
from steps.page.templates import environment, style
from steps.page.timeline import timeline
from steps.page.traces import TraceView
from steps.page.waterfall import NARROW as NARROW_WIDTH
from steps.page.waterfall import WIDE as WIDTH
from steps.page.waterfall import WaterfallView


def render(report: Report) -> str:
    """The page. The same report gives the same bytes."""
    parts = (
        "head.html",
        "decisions.html",
        "costs.html",
        "references.html",
        "spent.html",
        "traces.html",
        "waterfall.html",
        "messages.html",
        "chains.html",
        "watching.html",
    )
    templates = environment(("page.html", *parts))
    drawings = [_drawings(report, section, number) for number, section in enumerate(report.loads)]
    return templates.get_template("page.html").render(
        report=report,
        view=View(report),
        drawings=drawings,
        costs=_costs(report),
        waterfalls=_waterfalls(report),
        messages=MessageView(report),
        chains={each.load: ChainView(report, each) for each in report.chains},
        spent=SpentView(report),
        watchings=watching.views(report),
        traces={each.load: TraceView(report, each.load) for each in report.traces},
        style=style(),
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


def _waterfalls(report: Report) -> dict[str, tuple[WaterfallView, tuple[Markup, Markup] | None]]:
    """By load: the stack taken apart, and its picture for wide and for narrow screens, where there is one."""
    sections = {section.label: section for section in report.loads}
    found: dict[str, tuple[WaterfallView, tuple[Markup, Markup] | None]] = {}
    for number, each in enumerate(report.waterfalls):
        view = WaterfallView(report, sections[each.load], each)
        wide, narrow = view.draw(width=WIDTH, name=f"w{number}w"), view.draw(width=NARROW_WIDTH, name=f"w{number}n")
        found[each.load] = (view, (wide, narrow) if wide and narrow else None)
    return found


def _drawings(report: Report, section: LoadSection, number: int) -> dict[str, Markup]:
    """Each picture twice, for wide and for narrow screens; none of what was not measured."""
    if not any(arm.curves or arm.tracks or arm.paths or _has_figures(arm.figures.values()) for arm in section.arms):
        return {}
    if isinstance(section.load, Ramp):
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
