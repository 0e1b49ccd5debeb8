"""The verbs about money: a stored run at any prices, and the price book, each mistake in one sentence."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from pipelines.__main__ import cli
from tests.steps.sealed_runs import folder, objects


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a sealed run."""
    return folder(tmp_path_factory.mktemp("reports") / "a-run", objects("a-run"))


def ask(*words):
    """What the command line says, and its exit status."""
    done = CliRunner().invoke(cli, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.output, done.exit_code


def test_a_stored_run_is_priced_over_the_providers(run):
    """A column for each, a row for each contender; what has no cost says why, and the digest of the book is there."""
    said, status = ask("cost", run)
    head = next(line for line in said.splitlines() if line.startswith("CONTENDER"))

    assert status == 0
    assert head.split("  ")[0] == "CONTENDER"
    assert all(place in head for place in ("LAPTOP", "GCP US-CENTRAL1", "AWS US-EAST-1", "AZURE EASTUS"))
    assert "Direct: — the direct path has no program of its own" in said
    assert "aws us-east-1, on demand: modelled from least squares" in said
    assert "price book sha256:" in said


def test_what_if_it_ran_elsewhere(run):
    """Three replicas on the spot market of a named region: dearer by their memory, cheaper by the market."""
    words = ("cost", run, "--json", "--provider", "gcp", "--region", "europe-west1")
    usual, other = (json.loads(ask(*words, *more)[0])[0] for more in ((), ("--spot", "--replicas", "3")))
    bills = [each["loads"][0]["arms"][1]["bills"][0]["lines"] for each in (usual, other)]

    assert (other["pricing"]["spot"], other["pricing"]["replicas"]) == (True, 3)
    assert float(other["pricing"]["vcpu"]["usd"]) < float(usual["pricing"]["vcpu"]["usd"])
    assert bills[0][0]["quantity"] == bills[1][0]["quantity"]  # CPU: the same work
    assert float(bills[1][1]["quantity"]) == pytest.approx(3 * float(bills[0][1]["quantity"]))


def test_pricing_anew_touches_nothing_that_is_stored(run):
    """Not a byte of the run."""
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}

    ask("cost", run, "--provider", "aws")

    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_the_break_even_of_two_contenders_has_its_curve(run):
    """A row for each decade of the rate, and the rate at which they cost the same, or that there is none."""
    said, status = ask("cost", run, "--provider", "gcp", "--break-even", "nginx", "envoy")

    assert status == 0
    assert [line.split()[0] for line in said.splitlines() if line[:1].isdigit()] == [
        "1",
        "10",
        "100",
        "1,000",
        "10,000",
        "100,000",
    ]
    assert "no break-even between 1 and 100,000 requests/s: nginx costs less at each" in said


BOOK = """
sources:
  mine: {as_of: 2024-01-01, what: my invoice}
prices:
  - {provider: mine, region: cellar, item: vcpu, usd_per_vcpu_hour: 0.01, source: mine}
  - {provider: mine, region: cellar, item: memory, usd_per_gib_hour: 0.001, source: mine}
"""


@pytest.fixture
def own(tmp_path):
    """A price book of one's own, and an old one."""
    path = tmp_path / "own.yaml"
    path.write_text(BOOK)
    return path


def test_ones_own_prices_are_taken_and_their_age_is_told(run, own):
    """They are two years old and more."""
    said, status = ask("cost", run, "--prices", own)

    assert status == 0
    assert "mine cellar, on demand: list prices of 2024-01-01" in said
    assert "prices of 2024-01-01 are older than a year: my invoice" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--provider", "aws", "--spot"), "no price of vcpu at aws us-east-1 on the spot market"),
        (("--provider", "moon"), "the price book has nothing of moon; it has laptop here"),
        (("--spot",), "--region, --spot and --traffic go with --provider"),
        (("--break-even", "nginx", "apache"), "--break-even apache: there is a cost of nginx, envoy"),
        (("--break-even", "nginx", "nginx"), "--break-even nginx nginx: name two"),
        (("--prices", "gone.yaml"), "the price book gone.yaml cannot be read"),
    ],
)
def test_a_mistake_is_one_sentence_with_a_way_out(run, words, said):
    """Exit status 2."""
    text, status = ask("cost", run, *words)

    assert (text.startswith("cost: "), text.count("\n"), status) == (True, 1, 2)
    assert said in text


def test_a_run_that_was_changed_is_not_priced(tmp_path):
    """Its seal says so."""
    changed = folder(tmp_path / "changed", objects("a-run"))
    (changed / "report.json").write_text((changed / "report.json").read_text().replace("0.", "1.", 1))

    text, status = ask("cost", changed)

    assert status == 2
    assert "report/report.json was changed: it is not what was sealed" in text


def test_two_runs_are_not_priced_together(run):
    """One by one."""
    assert ask("cost", f"{run},{run}") == (f"cost: {run},{run} names 2 runs: their costs are asked for one by one\n", 2)


def test_the_price_book_is_listed():
    """Places and markets with CPU and memory, and the digest."""
    said, status = ask("prices", "list")

    assert status == 0
    assert "gcp       europe-west1  spot" in said
    assert "price book sha256:" in said
    assert json.loads(ask("prices", "list", "--json")[0])["prices"][0]["provider"] == "laptop"


def test_every_price_shows_its_date_and_source():
    """And what a modelled one was made from."""
    said, status = ask("prices", "show", "laptop")

    assert status == 0
    assert all(word in said for word in ("vcpu hour", "gib hour", "modelled", "2026-11-25", "0.30 USD per kWh"))
    assert ask("prices", "show", "moon") == ("prices: there are no prices of moon; there are laptop, gcp, aws, azure\n", 2)
    assert {row["region"] for row in json.loads(ask("prices", "show", "gcp", "europe-west1", "--json")[0])} == {"europe-west1"}


def test_a_book_is_checked(own):
    """Doubts are told; what does not fit ends with status 2."""
    said, status = ask("prices", "check", "--prices", own)
    assert (status, "older than a year: my invoice" in said) == (0, True)

    row = "  - {provider: mine, region: cellar, item: vcpu, spot: true, usd_per_vcpu_hour: 0.02, source: mine}\n"
    own.write_text(BOOK + row)
    said, status = ask("prices", "check", "--prices", own, "--json")

    assert status == 2
    assert json.loads(said)["errors"] == ["mine cellar vcpu (spot) costs 0.02 USD, and 0.01 on demand: spot is below it"]
