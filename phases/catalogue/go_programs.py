"""Programs in Go that are built here: from a folder of ours in images/programs, or from somebody's module that is pinned there.

source       main.go, go.mod and go.sum
somebody's   go.mod and go.sum; the module's own main package is built, and told which version it is
"""

from __future__ import annotations

from steps.model import Build, Program, Tool

GO_TOOL = Tool(name="go", version_argv=("version",), get="install Go 1.26 or later (https://go.dev/dl)")
GO_ENV = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"}
BUILD = ("@{go}", "build", "-trimpath", "-buildvcs=false")
STRIPPED = "-ldflags=-s -w"


def from_source(name: str) -> Program:
    """Ours, of images/programs/NAME."""
    return _program(name, (*BUILD, STRIPPED, "-o", name, "."))


def from_module(name: str, package: str, *, version: str, told: str = "--version", by_hand: str | None = None) -> Program:
    """Somebody's, pinned in images/programs/NAME.

    package: of its main. version: the variable that holds its version, and what it is to say, as the linker takes them.
    told: the word to which it says it. by_hand: how long it takes, where that is too long for a run that needs it.
    """
    words = (*BUILD, "-o", name, f"{STRIPPED} -X {version}", package)
    return _program(name, words, told=told, by_hand=by_hand)


def _program(name: str, words: tuple[str, ...], *, told: str = "--version", by_hand: str | None = None) -> Program:
    build = Build(source=f"programs/{name}", needs=(GO_TOOL,), commands=(words,), env=GO_ENV, by_hand=by_hand, keep=(name,))
    return Program(built=build, file=name, version_argv=("@{program}", told))
