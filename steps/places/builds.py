"""Where what was built lies: a folder for each state of the sources, under the user's cache.

    $XDG_CACHE_HOME/benchlab/programs/go-3f2a91c07d4e/     what was kept, and built.json
    …/go.lock                                              held while one of that source is made
    …/go.log                                               what the last build of it printed
    …/.go-…                                                one that is being made

A folder has its name only when it is whole: it is made beside and renamed. Its digest is that of the sources, the commands and
the machine's type; with which versions of its tools it was made stands in built.json.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from steps.errors import PlaceError
from steps.model import Build, Model

IMAGES = Path(__file__).parent.parent.parent / "images"
RECORD = "built.json"
DIGITS = 12
# What tools leave among sources, and what only an image is made from.
FOREIGN = frozenset({"node_modules", "target", "bin", "obj", "__pycache__", "Dockerfile"})


class Built(Model):
    """built.json"""

    schema_version: int = 1
    source: str
    tools: dict[str, str] = {}  # name → what it said of its version
    took_s: float
    size_bytes: int  # of what was kept


@dataclass(frozen=True)
class Entry:
    """The place of one build in the cache, whether it is there or not."""

    folder: Path
    build: Build

    @classmethod
    def of(cls, build: Build, environment: Mapping[str, str]) -> Self:
        """The entry for the sources as they are now. Raises PlaceError: the sources are not here."""
        return cls(cache(environment) / f"{name_of(build)}-{digest_of(build, environment)}", build)

    @property
    def record(self) -> Built | None:
        """What is known of it; None: it was not built."""
        try:
            return Built.from_json((self.folder / RECORD).read_bytes(), source=str(self.folder / RECORD))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def whole(self, *, called: str) -> Built:
        """What is known of it. Raises PlaceError: it was not built, with the way to do so."""
        found = self.record
        if found is None:
            message = f"{called} is not built here from its sources as they are: python -m pipelines build {called}"
            raise PlaceError(message)
        return found


def cache(environment: Mapping[str, str]) -> Path:
    """The folder of all builds."""
    home = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", "~")).expanduser() / ".cache"
    return Path(home) / "benchlab" / "programs"


def name_of(build: Build) -> str:
    """`go` of `runtimes/go`."""
    return build.source.rpartition("/")[2]


def sources(build: Build, environment: Mapping[str, str]) -> dict[str, Path]:
    """The files of a build by their path in its folder. Raises PlaceError: there are none."""
    folder = Path(environment.get("BENCHLAB_IMAGES") or IMAGES) / build.source
    found = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    own = {name: path for name, path in found.items() if not any(part in FOREIGN or part.startswith(".") for part in name.parts)}
    if not own:
        message = f"there are no sources in {folder}: run from a checkout, or name its folder images in BENCHLAB_IMAGES"
        raise PlaceError(message)
    return {name.as_posix(): path for name, path in own.items()}


def digest_of(build: Build, environment: Mapping[str, str]) -> str:
    """Of everything that the result follows from, but for the versions of the tools. How long it takes is nothing of it."""
    said = hashlib.sha256(f"{build.model_dump_json(exclude={'by_hand'})}\n{platform.system()} {platform.machine()}\n".encode())
    for name, path in sources(build, environment).items():
        said.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return said.hexdigest()[:DIGITS]
