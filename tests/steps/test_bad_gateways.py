"""Gateways with bad days: each ends in one clear sentence, and nothing of it stays."""

import os
import signal
import socket
import threading
import time

import pytest

from steps.errors import NotReady, PlaceError
from steps.places import ports
from tests.lab import experiment, get, port_of, usage

CELL = "envoy-500rps-r1"


def wait_until(true, *, within_s=10.0):
    deadline = time.monotonic() + within_s
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert true()


def test_missing_binary_names_its_variable(lab):
    """A binary that is not there is named with the variable that named it, before anything of it is created."""
    lab.environment["BENCHLAB_ENVOY"] = "/nowhere/envoy"

    with pytest.raises(PlaceError, match="BENCHLAB_ENVOY names /nowhere/envoy, and there is no such file"):
        lab.deploy(CELL)

    assert lab.deployed().failure == "BENCHLAB_ENVOY names /nowhere/envoy, and there is no such file"
    assert [each.name for each in lab.deployed().components] == ["upstream"]
    assert not (lab.state.cell(lab.run, CELL) / "envoy").exists()
    assert lab.teardown(CELL).left == ()
    assert (lab.processes(), lab.ledger()) == ([], [])


def test_crash_at_start_is_told_with_status_and_last_words(lab):
    """A program that ends before it is ready is named with its status and the last line it wrote."""
    lab.gateway('print("[critical] no such cluster: upstrem"); sys.exit(3)')

    with pytest.raises(NotReady) as caught:
        lab.deploy(CELL)

    assert str(caught.value) == (
        'envoy ended before it was ready, with status 3; its last line: "[critical] no such cluster: upstrem"'
    )
    assert lab.deployed().failure == str(caught.value)
    assert lab.teardown(CELL).left == ()
    assert (lab.logs / "envoy.log").read_text() == "[critical] no such cluster: upstrem\n"
    assert "port_value" in (lab.logs / "envoy.conf").read_text()


def test_death_by_signal_is_told_by_its_name(lab):
    """A program killed by a signal is not reported with a number."""
    lab.gateway("os.kill(os.getpid(), signal.SIGSEGV)")

    with pytest.raises(NotReady, match="envoy ended before it was ready, killed by SIGSEGV; it wrote nothing"):
        lab.deploy(CELL)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("time.sleep(60)", "found nobody listening"),
        ('serve(status=b"503 Service Unavailable")', "was answered 503"),
        pytest.param(
            'socket.create_server(("127.0.0.1", port)); server = socket.socket(); time.sleep(60)',
            "found nobody listening",
            marks=pytest.mark.slow,  # the same words as for who never listened
        ),
    ],
    ids=["does not listen", "answers 503", "stops listening"],
)
def test_never_ready_is_told_with_the_last_answer(lab, code, said):
    """A program that does not get ready in time is named with what its ready check met last."""
    lab.asked = experiment(ready_within_s=0.5)
    lab.gateway(code)

    with pytest.raises(NotReady, match=rf"envoy was not ready after 0\.5 s: GET /json {said}; it wrote nothing"):
        lab.deploy(CELL)

    assert lab.teardown(CELL).left == ()
    assert lab.processes() == []


def test_crash_under_load_is_seen_by_the_keeper(lab):
    """A program that dies later is remembered with its status; what it had used is not lost."""
    lab.gateway("serve(requests=3); os._exit(7)")
    endpoints = lab.deploy(CELL)

    get(f"{endpoints.target}/json")
    get(f"{endpoints.target}/json")
    wait_until(lambda: not usage(endpoints, "envoy").running)
    used = usage(endpoints, "envoy")

    assert (used.exit_status, used.processes, used.memory_mib) == (7, 0, None)
    assert used.cpu_s > 0
    assert usage(endpoints, "upstream").running
    assert lab.teardown(CELL).left == ()


ESCAPE = """
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    print("escaped", os.getpid(), flush=True)
    time.sleep(600)
serve()
"""


def test_component_that_leaves_its_session_stays_in_its_keepers_tree(lab):
    """A daemon with a session, a parent and a folder of its own is still ended by its keeper."""
    lab.gateway(ESCAPE)
    endpoints = lab.deploy(CELL)
    wait_until(lambda: usage(endpoints, "envoy").processes == 2)

    record = lab.teardown(CELL)

    assert (record.left, lab.processes()) == ((), [])
    assert not any("which no keeper held" in each for each in record.removed)


def test_component_that_outlived_its_keeper_is_found(lab):
    """Escaped from its session, and then its keeper was killed: teardown finds it by what it was started with, and says so."""
    lab.gateway(ESCAPE)
    endpoints = lab.deploy(CELL)
    wait_until(lambda: usage(endpoints, "envoy").processes == 2)
    escaped = int((lab.state.cell(lab.run, CELL) / "envoy" / "envoy.log").read_text().split()[1])

    for pid in keepers(lab):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not ports.listeners([port_of(endpoints.target)]))
    record = lab.teardown(CELL)

    assert f"process {escaped} (gateway), which no keeper held" in record.removed
    assert (record.left, lab.processes()) == ((), [])


