"""Reports and comparisons as a comment for a pull request: the verdict first, a small table, circumstances folded away.

The first line is a marker that stays the same for an experiment, so that CI finds its own comment and updates it in place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from steps.model import Change, ChangeVerdict, Comparison, Difference, Figure, Load, LoadSection, MessageLoad, Report, hops_of
from steps.model.durability import SURVIVES
from steps.statistics.comparing import summary
from steps.statistics.words import DASH, listed, number_of, ratio_text, sentence, with_interval

# What Markdown or HTML would take for its own; a mention would call somebody who has nothing to do with it.
_SIGNS = re.compile(r"([\\`*_{}\[\]<>|#~])")


def of_comparison(comparison: Comparison) -> str:
    """The comment on a comparison."""
    clear = [each for each in comparison.changes if each.verdict in {ChangeVerdict.WORSE, ChangeVerdict.BETTER}]
    main = [each for each in comparison.changes if each.metric.name == comparison.main and each not in clear]
    rest = [each for each in comparison.changes if each not in clear and each not in main]
    lines = [
        _marker("compare", comparison.phase, comparison.experiment),
        f"### {plain(comparison.experiment)}: {verdict_of(comparison)}",
        "",
        *_changes([*clear, *main]),
        "",
        f"{_runs(comparison.before)} → {_runs(comparison.after)}. {plain(summary(comparison))}.",
        *(f"\n> {plain(note)}" for note in comparison.notes),
        *_folded(f"{len(rest)} more", _changes(rest)),
        *_folded("Circumstances", _circumstances(comparison)),
    ]
    return "\n".join(lines) + "\n"


def verdict_of(comparison: Comparison) -> str:
    """The comparison in a few words: `2 metrics are worse`."""
    worse, better = comparison.of(ChangeVerdict.WORSE), comparison.of(ChangeVerdict.BETTER)
    if worse:
        return f"{_metrics(len(worse))} worse" + (f", {len(better)} better" if better else "")
    if comparison.blind:
        return "cannot tell"
    return f"{_metrics(len(better))} better, none is worse" if better else "nothing that matters changed, as far as can be told"


def _metrics(count: int) -> str:
    return "one metric is" if count == 1 else f"{count} metrics are"


def of_reports(reports: Iterable[Report], *, missing: Iterable[tuple[str, str]] = ()) -> str:
    """The comment on one run or several. missing: runs without a report, and why."""
    parts = ["\n".join(_report(report)) for report in reports]
    parts += [f"{_marker('run', name)}\n### {plain(name)}: no report\n\n{plain(why)}" for name, why in missing]
    return "\n\n".join(parts) + "\n"


def _report(report: Report) -> list[str]:
    return [
        _marker("run", report.phase, report.experiment),
        f"### {plain(report.experiment)}: {report.verdict.value}",
        "",
        plain(report.answer.lead),
        *(f"- {plain(reason)}" for reason in report.reasons),
        "",
        *_figures(report),
        *(f"- **{each.verdict.value}**: {plain(each.statement)} ({plain(each.why)})" for each in report.hypotheses),
        *_folded("Circumstances", _layers(report)),
    ]


def _figures(report: Report) -> list[str]:
    """A table for all loads; of messages one for each durability class, of chains one for each length, which is told before."""
    kinds: dict[str, list[LoadSection]] = {}
    for section in report.loads:
        kinds.setdefault(_kind(section.load), []).append(section)
    headline = [metric for metric in report.metrics if metric.name in report.headline]
    head = ["", "load", *(metric.title for metric in headline)]
    lines = []
    for kind, sections in kinds.items():
        rows = [
            [arm.title, section.label, *(_figure(arm.figures.get(metric.name), metric.unit) for metric in headline)]
            for section in sections
            for arm in section.arms
        ]
        lines += [*([f"{plain(kind)}:", ""] if kind else []), *_table(head, rows), ""]
    return lines


def _kind(load: Load) -> str:
    """What sets a load apart from those that are no comparison for it; empty: nothing does."""
    if isinstance(load, MessageLoad):
        return f"Messages {SURVIVES[load.durability]}"
    hops = hops_of(load)
    return "" if hops is None else f"Chains of {hops} service{'' if hops == 1 else 's'}"


def _figure(figure: Figure | None, unit: str) -> str:
    return with_interval(figure, unit) if figure else DASH


def _layers(report: Report) -> list[str]:
    facts = [
        [f"{layer}.{name}", value] for layer, values in report.circumstances.layers.items() for name, value in values.items()
    ]
    ran = [[f"components.{row.contender}", row.version] for row in report.parity if row.ran]
    return _table(["", ""], [["run", report.run], *facts, *ran])


def _changes(changes: Sequence[Change]) -> list[str]:
    rows = [
        [each.title, each.load, each.metric.title, *_values(each), ratio_text(each), f"**{each.verdict.value}**", each.why]
        for each in changes
    ]
    return _table(["", "load", "metric", "before", "after", "ratio (95 %)", "verdict", "why"], rows) if rows else []


def _values(change: Change) -> tuple[str, str]:
    if change.before is None or change.after is None:
        return DASH, DASH
    return number_of(change.before), f"{number_of(change.after)} {change.metric.unit}"


def _circumstances(comparison: Comparison) -> list[str]:
    lines = _differences("Differs, and was let pass:", comparison.despite)
    if comparison.unknown:
        lines += [f"Unknown in both: {plain(listed(comparison.unknown))}.", ""]
    return lines or ["Nothing that is known differs."]


def _differences(head: str, differences: Sequence[Difference]) -> list[str]:
    if not differences:
        return []
    rows = [[each.key, each.before, each.after] for each in differences]
    return [head, "", *_table(["", "before", "after"], rows), ""]


def _runs(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _folded(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"<details><summary>{title}</summary>", "", *lines, "", "</details>"] if lines else []


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    bold = re.compile(r"\*\*([a-z ]+)\*\*")
    cells = [[each if bold.fullmatch(each) else plain(each) for each in row] for row in rows]
    return [_row(head), _row(["---"] * len(head)), *map(_row, cells)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _marker(*words: str) -> str:
    return f"<!-- benchlab {' '.join(words)} -->"


def plain(text: str) -> str:
    """Text of programs and users on one line, with nothing in it that Markdown reads."""
    return _SIGNS.sub(r"\\\1", sentence(text)).replace("@", "@\N{ZERO WIDTH SPACE}")
