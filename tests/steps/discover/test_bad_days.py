"""Each source on each bad day of its server: the report goes on, names the source and says why."""

import functools

import pytest

from steps.discover import web
from steps.discover.sources import KINDS
from steps.discover.verbs import fetch
from tests.steps.discover import server, shapes
from tests.steps.discover.discovery_lab import BEFORE, NOW, TODAY, Lab

OTHERS = tuple(kind for kind in KINDS if kind != "landscape")
PATHS = {"feeds": "/feeds", "trending": "/trending", "lfx": "/lfx/@{name}"}
BAD_DAYS = {
    "429": (server.status(429, Retry_After="1"), "answered 429"),
    "tomorrow": (server.status(429, Retry_After="86400"), "to come again in 86400 s"),
    "500": (server.status(500), "answered 500"),
    "silent": (server.silent, "ReadTimeout"),
    "endless": (server.dripping, "not over after"),
    "cut off": (server.cut_off, "RemoteProtocolError"),
    "no gzip": (server.status(200, b"plain", Content_Encoding="gzip"), "says gzip and is none"),
    "no text": (server.status(200, b"\xff\xfe\x00\x01 caf\xe9"), ""),
    "bomb": (server.bomb(3_000_000), "more than 1000000 bytes"),
    "to this machine": (server.redirect("http://127.0.0.1:1/"), "not a public address"),
    "to the cloud's secrets": (server.redirect("http://169.254.169.254/latest/meta-data/"), "not a public address"),
    "nothing in a 200": (server.status(200, b"<html><title><script>alert(1)</script></title></html>"), ""),
}


SHORT_S = 0.15  # a day that ends by a time that is over has this one short, and no other day has: a slow machine is no bad day


@pytest.fixture(autouse=True)
def hurried(monkeypatch, request):
    """Pauses are not slept; what is done about a server that has none of its own is the same."""
    day = getattr(request.node, "callspec", None) and request.node.callspec.params["day"]
    monkeypatch.setattr(web, "SILENCE_S", SHORT_S if day == "silent" else web.SILENCE_S)
    request_s = SHORT_S if day == "endless" else web.REQUEST_S
    monkeypatch.setattr(fetch, "Web", functools.partial(web.Web, sleep=lambda _: None))
    monkeypatch.setattr(fetch, "Manners", functools.partial(web.Manners, request_s=request_s, largest_bytes=1_000_000))


@pytest.fixture
def lab(site, own_store, tmp_path):
    """All sources, of which nobody but the landscape has said anything yet."""
    site.pages["/landscape.yml"] = NOW
    found = Lab(site, own_store, tmp_path, tuple(KINDS))
    found.keep(BEFORE)
    return found


@pytest.mark.slow  # 24 discoveries; each bad day of one request is in test_web.py
@pytest.mark.parametrize("day", BAD_DAYS)
def test_every_source_may_have_a_bad_day(lab, day):
    """All seven at once: each is named with its reason, and the candidates are scored from the landscape."""
    answer, why = BAD_DAYS[day]
    for kind in OTHERS:
        for name in ("thing", "new"):
            lab.site.pages[PATHS.get(kind, f"/{kind}/a/{name}").replace("@{name}", name)] = answer

    lab.fetch("landscape", *OTHERS)
    found = lab.conclude()

    told = {each.source: each.why for each in found.troubles}
    assert set(told) == set(OTHERS)
    assert all(reason and why in reason for reason in told.values()), told
    assert {score.name for score in found.scores} == {"Thing", "New <b>one</b>"}
    assert all(f"- {kind}: " in lab.file("text").read_text() for kind in OTHERS)
    assert "<script" not in lab.file("html").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("day", BAD_DAYS)
def test_landscape_may_have_a_bad_day(lab, day):
    """The one before is used, and the report says so."""
    answer, why = BAD_DAYS[day]
    lab.site.pages["/landscape.yml"] = answer

    lab.fetch("landscape")
    found = lab.conclude()

    trouble = next(each for each in found.troubles if each.source == "landscape")
    assert why in trouble.why
    assert (trouble.latest, found.diff.after, found.date) == (BEFORE, BEFORE, TODAY)
    assert f"that of {BEFORE} was used" in lab.file("text").read_text()


@pytest.mark.slow
def test_good_answers_come_with_their_etag_and_are_not_sent_twice(lab):
    """The day after, every source is asked by its ETag, answers 304, and its rows are there all the same."""
    bodies = {
        "/releases/a/thing": shapes.RELEASES,
        "/repositories/a/thing": shapes.REPOSITORY,
        "/artifact-hub/a/thing": shapes.ARTIFACT_HUB,
        "/hacker-news/a/thing": shapes.HACKER_NEWS,
        "/lfx/thing": shapes.LFX,
        "/feeds": shapes.FEED,
        "/trending": shapes.TRENDING,
    }
    lab.site.pages |= {path: server.with_etag(body) for path, body in bodies.items()}
    lab.fetch("landscape", *OTHERS)
    first = lab.conclude()
    for kind in OTHERS:  # as if it had been yesterday: the same answers under another date
        for name in ("raw.jsonl.gz", "fetched.json"):
            kept = lab.store.get(f"snapshots/{kind}/{TODAY}/{name}")
            lab.store.put(f"snapshots/{kind}/2026-08-06/{name}", kept)
            lab.store.delete(f"snapshots/{kind}/{TODAY}/{name}")
    asked = len(lab.site.asked)

    lab.fetch(*OTHERS)
    again = lab.conclude()

    told = [headers.get("if-none-match") for path, headers in lab.site.asked[asked:] if path.partition("?")[0] in bodies]
    assert told == ['"one"'] * len(bodies)
    assert again.scores == first.scores
