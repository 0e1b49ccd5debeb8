"""The ledger of a pod: no folder, and every entry is found and closed in the store."""

import secrets

import pytest

from steps.errors import StoreError
from steps.ledger import entry_id
from steps.model import LedgerEntry, now
from steps.places.store_ledger import StoreLedger
from steps.store import Store


@pytest.fixture
def prefix():
    return f"runs/ledger-{secrets.token_hex(3)}"


def entry(cell, component):
    return LedgerEntry(
        id=entry_id(cell, component) if cell else component, run="r", cell=cell, kind="object", what=component, opened_at=now()
    )


def stored(environment, prefix):
    store = Store.from_environment(environment)
    entries = [LedgerEntry.from_json(store.get(key), source=key) for key in store.list(f"{prefix}/ledger/")]
    return {each.id: each.proof for each in entries}


def test_entries_of_a_cell_are_closed_and_others_stay_open(store_environment, prefix):
    """Also where the name of one cell begins like that of another."""
    opened = StoreLedger(prefix=prefix, environment=store_environment)
    for cell in ("envoy-500rps-r1", "envoy-500rps-r10", None):
        opened.open(entry(cell, "upstream"))

    # Teardown is another process: it knows nothing of what was opened.
    told = StoreLedger(prefix=prefix, environment=store_environment).close("envoy-500rps-r1", proof=lambda _: "gone")

    assert told == ((), None)
    assert stored(store_environment, prefix) == {
        "envoy-500rps-r1-upstream": "gone",
        "envoy-500rps-r10-upstream": None,
        "upstream": None,
    }


def test_end_of_the_run_closes_what_is_still_open(store_environment, prefix):
    """A proof that is there is not written over."""
    ledger = StoreLedger(prefix=prefix, environment=store_environment)
    for cell in ("a-1rps-r1", "b-1rps-r1"):
        ledger.open(entry(cell, "upstream"))
    ledger.close("a-1rps-r1", proof=lambda _: "first")

    ledger.close(None, proof=lambda _: "second")

    assert stored(store_environment, prefix) == {"a-1rps-r1-upstream": "first", "b-1rps-r1-upstream": "second"}


def test_entry_of_a_cell_with_a_long_name_is_found(store_environment, prefix):
    """Its id is cut and marked, and still begins like its cell."""
    cell = "c" * 58 + "-r1"
    ledger = StoreLedger(prefix=prefix, environment=store_environment)
    ledger.open(entry(cell, "upstream"))

    ledger.close(cell, proof=lambda _: "gone")

    assert list(stored(store_environment, prefix).values()) == ["gone"]


def test_store_that_is_away_leaves_everything_open(store_environment, prefix):
    """What is not known to be closed is said to be open, with the reason."""
    away = {**store_environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}

    behind, reason = StoreLedger(prefix=prefix, environment=away).close("a-1rps-r1", proof=lambda _: "gone")

    assert behind == (f"all below {prefix}/ledger",)
    assert isinstance(reason, StoreError)
