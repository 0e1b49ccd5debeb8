"""JUnit XML as CI systems read it: counts that add up, reasons that are there, and no character that breaks it."""

from xml.etree import ElementTree as ET

import pytest

from steps.model import RunVerdict
from steps.page import junit
from steps.statistics.comparing import compare
from tests.steps.sealed_runs import run

KINDS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def read(text):
    """The document, after what every reader relies on was checked."""
    root = ET.fromstring(text)
    assert root.tag == "testsuites"
    for suite in (root, *root):
        cases = list(suite.iter("testcase"))
        assert int(suite.get("tests")) == len(cases) > 0
        for attribute, tag in KINDS.items():
            assert int(suite.get(attribute)) == sum(case.find(tag) is not None for case in cases)
    for suite in root:
        assert suite.tag == "testsuite"
        assert {child.tag for child in suite} <= {"properties", "testcase"}
        for case in suite.iter("testcase"):
            assert case.get("name")
            assert case.get("classname") == suite.get("name")
            assert float(case.get("time")) >= 0
            assert len([child for child in case if child.tag in KINDS.values()]) <= 1
            assert all(child.get("message") for child in case if child.tag in KINDS.values())
    return {
        (suite.get("name").rpartition(".")[2], case.get("name")): next(
            ((child.tag, child.get("message")) for child in case if child.tag in KINDS.values()), ("passed", "")
        )
        for suite in root
        for case in suite.iter("testcase")
    }


def test_a_comparison_has_a_suite_for_each_contender():
    """Worse is a failure, "cannot tell" is skipped with the reason, everything else passes."""
    found = compare(
        [run("a", noise=0.01, kernel="6.1")],
        [run("b", noise=0.01, kernel="6.6", factors={("nginx", "p50_ms"): 1.3}, suspect={"envoy"})],
        despite=["kernel"],
    )

    text = junit.of_comparison(found)
    cases = read(text)

    assert cases["nginx", "p50_ms at 100rps"] == ("failure", "worse: the whole interval is above the band of 5 %")
    assert cases["nginx", "memory_mib at 100rps"][0] == "passed"
    assert cases["envoy", "p50_ms at 100rps"] == ("skipped", "cannot tell: 5 valid repetitions on one side; it takes 6")
    assert ET.fromstring(text).find("testsuite/properties/property[@name='despite node.kernel']").get("value") == "6.1 → 6.6"


def test_a_slower_direct_path_fails_nothing():
    """No contender's change can mend the machine."""
    found = compare([run("a", noise=0.01)], [run("b", noise=0.01, factors={"direct": 1.3})])

    kind, why = read(junit.of_comparison(found))["direct", "p50_ms at 100rps"]

    assert kind == "skipped"
    assert "the machine, the driver or the upstream changed" in why


@pytest.mark.parametrize(
    ("verdict", "kind"), [("holds", "passed"), ("does not hold", "failure"), ("cannot tell", "skipped")], ids=lambda each: each
)
def test_a_report_has_a_case_for_each_hypothesis_and_metric(verdict, kind):
    """In the suite of the contender that it is about."""
    report = run("a").report
    judged = report.hypotheses[0].model_copy(update={"verdict": verdict, "why": "because"})

    cases = read(junit.of_reports([report.model_copy(update={"hypotheses": (judged,)})]))

    assert cases[judged.of, f"hypothesis: {judged.statement}"] == (kind, "because" if kind != "passed" else "")
    assert cases["nginx", "p50_ms"][0] == "passed"
    assert cases["direct", "memory_mib"][0] == "skipped"
    assert cases["nginx", "cells"][0] == "passed"
    assert cases["gateway-comparison", "run"][0] == "passed"


def test_a_failed_run_fails_whatever_else_it_shows():
    """And a run without a report is an error with its reason; no file says nothing."""
    failed = run("a", verdict=RunVerdict.FAILED, reasons=("envoy: 6 of 6 cells failed: it crashed",)).report

    cases = read(junit.of_reports([failed], missing=[("b", "Error: the store went away")]))

    assert cases["gateway-comparison", "run"] == ("error", "envoy: 6 of 6 cells failed: it crashed")
    assert cases["b", "report"] == ("error", "Error: the store went away")


def test_what_programs_print_does_not_break_the_document():
    """Colours, null bytes, angle brackets, half of a surrogate pair."""
    said = '\x1b[31mpanic\x00 <at> & "home"\ud800 \ufffe'

    cases = read(junit.of_reports([], missing=[("b", said)]))

    assert cases["b", "report"] == ("error", '\ufffd[31mpanic\ufffd <at> & "home"\ufffd \ufffd')
