"""The keeper: what it counts, what it ends, and how it is told to."""

import json
import os
import signal
import socket
import sys
import time
from itertools import pairwise

import pytest

from steps import keeper, processes, shell
from steps.keeper import Started
from steps.model import Usage
from steps.places.attempt import PACKAGES
from tests.lab import RUN, get


class Kept:
    """A keeper with a Python program as its component."""

    def __init__(self, folder, state, code):
        self.folder = folder
        self.log = folder / "component.log"
        order = {
            "component": "burner",
            "argv": [sys.executable, "-S", "-c", code],
            "env": {},
            "log": str(self.log),
            "run": RUN,
            "lock": str(state.lock),
            "cpus": None,
            "host": "127.0.0.1",
        }
        (folder / keeper.ORDER).write_text(json.dumps(order))
        argv = [sys.executable, "-P", "-S", "-m", "steps.keeper", str(folder)]
        self.process = shell.start(argv, cwd=folder, env={"PYTHONPATH": str(PACKAGES)}, log=folder / "keeper.log")
        wait_until((folder / keeper.STARTED).exists)
        self.started = Started.read(folder)

    def usage(self):
        return Usage.from_json(get(f"http://127.0.0.1:{self.started.port}/usage"), source="usage")

    def said(self, word):
        """Waits for a line of the component that begins with the word, and returns all such lines' rests."""
        wait_until(lambda: self.log.exists() and f"{word} " in self.log.read_text())
        return [line.removeprefix(f"{word} ") for line in self.log.read_text().splitlines() if line.startswith(f"{word} ")]

    def end(self):
        self.process.terminate()
        return self.process.wait(timeout=10)


def wait_until(true, within_s=20.0):
    deadline = time.monotonic() + within_s
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert true()


@pytest.fixture
def keep(state, lock, tmp_path):
    """Starts a keeper for a program; whatever of it is left after the test is killed."""
    kept = []

    def start(code):
        folder = tmp_path / f"component-{len(kept)}"
        folder.mkdir()
        kept.append(Kept(folder, state, code))
        return kept[-1]

    yield start
    for each in kept:
        for process in processes.descendants(each.started.pid):
            processes.send(process, signal.SIGKILL)
        each.process.kill()
        each.process.wait()


BURN = """
import os, signal, sys, time

def burn(seconds):
    while time.process_time() < seconds:
        pass

def say(word, value):
    os.write(1, f"{word} {value}\\n".encode())

def worker(seconds):
    if os.fork() == 0:
        burn(seconds)
        say("used", time.process_time())
        os._exit(0)
"""


def test_time_of_workers_that_ended_is_neither_lost_nor_counted_twice(keep):
    """Waited for by their parent, orphaned, not waited for at all, or alive: the sum is what each of them says it used."""
    kept = keep(
        BURN
        + """
worker(0.5); os.wait()                       # waited for by its parent
if os.fork() == 0:                           # orphans, whom the keeper waits for
    worker(0.4); os.wait(); worker(0.3)
    say("used", time.process_time()); os._exit(0)
os.wait()
worker(0.6)                                  # not waited for: a zombie
burn(0.5)
os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
say("used", time.process_time())
say("done", "")
time.sleep(600)
"""
    )

    kept.said("done")
    wait_until(lambda: len(kept.said("used")) == 6)
    expected = sum(map(float, kept.said("used")))

    assert kept.usage().cpu_s == pytest.approx(expected, rel=0.05)
    kept.end()


@pytest.mark.slow
def test_count_never_goes_back_while_workers_come_and_go(keep):
    """Read in the middle of workers that end and are waited for, the sum only grows, and in the end it is right."""
    kept = keep(
        BURN
        + """
for _ in range(40):
    worker(0.02); worker(0.02)
    os.wait(); os.wait()
say("used", time.process_time())
say("done", "")
time.sleep(600)
"""
    )

    seen = []
    while "done" not in (kept.log.read_text() if kept.log.exists() else ""):
        seen.append(kept.usage().cpu_s)
    expected = sum(map(float, kept.said("used")))

    # What a living parent has waited for is shown in ticks of 10 ms.
    assert all(later >= earlier - 0.011 for earlier, later in pairwise(seen))
    assert kept.usage().cpu_s == pytest.approx(expected, rel=0.05)