def test_component_that_shed_every_mark_is_found_by_its_socket(lab):
    """Own session, own folder, empty environment, keeper killed: what it listens on still tells whose it is."""
    lab.gateway("""
if "bare" not in sys.argv:
    if os.fork() == 0:
        os.setsid()
        os.chdir("/")
        os.execve(sys.executable, [sys.executable, "-S", __file__, *sys.argv[1:], "bare"], {})
    time.sleep(600)
serve()
""")
    endpoints = lab.deploy(CELL)

    for pid in keepers(lab):
        os.kill(pid, signal.SIGKILL)
    record = lab.teardown(CELL)

    assert ports.listeners([port_of(endpoints.target)]) == {}
    assert record.left == ()


def keepers(lab):
    return [int(entry.facts["keeper"].split()[0]) for entry in lab.ledger()]


@pytest.mark.slow
def test_component_that_ignores_sigterm_is_killed(lab):
    """Who does not go when asked is killed after two seconds."""
    lab.gateway("signal.signal(signal.SIGTERM, signal.SIG_IGN); serve()")
    lab.deploy(CELL)

    began = time.monotonic()
    record = lab.teardown(CELL)

    assert 1.9 < time.monotonic() - began < 4.5
    assert (record.left, lab.processes()) == ((), [])


def test_wrong_body_is_no_matter_of_deploy(lab):
    """A gateway that answers 200 with other bytes gets ready; the load's checks are who finds it out."""
    lab.gateway('serve(body=b"<html>hello</html>")')

    endpoints = lab.deploy(CELL)

    assert get(f"{endpoints.target}/json") == b"<html>hello</html>"


def test_killed_keeper_takes_its_component_along(lab):
    """kill -9 of a keeper kills the component too; teardown still proves that all is gone."""
    endpoints = lab.deploy(CELL)

    for pid in keepers(lab):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not ports.listeners([port_of(endpoints.target)]), within_s=1.0)
    record = lab.teardown(CELL)

    assert (record.left, lab.processes(), lab.ledger()) == ((), [], [])


def test_keepers_end_with_their_run(lab, lock):
    """When nobody holds the run's lock any more, no component is left within two seconds, without any teardown."""
    endpoints = lab.deploy(CELL)

    lock.close()

    wait_until(lambda: lab.processes() == [], within_s=2.0)
    assert ports.listeners([port_of(url) for url in (endpoints.target, *endpoints.keepers.values())]) == {}


def test_no_run_no_component(lab, lock):
    """A component that is deployed when its run is gone does not stay."""
    lock.close()

    with pytest.raises(NotReady):
        lab.deploy(CELL)

    wait_until(lambda: lab.processes() == [], within_s=2.0)


def test_taken_port_is_answered_with_another_try(lab):
    """A program that finds its port taken is started again on another one, and the record says so."""
    lab.gateway(f"""
tried = {str(lab.folder / "tried")!r}
if not os.path.exists(tried):
    open(tried, "w").close()
    sys.exit("bind() to 127.0.0.1 failed (98: Address already in use)")
serve()
""")

    lab.deploy(CELL)

    assert [each.attempts for each in lab.deployed().components] == [1, 2]


def test_stranger_on_the_port_is_not_taken_for_the_component(lab):
    """An answer from outside the component's tree does not make it ready: it is started again on another port."""
    chosen = lab.folder / "chosen"
    lab.gateway(f"""
if not os.path.exists({str(chosen)!r}):
    open("draft", "w").write(str(port))
    os.rename("draft", {str(chosen)!r})
    time.sleep(600)
serve(body=b"mine")
""")
    deployed = threading.Event()
    stranger = threading.Thread(target=answer_instead, args=(chosen, deployed))
    stranger.start()

    endpoints = lab.deploy(CELL)
    deployed.set()
    stranger.join()

    assert get(f"{endpoints.target}/json") == b"mine"
    assert [each.attempts for each in lab.deployed().components] == [1, 2]


def answer_instead(chosen, deployed):
    """Takes the port that a file names, gives a good answer there, and stays."""
    wait_until(chosen.exists)
    with socket.create_server(("127.0.0.1", int(chosen.read_text()))) as server:
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother")
        deployed.wait(timeout=30)


def test_failed_component_leaves_the_others_to_teardown(lab):
    """What was ready stays until teardown, and deploy.json tells what was found out."""
    lab.gateway("sys.exit(1)")

    with pytest.raises(NotReady):
        lab.deploy(CELL)

    record = lab.deployed()
    assert [each.name for each in record.components] == ["upstream"]
    assert lab.processes() != []
    assert lab.teardown(CELL).left == ()
    assert lab.processes() == []
