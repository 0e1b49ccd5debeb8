"""Processes are found, told apart and ended without ever touching another."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from steps import processes


@pytest.fixture
def python():
    """Starts Python programs and waits for their first line; they are killed after the test."""
    started = []

    def start(code):
        argv = [sys.executable, "-S", "-c", f"import os, signal, sys, time, threading\n{code}"]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        started.append(process)
        process.stdout.readline()
        return process

    yield start
    for each in started:
        for process in processes.descendants(each.pid):
            processes.send(process, signal.SIGKILL)
        each.kill()
        each.wait()
        each.stdout.close()


SLEEP = "print(flush=True); time.sleep(600)"


def test_a_name_with_brackets_and_blanks_is_read():
    """The name in /proc/PID/stat may hold whatever its owner likes."""
    with Path("/proc/self/comm").open("r+") as file:
        before = file.read().strip()
        file.write("a) S 1 (b")
        file.flush()
        found = processes.look(os.getpid())
        assert processes.name(os.getpid()) == "a) S 1 (b"
        file.write(before)

    assert (found.pid, found.parent) == (os.getpid(), os.getppid())


def test_a_pid_without_a_process_is_nobody():
    """Looking at what is not there is no error."""
    assert processes.look(2**22 + 1) is None
    assert processes.name(2**22 + 1) == "gone"
    assert processes.working_directory(2**22 + 1) == ""
    assert processes.variable(2**22 + 1, "HOME") == ""


def test_children_of_threads_and_grandchildren_are_descendants(python):
    """A child belongs to the process, whichever of its threads made it."""
    process = python(f"""
def fork():
    if os.fork() == 0:
        if os.fork() == 0:
            time.sleep(600)
        time.sleep(600)
    time.sleep(600)
threading.Thread(target=fork, daemon=True).start()
time.sleep(0.3)
{SLEEP}""")

    found = processes.descendants(process.pid)

    assert len(found) == 2
    assert found[0].parent == process.pid
    assert found[1].parent == found[0].pid


def test_a_pid_that_was_used_again_is_not_signalled(python):
    """With the same pid but another start it is another process, and left alone."""
    process = python(SLEEP)
    found = processes.look(process.pid)

    processes.send(found._replace(started=found.started - 1), signal.SIGKILL)
    time.sleep(0.1)

    assert process.poll() is None


def test_what_ignores_sigterm_is_killed_and_what_obeys_is_not(python):
    """Everyone is asked first; only who stays is killed."""
    obedient = python(f"signal.signal(signal.SIGTERM, lambda *_: sys.exit(4)); {SLEEP}")
    stubborn = python(f"signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}")

    def living():
        found = [processes.look(each.pid) for each in (obedient, stubborn)]
        return [each for each in found if not each.zombie]

    assert processes.end(living, polite_s=0.5) == []
    assert (obedient.wait(), stubborn.wait()) == (4, -signal.SIGKILL)


def test_what_cannot_be_ended_is_returned():
    """Who finds something for ever gets it back, in bounded time."""
    me = processes.look(os.getpid())._replace(started=-1)  # never signalled

    assert processes.end(lambda: [me], polite_s=0.1, within_s=0.2) == [me]


def test_cpu_clock_reads_other_processes_exactly(python):
    """The CPU time of a tree is what the process itself reads on its clock."""
    process = python("""
while time.process_time() < 0.3: pass
os.write(1, f"{time.process_time()}\\n".encode())
time.sleep(600)""")

    def read():
        return processes.read_cpu(os.getpid()).cpu_ns / 1e9

    others = read() - processes._cpu_ns(processes.look(process.pid)) / 1e9

    assert read() - others >= 0.3
    assert read() - others == pytest.approx(0.3, abs=0.05)


def test_memory_names_its_kind(python):
    """PSS where the kernel permits it; a tree without processes has no memory, not zero."""
    process = python(f"block = bytearray(40 << 20); {SLEEP}")

    size, kind = processes.memory_kib([processes.look(process.pid)])

    assert kind == "pss"
    assert 40 << 10 < size < 70 << 10
    assert processes.memory_kib([]) == (None, None)


def test_memory_is_that_of_the_others_when_a_process_has_just_ended(python):
    """A database's processes come and go: one that is gone between the look and the reading is nobody's memory."""
    stays, goes = python(SLEEP), python(SLEEP)
    tree = [processes.look(each.pid) for each in (stays, goes)]
    goes.kill()
    goes.wait()

    assert processes.memory_kib(tree)[1] == "pss"
    assert processes.memory_kib(tree)[0] == pytest.approx(processes.memory_kib(tree[:1])[0], rel=0.05)


def test_a_process_is_known_by_its_folder_and_variables(python, tmp_path):
    """Working directory and starting environment are read as they are."""
    process = python(f"os.chdir({str(tmp_path)!r}); {SLEEP}")

    assert processes.working_directory(process.pid) == str(tmp_path)
    assert processes.variable(process.pid, "PATH") == os.environ["PATH"]
