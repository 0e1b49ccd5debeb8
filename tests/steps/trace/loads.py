"""Loads whose bottleneck is known: `python loads.py NAME FOLDER`. Each begins when the tracer that writes into FOLDER counts.

Those whose work is not counted exactly go on for as long as they live. What has to be there before (a file, a link) is made
before that, and then FOLDER/prepared. FOLDER/group holds the control group to be in. They go before other work on the machine, or
a full machine would be what they wait for.
"""

from __future__ import annotations

import mmap
import os
import socket
import sys
import threading
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.steps.trace import links

PAGE = 4096
FSYNCS = 300
SENT_BYTES = 8_000_000
READ_BYTES = 64 * 1024 * 1024
LASTS_S = 3.5
BEFORE_OTHERS = -15
LOCKED = mmap.MAP_SHARED | 0x2000  # MAP_LOCKED, which Python does not name
KEPT: list[mmap.mmap] = []  # in memory: some virtual machines take pages of the page cache back, 1 or 2 MB at a time

QUOTA_CORES, QUOTA_PROCESSES = 0.4, 2
MEMORY_BYTES = 64 * 1024 * 1024  # of the load that is short of it; its file is larger
REREAD_BYTES = 160 * 1024 * 1024
SHAPED_BYTES = 1_200_000  # through a link of 8 Mbit/s: more than a second
PIECE = 40_000
QUEUES = {"shaped": "256kb", "lossy": "24kb"}  # of the link: more than the sender has under way, and less


def fsyncs(folder: Path) -> None:
    """Exactly FSYNCS writes of a page, each made safe."""
    with (folder / "journal").open("wb", buffering=0) as file:
        for _ in range(FSYNCS):
            file.write(b"x" * PAGE)
            os.fsync(file.fileno())


def busy(_: Path) -> None:
    """Computes in four processes, for two cores or fewer."""
    os.fork()
    os.fork()
    while True:
        pass


def quota(_: Path) -> None:
    """Computes in QUOTA_PROCESSES, whose group may have QUOTA_CORES, for as long as it lives."""
    for _ in range(QUOTA_PROCESSES - 1):
        if os.fork() == 0:
            break
    while True:
        pass


def lock(_: Path) -> None:
    """Six threads that hold one lock most of their time."""
    held = threading.Lock()

    def work() -> None:
        while True:
            with held:
                time.sleep(0.002)

    for _ in range(6):
        threading.Thread(target=work).start()


def parked(_: Path) -> None:
    """Six workers of a pool that wait for somebody to give them work: nothing is wrong with it."""
    more = threading.Condition()

    def work() -> None:
        while True:
            with more:
                more.wait(0.5)

    for _ in range(6):
        threading.Thread(target=work).start()
    while True:
        time.sleep(0.02)
        with more:
            more.notify()


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
            while True:
                there.recv(20_000)
                time.sleep(0.002)
        there.close()
        while True:
            client.sendall(b"x" * 200_000)


def shaped(_: Path) -> None:
    """Sends SHAPED_BYTES over a link that takes a megabyte a second."""
    with socket.create_connection((links.THERE, links.PORT)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PIECE)
        for _ in range(SHAPED_BYTES // PIECE):
            client.sendall(b"x" * PIECE)
        client.shutdown(socket.SHUT_WR)
        client.recv(1)  # until the other side has all of it


def lossy(_: Path) -> None:
    """Sends more at once than the queue before the link holds, so that some of it has to be sent again."""
    with socket.create_connection((links.THERE, links.PORT)) as client:
        while True:
            client.sendall(b"x" * PIECE)


def cold(folder: Path) -> None:
    """Reads a file that the page cache does not hold, page by page in no order that could be guessed."""
    size = (folder / "data").stat().st_size
    with (folder / "data").open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        at = 0
        while True:
            at = (at + 7919 * PAGE) % size
            os.pread(file.fileno(), PAGE, at)
            os.posix_fadvise(file.fileno(), at, PAGE, os.POSIX_FADV_DONTNEED)  # of the whole file it would be work for a core


def warm(folder: Path) -> None:
    """Reads a file that the page cache holds, again and again for as long as it lives: that is work for one core."""
    with (folder / "data").open("rb", buffering=0) as file:
        while True:
            file.seek(0)
            while file.read(1 << 20):
                pass


def reclaim(folder: Path) -> None:
    """Reads and writes a file again and again that is larger than the memory which its group may have."""
    with (folder / "data").open("r+b", buffering=0) as file:
        while True:
            file.seek(0)
            while piece := file.read(1 << 20):
                file.seek(-len(piece), os.SEEK_CUR)
                file.write(piece)


def idle(folder: Path) -> None:
    """A server that answers a line with a line, and has little to do: its client is the slow one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        (folder / "port").write_text(str(server.getsockname()[1]))
        there, _address = server.accept()
        while there.recv(64):
            there.sendall(b"here\n")


def client(folder: Path) -> None:
    """The idle server's client, which uses a whole core between its questions. It is traced by nobody."""
    while not (folder / "port").exists() or not (folder / "port").read_text():
        time.sleep(0.01)
    with socket.create_connection(("127.0.0.1", int((folder / "port").read_text()))) as there:
        while True:
            there.sendall(b"who?\n")
            there.recv(64)
            until = time.monotonic() + 0.005
            while time.monotonic() < until:
                pass


def _file(folder: Path, size: int) -> None:
    with (folder / "data").open("wb") as file:
        for _ in range(size >> 20):
            file.write(mmap.mmap(-1, 1 << 20))
        os.fsync(file.fileno())


def _prepare(name: str, folder: Path) -> None:
    """Those whose work is not counted exactly go on for as long as they live. What has to be there before anything is counted."""
    os.setpriority(os.PRIO_PROCESS, 0, BEFORE_OTHERS)
    if (session := Path("/proc/self/autogroup")).exists():
        session.write_text(str(BEFORE_OTHERS))
    if (folder / "group").exists():
        Path((folder / "group").read_text()).write_text(str(os.getpid()))
    if name in {"cold", "warm", "reclaim"}:
        _file(folder, REREAD_BYTES if name == "reclaim" else READ_BYTES)
    if name == "cold":
        with (folder / "data").open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if name == "warm":
        with (folder / "data").open("rb") as file:
            KEPT.append(mmap.mmap(file.fileno(), 0, flags=LOCKED, prot=mmap.PROT_READ))
    if name in QUEUES:
        links.make(QUEUES[name])
    (folder / "prepared").touch()


def main(name: str, folder: Path) -> None:
    """Waits for the tracer, then runs."""
    _prepare(name, folder)
    output = folder / "bpftrace.json"
    while not (output.exists() and "ready " in output.read_text()):
        time.sleep(0.01)
    globals()[name](folder)


if __name__ == "__main__":
    if sys.argv[1] == "client":
        client(Path(sys.argv[2]))
    main(sys.argv[1], Path(sys.argv[2]))
    time.sleep(60)  # its keeper ends it
