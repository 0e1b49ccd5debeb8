"""The table of what makes contenders alike, or not: what is the same for all, and a column for each thing that is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from steps.model import ParityRow, Report

HEADINGS = {
    "workers": "workers",
    "upstream_keep_alive": "connections to the upstream",
    "tls": "TLS",
    "access_log": "access log",
    "buffering": "buffering",
}


def settings(row: ParityRow) -> dict[str, str]:
    """How a contender is set, by heading; what there is no such thing of has no entry."""
    return {what: how for name, what in HEADINGS.items() if (how := getattr(row, name))} | row.more


def same_for_all(report: Report) -> list[tuple[str, str]]:
    """What is set the same for every program: (what, how). A direct path is none."""
    direct = {arm.name for section in report.loads for arm in section.arms if arm.direct}
    rows = [settings(row) for row in report.parity if row.contender not in direct]
    return [(what, rows[0][what]) for what in _headings(rows) if len({row.get(what) for row in rows}) == 1]


def columns(report: Report) -> list[str]:
    """The headings of what differs."""
    same = dict(same_for_all(report))
    return [what for what in _headings(map(settings, report.parity)) if what not in same]


def _headings(rows: Iterable[Mapping[str, str]]) -> list[str]:
    return list(dict.fromkeys(what for row in rows for what in row))
