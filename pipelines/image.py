"""Images that are made from what is here, named by their content: a manifest then says which code made its figures.

Those of steps and tracers, and those of the folders in images/: the catalogue names them `benchlab.local/runtime-NAME:content`
(of images/runtimes/NAME) and `benchlab.local/program-NAME:content` (of images/programs/NAME).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from steps.errors import UsageError
from steps.model import Component
from steps.places.builds import FOREIGN

ROOT = Path(__file__).resolve().parent.parent
RECIPE = (ROOT / "images" / "steps" / "Dockerfile", ROOT / "requirements.steps.lock")
IMAGES = ROOT / "images"
OURS, CONTENT = "benchlab.local/", ":content"
STEPS, TRACE = "benchlab/steps", "benchlab/trace"
TRACE_RECIPE = (
    ROOT / "images" / "trace" / "Dockerfile",
    *(ROOT / "steps" / name for name in ("__init__.py", "bpftrace.py", "errors.py", "shell.py", "tracer.py")),
)
DIGITS = 12


def reference() -> str:
    """`benchlab/steps:` and twelve digits of the sha256 of what the image is made from."""
    return f"{STEPS}:{_digits((*RECIPE, *sorted((ROOT / 'steps').rglob('*'))), below=ROOT)}"


def trace_reference(beside: str | None = None) -> str:
    """The same for what a trace of pods runs in. beside: the image of the steps, whose registry it shares."""
    registry, found, _ = (beside or "").partition(STEPS)
    return f"{registry if found else ''}{TRACE}:{_digits(TRACE_RECIPE, below=ROOT)}"


def of_folder(said: str, *, images: Path = IMAGES) -> str:
    """The reference that is meant by `benchlab.local/runtime-go:content`, of its folder. Raises UsageError: there is none."""
    kind, _, name = said.removeprefix(OURS).removesuffix(CONTENT).partition("-")
    folder = images / f"{kind}s" / name
    found = [path for path in sorted(folder.rglob("*")) if _is_source(path.relative_to(folder))]
    if not found:
        message = f"there are no sources in {folder}: run from a checkout"
        raise UsageError(message)
    return f"{said.removesuffix(CONTENT)}:{_digits(found, below=folder)}"


def is_ours(said: str) -> bool:
    """Whether a reference stands for the content of a folder here."""
    return said.startswith(OURS) and said.endswith(CONTENT)


def tagged(component: Component) -> Component:
    """The component with the content's digits in the names of our images, its own and those of what it brings."""
    changes: dict[str, object] = {"brings": tuple(tagged(each) for each in component.brings)} if component.brings else {}
    image = component.image
    if image and is_ours(image.reference):
        changes["image"] = image.model_copy(update={"reference": of_folder(image.reference)})
    return component.model_copy(update=changes) if changes else component


def _is_source(path: Path) -> bool:
    """What tools leave beside sources is none; the recipe of the image itself is one."""
    return path.name == "Dockerfile" or not any(part in FOREIGN or part.startswith(".") for part in path.parts)


def _digits(paths: Iterable[Path], *, below: Path) -> str:
    total = hashlib.sha256()
    for path in paths:
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(path.relative_to(below).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:DIGITS]
