"""Numbers as people read them: no more digits than the interval supports, the unit beside them, a real minus sign."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, log10

from steps.model import Change, Figure

DASH = "\N{EM DASH}"
MOST_DECIMALS = 3


def decimals_of(figure: Figure) -> int:
    """Decimals up to the first digit that differs within the interval, but two digits of a value that is surely not zero.

    Three digits where there is no interval, or one without width.
    """
    if figure.value is None:
        return 0
    low, high = (figure.interval.low, figure.interval.high) if figure.interval else (figure.value, figure.value)
    magnitude = floor(log10(max(abs(figure.value), 1e-12)))
    if high <= low:
        return _clamp(2 - magnitude) if figure.value else 0
    told_by_width = -floor(log10(high - low))
    two_digits = min(2, 1 - magnitude) if low > 0 or high < 0 else 0
    return _clamp(max(told_by_width, two_digits))


def common_decimals(figures: Iterable[Figure]) -> int:
    """The decimals of a column: those of its middle figure, so that it lines up."""
    known = sorted(decimals_of(figure) for figure in figures if figure.value is not None)
    return known[len(known) // 2] if known else 0


def _clamp(decimals: int) -> int:
    return min(MOST_DECIMALS, max(0, decimals))


def number(value: float, decimals: int, *, signed: bool = False) -> str:
    """`1,234.5`, with a real minus sign; zero has none, whatever it was rounded from."""
    text = f"{value:{'+' if signed else ''},.{decimals}f}"
    if not text.strip("+-0.,"):
        text = text.lstrip("+-")
    return text.replace("-", "\N{MINUS SIGN}")


def range_text(figure: Figure, decimals: int | None = None, *, signed: bool = False) -> str:
    """`0.09 to 0.14`."""
    if figure.interval is None:
        return DASH
    digits = decimals_of(figure) if decimals is None else decimals
    return f"{number(figure.interval.low, digits, signed=signed)} to {number(figure.interval.high, digits, signed=signed)}"


def with_interval(figure: Figure, unit: str, *, signed: bool = False) -> str:
    """`0.11 ms (0.09 to 0.14)`, or a dash with the reason."""
    if figure.value is None:
        return f"{DASH} ({figure.reason})"
    digits = decimals_of(figure)
    if figure.interval is None:
        return f"{number(figure.value, digits, signed=signed)} {unit} (measured once)"
    return f"{number(figure.value, digits, signed=signed)} {unit} ({range_text(figure, digits, signed=signed)})"


def number_of(value: float) -> str:
    """A value by itself, with three digits: `0.584`, `1,240`."""
    return number(value, _clamp(2 - floor(log10(abs(value))))) if value else "0"


def ratio_text(change: Change) -> str:
    """`×1.09 (1.05 to 1.13)`, or a dash."""
    if change.ratio is None or change.interval is None:
        return DASH
    return f"×{change.ratio:.2f} ({change.interval.low:.2f} to {change.interval.high:.2f})"


def percent(share: float) -> str:
    """`96.9 %`."""
    return f"{100 * share:.1f}".removesuffix(".0") + " %"


def probability(p: float) -> str:
    """Two digits of it: `0.012`, `0.47`; `below 0.0001` when it is."""
    return "below 0.0001" if p < 1e-4 else f"{p:.2g}"


def listed(words: Iterable[str]) -> str:
    """`nginx, HAProxy and Envoy`."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def counted(n: int, thing: str) -> str:
    """`1 cell`, `six`-less `6 cells`: numerals, since they are compared."""
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def sentence(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())