def test_reading_is_a_usage_of_the_vocabulary(keep):
    """The hand-written JSON has every field of `Usage`, with the main process's own figures."""
    kept = keep("import time; block = bytearray(50 << 20); print('done', flush=True); time.sleep(600)")
    wait_until(lambda: kept.usage().memory_mib > 50)

    used = kept.usage()

    assert set(json.loads(get(f"http://127.0.0.1:{kept.started.port}/usage"))) == set(Usage.model_fields)
    assert (used.component, used.running, used.exit_status) == ("burner", True, None)
    assert (used.processes, used.threads, used.memory_kind) == (1, 1, "pss")
    assert 50 < used.memory_mib < 80
    assert json.loads(get(f"http://127.0.0.1:{kept.started.port}/kept"))["kept_bytes"] > 0  # its own orders and logs
    assert abs(used.monotonic_ns - time.monotonic_ns()) < 2e9


def test_keeper_gives_way_to_its_component(keep):
    """The keeper's own work is less urgent than its component's, whose urgency is as it was."""
    kept = keep("import time; time.sleep(600)")
    kept.usage()

    mine = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, kept.started.component_pid) == mine
    assert os.getpriority(os.PRIO_PROCESS, kept.started.pid) == min(mine + 10, 19)


def test_written_bytes_of_ended_workers_are_kept(keep):
    """What a worker wrote to storage stays in the sum after it ended."""
    kept = keep(
        BURN
        + """
if os.fork() == 0:
    with open("data", "wb") as file:
        file.write(bytes(8 << 20)); file.flush(); os.fsync(file.fileno())
    os._exit(0)
os.wait(); say("done", ""); time.sleep(600)
"""
    )

    kept.said("done")

    written = kept.usage().write_bytes
    assert written == 0 or written >= 8 << 20  # a file system in memory counts nothing


def test_end_of_the_main_process_is_remembered(keep):
    """The keeper stays when its component has ended, tells how, and keeps its figures."""
    kept = keep(BURN + "burn(0.2); sys.exit(5)")
    wait_until(lambda: not kept.usage().running)

    used = kept.usage()

    assert (used.exit_status, used.processes, used.memory_mib, used.memory_kind) == (5, 0, None, None)
    assert used.cpu_s == pytest.approx(0.2, rel=0.1)
    assert json.loads((kept.folder / keeper.ENDED).read_text())["exit_status"] == 5
    assert json.loads(get(f"http://127.0.0.1:{kept.started.port}/health")) == {
        "component": "burner",
        "running": False,
        "exit_status": 5,
    }


@pytest.mark.slow
def test_sigterm_ends_a_tree_that_keeps_forking(keep):
    """A tree whose every process ignores SIGTERM and forks anew is gone when its keeper is."""
    kept = keep(
        BURN
        + """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
say("done", "")
while True:
    if os.fork() == 0:
        os.setsid()
        while True:
            if os.fork() == 0:
                time.sleep(600)
            time.sleep(0.2)
    time.sleep(0.2)
"""
    )
    kept.said("done")
    tree = {each.key for each in processes.descendants(kept.started.pid)}

    assert kept.end() == 0
    assert not tree & {each.key for each in processes.everyone() if not each.zombie}
    assert not [each for each in processes.everyone() if each.session == kept.started.pid and not each.zombie]


def test_lock_of_another_run_ends_the_component_too(keep, lock):
    """A new run that took the lock at once does not keep an old run's components alive."""
    kept = keep("import time; time.sleep(600)")
    lock.seek(0)
    lock.truncate()
    json.dump({"run": "another", "pid": os.getpid()}, lock)
    lock.flush()

    assert kept.process.wait(timeout=15) == 0
    assert "nobody holds" in (kept.folder / "keeper.log").read_text()


def test_lock_of_a_later_part_of_the_run_ends_the_component_too(keep, lock):
    """A run that is finished later has its old name, but components of its first part are not its own."""
    kept = keep("import time; time.sleep(600)")
    lock.seek(0)
    lock.truncate()
    json.dump({"run": RUN, "pid": os.getpid(), "since": "later"}, lock)
    lock.flush()

    assert kept.process.wait(timeout=15) == 0


def test_slow_and_wrong_questions_do_not_hold_up_others(keep):
    """A connection that says nothing, and a path that is not there, leave the keeper answering."""
    kept = keep("import time; time.sleep(600)")
    with socket.create_connection(("127.0.0.1", kept.started.port)) as silent:
        silent.sendall(b"GET /us")
        with socket.create_connection(("127.0.0.1", kept.started.port)) as wrong:
            wrong.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            assert wrong.recv(4096).startswith(b"HTTP/1.1 404 ")

        assert kept.usage().running


def test_keeper_imports_little():
    """A keeper is started for every component of every cell: pydantic and servers are left out, so that it takes moments."""
    code = "import sys, steps.keeper; print(*sys.modules)"

    loaded = shell.ask([sys.executable, "-S", "-P", "-c", code], env={"PYTHONPATH": str(PACKAGES)}).split()

    assert not {"pydantic", "http.server", "asyncio", "logging", "dataclasses", "steps.model"} & set(loaded)
