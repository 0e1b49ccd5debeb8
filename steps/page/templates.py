"""Templates as they are all read: everything is escaped, and a name that is not there is an error, never a blank."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

HERE = files("steps.page")


def environment(names: Iterable[str], *, escape: bool = True) -> Environment:
    """An environment with these templates. escape: what programs and users wrote, for HTML."""
    return Environment(
        loader=DictLoader({name: (HERE / name).read_text(encoding="utf-8") for name in names}),
        autoescape=escape,  # noqa: S701  # what is not escaped is no HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def style() -> Markup:
    """The style of every page."""
    return Markup((HERE / "page.css").read_text(encoding="utf-8"))  # noqa: S704  # ours
