"""The page: whole without a network, the same twice, and nothing in it is taken for HTML that others wrote."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from steps.evidence import read
from steps.page import render
from steps.statistics.findings import report_of
from tests.steps.simulated import RUN, Story, gateway_comparison, simulate, small


def evil(where):
    """What an attacker would have the browser run."""
    return f"<script>alert({where})</script>"


CRASH = "it crashed at start"
ODD_STORY = Story(
    versions={"nginx": f"nginx 1.31.3 {evil('version')}"},
    failing={"envoy": CRASH, "traefik": f"it said {evil('failure')}"},
    suspect={"caddy": f"suspect: generator: {evil('suspicion')}"},
    left=(evil("leftover"),),
)


def report(story=None, **changes):
    """The report on a simulated run."""
    objects = simulate(small(**changes), story or Story())
    return report_of(read(objects, run=RUN, prefix=f"runs/phase-4/gateway-comparison/{RUN}", status="Succeeded", failures=""))


@pytest.fixture(scope="module")
def page():
    """The page of an answered run."""
    return render(report())


@pytest.fixture(scope="module")
def odd():
    """The report on a run in which much went wrong, told in words that would be HTML."""
    given = small()
    titled = given.contenders[0].model_copy(update={"title": "a<b> $x$"})
    return report(ODD_STORY, contenders=(titled, *given.contenders[1:]), question=f"Which {evil('question')}?")


@pytest.fixture(scope="module")
def odd_page(odd):
    """The page of that run."""
    return render(odd)


class Elements(HTMLParser):
    """Every start tag of a page, and its text outside of styles."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.wrong = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_the_page_is_well_formed(page):
    """Every element is closed by its own end tag."""
    found = Elements(page)

    assert (found.wrong, found.open) == ([], [])


def test_the_page_fetches_nothing_and_runs_nothing(page):
    """No script, no style sheet, image or font from elsewhere; links lead beside the page."""
    tags = Elements(page).tags

    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object", "embed", "base"}
    assert "@import" not in page
    assert "@font-face" not in page
    assert not [name for _, attrs in tags for name in attrs if name.startswith("on")]
    links = {attrs["href"] for tag, attrs in tags if tag == "a"}
    assert all(link.startswith(("#", "raw/", "report.json", "samples.csv")) for link in links), links


def test_links_within_the_page_lead_somewhere(page):
    """And no id is used twice."""
    tags = Elements(page).tags
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]

    assert len(ids) == len(set(ids))
    targets = {attrs["href"][1:] for tag, attrs in tags if tag == "a" and attrs["href"].startswith("#")}
    uses = {attrs["xlink:href"][1:] for tag, attrs in tags if tag == "use"}
    assert targets | uses <= set(ids)


@pytest.mark.slow
def test_several_loads_have_a_section_each():
    """Named in its headings, with ids of its own."""
    (load,) = small().loads
    html = render(report(loads=(load, load.model_copy(update={"rate_rps": 120.0}))))
    ids = re.findall(r' id="([^"]+)"', html)

    assert "<h2>The figures at 120 requests/s</h2>" in html
    assert len(ids) == len(set(ids))


def test_every_raw_link_names_an_object_of_the_run(page):
    """The CLI puts them beside the page under the same keys."""
    objects = simulate(small())
    links = {attrs["href"] for tag, attrs in Elements(page).tags if tag == "a" and attrs["href"].startswith("raw/")}

    assert {link.removeprefix("raw/") for link in links} <= set(objects)
    assert "raw/cells/envoy-100rps-r3/load/load.hdr" in links


def test_every_colour_of_the_drawings_is_one_of_the_page(page):
    """A variable that the style does not define would be black in the dark."""
    style = (files("steps.page") / "page.css").read_text()
    defined = set(re.findall(r"--([a-z0-9]+):", style)) | {"hue"}

    assert set(re.findall(r"var\(--([a-z0-9]+)", page)) <= defined
    assert not re.findall(r"#0[0ab]0[0ab][0-9a-f]{2}\b", page), "a marker colour was left in a drawing"


def test_figures_in_the_drawings_are_those_of_the_report(page):
    """What makes drawings smaller must not touch their text."""
    effect = report().loads[0].arms[2].effects["p50_ms"].difference

    assert f">+{effect.value:.2f}<" in page


def test_every_verdict_has_what_it_follows_from_in_one_click(page):
    """The line of an effect opens to its rounds, its formulas with their figures, and the decision."""
    found = report()
    effect = found.loads[0].arms[2].effects["p50_ms"]
    lines = re.findall(r'<details class="line">(.*?)</details>', page, re.DOTALL)
    arms = [arm for arm in found.loads[0].arms if arm.effects]

    assert len(lines) == sum(each.decision is not None for arm in arms for each in arm.effects.values())
    (line,) = [each for each in lines if f"= {effect.decision.t:.2f};" in each]
    summary, why = line.split("</summary>")
    assert effect.decision.verdict in summary
    assert f"× {effect.ratio.value:.2f} ({effect.decision.interval.low:.2f} to" in summary
    assert all(f">{point.value:.4f}</td>" in why for point in effect.ratio.points)
    assert f"{effect.decision.log_mean:.5f} ÷ ({effect.decision.log_sd:.5f} ÷ 2.4495)" in why
    assert [each for each in ("96.9 %", "0.952", "over 5 metrics", effect.decision.why) if each not in why] == []


