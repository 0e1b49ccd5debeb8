"""Manners and safety, each against a server that really behaves so."""

import time

import pytest

from phases.discovery import DISCOVERY
from steps.discover import addresses, web
from steps.discover.web import FetchError, Manners, Web
from steps.errors import LabError
from tests.steps.discover import server


@pytest.fixture
def visit(site):
    """A visit to the site; pauses are written down, not slept."""
    made = []

    def begin(**manners):
        slept = []
        given = {"contact": "https://lab.example/contact", "delay_s": 0, "robots": False, "allow": (site.place,)} | manners
        found = Web(Manners(**given), sleep=slept.append)
        found.slept = slept
        made.append(found)
        return found

    yield begin
    for each in made:
        each.close()


def test_a_document_comes_with_its_etag_and_we_say_who_we_are(site, visit):
    """The User-Agent has a contact; the ETag is kept for the next time."""
    site.pages["/a"] = server.with_etag(b"hello")

    answer = visit().get(f"{site.url}/a")

    assert (answer.status, answer.body, answer.etag) == (200, b"hello", '"one"')
    assert site.headers("/a")["user-agent"] == "benchlab-discovery/1 (+https://lab.example/contact)"


def test_unchanged_document_is_a_success(site, visit):
    """304 to who names the ETag."""
    site.pages["/a"] = server.with_etag(b"hello")

    assert visit().get(f"{site.url}/a", etag='"one"').status == 304


def test_server_that_says_when_to_come_again_is_obeyed(site, visit):
    """429 with Retry-After: so many seconds, and then the document."""
    site.pages["/a"] = server.in_turn(server.status(429, Retry_After="7"), server.status(200, b"now"))
    found = visit()

    assert found.get(f"{site.url}/a").body == b"now"
    assert found.slept == [7.0]


def test_server_that_says_tomorrow_is_not_waited_for(site, visit):
    """More patience than we have: told, and asked once."""
    site.pages["/a"] = server.status(429, Retry_After="86400")

    with pytest.raises(FetchError, match="answered 429, and to come again in 86400 s"):
        visit().get(f"{site.url}/a")
    assert site.times("/a") == 1


@pytest.mark.parametrize(
    ("status", "headers", "expected_s"),
    [
        (429, {}, 60.0),
        (403, {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "42"}, 42.0),
        (429, {"X_RateLimit_Remaining": "3", "X_RateLimit_Reset": "42"}, 60.0),
        (403, {"Retry_After": "9"}, 9.0),
    ],
    ids=["says nothing", "seconds that are left", "another limit", "forbidden for a while"],
)
def test_limit_is_waited_for_as_its_server_says_it(site, visit, status, headers, expected_s):
    """Without Retry-After by X-RateLimit-Reset, as LFX Insights does; where nothing is said a minute, as GitHub asks."""
    site.pages["/a"] = server.in_turn(server.status(status, **headers), server.status(200, b"now"))
    found = visit()

    assert found.get(f"{site.url}/a").body == b"now"
    assert found.slept == [expected_s]


def test_limit_that_ends_at_a_time_of_the_clock_is_not_asked_before(site, visit):
    """GitHub's X-RateLimit-Reset: an hour from now is more patience than we have, so it is asked once and told."""
    headers = {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(int(time.time()) + 3000)}
    site.pages["/a"] = server.status(403, **headers)

    with pytest.raises(FetchError, match=r"answered 403, and to come again in (2999|3000|3001) s"):
        visit().get(f"{site.url}/a")
    assert site.times("/a") == 1


def test_server_error_is_tried_three_times_and_told(site, visit):
    """500 three times; a 404 is believed at once."""
    site.pages["/a"] = server.status(500)

    with pytest.raises(FetchError, match="/a: answered 500"):
        visit().get(f"{site.url}/a")
    with pytest.raises(FetchError, match="/b: answered 404"):
        visit().get(f"{site.url}/b")
    assert (site.times("/a"), site.times("/b")) == (web.ATTEMPTS, 1)


def test_body_has_a_cap_that_holds_for_what_gzip_unpacks_to(site, visit):
    """A bomb of 50 MB is stopped at the cap, and so is a plain body."""
    site.pages["/bomb"] = server.bomb(50_000_000)
    site.pages["/long"] = b"x" * 200_001

    for path in ("/bomb", "/long"):
        with pytest.raises(FetchError, match="more than 200000 bytes"):
            visit(largest_bytes=200_000).get(f"{site.url}{path}")


def test_what_says_gzip_and_is_none_is_told(site, visit):
    """Wrong encoding is a sentence, not a traceback."""
    site.pages["/a"] = server.status(200, b"plain", Content_Encoding="gzip")

    with pytest.raises(FetchError, match="says gzip and is none"):
        visit().get(f"{site.url}/a")


def test_endless_body_is_over_in_time(site, visit):
    """A byte at a time never times out a read: the whole request has a time too."""
    site.pages["/a"] = server.dripping
    began = time.monotonic()

    with pytest.raises(FetchError, match="not over after"):
        visit(request_s=0.3).get(f"{site.url}/a")
    assert time.monotonic() - began < 2


