"""The images that steps and tracers run in, named by their content: a manifest then says which code made its figures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECIPE = (ROOT / "images" / "steps" / "Dockerfile", ROOT / "requirements.steps.lock")
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


def _digits(paths: Iterable[Path], *, below: Path) -> str:
    total = hashlib.sha256()
    for path in paths:
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(path.relative_to(below).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:DIGITS]
