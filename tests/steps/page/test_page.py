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

EVIL = "<script>alert(1)</script>"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"


def report(story=None, **changes):
    """The report on a simulated run."""
    objects = simulate(small(**changes), story or Story())
    return report_of(read(objects, run=RUN, prefix=f"runs/phase-4/gateway-comparison/{RUN}", status="Succeeded", failures=""))


@pytest.fixture(scope="module")
def page():
    """The page of an answered run."""
    return render(report())


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
    assert all(link.startswith(("#", "raw/", "report.json")) for link in links), links


def test_links_within_the_page_lead_somewhere(page):
    """And no id is used twice."""
    tags = Elements(page).tags
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]

    assert len(ids) == len(set(ids))
    targets = {attrs["href"][1:] for tag, attrs in tags if tag == "a" and attrs["href"].startswith("#")}
    uses = {attrs["xlink:href"][1:] for tag, attrs in tags if tag == "use"}
    assert targets | uses <= set(ids)


def test_several_loads_have_a_section_each():
    """Named in its headings, with ids of its own."""
    (load,) = small().loads
    html = render(report(loads=(load, load.model_copy(update={"rate_rps": 120.0}))))
    ids = re.findall(r' id="([^"]+)"', html)

    assert "<h2>The figures at 120 requests per second</h2>" in html
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


def test_a_failed_contender_is_a_dash_with_its_reason():
    """In the table, reachable by pointer and by footnote; never a zero."""
    html = render(report(Story(failing={"envoy": "it crashed at start"})))
    row = re.search(r'<th scope="row"><span[^>]*></span>Envoy</th>(.*?)</tr>', html, re.DOTALL)[1]

    assert row.count("—") == 8
    assert 'title="it crashed at start"' in row
    assert re.search(r'<li id="note-0-\d">Envoy: it crashed at start</li>', html)
    assert not re.search(r"<b>0(\.0+)?</b>", row)


@pytest.mark.parametrize(
    ("story", "changes"),
    [
        (Story(versions={"nginx": f"nginx 1.31.3 {EVIL}"}), {}),
        (Story(failing={"envoy": f"it said {EVIL}"}), {}),
        (Story(suspect={"envoy": f"suspect: generator: {EVIL}"}), {}),
        (Story(left=(EVIL,)), {}),
        (Story(), {"question": f"Which {EVIL}?"}),
    ],
    ids=["version", "failure", "suspicion", "leftover", "question"],
)
def test_what_others_wrote_is_never_taken_for_html(story, changes):
    """A program's version, a reason, a title: shown as they are."""
    html = render(report(story, **changes))

    assert EVIL not in html
    assert ESCAPED in html


def test_a_title_is_escaped_in_the_drawings_too():
    """Matplotlib's text is XML, and dollars are no mathematics."""
    given = small()
    odd = given.contenders[0].model_copy(update={"title": "a<b> $x$"})
    html = render(report(contenders=(odd, *given.contenders[1:])))

    assert "a&lt;b&gt; $x$</text>" in html
    assert "a<b>" not in html


@pytest.mark.parametrize("story", [Story(), Story(failing={"envoy": "x"}, suspect={"nginx": "suspect: y"})], ids=["good", "bad"])
def test_the_same_report_gives_the_same_bytes(story):
    """No clock, no random ids."""
    found = report(story)

    assert render(found) == render(found)


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
