"""What a program says of its version and build options, without what is not of the program but of when and where it was asked."""

from __future__ import annotations

import re

LONGEST = 1200
MACHINE = "Running on:"  # HAProxy's line of the kernel
# Of a program that says its version through its logger, as Jaeger does: 2026/11/29 17:13:18, 2026-11-29T17:13:18.123Z
MOMENT = re.compile(r"^\d{4}[/-]\d\d[/-]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\s+")


def own_version(said: str) -> str:
    """Its lines, the same whenever and wherever the same program is asked; "" where it says nothing."""
    lines = (MOMENT.sub("", line.strip()) for line in said.splitlines())
    whole = "\n".join(re.sub(r"\s+", " ", line) for line in lines if line and not line.startswith(MACHINE))
    return whole if len(whole) <= LONGEST else f"{whole[:LONGEST]}…"
