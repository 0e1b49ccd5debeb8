"""The ledger where there is no lasting folder: in a pod the store's objects are the only copy."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from steps.errors import LabError
from steps.ledger import KEY, LONGEST_ID, Ledger, entry_id
from steps.model import LedgerEntry, now
from steps.store import Store

MARK = 9  # of an id that did not fit: a dash and eight digits


class StoreLedger(Ledger):
    """The entries of one run, as the store has them."""

    def __init__(self, *, prefix: str, environment: Mapping[str, str]) -> None:
        super().__init__(None, prefix=prefix, environment=environment)

    def close(self, cell: str | None, *, proof: Callable[[LedgerEntry], str]) -> tuple[tuple[str, ...], LabError | None]:
        """Strikes off every open entry of a cell (None: of the run), whose absence was seen.

        Returns what the store still thinks open, and why: where it cannot be reached, all that is below the prefix.
        """
        behind: list[str] = []
        try:
            store = Store.from_environment(self._environment)
            keys = list(store.list(f"{self._prefix}/ledger/{_begins(cell)}"))
            for key in keys:
                behind.append(key.rpartition("/")[2].removesuffix(".json"))
                entry = LedgerEntry.from_json(store.get(key), source=key)
                if not entry.closed_at and cell in {None, entry.cell}:
                    closed = entry.model_copy(update={"closed_at": now(), "proof": proof(entry)})
                    store.put(entry.facts.get(KEY, key), closed.to_json())
                behind.pop()
        except LabError as error:
            return tuple(behind) or (f"all below {self._prefix}/ledger",), error
        return (), None


def _begins(cell: str | None) -> str:
    """How the ids of a cell's entries begin: those of other cells may too, but few do."""
    return "" if cell is None else entry_id(cell)[: LONGEST_ID - MARK]
