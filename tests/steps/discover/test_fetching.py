"""Which sources are read side by side, and how much is asked of a server that counts."""

import datetime as dt

from phases.discovery import DISCOVERY
from steps.discover.settings import Source
from steps.discover.verbs import plan
from tests.steps.discover import server, shapes
from tests.steps.discover.discovery_lab import TODAY, Lab, landscape


def source(kind, *urls):
    return Source(kind=kind, urls=urls)


def test_sources_of_one_server_are_read_in_turn():
    """One request at a time per host holds across sources too; those of others run side by side."""
    found = plan.groups(
        [
            source("releases", "https://api.one.example/r/@{repository}"),
            source("lfx", "https://two.example/x"),
            source("repositories", "https://API.one.example/@{repository}"),
            source("feeds", "https://three.example/feed", "https://four.example/feed"),
            source("trending", "https://four.example/t", "https://two.example/t"),
        ]
    )

    assert found == ["releases+repositories", "feeds+lfx+trending"]


def test_github_is_asked_by_one_step_alone():
    """Both of its sources are the API's; the others each have a server of their own."""
    others = [each for each in DISCOVERY.sources if each.kind != "landscape" and each.enabled]

    assert plan.groups(others) == ["releases+repositories", "artifact-hub", "hacker-news", "lfx", "feeds"]


def test_without_a_token_no_more_is_asked_than_a_nameless_visitor_may():
    """GitHub's 60 an hour are enough for both sources of the settings; with a token it is what they say."""
    of_github = [each for each in DISCOVERY.sources if each.token]

    assert len(of_github) == 2
    assert sum(each.without_token for each in of_github) < 60


def test_two_sources_of_a_server_are_fetched_in_one_step(site, own_store, tmp_path):
    """`repositories+releases`: one after the other, and each says what it got."""
    lab = Lab(site, own_store, tmp_path, ("landscape", "releases", "repositories"))
    site.pages |= {
        "/landscape.yml": landscape(("Thing", "thing")),
        "/releases/a/thing": shapes.RELEASES,
        "/repositories/a/thing": shapes.REPOSITORY,
    }
    lab.fetch("landscape")

    said = lab.fetch("releases+repositories").splitlines()

    assert [each.partition(":")[0] for each in said] == ["releases", "repositories"]
    assert {fact for fact, _ in lab.conclude(TODAY).sources} == {"landscape", "releases", "repositories"}


def test_token_makes_more_requests(site, own_store, tmp_path):
    """Two candidates, of which one may be asked about without a token."""
    lab = Lab(site, own_store, tmp_path, ("landscape", "repositories"))
    site.pages |= {"/landscape.yml": landscape(("Thing", "thing"), ("New", "new"))}
    sources = tuple(each.model_copy(update={"token": "T", "without_token": 1}) for each in lab.settings.sources)
    lab.change(sources=sources)
    lab.fetch("landscape", "repositories")
    nameless = [path for path, _ in site.asked if path.startswith("/repositories")]
    lab.environment = {"T": "secret"}
    lab.fetch("repositories")

    assert (len(nameless), len([path for path, _ in site.asked if path.startswith("/repositories")])) == (1, 3)


def names(count):
    return [(f"Thing {n}", f"thing-{n}") for n in range(count)]


def test_pages_that_are_not_there_do_not_mean_that_the_server_is_gone(site, own_store, tmp_path):
    """Of five candidates four are unknown to it: the fifth is asked about all the same."""
    lab = Lab(site, own_store, tmp_path, ("landscape", "repositories"))
    site.pages |= {"/landscape.yml": landscape(*names(5)), "/repositories/a/thing-4": shapes.REPOSITORY}
    lab.fetch("landscape")

    assert lab.fetch("repositories") == "repositories: 1 answers, 0 of them as before, 4 not got"


def test_server_that_refuses_three_times_is_left(site, own_store, tmp_path):
    """The other two are not asked about, and the report says how many."""
    lab = Lab(site, own_store, tmp_path, ("landscape", "repositories"))
    site.pages |= {"/landscape.yml": landscape(*names(5)), "/repositories/a/thing-4": shapes.REPOSITORY}
    site.pages |= {f"/repositories/a/thing-{n}": server.status(403) for n in range(3)}
    lab.fetch("landscape", "repositories")

    assert site.times("/repositories/a/thing-3") == site.times("/repositories/a/thing-4") == 0
    assert "answered 403" in lab.conclude().troubles[0].why


def test_trouble_of_a_day_that_is_over_stays_what_it_was(site, own_store, tmp_path):
    """A report that is made again tells what was wrong then."""
    lab = Lab(site, own_store, tmp_path, ("landscape", "feeds"))
    site.pages |= {"/landscape.yml": landscape(("Thing", "thing")), "/feeds": server.status(410)}
    lab.fetch("landscape", "feeds")
    first = lab.conclude()

    lab.fetch("feeds", date=TODAY, today=TODAY + dt.timedelta(days=1))

    assert lab.conclude() == first
    assert "answered 410" in first.troubles[0].why
