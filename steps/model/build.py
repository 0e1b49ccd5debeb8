"""How a program is built here from sources of ours: with which tools, by which commands, and what is kept of it."""

from __future__ import annotations

from pydantic import Field

from steps.model.values import Model, Name


class Tool(Model):
    """What a build needs: an executable on PATH, or a file that a wheel brings."""

    name: Name  # `@{go}` in a command is its path
    version_argv: tuple[str, ...] = ("--version",)  # after the tool itself; nothing: it is not asked
    wheel: str | None = None
    file: str | None = None  # the end of its path among the wheel's files
    get: str  # how one gets it, in a few words: the way out where it is missing


class Build(Model):
    """A folder of sources, copied and turned into what a place runs. Without commands the copy itself is kept."""

    source: str = Field(pattern=r"^[a-z0-9_/-]+$")  # below images/: runtimes/go
    commands: tuple[tuple[str, ...], ...] = ()  # one after another, in the copy; words may name tools: @{go}
    needs: tuple[Tool, ...] = ()
    env: dict[str, str] = {}  # beside the user's own, where proxies and caches are told
    by_hand: str | None = None  # how long it takes, where that is too long for a run that needs it: it is built by name
    keep: tuple[str, ...] = ()  # files of the copy that are kept, side by side; none named: the whole copy
