"""Reads manifests: everything that cannot be executed here is refused, by its path, before anything starts."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import yaml
from pydantic import ValidationError

from pipelines.local import references
from pipelines.local.manifest import Manifest
from pipelines.local.part import Spec
from pipelines.local.spec import Document
from steps.errors import ManifestError

_KINDS = ("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate")


def file(path: Path) -> Manifest:
    """The manifest in a YAML or JSON file. Raises ManifestError: it is not there, or cannot be executed here."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise ManifestError(message) from error
    return documents(text, source=str(path))


def documents(source_text: str | Iterable[Mapping[str, Any]], *, source: str = "the manifest") -> Manifest:
    """The manifest in YAML or JSON text, or in documents that are parsed already; exactly one of them is a Workflow.

    source: what errors call it.
    Raises ManifestError: it cannot be read, or cannot be executed here; the message starts with the path of the reason.
    """
    raw = _parse(source_text, source) if isinstance(source_text, str) else [dict(each) for each in source_text]
    ignored: list[str] = []
    read = [_document(each, source, ignored) for each in raw]
    workflows = [each for each in read if each.kind == "Workflow"]
    if len(workflows) != 1:
        message = f"{source}: a manifest holds one Workflow, this one {len(workflows) or 'none'}"
        raise ManifestError(message)
    libraries = [each for each in read if each.kind != "Workflow"]
    return references.resolve(workflows[0], libraries, raw=raw, ignored=tuple(dict.fromkeys(ignored)))


def _parse(text: str, source: str) -> list[dict[str, Any]]:
    # libyaml reads ten times faster; a wheel without it still reads.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        found = [each for each in yaml.load_all(text, loader) if each is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        message = f"{source}: it is not YAML{where}: {getattr(error, 'problem', None) or error}"
        raise ManifestError(message) from error
    for each in found:
        if not isinstance(each, dict):
            message = f"{source}: a document of it is {type(each).__name__}, not a mapping"
            raise ManifestError(message)
    return found


def _document(raw: Mapping[str, Any], source: str, ignored: list[str]) -> Document:
    kind = raw.get("kind")
    if kind not in _KINDS:
        message = f"kind: {source} holds {_brief(kind)}, which is not executed here; there are {', '.join(_KINDS)}"
        raise ManifestError(message)
    metadata = raw.get("metadata")
    names = metadata if isinstance(metadata, Mapping) else {}
    named = f"{kind} {names.get('name') or names.get('generateName') or 'without a name'}"
    try:
        return Document.model_validate(_sift(raw, Document, "", named, ignored))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = f"{_named_path(raw, first['loc'])} ({named}): {first['msg']}, not {_brief(first['input'])}"
        raise ManifestError(message) from error


def _sift(raw: Mapping[str, Any], model: type[Spec], path: str, named: str, ignored: list[str]) -> dict[str, Any]:
    """The fields that are executed; tells the ignored ones apart and refuses the rest."""
    known = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    kept: dict[str, Any] = {}
    for key, value in raw.items():
        here = f"{path}.{key}" if path else str(key)
        if value is None:
            continue
        if key in known:
            kept[key] = _sift_value(value, known[key], here, named, ignored)
        elif key in model.ignored:
            ignored.append(_general(here))
        else:
            raise ManifestError(_refusal(model, key, here, named))
    return kept


def _sift_value(value: Any, annotation: Any, path: str, named: str, ignored: list[str]) -> Any:
    """Goes down into parts and lists of parts; anything else is the model's to check."""
    model = _part_of(annotation)
    if model is None:
        return value
    if isinstance(value, Mapping):
        return _sift(value, model, path, named, ignored)
    if isinstance(value, list | tuple):
        return [_sift_value(each, model, f"{path}[{_label(each, index)}]", named, ignored) for index, each in enumerate(value)]
    return value


def _part_of(annotation: Any) -> type[Spec] | None:
    """The kind of part that a field holds, itself or in lists."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return annotation
    if get_origin(annotation) in {Union, types.UnionType, tuple}:
        return next((found for each in get_args(annotation) if (found := _part_of(each))), None)
    return None


def _refusal(model: type[Spec], key: str, path: str, named: str) -> str:
    if key in model.refused:
        return f"{path} ({named}): {key} is not executed on one machine: {model.refused[key]}"
    fields = [field.alias or name for name, field in model.model_fields.items()]
    close = difflib.get_close_matches(key, [*fields, *model.ignored, *model.refused], n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(fields)}"
    return f"{path} ({named}): there is no such field{hint}"


def _label(value: Any, index: int) -> str:
    """People find things by name; what has none, by number."""
    return str(value["name"]) if isinstance(value, Mapping) and value.get("name") else str(index)


def _general(path: str) -> str:
    """A path without what it goes through, so that an ignored field is told once: `spec.templates[].metadata`."""
    return re.sub(r"\[[^\]]*\]", "[]", path)


def _named_path(raw: Any, location: tuple[int | str, ...]) -> str:
    path = ""
    here = raw
    for part in location:
        if isinstance(part, int):
            here = here[part] if isinstance(here, Sequence) and part < len(here) else None
            path += f"[{_label(here, part)}]"
        else:
            here = here.get(part) if isinstance(here, Mapping) else None
            path += f".{part}" if path else part
    return path


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
