"""Every point of a score has a reason, and what is not known counts for nothing."""

import datetime as dt

import pytest

from steps.discover import scoring, verdicts, words
from steps.discover.records import Entry, Fact, Part, Score
from steps.discover.settings import Covered, Discovery, Override, Source, Weights

DAY = dt.date(2026, 8, 7)
PATH = "A / Gateway"
KEY = "github.com/a/thing"
SETTINGS = Discovery(
    contact="c", sources=(Source(kind="landscape", urls=("https://l.example",)),), scope={PATH: 1.0, "A / Half": 0.5}
)


def entry(key=KEY, **more):
    given = {"name": "Thing", "category": PATH, "repository": f"https://{key}", "maturity": "sandbox"} | more
    return Entry(key=key, **given)


def facts(key=KEY, **told):
    return [Fact(key=key, name=name, value=value, source="repositories", url="https://s.example") for name, value in told.items()]


def score(*entries, told=(), before=None, settings=SETTINGS):
    known = scoring.Known(facts=scoring.facts_by_key(told, settings.aliases), stars_before=before or {})
    return scoring.scores(entries or (entry(),), settings, known, date=DAY)[0]


def part(found, name):
    return next(each for each in (*found.parts, *found.penalties) if each.name == name)


def test_score_is_the_sum_of_its_parts_out_of_what_is_known():
    """Gap 30 of 30 and maturity 12 of 20 are known: 84 of 100, and it says that 50 are known."""
    found = score()

    assert (part(found, "gap").points, part(found, "maturity").points) == (30, 12)
    assert (found.value, found.known) == (84.0, 50)
    assert [each.name for each in found.parts if each.points is None] == ["cadence", "growth", "health", "mentions"]
    assert all(each.why for each in found.parts)


def test_explanation_adds_up_to_the_score():
    """The sum stands below the parts, with what was taken off; every part that is known has an address."""
    found = score(entry(maturity="archived"), told=facts(archived=1.0, licence="none"))

    text = words.explain(found, None)

    assert words.sum_of(found) == "30 of 50 that are known are 60.0 of 100; archived -40; no licence -20: 0"
    assert words.sum_of(found) in text
    known = [each for each in (*found.parts, *found.penalties) if each.points is not None]
    assert all(each.evidence and each.evidence[0] in text for each in known)
    assert "https://landscape.cncf.io/guide#a--gateway" in text
    assert "https://landscape.cncf.io/?item=a--gateway--thing" in text


def test_weights_add_up_to_a_hundred():
    """A score is out of 100."""
    weights = Weights()

    assert weights.gap + weights.maturity + weights.cadence + weights.growth + weights.health + weights.mentions == 100


@pytest.mark.parametrize(("have", "points"), [(0, 30), (1, 25), (4, 10), (9, 5)])
def test_gap_is_smaller_where_the_lab_has_contenders_already(have, points):
    """Five points less for each, but never nothing: an experiment that exists can take one more."""
    coverage = tuple(Covered(component=f"c{n}", title=f"C {n}", landscape=PATH) for n in range(have))

    assert part(score(settings=SETTINGS.model_copy(update={"coverage": coverage})), "gap").points == points


def test_what_the_lab_cannot_measure_has_no_score():
    """A category that is not in the scope is told in the diff, not scored; half a category gives half the gap."""
    assert scoring.of_landscape([entry(category="A / Training")], SETTINGS) == ()
    assert part(score(entry(category="A / Half")), "gap").points == 15


def test_everything_known_is_explained_with_evidence():
    """Releases, new stars against the most of the category, health and mentions, each with its address."""
    told = [
        *facts(stars=1000, releases_12m=12, last_release="2026-08-07", health=80),
        *facts("github.com/b/other", stars=5000),
        Fact(key=KEY, name="stories", value=1, source="hacker-news", url="https://hn.example"),
        Fact(key=KEY, name="mention", value="t", source="hacker-news", url="https://hn.example/1"),
    ]
    before = {KEY: (901.0, dt.date(2026, 7, 7)), "github.com/b/other": (4001.0, dt.date(2026, 7, 7))}
    found = score(entry(maturity="graduated"), entry("github.com/b/other", maturity=None), told=told, before=before)

    assert part(found, "cadence").points == 15
    assert part(found, "growth").points == pytest.approx(15 * 0.667, abs=0.05)  # log(100) of log(1000)
    assert part(found, "health").points == 8
    assert part(found, "mentions").points == pytest.approx(10 / 3, abs=0.05)
    text = words.explain(found, None)
    assert all(each.why in text for each in found.parts)
    assert "https://hn.example/1" in text