def test_silent_server_is_left(site, visit, monkeypatch):
    """No byte within the time: tried again, then told."""
    monkeypatch.setattr(web, "SILENCE_S", 0.1)
    site.pages["/a"] = server.silent

    with pytest.raises(FetchError, match="ReadTimeout"):
        visit().get(f"{site.url}/a")


def test_body_that_is_cut_off_is_not_taken_for_whole(site, visit):
    """Fewer bytes than promised."""
    site.pages["/a"] = server.cut_off

    with pytest.raises(FetchError, match="RemoteProtocolError"):
        visit().get(f"{site.url}/a")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://127.0.0.1:1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:80/",
        "http://localhost:1/",
        "http://0.0.0.0:1/",
    ],
)
def test_redirect_to_an_address_that_is_not_public_is_refused(site, visit, elsewhere):
    """Only the pair that the setting allows is asked; a redirect from it leads nowhere else."""
    site.pages["/a"] = server.redirect(elsewhere)

    with pytest.raises(LabError, match="not a public address"):
        visit().get(f"{site.url}/a")


def test_other_scheme_is_refused(site, visit):
    """A redirect cannot make us read a file."""
    site.pages["/a"] = server.redirect("file:///etc/passwd")

    with pytest.raises(LabError, match="only http and https"):
        visit().get(f"{site.url}/a")


def test_redirects_end(site, visit):
    """A circle is left after five."""
    site.pages["/a"] = server.redirect("/a")

    with pytest.raises(FetchError, match="more than 5 redirects"):
        visit().get(f"{site.url}/a")


def test_secret_goes_to_its_host_and_to_no_other(site, visit):
    """The token is in the request to the first host; where that sends us on to does not get it."""
    with server.serve() as other:
        other.pages["/b"] = b"there"
        site.pages["/a"] = server.redirect(f"{other.url}/b")

        answer = visit(token="secret", allow=(site.place, other.place)).get(f"{site.url}/a")

        assert answer.body == b"there"
        assert site.headers("/a")["authorization"] == "Bearer secret"
        assert "authorization" not in other.headers("/b")


def test_robots_are_kept_to(site, visit):
    """What robots.txt disallows is not asked; without one everything may be; one that fails allows nothing."""
    site.pages |= {"/robots.txt": b"User-agent: *\nDisallow: /private", "/private": b"no", "/open": b"yes"}
    found = visit(robots=True)

    assert found.get(f"{site.url}/open").body == b"yes"
    with pytest.raises(FetchError, match=r"robots\.txt does not allow it"):
        found.get(f"{site.url}/private")
    assert (site.times("/private"), site.times("/robots.txt")) == (0, 1)
    del site.pages["/robots.txt"]
    assert visit(robots=True).get(f"{site.url}/private").body == b"no"
    site.pages["/robots.txt"] = server.status(500)
    with pytest.raises(FetchError, match=r"robots\.txt does not allow it"):
        visit(robots=True).get(f"{site.url}/private")


def test_redirect_to_what_robots_disallow_is_not_followed(site, visit):
    """Each hop is looked up, not the first alone."""
    site.pages |= {"/robots.txt": b"User-agent: *\nDisallow: /private", "/private": b"no", "/a": server.redirect("/private")}

    with pytest.raises(FetchError, match=r"/a: leads to .*/private, which robots\.txt does not allow"):
        visit(robots=True).get(f"{site.url}/a")
    assert site.times("/private") == 0


def test_addresses_that_github_closes_to_robots_are_not_among_the_sources(site, visit):
    """Its robots.txt disallows feeds and `since=` (as its readers write it down in 2023 and in 2026)."""
    site.pages |= {"/robots.txt": b"User-agent: *\nDisallow: /*.atom$\nDisallow: /*since=*\n", "/trending": b"yes"}
    found = visit(robots=True)

    assert found.get(f"{site.url}/trending").body == b"yes"
    for path in ("/a/thing/releases.atom", "/trending?since=weekly"):
        with pytest.raises(FetchError, match=r"robots\.txt does not allow it"):
            found.get(f"{site.url}{path}")
    pages = [url for source in DISCOVERY.sources if source.robots for url in source.urls]
    assert not [url for url in pages if url.startswith("https://github.com") and (".atom" in url or "since=" in url)]


def test_pause_that_robots_want_is_kept(site, visit):
    """Crawl-delay, where it is longer than ours."""
    site.pages |= {"/robots.txt": b"User-agent: *\nCrawl-delay: 10\n", "/a": b"a"}
    found = visit(robots=True, delay_s=1)
    found.get(f"{site.url}/a")

    assert 9.9 < found.slept[-1] <= 15.0


def test_one_host_is_given_a_pause(site, visit):
    """At least the delay between two requests, at most half of it more."""
    site.pages["/a"] = b"a"
    found = visit(delay_s=2)
    for _ in range(2):
        found.get(f"{site.url}/a")

    (slept,) = found.slept
    assert 1.9 < slept <= 3.0


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
    ],
)
def test_public_addresses_are_told_from_others(address, expected):
    """IPv4 within IPv6 is looked at as what it leads to."""
    assert addresses.public(address) is expected
