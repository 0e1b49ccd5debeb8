"""The three snapshots of the landscape that lie beside this file, read once."""

import datetime as dt
import gzip
from functools import cache
from pathlib import Path

from steps.discover import diff
from steps.discover.landscape import parse

HERE = Path(__file__).parent / "landscape"
YEAR_BEFORE, MONTH_BEFORE, NOW = sorted(path.name[:10] for path in HERE.glob("*.gz"))


@cache
def content(day):
    return gzip.decompress(next(HERE.glob(f"{day}*.gz")).read_bytes())


@cache
def entries(day):
    return parse(content(day))


@cache
def compared(before, after):
    days = (dt.date.fromisoformat(before), dt.date.fromisoformat(after))
    return diff.compare(entries(before), entries(after), dates=days)
