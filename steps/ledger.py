"""The ledger: what is about to exist is written down first, and struck off only when its absence was seen.

Two copies. The local file is written and fsynced before anything else, so that a machine which loses its power knows what it
had started; it is removed when both copies are closed, so what lies in the folder is unfinished business. The object in the
store stays, with the proof, as evidence for the report. In a pod there is no lasting folder and the object is the only copy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from steps.errors import LabError, PlaceError, UsageError
from steps.model import LedgerEntry, digest, now
from steps.state import write_whole
from steps.store import Store

KEY = "key"  # the fact that says where the store's copy is
LONGEST_ID = 63


def entry_id(*parts: str) -> str:
    """The id of an entry: its parts, or where that is too long for a name, as much as fits and a digest."""
    whole = "-".join(parts)
    if len(whole) <= LONGEST_ID:
        return whole
    mark = digest(whole).removeprefix("sha256:")[:8]
    return f"{whole[: LONGEST_ID - 9].rstrip('-')}-{mark}"


class Ledger:
    """The entries of one run."""

    def __init__(self, folder: Path | None, *, prefix: str, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._prefix = prefix
        self._environment = environment
        self._store: Store | None = None

    def open(self, entry: LedgerEntry) -> LedgerEntry:
        """Writes an entry down, here and in the store. Only after this may the thing be created.

        Raises StoreError, PlaceError: it could not be written down, so nothing may be created.
        """
        whole = entry.model_copy(update={"facts": {**entry.facts, KEY: f"{self._prefix}/ledger/{entry.id}.json"}})
        self.note(whole)
        self._put(whole)
        return whole

    def note(self, entry: LedgerEntry) -> None:
        """Writes what became known meanwhile into the local copy; the store learns it when the entry is closed."""
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / f"{entry.id}.json", entry.to_json())
        except OSError as error:
            message = f"cannot write the ledger {self.folder}: {error.strerror or error}"
            raise PlaceError(message) from error

    def entries(self) -> list[LedgerEntry]:
        """Every local entry. One that is damaged is left out: what it stood for is found by its folder."""
        found = []
        for path in sorted(self.folder.glob("*.json")) if self.folder else ():
            try:
                found.append(LedgerEntry.from_json(path.read_bytes(), source=str(path)))
            except UsageError:
                continue
        return found

    def close(self, cell: str | None, *, proof: Callable[[LedgerEntry], str]) -> tuple[tuple[str, ...], LabError | None]:
        """Strikes off every entry of a cell (None: of the run), whose absence was seen; also those closed here only so far.

        Returns the entries that the store still thinks open, and why: when it is out of reach, the local copies keep the proof.
        """
        behind: list[str] = []
        reason: LabError | None = None
        for entry in self.entries():
            if cell not in (None, entry.cell):
                continue
            closed = entry if entry.closed_at else entry.model_copy(update={"closed_at": now(), "proof": proof(entry)})
            reason = reason or self._tell(closed)  # asked in vain once is enough
            if reason is None:
                self._forget(closed)
                continue
            behind.append(entry.id)
            with suppress(PlaceError):  # a full disk: then it stays open here, and its absence is proved once more
                self.note(closed)
        return tuple(behind), reason

    def _tell(self, closed: LedgerEntry) -> LabError | None:
        """Tells the store; returns why it could not be told. Nothing is written here before: a full disk is no hindrance."""
        try:
            self._put(closed)
        except LabError as error:
            return error
        return None

    def _forget(self, entry: LedgerEntry) -> None:
        if self.folder is None:
            return
        (self.folder / f"{entry.id}.json").unlink(missing_ok=True)
        (self.folder / f".{entry.id}.json.new").unlink(missing_ok=True)  # of a machine that lost its power while writing
        with suppress(OSError):  # there are others in it
            self.folder.rmdir()

    def _put(self, entry: LedgerEntry) -> None:
        if self._store is None:
            self._store = Store.from_environment(self._environment)
        self._store.put(entry.facts[KEY], entry.to_json())
