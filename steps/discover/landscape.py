"""The CNCF landscape, the backbone of discovery: `landscape.yml` read into entries. Pure.

Left out: members and service providers (categories that hold companies, not programs), and items that are null, which the file
may have.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, get_args

import yaml

from steps.discover import identity
from steps.discover.records import Entry, Maturity
from steps.errors import UsageError

DEEPEST = 500
_BRACKETS = re.compile(r"[\[\]{}]")
_INLINE = re.compile(rf"(?:[-?:][ \t]+){{{DEEPEST}}}")  # block nesting is indented, or stands on one line
COMPANIES = frozenset({"CNCF Members", "Special"})
# libyaml reads seven times faster; a wheel without it still reads.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(content: bytes, *, source: str = "landscape.yml") -> tuple[Entry, ...]:
    """The programs of the landscape, in the file's order. Raises UsageError: it is not such a file."""
    document = _document(content, source)
    categories = document.get("landscape", document.get("categories")) if isinstance(document, Mapping) else None
    if not isinstance(categories, list):
        message = f"{source} has no list `landscape`: it is no landscape, or one of a new form"
        raise UsageError(message)
    return tuple(_entries(categories))


def _document(content: bytes, source: str) -> Any:
    try:
        text = content.decode("utf-8-sig")
        if not _deep(text):
            return yaml.load(text, _LOADER)  # noqa: S506  # a safe loader
    except (yaml.YAMLError, ValueError) as error:  # a date such as 2026-99-99 is a ValueError
        message = f"{source} is not YAML: {str(error).partition(chr(10))[0]}"
        raise UsageError(message) from error
    message = f"{source} is nested more than {DEEPEST} deep: it is no landscape"
    raise UsageError(message)


def _deep(text: str) -> bool:
    """Whether a document may be nested so deep that libyaml's loader, which recurses in C, ends the process (at some 10,000)."""
    indented = " " * DEEPEST in text
    return indented or _INLINE.search(text) is not None or _bracketed(text) > DEEPEST


def _bracketed(text: str) -> int:
    """How many brackets are open at once; those in words count too, which no landscape has many of."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return 0
    return max(accumulate(1 if sign in "[{" else -1 for sign in _BRACKETS.findall(text)))


def _entries(categories: list[Any]) -> Iterator[Entry]:
    for category in _mappings(categories):
        if category.get("name") in COMPANIES:
            continue
        for subcategory in _mappings(category.get("subcategories")):
            path = f"{category.get('name')} / {subcategory.get('name')}"
            for item in _mappings(subcategory.get("items")):
                entry = _entry(item, path)
                if entry is not None:
                    yield entry


def _mappings(values: Any) -> Iterator[Mapping[str, Any]]:
    return (value for value in (values if isinstance(values, list) else ()) if isinstance(value, Mapping))


def _entry(item: Mapping[str, Any], path: str) -> Entry | None:
    """An item as an entry; None: it has neither a name nor an address by which to know it again."""
    name, home, repository = (_text(item.get(field)) for field in ("name", "homepage_url", "repo_url"))
    key = (identity.repository(repository) if repository else None) or identity.homepage(home)
    if not name or key is None:
        return None
    extra = item.get("extra")
    extra = extra if isinstance(extra, Mapping) else {}
    maturity = item.get("project")
    return Entry(
        key=key,
        name=name,
        category=path,
        also=tuple(map(_text, item.get("second_path") or ())),
        homepage=home,
        repository=repository or None,
        maturity=maturity if maturity in get_args(Maturity) else None,
        project=_text(extra.get("lfx_slug")) or None,
        accepted=_date(extra.get("accepted")),
        description=" ".join(_text(item.get("description")).split()),
    )


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _date(value: Any) -> dt.date | None:
    """Dates are strings, and some are none."""
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(_text(value))
    except ValueError:
        return None
