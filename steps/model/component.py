"""A component: a program that can be deployed, as a process here and as a pod there, from one entry.

Texts of a component (argv, env, configuration) carry placeholders, written `@{…}` because `{}`, `$` and `{{` belong to
nginx, Caddy and Argo:

    @{app}                                                the folder of what was built for an interpreter
    @{program} @{config} @{folder} @{host} @{workers}     the program, its rendered configuration, a private folder, the
                                                          address to bind, how many workers each contender may have
    @{bin}                                                the folder that the program is in, for what comes with it
    @{port} @{port.NAME}                                  the component's first port, or the one of that name
    @{COMPONENT.host} @{COMPONENT.port}                   where a component that was deployed before this one answers
    @{COMPONENT.port.NAME}                                the same, at the port of that name
    @{upstream.host} @{upstream.port}                     that of the component that this one names as its upstream
    @{before.name} @{before.host} @{before.port}          the component that was deployed right before this one
    @{identity}                                           a folder with ca.pem, cert.pem and key.pem, where it has an identity
    @{reached}                                            the address at which others reach it: its Service's name, in a pod
    @{KEY}                                                an entry of the component's own `settings`
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from steps.model.build import Build
from steps.model.durability import DurabilityClass, Durable
from steps.model.keeping import Keeps
from steps.model.outbox import Outbox
from steps.model.values import Model, Name, Positive

Speaks = Name  # http, postgresql, mysql, sqlite; of a broker X the driver is steps/drivers/broker_X.py
EMBEDDED: tuple[Speaks, ...] = ("sqlite",)  # what speaks so is no server, but a library in a process of ours
HEX = "^([0-9a-f]{2})*$"  # bytes as text


class Port(Model):
    """A port by name. In a pod it has this number; as a process it is any free one."""

    name: Name
    number: int = Field(ge=1024, le=65535)


class Ready(Model):
    """The check that says a component can be measured: a path answers 2xx, or a port takes connections.

    A database may take them before it can serve them: it is greeted with `hello`, and is ready when its answer begins with
    `answer`.
    """

    path: str | None = Field(default=None, pattern="^/")
    port: Name | None = None  # None: the first port
    within_s: Positive = 20.0
    tcp: bool = False
    hello: str = Field(default="", pattern=HEX)
    answer: str = Field(default="", pattern=HEX)

    @property
    def said(self) -> str:
        """What is asked, in words."""
        return "a connection" if self.path is None else f"GET {self.path}"

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.path is None) != self.tcp:
            message = "a ready check has either a path or tcp=True"
            raise ValueError(message)
        if bool(self.hello) != bool(self.answer) or (self.hello and not self.tcp):
            message = "a ready check greets over tcp: hello and answer go together, with tcp=True"
            raise ValueError(message)
        return self


SOURCES = ("wheel", "built", "debian")  # of a program


class Program(Model):
    """Where the executable comes from: a wheel, a build of our own sources, Debian; or what `BENCHLAB_<COMPONENT>` names."""

    wheel: str | None = None
    file: str  # the end of its path among the wheel's files, its name among what was built, or its path in the packages
    libraries: str | None = None  # a folder beside it for LD_LIBRARY_PATH
    version_argv: tuple[str, ...]  # prints version and build options
    built: Build | None = None
    debian: tuple[str, ...] = ()  # packages, fetched with apt-get and unpacked without root

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in SOURCES if getattr(self, name)]
        if len(given) != 1:
            message = f"program {self.file}: give one of {', '.join(SOURCES)}"
            raise ValueError(message)
        return self


class Process(Model):
    """How the component runs as a plain process; every text may carry placeholders."""

    program: Program
    argv: tuple[str, ...] = Field(min_length=1)
    env: dict[str, str] = {}
    app: Build | None = None  # what an interpreter runs: `@{app}` is the folder it was built to
    prepare: tuple[
        tuple[str, ...], ...
    ] = ()  # run one after the other in its folder, before it starts; in a pod as init containers
    as_user: bool = False  # it refuses to be root's: where we are root, it runs as `nobody`


class Image(Model):
    """How the component runs in a pod: the program's own upstream image, with the same words and configuration as the process."""

    reference: str = Field(pattern=r"^[a-z0-9.-]+(:[0-9]+)?/[a-z0-9._/-]+:[A-Za-z0-9._-]+$")  # whole: registry, name and tag
    program: str = Field(pattern="^/")  # the executable's path in it
    capabilities: tuple[Literal["NET_BIND_SERVICE"], ...] = ()  # the one that Pod Security "restricted" lets a container keep
    app: str | None = Field(default=None, pattern="^/")  # the folder that `@{app}` is in it
    user: int | None = Field(default=None, ge=1)  # a program that looks itself up needs the user that its image knows


class Resources(Model):
    """What a pod asks for. No limit of CPU: the kernel's throttling would be in every percentile."""

    cpu_request_cores: Positive = 0.25
    memory_mib: int = Field(
        default=256, ge=16
    )  # asked for and at most: a contender that needs more is ended, and its cell says so


