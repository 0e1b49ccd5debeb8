"""The texts of the programs: what they need of a kernel, and the one that they are together."""

from pathlib import Path

import pytest

from steps.model import TraceProgram
from steps.trace.parsed import MARKS
from steps.trace.programs import text_of, together, tracepoints

DOCS = Path(__file__).parent.parent.parent.parent / "docs" / "tracing.md"


@pytest.mark.parametrize("program", TraceProgram)
def test_every_program_counts_only_the_target_while_it_counts(program):
    """Each probe of a program has its condition; only the last words of all clear maps without one."""
    probes = [line for line in text_of(program).splitlines() if line.startswith(("tracepoint:", "profile:"))]

    assert probes
    assert [line for line in probes if "/TARGET" not in line and "/LIVE" not in line] == []


@pytest.mark.parametrize("program", TraceProgram)
def test_every_program_is_described(program):
    """In its own head, and on the page about traces."""
    assert text_of(program).startswith("// ")
    assert f"`{program}`" in DOCS.read_text()


def test_programs_use_tracepoints_only():
    """Kprobes and fentry are locked away on many machines."""
    texts = "".join(text_of(program) for program in TraceProgram)

    assert not any(word in texts for word in ("kprobe", "kfunc", "fentry", "kretprobe"))
    assert "block/block_io_start" in tracepoints([TraceProgram.BLOCK_IO])


def test_maps_that_may_be_too_small_are_printed():
    """Their size is told by nothing else."""
    text = together(TraceProgram, threads=[12], end_ns=77)

    assert all(f"{name}[" in text for name in MARKS)
    assert [name for name in MARKS if f"clear({name})" in text] == []


def test_whole_knows_its_threads_and_its_end():
    """Nothing is left to be filled in; nothing is counted before the last probe is there, or after the given moment."""
    text = together((TraceProgram.OFF_CPU, TraceProgram.TCP), threads=[12, 13], end_ns=77)

    assert "@tree[12] = (uint64)1; @tree[13] = (uint64)1;" in text
    assert "nsecs >= 77" in text
    assert not any(word in text for word in ("TARGET", "LIVE", "SEEDS", "PROGRAMS", "CLEARS", "END_NS"))
    assert text.count("\nEND {") == 1
    assert text.rstrip().splitlines()[-1].startswith("interval:")
