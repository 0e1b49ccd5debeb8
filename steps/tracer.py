"""What runs in a tracer's pod: `python3 -m steps.tracer look POINT…`, or `… count`.

The pod has no token, no network and no volume of the node: it is told by its words and by BENCHLAB_PROGRAM, a bpftrace text, and
tells by its log, in lines of JSON: {"able", "why", "tool"} of a look, and of a trace {"armed_unix_ns"} when all is attached,
{"ready_ns"}, {"piece"} for each piece of what was printed, and last {"over": {…}}. The standard library only: nothing else is in
the image. Whoever ends it, with SIGKILL too, ends what it had attached: the kernel drops the programs of who is gone.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import platform
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from steps import bpftrace, shell
from steps.errors import LabError, MeasureError

PROGRAM = "BENCHLAB_PROGRAM"
ROOM = Path("/benchlab")
PIECE = 8000  # letters of a line: a container's runtime cuts lines at 16 KiB
STARTS_S = 40.0  # it took 0.5 s, on a full machine eight
LONGEST_DELAY_S = 60.0
COST_EVERY_S = 0.25


def look(points: Sequence[str]) -> None:
    """Says whether programs at these tracepoints can run on this node, which is tried."""
    why = bpftrace.missing_tool() or bpftrace.refused(points)
    say(able=why is None, why=why, tool=bpftrace.version())


def count(text: str, room: Path = ROOM) -> None:
    """Lets a text count for as long as it says, and says what it printed. Raises MeasureError: it did not count."""
    with bpftrace.run_times(), bpftrace.tracing(text, room) as running:
        armed_ns = running.await_ready(STARTS_S, mark="armed")
        ahead_ns = bpftrace.clock_ns() - time.time_ns()
        say(armed_unix_ns=armed_ns - ahead_ns)
        running.await_ready(LONGEST_DELAY_S)
        first = last = running.cost()
        say(ready_ns=bpftrace.clock_ns())
        while not shell.ends_within(running.program, COST_EVERY_S):
            last = max(last, running.cost(), key=_whole)  # what its programs took goes with its descriptors, one after the other
        printed = running.await_end(bpftrace.STOPS_S)
    node = {"machine": platform.machine(), "cpus": os.cpu_count(), "ahead_ns": ahead_ns}
    tell(printed, over={"cost": last.since(first), "tool": bpftrace.version(), **node})


def _whole(cost: bpftrace.Cost) -> tuple[int, int]:
    return len(cost.taken), cost.runs


def tell(printed: str, *, over: Mapping[str, object]) -> None:
    """Says a long text in pieces, and last how many there were and what they are together."""
    text = base64.b64encode(gzip.compress(printed.encode())).decode()
    pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
    for each in pieces:
        say(piece=each)
    say(over={**over, "pieces": len(pieces), "sha256": hashlib.sha256(text.encode()).hexdigest()})


def heard(log: str) -> tuple[str, dict[str, Any]]:
    """The other end of `tell`: the text, and what was said of it. Raises MeasureError: it is not whole."""
    said = lines(log)
    over = next((each["over"] for each in said if isinstance(each.get("over"), dict)), None)
    if not isinstance(over, dict):
        rest = [line for line in log.splitlines() if line.strip() and not line.startswith("{")]
        message = f"the tracer ended without a result: {rest[-1].strip() if rest else 'it said nothing'}"
        raise MeasureError(message)
    text = "".join(str(each["piece"]) for each in said if "piece" in each)
    if hashlib.sha256(text.encode()).hexdigest() != over.get("sha256"):
        message = "what the tracer printed did not arrive whole: its log was cut or changed"
        raise MeasureError(message)
    return gzip.decompress(base64.b64decode(text)).decode(), over


def lines(log: str) -> list[dict[str, Any]]:
    """What of a log is ours; other lines are complaints of what it ran."""
    found = []
    for line in log.splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict):
            found.append(said)
    return found


def say(**what: object) -> None:
    """A line of the log."""
    print(json.dumps(what), flush=True)


def main(argv: Sequence[str]) -> int:
    """Looks or counts; what goes wrong is one sentence."""
    # The first process of a container is not ended by a signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if argv[0] == "look":
            look(argv[1:])
        else:
            count(os.environ[PROGRAM])
    except LabError as error:
        print(f"tracer: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
