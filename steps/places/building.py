"""Builds programs from our sources: looks for the tools, copies, runs the commands, keeps the result. Safe to do side by side.

A tool that is missing is `Unavailable`, and says how to get it. A command that fails is a failure, with its last lines.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from steps import shell
from steps.errors import PlaceError, Unavailable
from steps.model import Build, Tool
from steps.places import wheels
from steps.places.builds import RECORD, Built, Entry, name_of, sources
from steps.places.templates import fill

TOLD_LINES = 12  # of a failed build
LONGEST_S = 3600.0  # Loki has two thousand packages, and cores may be busy


def tools_of(build: Build, environment: Mapping[str, str]) -> dict[str, Path]:
    """The tools by name. Raises Unavailable: one is missing, with the way to get it."""
    return {tool.name: _tool(tool, environment) for tool in build.needs}


def _tool(tool: Tool, environment: Mapping[str, str]) -> Path:
    if tool.wheel and tool.file:
        found = wheels.file_of(tool.wheel, tool.file)
    else:
        on_path = shutil.which(tool.name, path=environment.get("PATH"))
        found = Path(on_path) if on_path else None
    if found is None:
        message = f"there is no {tool.name} here: {tool.get}"
        raise Unavailable(message)
    return found


def versions_of(build: Build, tools: Mapping[str, Path], environment: Mapping[str, str]) -> dict[str, str]:
    """What the tools say of their versions, in a line each. Raises Unavailable: one is there and does not run."""
    return {tool.name: _version(tool, tools[tool.name], environment) for tool in build.needs if tool.version_argv}


def _version(tool: Tool, path: Path, environment: Mapping[str, str]) -> str:
    try:
        said = shell.ask([str(path), *tool.version_argv], env=environment).splitlines()
    except PlaceError as error:
        message = f"{tool.name} does not run here ({error}): {tool.get}"
        raise Unavailable(message) from error
    return said[0] if said else "it does not say its version"


def due(build: Build, environment: Mapping[str, str]) -> bool:
    """Whether it has to be built: it never was, or not with the tools that are here now.

    Raises Unavailable: it was never built, and cannot be, for a tool is missing; PlaceError: the sources are not here.
    """
    entry = Entry.of(build, environment)
    record = entry.record
    try:
        found = versions_of(build, tools_of(build, environment), environment)
    except Unavailable:
        if record is None:
            raise
        return False  # what was built stays good
    return record is None or record.tools != found


def make(build: Build, environment: Mapping[str, str]) -> Built:
    """Builds it, unless another process just did. Raises Unavailable, PlaceError: a command failed."""
    entry = Entry.of(build, environment)
    entry.folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(entry.folder.parent / f"{name_of(build)}.lock"):
        if not due(build, environment) and entry.record:
            return entry.record
        for old in entry.folder.parent.glob(f".{name_of(build)}-*"):  # of a build that was killed: nobody else is here now
            shutil.rmtree(old, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{name_of(build)}-", dir=entry.folder.parent))
        try:
            return _made(build, entry, draft, environment)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One at a time of a source, whoever asks."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _made(build: Build, entry: Entry, draft: Path, environment: Mapping[str, str]) -> Built:
    work, began = draft / "work", time.monotonic()
    for name, path in sources(build, environment).items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, work / name)
    tools = tools_of(build, environment)
    log = entry.folder.parent / f"{name_of(build)}.log"
    log.unlink(missing_ok=True)
    for command in build.commands:
        _run(command, build, tools=tools, work=work, log=log, environment=environment)
    kept = _kept(build, work, draft / "kept")
    record = Built(
        source=build.source,
        tools=versions_of(build, tools, environment),
        took_s=round(time.monotonic() - began, 1),
        size_bytes=sum(path.stat().st_size for path in kept.rglob("*") if path.is_file() and not path.is_symlink()),
    )
    (kept / RECORD).write_text(record.to_json())
    if entry.folder.exists():  # made with other versions of its tools; what runs from it keeps its files
        entry.folder.rename(draft / "replaced")
    kept.rename(entry.folder)
    return record


def _run(
    command: tuple[str, ...],
    build: Build,
    *,
    tools: Mapping[str, Path],
    work: Path,
    log: Path,
    environment: Mapping[str, str],
) -> None:
    """Raises PlaceError: it failed, with the last lines that it printed."""
    known = {name: str(path) for name, path in tools.items()}
    argv = [fill(word, known, source=f"images/{build.source}: command") for word in command]
    program = shell.start(argv, cwd=work, env={**environment, **build.env}, log=log, dies_with_parent=True)
    ended = shell.ends_within(program, LONGEST_S)
    if not ended:
        shell.signal_group(program, shell.KILL)
        program.wait()
    if not ended or program.returncode:
        how = f"ended with status {program.returncode}" if ended else f"did not end within {LONGEST_S:g} s"
        last = "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-TOLD_LINES:])
        message = f"images/{build.source} could not be built: `{' '.join(command)}` {how}; the whole of it: {log}\n{last}"
        raise PlaceError(message)


def _kept(build: Build, work: Path, folder: Path) -> Path:
    """What is kept of a build, in a folder of its own. Raises PlaceError: something was not made."""
    if not build.keep:
        work.rename(folder)
        return folder
    folder.mkdir()
    for name in build.keep:
        if not (work / name).is_file():
            message = f"images/{build.source}: its commands ended well and made no {name}"
            raise PlaceError(message)
        os.replace(work / name, folder / Path(name).name)  # noqa: PTH105  # into a folder, under its own name
    return folder
