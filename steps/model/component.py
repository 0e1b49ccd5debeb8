"""A component: a program that can be deployed, as a process here and as a pod there, from one entry.

Texts of a component (argv, env, configuration) carry placeholders, written `@{…}` because `{}`, `$` and `{{` belong to
nginx, Caddy and Argo:

    @{program} @{config} @{folder} @{host} @{workers}     the program, its rendered configuration, a private folder, the
                                                          address to bind, how many workers each contender may have
    @{port} @{port.NAME}                                  the component's first port, or the one of that name
    @{COMPONENT.host} @{COMPONENT.port}                   where a component that stands around the contender answers
    @{KEY}                                                an entry of the component's own `settings`
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from steps.model.values import Model, Name, Positive


class Port(Model):
    """A port by name. In a pod it has this number; as a process it is any free one."""

    name: Name
    number: int = Field(ge=1024, le=65535)


class Ready(Model):
    """The check that says a component can be measured: this path answers 2xx."""

    path: str = Field(pattern="^/")
    port: Name | None = None  # None: the first port
    within_s: Positive = 20.0


class Program(Model):
    """Where the executable comes from: a file in a wheel, or what `BENCHLAB_<COMPONENT>` names."""

    wheel: str
    file: str  # the end of its path among the wheel's files
    libraries: str | None = None  # a folder beside it for LD_LIBRARY_PATH
    version_argv: tuple[str, ...]  # prints version and build options


class Process(Model):
    """How the component runs as a plain process; every text may carry placeholders."""

    program: Program
    argv: tuple[str, ...] = Field(min_length=1)
    env: dict[str, str] = {}


class Image(Model):
    """How the component runs in a pod: the program's own upstream image, with the same words and configuration as the process."""

    reference: str = Field(pattern=r"^[a-z0-9.-]+(:[0-9]+)?/[a-z0-9._/-]+:[A-Za-z0-9._-]+$")  # whole: registry, name and tag
    program: str = Field(pattern="^/")  # the executable's path in it
    capabilities: tuple[Literal["NET_BIND_SERVICE"], ...] = ()  # the one that Pod Security "restricted" lets a container keep


class Resources(Model):
    """What a pod asks for. No limit of CPU: the kernel's throttling would be in every percentile."""

    cpu_request_cores: Positive = 0.25
    memory_mib: int = Field(
        default=256, ge=16
    )  # asked for and at most: a contender that needs more is ended, and its cell says so


class Parity(Model):
    """What makes contenders alike, or not: the row of this component in the parity table."""

    workers: str
    upstream_keep_alive: str
    tls: str
    access_log: str
    buffering: str


class Component(Model):
    """A program that can be compared, or that a contender needs beside it."""

    name: Name
    title: str
    version: str  # the one that is pinned; what really ran is asked and recorded
    ports: tuple[Port, ...] = ()
    process: Process | None = None
    image: Image | None = None  # None: it cannot run in a pod
    resources: Resources = Resources()
    config: str | None = None  # name of the template in phases/configs
    ready: Ready | None = None
    settings: dict[str, str] = {}
    parity: Parity | None = None
    direct: bool = False  # no program at all: the load goes straight to what stands around
    same_as: Name | None = None  # the component that this is a copy of, under another name: the same program
    landscape: str | None = None  # its category in the CNCF landscape, for discovery; None: it is not in it

    def again(self) -> Self:
        """A copy under another name, to be compared with the original. Raises ValidationError: the name becomes too long."""
        changes = {"name": f"{self.name}-again", "title": f"{self.title} again", "same_as": self.same_as or self.name}
        return type(self).model_validate(dict(self) | changes)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.direct:
            if self.process or self.ports or self.config:
                message = f"component {self.name}: direct means no program, so no process, ports or config"
                raise ValueError(message)
        elif self.process is None or not self.ports or self.ready is None:
            message = f"component {self.name}: needs a process, a port and a ready check (or direct=True)"
            raise ValueError(message)
        names = [port.name for port in self.ports]
        if len(set(names)) != len(names):
            message = f"component {self.name}: two ports have the same name"
            raise ValueError(message)
        if self.ready and self.ready.port and self.ready.port not in names:
            message = f"component {self.name}: the ready check names a port that is not there: {self.ready.port}"
            raise ValueError(message)
        return self
