"""What is wrong with a manifest, found without a cluster, each finding with its place.

Argo accepts a wrong manifest and fails later. `pipelines.local.read` refuses what cannot be executed at all: unknown fields,
wrong types, references, tags and cycles. This page adds what could be executed and would still go wrong on a cluster.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines import select
from pipelines.discovery import NAMES
from pipelines.local import read
from pipelines.local.manifest import Manifest
from pipelines.local.references import place
from pipelines.local.spec import Call, Template
from steps.errors import ManifestError

TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
DNS = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# An object may have 1.5 MiB in etcd; what `main` gets stands three times in it, and the status of 200 cells needs room.
LARGEST_BYTES = 300_000


def all_of(what: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    """Findings by name: of all experiments and discoveries, or of the phases, experiments and files named."""
    from pipelines.discovery import documents as discoveries
    from pipelines.manifest import documents

    files = [name for name in what if name.endswith((".yaml", ".yml", ".json"))]
    ids = [name for name in what if name not in files] or ([] if files else [phase.id for phase in select.phases()])
    chosen = [experiment for wanted in ids for experiment in select.experiments(wanted)]
    of_files = [(name, of_file(Path(name))) for name in files]
    found = of_files + [(f"{each.phase}/{each.name}", of_documents(documents([each]))) for each in chosen]
    return found if what else found + [(name, of_documents(discoveries.documents(name))) for name in NAMES]


def of_file(path: Path) -> list[str]:
    """Every finding about a file."""
    try:
        return list(_findings(read.file(path)))
    except ManifestError as error:
        return [str(error)]


def of_documents(documents: list[dict[str, Any]]) -> list[str]:
    """Every finding about the documents of one manifest."""
    try:
        return list(_findings(read.documents(documents)))
    except ManifestError as error:
        return [str(error)]


def _findings(manifest: Manifest) -> Iterator[str]:
    for document in manifest.documents:
        size = len(json.dumps(document))
        if size > LARGEST_BYTES:
            yield f"{document.get('kind')}: has {size} bytes, more than the {LARGEST_BYTES} that leave room for its status"
    yield from _data(manifest)
    written = {_pattern(each.s3.key) for one in manifest.templates.values() for each in one.outputs.artifacts if each.s3}
    told: set[int] = set()
    for key, template in manifest.templates.items():
        if id(template) in told:  # what a Workflow takes from its WorkflowTemplate stands under both
            continue
        told.add(id(template))
        at = place(key)
        yield from _names(at, template)
        yield from _literal_paths(at, template)
        for artifact in template.inputs.artifacts:
            if artifact.s3 and _pattern(artifact.s3.key) not in written:
                yield f"{at}.inputs.artifacts[{artifact.name}]: reads {artifact.s3.key}, which no step writes"
        for call in _calls(template):
            yield from _call(f"{at}.{call.name}", call, manifest.templates[manifest.called(call, key[0])])


def _pattern(key: str) -> str:
    """A key with its tags made alike: two steps may name the same run by different tags."""
    return TAG.sub("*", key)


def _data(manifest: Manifest) -> Iterator[str]:
    """Data must not look like tags: Argo would fill them."""
    for parameter in manifest.spec.arguments.parameters:
        for tag in TAG.findall(str(parameter.value or "")):
            if not tag.strip().startswith("workflow."):
                yield f"spec.arguments.parameters[{parameter.name}]: holds {{{{{tag}}}}}, which Argo would take for a tag"


def _names(at: str, template: Template) -> Iterator[str]:
    for kind, name in (("template", template.name), *(("task", call.name) for call in _calls(template))):
        if not DNS.fullmatch(name):
            yield f"{at}: the {kind} name {name!r} is not a DNS label of at most 63 characters"


def _literal_paths(at: str, template: Template) -> Iterator[str]:
    """Literal paths would tie the manifest to a pod's file system."""
    if template.container is None:
        return
    artifacts = (*template.inputs.artifacts, *template.outputs.artifacts)
    paths = [each.path for each in artifacts if each.path]
    paths += [each.value_from.path for each in template.outputs.parameters if each.value_from and each.value_from.path]
    for word in (*template.container.command, *template.container.args):
        for path in paths:
            if path in word:
                yield f"{at}.container.args: names {path} literally; write the tag of its artifact or parameter"


def _calls(template: Template) -> Iterator[Call]:
    if template.dag:
        yield from template.dag.tasks
    for group in template.steps:
        yield from group


def _call(at: str, call: Call, called: Template) -> Iterator[str]:
    """What the called template needs and does not get, or gets and does not know."""
    for kind, given, declared in (
        ("parameters", call.arguments.parameters, called.inputs.parameters),
        ("artifacts", call.arguments.artifacts, called.inputs.artifacts),
    ):
        unknown = {each.name for each in given} - {each.name for each in declared}
        for name in sorted(unknown):
            yield f"{at}.arguments.{kind}[{name}]: {called.name} has no such input"
    for artifact in called.inputs.artifacts:
        supplied = artifact.s3 or artifact.raw or artifact.optional or artifact.name in {a.name for a in call.arguments.artifacts}
        if not supplied:
            yield f"{at}: does not give {called.name} its input artifact {artifact.name}"
