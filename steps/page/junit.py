"""Reports and comparisons as JUnit XML, which CI systems show beside the tests of a change.

A suite for each contender, a case for each metric and hypothesis. Failed: it is worse, does not hold, or was not measured though
it should have been. Skipped: "cannot tell", with the reason; a reader that counts skipped cases sees what was not decided.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

from steps.model import Arm, Change, ChangeVerdict, Comparison, HypothesisResult, HypothesisVerdict, Report, RunVerdict
from steps.statistics.words import number_of, ratio_text, sentence, with_interval

# XML 1.0 has no way to say these, and programs print them.
_UNSAYABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Kind = Literal["passed", "failure", "skipped", "error"]


@dataclass(frozen=True)
class Case:
    """One line of a reader's list."""

    name: str
    kind: Kind = "passed"
    message: str = ""
    text: str = ""  # the figures


@dataclass(frozen=True)
class Suite:
    """The cases of one contender, or of a run as a whole."""

    name: str
    cases: tuple[Case, ...]
    properties: tuple[tuple[str, str], ...] = ()


def of_reports(reports: Iterable[Report], *, missing: Iterable[tuple[str, str]] = ()) -> str:
    """The document of one run or several. missing: runs without a report, and why."""
    suites = [suite for report in reports for suite in _suites(report)]
    suites += [Suite(name, (Case("report", "error", why),)) for name, why in missing]
    return _document(suites)


def of_comparison(comparison: Comparison) -> str:
    """The document of a comparison; what differs and was let pass is among the properties."""
    told = (
        ("before", ", ".join(comparison.before)),
        ("after", ", ".join(comparison.after)),
        *((f"despite {each.key}", f"{each.before} → {each.after}") for each in comparison.despite),
    )
    arms = dict.fromkeys(each.contender for each in comparison.changes)
    suites = [
        Suite(
            f"{comparison.phase}.{comparison.experiment}.{arm}",
            tuple(_change(each) for each in comparison.changes if each.contender == arm),
            told,
        )
        for arm in arms
    ]
    return _document(suites)


def _suites(report: Report) -> Iterator[Suite]:
    name = f"{report.phase}.{report.experiment}"
    told = (("run", report.run), ("verdict", report.verdict.value))
    yield Suite(name, (_verdict(report),), told)
    several = len(report.loads) > 1
    for arm in dict.fromkeys(arm.name for section in report.loads for arm in section.arms):
        cases = [
            case
            for section in report.loads
            for found in section.arms
            if found.name == arm
            for case in _arm(found, report, f" at {section.label}" if several else "")
        ]
        cases += [_hypothesis(each) for each in report.hypotheses if each.of == arm]
        yield Suite(f"{name}.{arm}", tuple(cases), told)


def _verdict(report: Report) -> Case:
    kinds: dict[RunVerdict, Kind] = {RunVerdict.FAILED: "error", RunVerdict.INCONCLUSIVE: "skipped"}
    return Case("run", kinds.get(report.verdict, "passed"), "; ".join(report.reasons), report.answer.lead)


def _arm(arm: Arm, report: Report, at: str) -> Iterator[Case]:
    measured = f"{arm.ok} of {arm.planned} cells are valid, {arm.suspect} suspect, {arm.failed} failed"
    yield Case(f"cells{at}", "failure" if arm.failed else "passed", arm.failure or "", measured)
    for metric in report.metrics:
        figure = arm.figures.get(metric.name)
        if figure is None or figure.value is None:
            yield Case(f"{metric.name}{at}", "skipped", (figure and figure.reason) or "it was not measured")
        else:
            yield Case(f"{metric.name}{at}", text=with_interval(figure, metric.unit))


def _hypothesis(found: HypothesisResult) -> Case:
    kinds: dict[HypothesisVerdict, Kind] = {
        HypothesisVerdict.DOES_NOT_HOLD: "failure",
        HypothesisVerdict.CANNOT_TELL: "skipped",
    }
    return Case(f"hypothesis: {found.statement}", kinds.get(found.verdict, "passed"), found.why, found.bound)


def _change(change: Change) -> Case:
    name, why = f"{change.metric.name} at {change.load}", f"{change.verdict.value}: {change.why}"
    kind: Kind = "passed"
    if change.direct and change.verdict is ChangeVerdict.WORSE:  # no contender's doing: nothing to mend in the change
        kind, why = "skipped", f"{why}; it is the direct path, so the machine, the driver or the upstream changed"
    elif change.verdict is ChangeVerdict.WORSE:
        kind = "failure"
    elif change.verdict is ChangeVerdict.CANNOT_TELL:
        kind = "skipped"
    return Case(name, kind, why, _figures(change))


def _figures(change: Change) -> str:
    if change.before is None or change.after is None:
        return ""
    return f"{number_of(change.before)} → {number_of(change.after)} {change.metric.unit}, {ratio_text(change)}"


def _document(suites: Sequence[Suite]) -> str:
    root = ET.Element("testsuites", {"name": "benchlab", **_counts([case for suite in suites for case in suite.cases])})
    for suite in suites:
        own = ET.SubElement(root, "testsuite", {"name": _said(suite.name), **_counts(suite.cases)})
        if suite.properties:
            properties = ET.SubElement(own, "properties")
            for name, value in suite.properties:
                ET.SubElement(properties, "property", {"name": _said(name), "value": _said(value)})
        for case in suite.cases:
            _case(own, suite, case)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _case(suite: ET.Element, of: Suite, case: Case) -> None:
    made = ET.SubElement(suite, "testcase", {"classname": _said(of.name), "name": _said(case.name), "time": "0"})
    if case.kind != "passed":
        of_kind = {} if case.kind == "skipped" else {"type": case.kind}
        told = ET.SubElement(made, case.kind, {"message": _said(case.message), **of_kind})
        if case.kind != "skipped":
            told.text = _said(f"{case.message} ({case.text})" if case.text else case.message)
    if case.text:
        ET.SubElement(made, "system-out").text = _said(case.text)


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    kinds: list[str] = [case.kind for case in cases]
    counted = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    return {"tests": str(len(kinds)), **{name: str(kinds.count(kind)) for name, kind in counted.items()}, "time": "0"}


def _said(text: str) -> str:
    return _UNSAYABLE.sub("\N{REPLACEMENT CHARACTER}", sentence(text))
