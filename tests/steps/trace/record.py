"""Records what each program prints under a load that makes it count: `python -m tests.steps.trace.record`. Needs root.

They are named by the tracer's version, so that those of other versions stay.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from steps.model import TraceProgram, TraceRecord
from steps.trace import tracer
from tests.steps.trace.golden import traced

RECORDED = Path(__file__).parent / "recorded"
EVENTS = RECORDED / "events"  # of a program that prints what it sees one by one, too
UNDER = {
    TraceProgram.OFF_CPU: "busy",
    TraceProgram.LOCKS: "lock",
    TraceProgram.BLOCK_IO: "fsyncs",
    TraceProgram.PAGE_CACHE: "cold",
    TraceProgram.MEMORY: "reclaim",
    TraceProgram.TCP: "shaped",
    TraceProgram.SYSCALLS: "tcp",
    TraceProgram.ON_CPU: "busy",
    TraceProgram.OFF_CPU_STACKS: "fsyncs",
}


def main() -> None:
    """Writes a file for each program."""
    version = re.search(r"v?(\d+\.\d+)", tracer.version() or "0.0")
    for program, load in UNDER.items():
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            record = traced(load, Path(folder), program)
            text = max(Path(folder).glob("try-*/bpftrace.json")).read_text(encoding="utf-8")
        _keep(RECORDED / f"{program}-{version[1]}.json", text, record)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        record = traced("fsyncs", Path(folder), events=True)
        text = max(Path(folder).glob("try-*/bpftrace.json")).read_text(encoding="utf-8")
    _keep(EVENTS / f"block-io-{version[1]}.json", text, record)


def _keep(path: Path, text: str, record: TraceRecord) -> None:
    path.write_text(text, encoding="utf-8")
    print(path.name, len(text), record.damage)


if __name__ == "__main__":
    main()
