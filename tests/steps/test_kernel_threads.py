"""The kernel's own threads: what they use is told apart from what programs use."""

import os

import pytest

from steps.kernel_threads import KernelThreads, times_ns


def told(*readings):
    """What is told of these readings, one after the other: pid → seconds."""
    left = iter([None if each is None else {pid: round(s * 1e9) for pid, s in each.items()} for each in readings])
    threads = KernelThreads(None, read=lambda _: next(left))
    return [threads.cpu_s() for _ in readings]


def test_gains_count_from_the_first_reading():
    """What was used before nobody knew of it is not of this load; a thread that is new was made since."""
    assert told({7: 100.0}, {7: 100.5}, {7: 101.0, 9: 0.25}) == pytest.approx([0, 0.5, 1.25])


def test_thread_that_ends_takes_nothing_back():
    """A worker that had used much ends in the middle of a window; another one gets its pid."""
    assert told({7: 100.0, 8: 1.0}, {8: 1.5}, {7: 0.25, 8: 1.5}) == pytest.approx([0, 0.5, 0.75])


def test_threads_that_cannot_be_seen_are_unknown():
    """Never 0: in a pod they are out of sight."""
    assert told(None, None) == [None, None]


def test_syncing_shows_in_the_kernels_own_time(tmp_path):
    """Of this machine: what a database makes the kernel do is there, and less than the cores had."""
    if times_ns(None) is None:
        pytest.skip("the kernel's own threads cannot be seen from here")
    threads = KernelThreads(None)
    threads.cpu_s()
    with (tmp_path / "log").open("wb") as file:
        for _ in range(50):
            file.write(bytes(8192))
            file.flush()
            os.fsync(file.fileno())

    assert 0 < threads.cpu_s() < 60


def test_threads_bound_to_other_cores_are_left_out():
    """Each core has threads of its own, so one core has fewer than all."""
    whole = times_ns(None)
    if whole is None or len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core, or the kernel's own threads cannot be seen from here")

    assert times_ns([0]).keys() < whole.keys()
