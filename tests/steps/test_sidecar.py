"""The keeper beside a component that is not its child: what it counts, and when it says that the component has ended."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from steps import processes, running, shell
from steps.model import Running, Usage, digest
from steps.places.attempt import PACKAGES
from steps.sidecar import Sidecar, neighbours
from tests.lab import get

NOBODY = 0  # outside a pod the first process waits for others' orphans too
BURN = """
import os, time
def burn(seconds):
    while time.process_time() < seconds:
        pass
if os.fork() == 0:
    burn(0.3); os._exit(0)
os.wait()
if os.fork() == 0:
    burn(0.2); time.sleep(600)
burn(0.1)
print("done", flush=True)
time.sleep(600)
"""


@pytest.fixture
def program():
    """A program that is nobody's here, with a worker that ended and one that lives: together 0.6 s of CPU time."""
    started = subprocess.Popen([sys.executable, "-S", "-c", BURN], stdout=subprocess.PIPE, text=True)
    assert started.stdout.readline() == "done\n"
    time.sleep(0.3)
    yield started
    for each in tree(started):
        processes.send(each, 9)
    started.wait()
    started.stdout.close()


def tree(program):
    main = processes.look(program.pid)
    return [main, *processes.descendants(program.pid)] if main else []


def test_neighbours_time_is_counted_from_its_start(program):
    """Of workers that ended as of those that live, though the keeper came later than all of them."""
    used = Usage(**Sidecar("burner", config=None, find=lambda: tree(program), first=NOBODY).usage())

    assert used.cpu_s == pytest.approx(0.6, abs=0.12)
    assert (used.running, used.exit_status, used.processes, used.memory_kind) == (True, None, 2, "pss")


def test_end_is_noticed_and_another_life_is_not_taken_for_it(program):
    """What Kubernetes starts in its place has another instance; the time of the first one stays as it was last read."""
    found = tree(program)
    beside = Sidecar("burner", config=None, find=lambda: found, first=NOBODY)
    before = Usage(**beside.usage())
    instance = Running(**beside.running()).instance

    for each in tree(program):
        processes.send(each, 9)
    program.wait()
    found = [processes.look(1)]  # whatever else runs now

    after = Usage(**beside.usage())
    assert instance.startswith(f"{program.pid} ")
    assert (after.running, after.exit_status, after.cpu_s >= before.cpu_s) == (False, None, True)
    assert Running(**beside.running()).instance is None
    assert beside.health() == {"component": "burner", "running": False, "exit_status": None}


def test_keeper_answers_beside_a_component(tmp_path):
    """As its container starts it: without site-packages, on a port that is given, until it is told to end."""
    config = tmp_path / "config"
    config.write_text("listen 1;\n")
    port = free_port()
    argv = [sys.executable, "-P", "-S", "-m", "steps.keeper", "--beside", "burner", "--port", str(port), "--config", str(config)]
    argv += ["--folder", str(tmp_path)]
    started = shell.start(argv, cwd=tmp_path, env={"PYTHONPATH": str(PACKAGES)}, log=tmp_path / "log")
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/health"))

        assert set(json.loads(get(f"{url}/usage"))) == set(Usage.model_fields)
        assert Running.from_json(get(f"{url}/running"), source="x").config_digest == digest("listen 1;\n")
        assert json.loads(get(f"{url}/kept"))["kept_bytes"] >= 4096
    finally:
        started.terminate()
    assert started.wait(timeout=5) == 0


def test_start_to_ready_is_what_the_keeper_saw(program):
    """To some ten milliseconds, though the API tells of a pod's start a second or two later."""
    beside = Sidecar("burner", config=None, find=lambda: tree(program), first=NOBODY)
    assert Running(**beside.running()).ready_ms is None
    with http_server(b"503 no") as unready, pytest.raises(TimeoutError):
        within(0.3, beside.watch, unready, "/")
    with http_server(b"200 OK") as ready:
        within(2, beside.watch, ready, "/")

    lived_ms = running.boot_ms() - processes.look(program.pid).started * processes.TICK_NS / 1e6
    assert Running(**beside.running()).ready_ms == pytest.approx(lived_ms, abs=100)


@contextmanager
def http_server(answer):
    """Answers each connection in the same way; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connection.recv(4096)
                    connection.sendall(b"HTTP/1.1 " + answer + b"\r\n\r\n")
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def within(seconds, call, *given):
    thread = threading.Thread(target=call, args=given, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError


def test_keeper_does_not_count_itself():
    """Nor the first process of the pod, which waits for orphans."""
    assert not {1, os.getpid()} & {each.pid for each in neighbours()}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def answers(url):
    try:
        return bool(get(url))
    except OSError:
        return False


def wait_until(true, within_s=10.0):
    deadline = time.monotonic() + within_s
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert true()