def test_a_preview_shows_its_effects_and_decides_none():
    """Every line says that it cannot tell, and no test is shown that was not made."""
    html = render(report(preview=True, repetitions=3))
    verdicts = set(re.findall(r'<span class="tag \w+">([^<]+)</span></span></summary>', html))

    assert verdicts == {"cannot tell"}
    assert "cannot tell: a preview decides nothing" in html
    assert "<dt>test</dt>" not in html


def test_a_failed_contender_is_a_dash_with_its_reason(odd_page):
    """In the table, reachable by pointer and by footnote; never a zero."""
    row = re.search(r'<th scope="row"><span[^>]*></span>Envoy</th>(.*?)</tr>', odd_page, re.DOTALL)[1]

    assert row.count("—") == 8
    assert f'title="{CRASH}"' in row
    assert re.search(rf'<li id="note-0-\d">Envoy: {CRASH}</li>', odd_page)
    assert not re.search(r"<b>0(\.0+)?</b>", row)


@pytest.mark.parametrize("where", ["version", "failure", "suspicion", "leftover", "question"])
def test_what_others_wrote_is_never_taken_for_html(odd_page, where):
    """A program's version, a reason, a title: shown as they are."""
    assert evil(where) not in odd_page
    assert f"&lt;script&gt;alert({where})&lt;/script&gt;" in odd_page


def test_a_title_is_escaped_in_the_drawings_too(odd_page):
    """Matplotlib's text is XML, and dollars are no mathematics."""
    assert "a&lt;b&gt; $x$</text>" in odd_page
    assert "a<b>" not in odd_page


def test_the_same_report_gives_the_same_bytes(page, odd, odd_page):
    """No clock, no random ids; on a good day as on a bad one."""
    assert render(report()) == page
    assert render(odd) == odd_page


def test_a_run_without_anything_still_has_a_page():
    """With the reasons, and no empty pictures."""
    found = report_of(read({}, run=RUN, prefix="runs/phase-4/x/y", status="Failed", failures=""))
    html = render(found)

    assert "experiment.json is missing or damaged" in html
    assert "<svg" not in html


def test_the_page_stays_small():
    """The whole experiment: under 1.5 MB."""
    objects = simulate(gateway_comparison())
    found = report_of(read(objects, run=RUN, prefix="runs/phase-4/x/y", status="Succeeded", failures=""))

    assert len(render(found).encode()) < 1_500_000


def test_value_that_is_suspect_by_itself_has_a_footnote_with_its_reason():
    """Its count is smaller than the row's, and so is how sure its interval is; the note says why, and the cells are named."""
    late = "suspect: generator: its lateness (p99) is 2.31 ms"
    doubts = {(f"nginx-100rps-r{repetition}", "p99_ms"): late for repetition in (2, 5)}
    html = render(report(Story(doubts=doubts, settled_s=-1)))

    assert re.search(
        r"<b>[0-9.]+</b>~?<sup><a href=\"#note-0-\d\"[^>]*>\d</a></sup><small>[^<]*</small><small>n = 4, 87.5 %</small>", html
    )
    assert "<small>96.9 %</small>" in html
    assert "median of 4 to 6 repetitions, interval from the smallest to the largest (how sure: in the table)" in html
    assert "nginx, p99: 2 of 6 suspect: generator: its lateness (p99) is 2.31 ms</li>" in html
    assert '<td data-label="reason">p99: generator: its lateness (p99) is 2.31 ms' in html
    assert "All 36 planned cells were measured, and 2 values among them are suspect." in html


@pytest.mark.slow
def test_timeline_marks_the_second_from_which_an_arm_had_settled():
    """In the first row of each arm, and only where it is known."""
    marked, unmarked = render(report(Story(settled_s=-1))), render(report())

    assert marked.count(">settled</text>") == 2  # wide and narrow, once each
    assert ">settled</text>" not in unmarked


def test_contenders_that_have_different_things_stand_in_one_table():
    """What only one of them has is a column with a dash for the others, and not the end of the page."""
    nginx, *others = small().contenders
    odd_one = nginx.model_copy(update={"parity": nginx.parity.model_copy(update={"more": {"a cache": "64 MB"}})})

    page = render(report(contenders=(odd_one, *others)))

    row = '<td data-label="a cache">'
    assert page.count(f"{row}64 MB</td>") == 1
    assert page.count(f"{row}\N{EM DASH}</td>") == len(others) + 1
