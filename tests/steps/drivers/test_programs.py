"""What all programs of a machine use, but for the driver and the kernel's own threads."""

import os
import subprocess
import sys
import time

import pytest

from steps import processes
from steps.drivers.programs import Programs, cores_since
from steps.kernel_threads import times_ns

BURN = "import time; [None for _ in iter(lambda: time.process_time() < 0.3, False)]; print(flush=True)"


def reading():
    """Where all programs can be seen."""
    found = Programs.read()
    if found is None:
        pytest.skip("not every program of this machine can be seen from here")
    return found


@pytest.fixture
def before():
    """A reading."""
    return reading()


@pytest.mark.parametrize("script", ['"$0" -c "$1; input()"', '"$0" -c "$1"; read line'], ids=["living", "ended"])
def test_another_program_is_counted(before, script):
    """A neighbour that computed for 0.3 s is there, whether it still lives or somebody waited for it."""
    words = ("/bin/sh", "-c", script, sys.executable, BURN)
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as burner:
        burner.stdout.readline()
        time.sleep(0.05 if "read" in script else 0)  # until it is waited for
        used_s = cores_since(before) * (time.monotonic_ns() - before.at_ns) / 1e9
        burner.communicate(b"\n")

    assert used_s > 0.25


def test_program_that_ended_does_not_hide_another():
    """It takes what it had used with it: nobody who is looked at waited for it, for it was a child of this process."""
    with subprocess.Popen((sys.executable, "-c", f"{BURN}; input()"), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as burner:
        burner.stdout.readline()
        before = reading()
        burner.communicate(b"\n")
    with subprocess.Popen((sys.executable, "-c", BURN), stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        used_s = cores_since(before) * (time.monotonic_ns() - before.at_ns) / 1e9
    assert used_s > 0.25


def test_what_a_program_used_before_is_not_told_once_more_by_who_waited_for_it():
    """A shell that waits for a child shows all that it ever used, as its own."""
    words = ("/bin/sh", "-c", '"$0" -c "$1; input()"; echo; read line', sys.executable, BURN)
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as shell:
        shell.stdout.readline()
        before = reading()
        shell.stdin.write(b"\n")
        shell.stdout.readline()
        used_s = cores_since(before) * (time.monotonic_ns() - before.at_ns) / 1e9
        shell.communicate(b"\n")
    assert used_s < 0.25


def test_own_time_is_not_among_that_of_others(before):
    """Else a driver that polls would be its own neighbour."""
    own = processes.used_ns(processes.look(os.getpid()))  # first: it grows while the others are looked at
    everyone = sum(processes.used_ns(each) for each in processes.everyone() if each.pid not in times_ns(None))

    assert own > 0
    assert everyone - sum(ns for _, ns in before.used.values()) >= own


def test_programs_that_cannot_be_seen_use_nobody_knows_what():
    """Never 0."""
    assert cores_since(None) is None
