"""What BPF programs take, told apart by whose they are."""

import pytest

from steps.bpftrace import Cost, named

TEXT = """// PROGRAM frame
BEGIN { @on = 1; }
tracepoint:sched:sched_process_fork /@tree[tid]/ { }
// PROGRAM block-io
tracepoint:syscalls:sys_enter_fsync, tracepoint:syscalls:sys_enter_fdatasync /@on/ {
  printf("tracepoint:not:one");
}
// PROGRAM frame
interval:ms:20 /@on/ { exit(); }
END { clear(@on); }
"""
NAMES = ("frame", "block-io", "block-io", "frame")


def test_each_point_of_a_probe_is_a_program_of_its_own():
    """In the order of the text; what runs at the beginning and the end is not counted."""
    assert named(TEXT) == NAMES


def test_what_programs_took_is_told_apart_and_adds_up():
    """Per second, of what they took in between."""
    before = Cost(1_000, ((50, 1), (0, 0), (0, 0), (10, 1)), NAMES)
    after = Cost(2_000, ((60, 2), (100, 5), (30, 5), (20, 2)), NAMES)
    found = after.since(before)

    assert found["bpf_cores_of"] == pytest.approx({"frame": 0.02, "block-io": 0.13})
    assert found["bpf_cores"] == pytest.approx(0.15)


def test_programs_that_are_more_than_names_are_not_told_apart():
    """A version that splits probes otherwise: the sum holds, and nothing is guessed."""
    before, after = Cost(0, ((0, 0),) * 5, NAMES), Cost(1_000, ((20, 1),) * 5, NAMES)

    assert after.since(before)["bpf_cores"] == pytest.approx(0.1)
    assert after.since(before)["bpf_cores_of"] == {}


def test_programs_that_went_before_they_were_asked_are_not_zero():
    """Their descriptors close one after the other: what is left is no sum."""
    before, after = Cost(0, ((9, 1),) * 4, NAMES), Cost(1_000, ((20, 9),) * 3, NAMES)

    assert after.since(before)["bpf_cores"] is None
