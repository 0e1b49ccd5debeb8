"""The image that steps run in, named by its content: a manifest then says which code made its figures."""

from __future__ import annotations

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECIPE = (ROOT / "images" / "steps" / "Dockerfile", ROOT / "requirements.steps.lock")


def reference() -> str:
    """`benchlab/steps:` and twelve digits of the sha256 of what the image is made from."""
    total = hashlib.sha256()
    for path in (*RECIPE, *sorted((ROOT / "steps").rglob("*"))):
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"benchlab/steps:{total.hexdigest()[:12]}"
