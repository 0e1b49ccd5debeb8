"""Stacks as they were counted, folded as flame graphs read them: `command;outermost;…;innermost count`, a line each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from steps.attribution.split import part_of

UNKNOWN = "[unknown]"
SAID = {
    "cpu_wait": "wants a core",
    "disk": "waits for disk",
    "network": "waits to send",
    "futex": "waits at a futex",
    "other": "stopped",
    "idle": "idles",
}


def folded(stacks: Mapping[str, int]) -> str:
    """stacks: by key, which holds the kernel's stack, then the program's, innermost first, then the command."""
    lines: dict[str, int] = defaultdict(int)
    for key, count in stacks.items():
        traces, _, command = key.rpartition(",")
        lines[";".join((_command(command), *_frames(traces)))] += count
    return _text(lines)


def folded_waits(stacks: Mapping[str, int], kinds: Mapping[int, str]) -> dict[str, str]:
    """By what was waited for (`disk`, `idle` …): stacks with their microseconds, below a frame that says it.

    stacks: as of `folded`, their keys with the key of a wait in front (`off-cpu.bt`). kinds: of system calls, by number.
    """
    parts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for key, count in stacks.items():
        why, _, rest = key.partition(",")
        traces, _, command = rest.rpartition(",")
        part = part_of(int(why), kinds)
        parts[part][";".join((_command(command), f"[{SAID[part]}]", *_frames(traces)))] += count
    return {part: _text(lines) for part, lines in sorted(parts.items())}


def _text(lines: Mapping[str, int]) -> str:
    return "".join(f"{line} {count}\n" for line, count in sorted(lines.items()))


def _command(text: str) -> str:
    return text.split("\0", maxsplit=1)[0].strip() or "unknown"


def _frames(traces: str) -> list[str]:
    """From the outermost call to the innermost; those without a name that follow each other are one."""
    names = [_symbol(line) for line in reversed(traces.replace(",", "\n").splitlines()) if line.strip()]
    return [name for before, name in zip(("", *names), names, strict=False) if (before, name) != (UNKNOWN, UNKNOWN)]


def _symbol(line: str) -> str:
    """`do_syscall_64+93` → `do_syscall_64`; an address without a name is `[unknown]`."""
    name = line.strip().rsplit("+", 1)[0].replace(";", ":").replace(" ", "_")
    return UNKNOWN if name.startswith("0x") else name
