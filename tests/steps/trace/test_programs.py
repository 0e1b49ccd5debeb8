"""The texts of the programs: what they need of a kernel, and the one that they are together."""

from collections import Counter
from pathlib import Path

import pytest

from steps.bpftrace import named
from steps.model import TraceProgram
from steps.model.trace_program import PRINTING
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


def test_single_events_are_printed_only_where_they_are_asked_for():
    """They cost more than counts: each goes out to the tracer."""
    plain, all_of_them = (together(TraceProgram, threads=[12], end_ns=77, events=asked) for asked in (False, True))

    def printing(text):
        return [line for line in text.splitlines() if 'printf("event ' in line]

    assert printing(plain) == []
    assert {program for program in TraceProgram if printing(together([program], end_ns=1, events=True))} == set(PRINTING)
    assert len(printing(all_of_them)) == 5
    assert "clear(@io_size)" in all_of_them
    assert "clear(@io_size)" not in plain


def test_each_probe_has_a_name_for_what_it_takes():
    """By it the kernel's figure of each is told; the text of a pod finds its threads at two points more."""
    programs = (TraceProgram.BLOCK_IO, TraceProgram.ON_CPU)
    here, there = named(together(programs, threads=[12], end_ns=77)), named(together(programs, hostname="pod-1"))

    assert Counter(here) == {"frame": 6, "block-io": 9, "on-cpu": 1}
    assert here[2:12] == ("block-io",) * 9 + ("on-cpu",)
    assert Counter(there) == {"frame": 8, "block-io": 9, "on-cpu": 1}


def test_whole_knows_its_threads_and_its_end():
    """Nothing is left to be filled in; nothing is counted before the last probe is there, or after the given moment."""
    text = together((TraceProgram.OFF_CPU, TraceProgram.TCP), threads=[12, 13], end_ns=77)

    assert "@tree[12] = (uint64)1; @tree[13] = (uint64)1;" in text
    assert "nsecs >= 77" in text
    assert not any(word in text for word in ("TARGET", "LIVE", "SEEDS", "PROGRAMS", "CLEARS", "END_NS"))
    assert text.count("\nEND {") == 1
    assert text.rstrip().splitlines()[-1].startswith("interval:")