class Parity(Model):
    """What makes contenders alike, or not: the row of this component in the parity table. Empty: there is no such thing."""

    workers: str
    upstream_keep_alive: str = ""
    tls: str = ""
    access_log: str = ""
    buffering: str = ""
    more: dict[str, str] = {}  # what only these contenders have: heading → how it is set


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
    speaks: Speaks = "http"  # what a load has to speak with it
    optional: bool = False  # where its program cannot be had, it is a row with the reason instead of a failure
    brings: tuple[Component, ...] = ()  # what it has beside itself and others have not: deployed before it, in this order
    watched_by: tuple[Component, ...] = ()  # the same, deployed after it: they ask it, and must know where it is
    keeps: Keeps | None = None  # what it stores of the contender that it watches: counted after the load
    identity: Name | None = None  # who it is in mTLS: each cell makes a certificate for it, spiffe://benchlab.dev/NAME
    classes: dict[DurabilityClass, Durable] = {}  # of a broker: how it keeps messages, class by class
    upstream: Name | None = None  # one of those before it, whatever its name: one template serves at every place of a chain
    rotates_s: Positive | None = None  # how often its keeper exchanges its certificate, to which the link `live` leads
    hop: int | None = Field(default=None, ge=1)  # its place in a chain: it is there under loads of so many hops or more
    files: Literal["disk", "memory"] = "disk"  # what its folder `@{folder}` is on: in memory no fsync waits for a device
    workers: int | None = Field(default=None, ge=1)  # in the place of the experiment's `workers`: a contender that has more
    outbox: Outbox | None = None  # where each of its transactions leaves a message, counted around the load
    landscape: str | None = None  # "Level / Category" of the CNCF landscape, "… / Name" where it has another; None: not in it

    @property
    def parts(self) -> tuple[Component, ...]:
        """What is deployed for it, in order: what it brings, itself, who asks it. A direct path has nothing of its own."""
        return () if self.direct else (*self.brings, self, *self.watched_by)

    @property
    def beside(self) -> tuple[Component, ...]:
        """All of it but itself."""
        return (*self.brings, *self.watched_by)

    def lacks(self, durability: DurabilityClass) -> str | None:
        """Why it cannot keep messages in that class; None: it can."""
        if durability not in self.classes:
            return f"{self.title} declares no class {durability}"
        return self.classes[durability].lacking or None

    def keeping(self, durability: DurabilityClass) -> Self:
        """The component as it is set up for a class that it has."""
        return self.model_copy(update={"settings": self.settings | self.classes[durability].settings})

    def parts_under(self, hops: int | None) -> tuple[Component, ...]:
        """Those of them that are there under a load of so many hops."""
        return tuple(each for each in self.parts if each.reached(hops))

    def reached(self, hops: int | None) -> bool:
        """Whether it is there under a load of so many hops; what has no place in a chain always is."""
        return self.hop is None or (hops is not None and self.hop <= hops)

    def again(self) -> Self:
        """A copy under another name, to be compared with the original. Raises ValidationError: the name becomes too long."""
        changes = {"name": f"{self.name}-again", "title": f"{self.title} again", "same_as": self.same_as or self.name}
        return type(self).model_validate(dict(self) | changes)

    def under(
        self,
        name: str,
        *,
        env: dict[str, str] | None = None,
        argv: tuple[str, ...] = (),
        prepare: tuple[tuple[str, ...], ...] = (),
        **changes: Any,
    ) -> Self:
        """The same program under another name and set up otherwise, for another place in a chain. Raises ValidationError.

        env, argv, prepare: beside those that it has.
        """
        process = self.process
        if process is not None:
            more = {
                "env": process.env | (env or {}),
                "argv": (*process.argv, *argv),
                "prepare": (*process.prepare, *prepare),
            }
            process = process.model_copy(update=more)
        return type(self).model_validate(
            dict(self) | {"name": name, "same_as": self.same_as or self.name, "process": process} | changes
        )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.direct:
            if self.process or self.ports or self.config or self.beside:
                message = f"component {self.name}: direct means no program, so no process, ports, config or brings"
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

    @model_validator(mode="after")
    def _rotates_what_it_has(self) -> Self:
        if self.rotates_s and not self.identity:
            message = f"component {self.name}: rotates_s goes with an identity"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _publishes_where_it_can(self) -> Self:
        if self.outbox:
            broker = next((each for each in self.brings if each.name == self.outbox.broker), None)
            if broker is None or broker.lacks(self.outbox.durability):
                reason = broker.lacks(self.outbox.durability) if broker else f"it does not bring {self.outbox.broker}"
                message = f"component {self.name}: it cannot publish: {reason}"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _brings_single_ones(self) -> Self:
        for each in self.beside:
            if each.beside or each.direct:
                message = f"component {self.name}: brings {each.name}, which is not a single program"
                raise ValueError(message)
        return self
