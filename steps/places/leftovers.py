"""Finds everything that belongs to a folder of components, ends it, and looks whether it is gone.

A component may have forked, daemonised, wiped its environment or outlived a killed keeper. So a process belongs to a folder
by any of four marks, each of which it would have to lose:
- the variable BENCHLAB_FOLDER, which every component and keeper is started with and which children inherit;
- its working directory, there or in the room that the ledger says it has elsewhere (a user's shell that looks around there has a
  terminal, and is left alone);
- the session of a keeper that the ledger knows;
- a listening socket that was the component's when it became ready.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from steps import processes
from steps.keeper import ORDER, POLITE_S
from steps.model import LedgerEntry
from steps.places import ports, shared_memory
from steps.places.base import Removal
from steps.processes import Process

MARK = "BENCHLAB_FOLDER"
KEEPER_S = POLITE_S + 3.0  # for ending its tree


def boot() -> str:
    """Which start of the machine this is: pids and sockets of an earlier one mean nothing."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@dataclass(frozen=True)
class Marks:
    """What the processes of a folder are known by."""

    folders: tuple[Path, ...]  # the one of the components, and those that some have elsewhere
    keepers: frozenset[tuple[int, int]]  # pid, started
    sockets: frozenset[str]
    ports: frozenset[int]

    @classmethod
    def of(cls, folder: Path, entries: Iterable[LedgerEntry]) -> Marks:
        """The folder's marks, as far as the ledger knows them."""
        entries = list(entries)
        facts = [entry.facts for entry in entries]
        known = [each for each in facts if each.get("boot") == boot()]
        return cls(
            folders=(folder, *rooms_of(entries)),
            keepers=frozenset(_pair(each["keeper"]) for each in known if "keeper" in each),
            sockets=frozenset(inode for each in known for inode in each.get("sockets", "").split()),
            ports=frozenset(int(port) for each in known for port in each.get("ports", "").split()),
        )

    def living_keepers(self) -> list[Process]:
        """The keepers that the ledger knows and that still live."""
        found = (processes.look(pid) for pid, _ in self.keepers)
        return [each for each in found if each and each.key in self.keepers and not each.zombie]

    def processes(self) -> list[Process]:
        """Every living process with one of the marks, except this one and those that it is a part of."""
        own = _lineage()
        listening = self.listening()
        return [
            each
            for each in processes.everyone()
            if not each.zombie
            and each.pid not in own
            and (self._marked(each) or (listening and ports.holds(each.pid, listening)))
        ]

    def listening(self) -> set[str]:
        """Those of the known sockets on which somebody still listens."""
        if not self.sockets:
            return set()
        return {inode for inodes in ports.listeners(self.ports).values() for inode in inodes} & self.sockets

    def _marked(self, process: Process) -> bool:
        return (
            self._in_session(process)
            or (process.terminal == 0 and self._holds(processes.working_directory(process.pid)))
            or self._holds(processes.variable(process.pid, MARK))
        )

    def _in_session(self, process: Process) -> bool:
        """A session lives on without its leader, whose pid is not used again before; one that is there is the same."""
        for pid, started in self.keepers:
            if process.session == pid and process.started >= started:
                leader = processes.look(pid)
                return leader is None or leader.started == started
        return False

    def _holds(self, path: str) -> bool:
        return any(path == str(folder) or path.startswith(f"{folder}/") for folder in self.folders)


def remove(folder: Path, *, entries: list[LedgerEntry], logs: Path | None) -> Removal:
    """Ends what belongs to the folder, keeps its logs, removes it, and looks whether all that is gone."""
    marks = Marks.of(folder, entries)
    had_folder = folder.exists()
    removed = [f"{entry.what}, of {entry.cell}" for entry in entries if "keeper" in entry.facts]
    removed += _end(marks)
    if logs is not None and had_folder:
        removed += _keep_logs(folder, logs)
    left = [f"process {each.pid} ({processes.name(each.pid)})" for each in marks.processes()]
    left += [f"a listener on port {port}" for port in _still_open(marks)]
    left += _remove_shared_memory([entry for entry in entries if entry.facts.get("boot") == boot()])
    if not left:
        left += [stays for each in marks.folders for stays in _remove_folder(each)]
    if had_folder and not folder.exists():
        removed.append(f"folder {folder}")
    proofs = {entry.id: _proof(entry) for entry in entries}
    return Removal(removed=tuple(removed), left=tuple(left), proofs=proofs)