def test_stars_without_an_earlier_snapshot_are_not_growth():
    """GitHub tells the stars of now: without a second date growth is unknown, not zero."""
    found = part(score(told=facts(stars=90_000)), "growth")

    assert (found.points, found.why) == (None, "there is no earlier snapshot of its stars to compare with")


@pytest.mark.parametrize(
    ("entries", "told", "name"),
    [
        ([entry(maturity="archived")], {}, "archived"),
        ([entry()], {"archived": 1.0}, "archived"),
        ([entry(repository=None)], {}, "no repository"),
        ([entry()], {"licence": "NOASSERTION"}, "no licence"),
        ([entry()], {"created": "2026-07-01"}, "young"),
        ([entry()], {"stars": 9000, "releases_12m": 0}, "bought stars"),
    ],
)
def test_penalty_is_taken_off_and_says_why(entries, told, name):
    """What speaks against a candidate has its own line."""
    before = {KEY: (1.0, dt.date(2026, 7, 7))} if "stars" in told else None
    with_it = score(*entries, told=facts(**told), before=before)

    assert part(with_it, name).points < 0
    assert part(with_it, name).why
    assert not score(told=facts(archived=0.0, licence="MIT", created="2020-01-01")).penalties


def test_two_entries_of_one_repository_have_one_score():
    """The most mature speaks, and a category that the lab has nothing of decides the gap."""
    found = scoring.of_landscape([entry(maturity=None, name="Thing (Wasm)"), entry(maturity="graduated")], SETTINGS)

    assert [(each.name, each.maturity) for each in found] == [("Thing", "graduated")]


def test_renamed_repository_keeps_its_facts():
    """Facts about the old name count for the new one."""
    settings = SETTINGS.model_copy(update={"aliases": {"github.com/old/thing": KEY}})

    assert part(score(told=facts("github.com/old/thing", health=50), settings=settings), "health").points == 5


def test_component_of_the_lab_is_known_again():
    """By its name within the category, whatever the brackets behind it."""
    coverage = (Covered(component="thing", title="thing", landscape=PATH),)

    assert score(settings=SETTINGS.model_copy(update={"coverage": coverage})).covered_by == "thing"


def scored(value, known=100.0):
    return Score(
        key=KEY,
        name="Thing",
        category=PATH,
        repository=None,
        value=value,
        known=known,
        parts=(Part(name="gap", points=1, most=1, why="w"),),
    )


def follow(*values, known=100.0, overrides=()):
    """The verdicts of following weeks."""
    before, found = {}, []
    for week, value in enumerate(values):
        (now,) = verdicts.decide(
            [scored(value, known)], before, date=DAY + dt.timedelta(weeks=week), weights=Weights(), overrides=overrides
        )
        found.append(now.verdict)
        before = {KEY: now}
    return found


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((90, 90, 90), ["assess", "adopt", "adopt"]),
        ((50, 70, 50, 50), ["assess", "assess", "assess", "assess"]),
        ((50, 70, 70), ["assess", "assess", "trial"]),
        ((70, 70, 30, 70), ["assess", "trial", "trial", "trial"]),
        ((10, 10), ["hold", "hold"]),
        ((50, 70, 90, 90), ["assess", "assess", "assess", "adopt"]),
    ],
)
def test_verdict_moves_when_a_second_date_says_the_same(values, expected):
    """One week above a line is pending; a week that says something else begins anew; new ones stand at most at assess."""
    assert follow(*values) == expected


def test_same_day_again_moves_nothing():
    """A day that is run twice is one date."""
    (first,) = verdicts.decide([scored(90)], {}, date=DAY, weights=Weights())
    (again,) = verdicts.decide([scored(90)], {KEY: first}, date=DAY, weights=Weights())

    assert (first.verdict, first.pending, again.verdict) == ("assess", "adopt", "assess")


def test_with_too_little_known_nothing_is_worth_an_experiment():
    """The landscape alone tells 50 of 100: at most assess, however high the score."""
    assert follow(100, 100, 100, known=50.0) == ["assess"] * 3


def test_what_a_person_decided_holds_until_its_date():
    """And says why."""
    person = Override(key=KEY, verdict="hold", until=DAY + dt.timedelta(weeks=1), why="no licence for us")

    assert follow(90, 90, 90, overrides=(person,)) == ["hold", "hold", "hold"]
    assert follow(90, 90, 90, 90, overrides=(person,))[-1] == "adopt"
