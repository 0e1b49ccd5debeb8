"""The only module that starts processes.

Everything else asks here, so that sessions, environments, cores, parents and time limits are set in one place.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from steps.errors import PlaceError

Program = subprocess.Popen[bytes]  # one that was started here

KILL = signal.SIGKILL
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def start(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    cpus: Sequence[int] | None = None,
    pass_fds: Sequence[int] = (),
    own_session: bool = True,
    dies_with_parent: bool = False,
    user: int | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a program with output appended to `log` and nothing to read, in a session of its own unless told otherwise.

    cpus: the cores it and its children may use; None leaves them as they are.
    dies_with_parent: Linux kills it when the caller ends, however that happens (its own children it does not).
    user: whom it runs as, in the group of that number and no other; None: the caller.
    Raises PlaceError: the program is not there, or may not be executed.
    """
    libc = _libc() if dies_with_parent and sys.platform == "linux" else None
    caller = os.getpid()

    def confine() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
            if os.getppid() != caller:  # it ended before the kernel was told
                os._exit(1)
        if cpus is not None and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, cpus)

    with log.open("ab") as output:
        try:
            return subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=own_session,
                pass_fds=tuple(pass_fds),
                preexec_fn=confine,  # after the change of user, at which the kernel forgets what it was told of the parent
                user=user,
                group=user,
                extra_groups=None if user is None else (),
            )
        except OSError as error:
            message = f"cannot start {argv[0]}: {error.strerror or error}"
            raise PlaceError(message) from error


def run_apart(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], out: Path, err: Path) -> Program:
    """Starts a program in a session of its own, with its two streams appended to files; they may be the same file.

    Nothing is done between fork and exec, so the kernel need not copy this process: threads may call it side by side.
    Raises PlaceError: the program is not there, or may not be executed.
    """
    with out.open("ab") as output, err.open("ab") as errors:
        try:
            return subprocess.Popen(
                list(argv), cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True
            )
        except OSError as error:
            message = f"cannot start {argv[0]}: {error.strerror or error}"
            raise PlaceError(message) from error


def signal_group(process: Program, number: signal.Signals) -> None:
    """Sends a signal to a program and everything in its process group; what has ended does not mind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def ends_within(process: Program, seconds: float) -> bool:
    """Waits so long for a program to end; whether it did."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def await_end(process: Program) -> None:
    """Waits until a program ends, and ends what it left in its process group.

    What moved into a session of its own stays: a component outlives the step that deployed it. The program is not reaped
    yet, so until `reap` nobody else can get its number, and a signal cannot meet a stranger.
    """
    if hasattr(os, "waitid"):
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        signal_group(process, signal.SIGKILL)


def reap(process: Program) -> int:
    """The exit status of a program, as shells count it: 128 and the signal that ended it."""
    status = process.wait()
    return 128 - status if status < 0 else status


def adopt_orphans() -> None:
    """Makes this process the parent of every descendant that loses its own: none can leave its tree."""
    _libc().prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Makes the kernel kill this process when its parent ends, however that happens. What it started is not told."""
    if sys.platform == "linux":
        _libc().prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def ask(argv: Sequence[str], *, env: Mapping[str, str], within_s: float = 10.0) -> str:
    """What a program prints, both streams together, stripped.

    Raises PlaceError: it is not there, ends with a status other than 0, or takes too long.
    """
    try:
        done = subprocess.run(
            list(argv),
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=within_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        message = f"{argv[0]} did not answer within {within_s:g} s"
        raise PlaceError(message) from error
    except OSError as error:
        message = f"cannot start {argv[0]}: {error.strerror or error}"
        raise PlaceError(message) from error
    said = done.stdout.decode(errors="replace").strip()
    if done.returncode != 0:
        message = f"{' '.join(argv)} ended with status {done.returncode}: {said.splitlines()[-1] if said else 'no output'}"
        raise PlaceError(message)
    return said