def rooms_of(entries: Iterable[LedgerEntry]) -> list[Path]:
    """The folders that components of other users have outside of ours."""
    return [Path(entry.facts["room"]) for entry in entries if "room" in entry.facts]


def _end(marks: Marks) -> list[str]:
    """Keepers first, who end their trees; then whatever escaped them. Returns what had."""
    processes.end(marks.living_keepers, polite_s=KEEPER_S, within_s=KEEPER_S + 1)
    escaped = [f"process {each.pid} ({processes.name(each.pid)}), which no keeper held" for each in marks.processes()]
    processes.end(marks.processes, polite_s=POLITE_S)
    return escaped


def _remove_shared_memory(entries: list[LedgerEntry]) -> list[str]:
    shared_memory.remove(shared_memory.left_by(entries))
    return [f"shared memory segment {segment}" for segment in shared_memory.left_by(entries)]


def _still_open(marks: Marks) -> list[int]:
    """A socket closes with its last process: in moments."""
    deadline = time.monotonic() + 1.0
    while (inodes := marks.listening()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return [port for port, found in ports.listeners(marks.ports).items() if found & inodes]


def _keep_logs(folder: Path, logs: Path) -> list[str]:
    """Copies each component's log and configuration. What cannot be copied is said, and does not hold up the removal."""
    problems = []
    for order in sorted(folder.rglob(ORDER)):
        component = order.parent
        into = logs / component.parent.relative_to(folder)  # of a run: by cell
        for source, name in _worth_keeping(order):
            try:
                into.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, into / name)
            except OSError as error:
                problems.append(f"{source.name} of {component.name}, not copied: {error.strerror or error}")
    return problems


def _worth_keeping(order: Path) -> list[tuple[Path, str]]:
    """Files of a component's folder and their names among the logs."""
    component, config = order.parent.name, None
    with contextlib.suppress(OSError, ValueError, KeyError):
        config = json.loads(order.read_text())["config"]
    found = [
        (order.parent / f"{component}.log", f"{component}.log"),
        (order.parent / "keeper.log", f"{component}.keeper.log"),
    ]
    if config:
        found.append((order.parent / config, f"{component}.conf"))  # a whole path, where its room is elsewhere
    return [(path, name) for path, name in found if path.is_file() and (name.endswith(".conf") or path.stat().st_size)]


def _remove_folder(folder: Path) -> list[str]:
    """Removes the tree as far as it can be removed; returns the first thing that could not be."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        stays = sorted(folder.rglob("*"), key=lambda path: len(path.parts))[-1:] or [folder]
        return [f"{stays[0]} ({error.strerror})"] if folder.exists() else []
    return []


def _proof(entry: LedgerEntry) -> str:
    """How its absence was seen."""
    listened, room = entry.facts.get("ports", ""), entry.facts.get("room")
    closed = f", nobody listens on {listened} for it" if listened else ""
    shared = ", no shared memory of it" if "main" in entry.facts else ""
    folders = f"folder {entry.facts.get('folder', '?')} is gone" + (f" and so is {room}" if room else "")
    return f"no process by its folder, environment, session or sockets{closed}{shared}, {folders}"


def _pair(text: str) -> tuple[int, int]:
    pid, started = text.split()
    return int(pid), int(started)


def _lineage() -> set[int]:
    """This process and those it came from."""
    found: set[int] = set()
    pid = os.getpid()
    while pid and pid not in found:
        found.add(pid)
        process = processes.look(pid)
        pid = process.parent if process else 0
    return found
