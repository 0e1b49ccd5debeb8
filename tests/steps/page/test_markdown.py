"""A comment for a pull request: the verdict first, a small table, the rest folded away."""

import re

from steps.model import RunVerdict
from steps.page import markdown
from steps.statistics.comparing import compare
from tests.steps.sealed_runs import run


def test_a_comparison_says_its_verdict_first():
    """After a marker by which CI finds its own comment; what is worse stands on top of the table."""
    found = compare(
        [run("a", noise=0.01)], [run("b", noise=0.01, kernel="6.6", factors={("nginx", "p99_ms"): 1.3})], despite=["kernel"]
    )

    lines = markdown.of_comparison(found).splitlines()

    assert lines[0] == "<!-- benchlab compare phase-4 gateway-comparison -->"
    assert lines[1] == "### gateway-comparison: one metric is worse"
    rows = [line for line in lines if line.startswith("| ")]
    assert rows[0].startswith("|  | load | metric | before | after | ratio (95 %) | verdict | why |")
    assert re.match(
        r"\| nginx \| 100rps \| p99 \| [\d.]+ \| [\d.]+ ms \| ×1\.\d\d \(1\.\d\d to 1\.\d\d\) \| \*\*worse\*\* \|", rows[2]
    )
    folded = "\n".join(lines[lines.index("<details><summary>Circumstances</summary>") :])
    assert "| node.kernel | 6.1.0-27-cloud-amd64 | 6.6 |" in folded
    assert "Unknown in both: node.governor." in folded
    assert sum("<details>" in line for line in lines) == sum("</details>" in line for line in lines) == 2


def test_the_marker_stays_the_same():
    """Other runs, another verdict: the same comment is updated."""
    one = markdown.of_comparison(compare([run("a")], [run("b")]))
    other = markdown.of_comparison(compare([run("c")], [run("d", factors={"nginx": 2.0})]))

    assert one.splitlines()[0] == other.splitlines()[0]
    assert one != other


def test_nothing_told_is_not_nothing_changed():
    """A comparison that could not see says so."""
    blind = compare([run("a", noise=0.3)], [run("b", noise=0.3)])

    assert markdown.of_comparison(blind).splitlines()[1] == "### gateway-comparison: cannot tell"


def test_a_report_shows_its_headline_figures_and_hypotheses():
    """With the run's verdict and its reasons; tables are whole."""
    report = run("a").report

    lines = markdown.of_reports([report], missing=[("b", "it was interrupted")]).splitlines()

    assert lines[:2] == ["<!-- benchlab run phase-4 gateway-comparison -->", "### gateway-comparison: Answered"]
    assert any(line.startswith("| nginx | 100rps | ") for line in lines)
    assert any(line.startswith(f"- **{report.hypotheses[0].verdict.value}**: ") for line in lines)
    assert "<!-- benchlab run b -->" in lines
    for head in (line for line in lines if line.startswith("|  |")):
        start = lines.index(head)
        table = [line for line in lines[start : start + 3] if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1


def test_what_programs_said_is_text():
    """No table, tag, or mention comes out of a reason."""
    said = "<img src=x> | **bold** `code` @everyone\nnext"

    found = markdown.of_reports([run("a", verdict=RunVerdict.FAILED, reasons=(said,)).report])

    assert r"- \<img src=x\> \| \*\*bold\*\* \`code\` @" + "\N{ZERO WIDTH SPACE}everyone next" in found
