"""Programs of Debian packages, fetched with apt-get and unpacked without root into the user's cache: nothing is installed.

    $XDG_CACHE_HOME/benchlab/programs/debian-12-4f0c…/     the packages, one over the other, as they would lie under /
    …/debian.lock                                          held while one is made

A folder has its name only when it is whole. Which version it holds, the program says itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import platform
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from steps import shell
from steps.errors import PlaceError, Unavailable
from steps.places import builds

WITHIN_S = 300.0
DIGITS = 12


def root_of(packages: tuple[str, ...], environment: Mapping[str, str]) -> Path:
    """Where they are unpacked, or will be."""
    release = _release()
    digest = hashlib.sha256(" ".join((platform.machine(), release, *packages)).encode()).hexdigest()[:DIGITS]
    return builds.cache(environment) / f"debian-{release}-{digest}"


def fetched(packages: tuple[str, ...], environment: Mapping[str, str]) -> bool:
    """Whether they are here."""
    return root_of(packages, environment).is_dir()


def check(packages: tuple[str, ...], environment: Mapping[str, str]) -> None:
    """Raises Unavailable: they are not here, and this is no Debian that could fetch them."""
    if not fetched(packages, environment):
        for tool in ("apt-get", "dpkg-deb"):
            if shutil.which(tool, path=environment.get("PATH")) is None:
                message = f"it comes with Debian's packages ({packages[0]}), and there is no {tool} here"
                raise Unavailable(message)


def fetch(packages: tuple[str, ...], environment: Mapping[str, str]) -> Path:
    """The folder they are unpacked in, fetched now if they are not there. Raises Unavailable: they cannot be had, and why."""
    root = root_of(packages, environment)
    if root.is_dir():
        return root
    check(packages, environment)
    root.parent.mkdir(parents=True, exist_ok=True)
    with (root.parent / "debian.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not root.is_dir():
            for old in root.parent.glob(".debian-*"):  # of one that was killed: nobody else is here now
                shutil.rmtree(old, ignore_errors=True)
            draft = Path(tempfile.mkdtemp(prefix=".debian-", dir=root.parent))
            try:
                _unpack(packages, draft, environment).rename(root)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    return root


def _unpack(packages: tuple[str, ...], draft: Path, environment: Mapping[str, str]) -> Path:
    into = draft / "root"
    into.mkdir()
    env = {**environment, "LANG": "C.UTF-8"}
    try:
        shell.ask(
            ("sh", "-c", 'cd "$1" && shift && exec apt-get download "$@"', "sh", str(draft), *packages),
            env=env,
            within_s=WITHIN_S,
        )
        for package in sorted(draft.glob("*.deb")):
            shell.ask(("dpkg-deb", "-x", str(package), str(into)), env=env, within_s=WITHIN_S)
    except PlaceError as error:
        message = f"Debian's {packages[0]} could not be fetched (apt-get update may help): {str(error).rpartition(': ')[2]}"
        raise Unavailable(message) from error
    return into


def _release() -> str:
    """`12`; unknown where this is no Debian, and then nothing is fetched."""
    try:
        text = Path("/etc/os-release").read_text()
    except OSError:
        return "unknown"
    return next((line.partition("=")[2].strip('"') for line in text.splitlines() if line.startswith("VERSION_ID=")), "unknown")
