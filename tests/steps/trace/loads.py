"""Loads whose bottleneck is known: `python loads.py NAME FOLDER`. Each begins when the tracer that writes into FOLDER counts."""

from __future__ import annotations

import mmap
import os
import socket
import sys
import threading
import time
from pathlib import Path

PAGE = 4096
FSYNCS = 300
SENT_BYTES = 8_000_000
READ_BYTES = 64 * 1024 * 1024
LASTS_S = 3.5
BUSY_S = 2.5


def fsyncs(folder: Path) -> None:
    """Exactly FSYNCS writes of a page, each made safe."""
    with (folder / "journal").open("wb", buffering=0) as file:
        for _ in range(FSYNCS):
            file.write(b"x" * PAGE)
            os.fsync(file.fileno())


def busy(_: Path) -> None:
    """Computes in three processes, for two cores or fewer."""
    os.fork()
    os.fork()
    until = time.monotonic() + BUSY_S
    while time.monotonic() < until:
        pass


def lock(_: Path) -> None:
    """Six threads that hold one lock most of their time."""
    held, until = threading.Lock(), time.monotonic() + BUSY_S

    def work() -> None:
        while time.monotonic() < until:
            with held:
                time.sleep(0.002)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def parked(_: Path) -> None:
    """Six workers of a pool that wait for somebody to give them work: nothing is wrong with it."""
    more, until = threading.Condition(), time.monotonic() + BUSY_S

    def work() -> None:
        while time.monotonic() < until:
            with more:
                more.wait(0.5)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    while time.monotonic() < until:
        time.sleep(0.02)
        with more:
            more.notify()
    for thread in threads:
        thread.join()


def tcp(_: Path) -> None:
    """Sends SENT_BYTES to itself."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        there, _address = server.accept()
        for _ in range(SENT_BYTES // 80_000):
            client.sendall(b"x" * 80_000)
            left = 80_000
            while left:
                left -= len(there.recv(left))


def narrow(folder: Path) -> None:
    """Sends more than the other side takes."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        there, _address = server.accept()
        if os.fork() == 0:
            until = time.monotonic() + BUSY_S
            while time.monotonic() < until:
                there.recv(20_000)
                time.sleep(0.002)
            os._exit(0)
        there.close()
        try:
            while True:
                client.sendall(b"x" * 200_000)
        except OSError:
            return


def cold(folder: Path) -> None:
    """Reads a file that the page cache does not hold, page by page in no order that could be guessed."""
    until, size = time.monotonic() + BUSY_S, (folder / "data").stat().st_size
    with (folder / "data").open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        at = 0
        while time.monotonic() < until:
            at = (at + 7919 * PAGE) % size
            os.pread(file.fileno(), PAGE, at)
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def warm(folder: Path) -> None:
    """Reads a file that the page cache holds."""
    with (folder / "data").open("rb", buffering=0) as file:
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            file.seek(0)
            while file.read(1 << 20):
                pass


def idle(_: Path) -> None:
    """A server that answers a little now and then."""
    until = time.monotonic() + BUSY_S
    while time.monotonic() < until:
        time.sleep(0.01)


def main(name: str, folder: Path) -> None:
    """Waits for the tracer, then runs."""
    if name in {"cold", "warm"}:
        with (folder / "data").open("wb") as file:
            file.write(mmap.mmap(-1, READ_BYTES))
            os.fsync(file.fileno())
            if name == "cold":
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        (folder / "prepared").touch()
    output = folder / "bpftrace.json"
    while not (output.exists() and "ready " in output.read_text()):
        time.sleep(0.01)
    globals()[name](folder)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
    time.sleep(60)  # its keeper ends it
