"""A drawing as SVG inside the page: colours are the page's variables, text stays text in the page's font.

A drawing is one matplotlib axes whose units are CSS pixels from the top left corner, without ticks or margins of its own: charts
place everything through their scales. (An axes for each small plot took 40 ms; a page has forty of them.) It is drawn in marker
colours that nothing else uses; these become `var(--…)`, so that one drawing serves light and dark. The same drawing gives the
same bytes: no dates, ids from a fixed salt.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Place = tuple[float, float]  # pixels from the left and from the top

INCH = 72  # SVG units to matplotlib's inch: one unit is one pixel
HUES = 7  # the page's colours for contenders; after the last one the first comes again

INK, MUTED, RULE, PAPER, WASH = "#010101", "#020202", "#030303", "#040404", "#050505"
_LINES = [f"#0a0a{hue:02x}" for hue in range(HUES)]
_TEXTS = [f"#0b0b{hue:02x}" for hue in range(HUES)]
_VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    RULE: "rule",
    PAPER: "paper",
    WASH: "wash",
    **{color: f"c{hue}" for hue, color in enumerate(_LINES)},
    **{color: f"t{hue}" for hue, color in enumerate(_TEXTS)},
}
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "benchlab",
    "font.family": "DejaVu Sans",  # comes with matplotlib; wider than the page's fonts, so what fits here fits there
    "path.simplify": False,
    "lines.solid_capstyle": "round",
    "lines.solid_joinstyle": "round",
}


def line_color(position: int) -> str:
    """The colour of an arm by its place in the experiment; the baseline, at 0, is drawn in the grey of the text."""
    return MUTED if position == 0 else _LINES[(position - 1) % HUES]


def text_color(position: int) -> str:
    """The same hue, dark (or light) enough to be read as text."""
    return MUTED if position == 0 else _TEXTS[(position - 1) % HUES]


@dataclass(frozen=True)
class Scale:
    """From values to pixels."""

    low: float
    high: float
    start: float  # pixels at `low`
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = (log10(each) if self.log else each for each in (self.low, self.high, value))
        return self.start + (self.end - self.start) * ((at - low) / (high - low) if high > low else 0.5)

    def ticks(self, most: int) -> list[float]:
        """Round values within the scale."""
        if self.log:
            steps = [step for step in STEPS if self.low <= step <= self.high]
            return steps if len(steps) <= 2 * most else [step for step in steps if log10(step).is_integer()]
        from matplotlib.ticker import MaxNLocator

        found = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(self.low, self.high)
        return [float(value) for value in found if self.low - 1e-9 <= value <= self.high + 1e-9]


STEPS = tuple(digit * 10.0**power for power in range(-3, 6) for digit in (1, 2, 5))


class Canvas:
    """Lines, bands, dots and texts in pixels."""

    def __init__(self, width: float, height: float) -> None:
        import matplotlib as mpl
        from matplotlib.figure import Figure

        mpl.rcParams.update(_SETTINGS)
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / INCH, height / INCH), facecolor="none")
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1), facecolor="none", xlim=(0, width), ylim=(height, 0))
        self.axes.set_axis_off()

    def line(self, places: Iterable[Place], color: str, width: float = 1.0, **style: Any) -> None:
        """A line through pixels."""
        from matplotlib.lines import Line2D

        across, down = zip(*places, strict=True)
        self.axes.add_line(Line2D(across, down, color=color, linewidth=width, **style))

    def rules(self, ends: Iterable[tuple[Place, Place]], color: str = RULE, width: float = 0.7) -> None:
        """Many straight lines of one kind, below everything else."""
        from matplotlib.collections import LineCollection

        lines = [list(pair) for pair in ends]
        self.axes.add_collection(LineCollection(lines, colors=color, linewidths=width, zorder=0.5), autolim=False)

    def band(self, upper: Sequence[Place], lower: Sequence[Place], color: str) -> None:
        """The area between two lines."""
        from matplotlib.patches import Polygon

        outline = [*upper, *reversed(lower)]
        self.axes.add_patch(Polygon(outline, closed=True, facecolor=color, edgecolor="none", alpha=0.2, zorder=1))

    def box(self, left: float, top: float, width: float, height: float, color: str) -> None:
        """A filled rectangle behind everything."""
        from matplotlib.patches import Rectangle

        self.axes.add_patch(Rectangle((left, top), width, height, facecolor=color, edgecolor="none", zorder=0.2))

    def dot(self, place: Place, diameter: float, fill: str, edge: str, edge_width: float, **style: Any) -> None:
        """A round mark."""
        self.dots([place], diameter, fill, edge, edge_width, **style)

    def dots(self, places: Iterable[Place], diameter: float, fill: str, edge: str, edge_width: float, **style: Any) -> None:
        """Many round marks of one kind."""
        from matplotlib.lines import Line2D

        across, down = zip(*places, strict=True)
        marks: dict[str, Any] = {"marker": "o", "markersize": diameter, "markerfacecolor": fill, "markeredgecolor": edge}
        self.axes.add_line(Line2D(across, down, linestyle="", markeredgewidth=edge_width, **marks, **style))

    def text(self, left: float, middle: float, text: str, size: float = 12, **style: Any) -> None:
        """A line of text, by default from `left` on, at that height."""
        given = {"va": "center_baseline", "color": INK, **style}
        self.axes.text(left, middle, text.replace("$", r"\$"), fontsize=size, **given)

    def svg(self, *, name: str, title: str, description: str) -> Markup:
        """The drawing as an <svg> element. name: unique on the page."""
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        text = io.StringIO()
        canvas: Any = FigureCanvasSVG(self.figure)
        canvas.print_svg(text, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        body = text.getvalue()
        body = body[body.index("<defs>") :]  # without the document's own head: ours follows
        head = (
            '<svg class="chart" role="img" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="0 0 {self.width:g} {self.height:g}" style="max-width:{self.width:g}px" '
            f'aria-labelledby="{name}-title {name}-desc">'
            f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
        )
        return Markup(head + _own_ids(_page_fonts(_page_colors(_compact(body))), name))  # noqa: S704  # matplotlib escapes its texts


def _compact(svg: str) -> str:
    """Tenths of a pixel, without what browsers do not need."""
    svg = re.sub(r'<g id="(?!m)[^"]*">', "<g>", svg)
    svg = re.sub(r' transform="rotate\(-0 [^)]*\)"', "", svg)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:d|x|y)="[^"]*"', lambda found: re.sub(r"(\d+\.\d)\d+", r"\1", found[0]), svg)
    return re.sub(r">\s+<", "><", svg).strip()


def _page_colors(svg: str) -> str:
    return re.sub("|".join(_VARIABLES), lambda found: f"var(--{_VARIABLES[found[0]]})", svg)


def _page_fonts(svg: str) -> str:
    """Size and weight stay; the family is the page's."""
    svg = re.sub(r"font: (?:(italic) )?(?:(\d+|bold) )?([\d.]+)px [^;\"]*", _own_font, svg)
    return re.sub(r" ?font-family: [^;\"]*;?", "", svg)


def _own_font(found: re.Match[str]) -> str:
    slant = "font-style:italic;" if found[1] else ""
    weight = f"font-weight:{found[2]};" if found[2] else ""
    return f"{slant}{weight}font-size:{found[3]}px"


def _own_ids(svg: str, name: str) -> str:
    """Every id with the drawing's name before it: several drawings share the page."""
    svg = re.sub(r'id="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', svg)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)


def spread(places: Sequence[float], gap: float) -> list[float]:
    """The places moved apart until neighbours are `gap` from each other, as little as a few sweeps find."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved = [places[index] for index in order]
    for _ in range(60):
        for index in range(len(moved) - 1):
            short = gap - (moved[index + 1] - moved[index])
            if short > 0:
                moved[index] -= short / 2
                moved[index + 1] += short / 2
    result = [0.0] * len(places)
    for place, index in zip(moved, order, strict=True):
        result[index] = place
    return result
