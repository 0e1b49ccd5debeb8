"""Folded stacks as a flame graph: an SVG of its own, without scripts; a name too long for its box is in the box's title.

Boxes lie on those that called them, side by side by name, and are as wide as their share of the samples, or of the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

WIDTH, ROW, LETTER = 1200.0, 17, 6.6
LEAST_WIDTH = 0.4  # narrower boxes cannot be seen
MOST_ROWS = 60  # of a picture that one can look at: what is deeper is in the folded stacks
WARM = ("#e8743b", "#eda44b", "#e35d4f", "#f0bc5e", "#d9822b")
COLD = ("#7fb2d9", "#9cc7e0", "#86a7d6", "#a9d3d6", "#8fb9c9")  # of time off the cores


@dataclass
class Frame:
    """A function as it was called from those below it."""

    count: int = 0
    above: dict[str, Frame] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        return 1 + max((each.depth for each in self.above.values()), default=0)


@dataclass(frozen=True)
class Look:
    """How a graph counts, and its colours."""

    unit: str = "samples"
    colors: tuple[str, ...] = WARM


WAITS = Look("µs", COLD)


def flame_graph(folded: str, *, title: str, look: Look = Look()) -> str:  # frozen
    """The picture of stacks, a line each: `outermost;…;innermost count`. Raises ValueError: there are none."""
    root = _tree(folded)
    if not root.count:
        message = "there are no stacks to draw"
        raise ValueError(message)
    height = ROW * (min(root.depth, MOST_ROWS) + 2)
    boxes = "\n".join(_boxes(root, f"all ({root.count:,} {look.unit})", 0.0, height - ROW, root.count, look=look))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {height}" font-family="monospace" font-size="11">\n'
        f'<rect width="100%" height="100%" fill="#fffdf8"/>\n<text x="4" y="13">{escape(title)}</text>\n{boxes}\n</svg>\n'
    )


def _tree(folded: str) -> Frame:
    root = Frame()
    for line in folded.splitlines():
        stack, _, count = line.rpartition(" ")
        if not count.isdecimal():
            continue
        root.count += int(count)
        frame = root
        for name in stack.split(";"):
            frame = frame.above.setdefault(name, Frame())
            frame.count += int(count)
    return root


def _boxes(frame: Frame, name: str, left: float, top: float, total: int, *, look: Look) -> Iterator[str]:
    width = WIDTH * frame.count / total
    if width < LEAST_WIDTH or top < ROW:
        return
    shown = name if len(name) * LETTER < width - 4 else f"{name[: int((width - 10) / LETTER)]}…" if width > 30 else ""
    color = look.colors[sum(name.encode()) % len(look.colors)]
    share = f"{name}: {frame.count:,} {look.unit}, {100 * frame.count / total:.1f} %"
    yield (
        f'<g><title>{escape(share)}</title><rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{ROW - 1}" fill="{color}"/>'
        f'<text x="{left + 3:.1f}" y="{top + 12}">{escape(shown)}</text></g>'
    )
    for above, each in sorted(frame.above.items()):
        yield from _boxes(each, above, left, top - ROW, total, look=look)
        left += WIDTH * each.count / total
