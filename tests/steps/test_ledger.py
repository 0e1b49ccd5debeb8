"""The ledger: written before, struck off after, and honest about a store that is away."""

import pytest

from steps.errors import PlaceError, StoreError, UsageError
from steps.ledger import Ledger, entry_id
from steps.model import LedgerEntry, now


def entry(name="envoy-500rps-r1-envoy", cell="envoy-500rps-r1"):
    return LedgerEntry(id=name, run="tests", cell=cell, kind="process", what="envoy", opened_at=now())


@pytest.fixture
def away(store_environment):
    """Settings of a store that nobody can reach."""
    return {**store_environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}


@pytest.fixture
def ledger(tmp_path, store_environment):
    return Ledger(tmp_path / "ledger", prefix=f"runs/{tmp_path.name}", environment=store_environment)


def stored(store, ledger, name="envoy-500rps-r1-envoy"):
    return LedgerEntry.from_json(store.get(f"{ledger._prefix}/ledger/{name}.json"), source="the store")


def test_open_entry_is_here_and_in_the_store(ledger, store):
    """Both copies are there before the thing is."""
    opened = ledger.open(entry())

    assert ledger.entries() == [opened]
    assert stored(store, ledger) == opened


def test_closed_entry_stays_in_the_store_with_its_proof(ledger, store):
    """Once both copies are closed the local one goes: what is in the folder is unfinished business."""
    ledger.note(ledger.open(entry()).model_copy(update={"what": "envoy, under keeper 4711"}))

    assert ledger.close("envoy-500rps-r1", proof=lambda _: "not seen") == ((), None)

    assert ledger.entries() == []
    assert not ledger.folder.exists()
    closed = stored(store, ledger)
    assert (closed.what, closed.proof, closed.closed_at is None) == ("envoy, under keeper 4711", "not seen", False)


def test_entries_of_other_cells_stay_open(ledger):
    """A cell's teardown closes its own entries; the run's closes all."""
    ledger.open(entry())
    other = ledger.open(entry("nginx-500rps-r1-nginx", "nginx-500rps-r1"))

    ledger.close("envoy-500rps-r1", proof=lambda _: "")
    assert ledger.entries() == [other]

    ledger.close(None, proof=lambda _: "")
    assert ledger.entries() == []


def test_nothing_is_opened_without_the_store(tmp_path, away):
    """What the store was not told must not be created; the local entry stays for teardown."""
    ledger = Ledger(tmp_path / "ledger", prefix="runs/x", environment=away)

    with pytest.raises(StoreError, match=r"cannot write runs/x/ledger/envoy-500rps-r1-envoy\.json"):
        ledger.open(entry())

    assert [each.id for each in ledger.entries()] == ["envoy-500rps-r1-envoy"]


def test_proof_is_kept_here_until_the_store_can_be_told(ledger, store, away):
    """With the store away entries are closed here and say so; a later closing tells the store the same proof."""
    opened = [ledger.open(entry()), ledger.open(entry("envoy-500rps-r1-upstream"))]
    lonely = Ledger(ledger.folder, prefix="", environment=away)

    behind, reason = lonely.close(None, proof=lambda _: "seen at noon")

    assert behind == tuple(each.id for each in opened)
    assert isinstance(reason, StoreError)
    assert [each.proof for each in lonely.entries()] == ["seen at noon"] * 2
    assert stored(store, ledger).closed_at is None

    assert ledger.close(None, proof=lambda _: "seen later") == ((), None)
    assert stored(store, ledger).proof == "seen at noon"
    assert ledger.entries() == []


def test_missing_settings_are_a_reason_too(tmp_path):
    """A sweep without any store's settings closes what it can."""
    ledger = Ledger(tmp_path / "ledger", prefix="", environment={})
    ledger.note(entry().model_copy(update={"facts": {"key": "runs/x"}}))

    behind, reason = ledger.close(None, proof=lambda _: "")

    assert behind == ("envoy-500rps-r1-envoy",)
    assert isinstance(reason, UsageError)


def test_damaged_entry_does_not_hide_the_others(ledger):
    """An unreadable file is left alone: what it stood for is found by its folder."""
    opened = ledger.open(entry())
    (ledger.folder / "a.json").write_text("{")

    assert ledger.entries() == [opened]


def test_full_disk_is_one_sentence(tmp_path, store_environment):
    """An entry that cannot be written down is an error before anything is created."""
    (tmp_path / "file").write_text("")
    ledger = Ledger(tmp_path / "file" / "ledger", prefix="runs/x", environment=store_environment)

    with pytest.raises(PlaceError, match=r"cannot write the ledger .*: Not a directory"):
        ledger.open(entry())


def test_ids_fit_into_a_name():
    """An id that would be too long keeps its beginning and stays different from its neighbours."""
    assert entry_id("envoy-500rps-r1", "upstream") == "envoy-500rps-r1-upstream"

    long = [entry_id("a-gateway-with-a-name-of-forty-characters-500rps-r12", other) for other in ("upstream-one", "upstream-two")]

    assert all(len(each) <= 63 for each in long)
    assert len(set(long)) == 2
