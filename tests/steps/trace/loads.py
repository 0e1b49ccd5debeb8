"""Loads whose bottleneck is known: `python loads.py NAME FOLDER`. Each begins when the tracer that writes into FOLDER counts.

Those whose work is not counted exactly go on for as long as they live. What has to be there before (a file, a link) is made
before that, and then FOLDER/prepared. FOLDER/group holds the control group to be in. They go before other work on the machine, or
a full machine would be what they wait for.

In a pod, whose image has nothing of this but its text: `python -c TEXT NAME FOLDER PORT`. There each begins so many seconds after
somebody asked for them at that port, with the pod's own limits, and FAR is the other end of the pod's link.
"""

from __future__ import annotations

import http.server
import mmap
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

PAGE = 4096
FSYNCS = 300
LOCK_THREADS = 6
FULL_SENDS = 50
SENT_BYTES = 8_000_000
READ_BYTES = 64 * 1024 * 1024
WARM_BYTES = 4 * 1024 * 1024  # read again and again; so much anybody may lock in memory
LASTS_S = 3.5
BEFORE_OTHERS = -15
LOCKED = mmap.MAP_SHARED | 0x2000  # MAP_LOCKED, which Python does not name
KEPT: list[mmap.mmap] = []  # in memory: some virtual machines take pages of the page cache back, 1 or 2 MB at a time

QUOTA_CORES, QUOTA_PROCESSES = 0.4, 2
MEMORY_BYTES = 64 * 1024 * 1024  # of the load that is short of it; its file is larger
REREAD_BYTES = 160 * 1024 * 1024
WRITES_EVERY = 5  # MiB
SHAPED_BYTES = 1_200_000  # through a link of 8 Mbit/s: more than a second
PIECE = 40_000
QUEUES = {"shaped": "256kb", "lossy": "24kb"}  # of the link: more than the sender has under way, and less
FAR = "LOADS_FAR"  # the environment's name for the end of the link: ADDRESS PORT
LISTENS = "LOADS_LISTENS"  # and for the port of the idle server; else any


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
    """LOCK_THREADS threads that hold one lock most of their time."""
    held = threading.Lock()

    def work() -> None:
        while True:
            with held:
                time.sleep(0.002)

    for _ in range(LOCK_THREADS):
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


def full(_: Path) -> None:
    """Sends into a full buffer FULL_SENDS times, and as often on the same connection once its other end is gone."""
    listener = socket.create_server(("127.0.0.1", 0))
    sender = socket.create_connection(listener.getsockname())
    receiver, _address = listener.accept()
    sender.settimeout(0)
    refused = 0
    while refused < FULL_SENDS:
        try:
            sender.send(bytes(PIECE))
        except BlockingIOError:
            refused += 1
    receiver.close()
    time.sleep(0.1)
    for _number in range(FULL_SENDS):
        with suppress(ConnectionError):
            sender.send(bytes(PIECE))


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
    with _far() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PIECE)
        for _ in range(SHAPED_BYTES // PIECE):
            client.sendall(b"x" * PIECE)
        client.shutdown(socket.SHUT_WR)
        client.recv(1)  # until the other side has all of it


def lossy(_: Path) -> None:
    """Sends more at once than the queue before the link holds, so that some of it has to be sent again."""
    with _far() as client:
        while True:
            client.sendall(b"x" * PIECE)


def _far() -> socket.socket:
    address, port = os.environ[FAR].split()
    return socket.create_connection((address, int(port)))


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
    """Reads a file again and again that is larger than the memory which its group may have, and writes every fifth MiB of it.

    So what has yet to be written fits in half of that memory. A group that held nothing else might be out of it on a slow disk.
    """
    with (folder / "data").open("r+b", buffering=0) as file:
        while True:
            file.seek(0)
            for number in range(REREAD_BYTES >> 20):
                piece = file.read(1 << 20)
                if number % WRITES_EVERY == 0:
                    file.seek(-len(piece), os.SEEK_CUR)
                    file.write(piece)


def idle(folder: Path) -> None:
    """A server that answers a line with a line, and has little to do: its client is the slow one."""
    with socket.create_server(("", int(os.environ.get(LISTENS, "0")))) as server:
        (folder / "server").write_text(f"127.0.0.1 {server.getsockname()[1]}")
        there, _address = server.accept()
        while there.recv(64):
            there.sendall(b"here\n")


def client(folder: Path) -> None:
    """The idle server's client, which uses a whole core between its questions. It is traced by nobody."""
    while not (folder / "server").exists() or not (folder / "server").read_text():
        time.sleep(0.01)
    address, port = (folder / "server").read_text().split()
    with socket.create_connection((address, int(port))) as there:
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
    """What has to be there before anything is counted, wherever it runs."""
    if size := {"cold": READ_BYTES, "warm": WARM_BYTES, "reclaim": REREAD_BYTES}.get(name):
        _file(folder, size)
    if name == "cold":
        with (folder / "data").open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if name == "warm":
        with (folder / "data").open("rb") as file:
            KEPT.append(mmap.mmap(file.fileno(), 0, flags=LOCKED, prot=mmap.PROT_READ))


def _take_place(name: str, folder: Path) -> None:
    """Before others on this machine, in its control group, at the end of a link of its own."""
    os.setpriority(os.PRIO_PROCESS, 0, BEFORE_OTHERS)
    if (session := Path("/proc/self/autogroup")).exists():
        session.write_text(str(BEFORE_OTHERS))
    if (folder / "group").exists():
        Path((folder / "group").read_text()).write_text(str(os.getpid()))
    if name in QUEUES:
        sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
        from tests.steps.trace import links

        links.make(QUEUES[name])
        os.environ[FAR] = f"{links.THERE} {links.PORT}"


def here(name: str, folder: Path) -> None:
    """Waits for the tracer, then runs."""
    _take_place(name, folder)
    _prepare(name, folder)
    (folder / "prepared").touch()
    output = folder / "bpftrace.json"
    while not (output.exists() and "ready " in output.read_text()):
        time.sleep(0.01)
    globals()[name](folder)


def in_a_pod(name: str, folder: Path, port: int) -> None:
    """Answers at the port, and runs in a process of its own so many seconds after `GET /SECONDS`; `/` is asked for nothing."""

    class Asked(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            if (wait := self.path.removeprefix("/")) and os.fork() == 0:
                self.connection.close()
                time.sleep(float(wait))
                globals()[name](folder)
                time.sleep(60)
                os._exit(0)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is written."""

    _prepare(name, folder)
    http.server.HTTPServer(("", port), Asked).serve_forever()


if __name__ == "__main__":
    name, folder = sys.argv[1], Path(sys.argv[2])
    if name == "client":
        client(folder)
    elif len(sys.argv) > 3:
        in_a_pod(name, folder, int(sys.argv[3]))
    else:
        here(name, folder)
        time.sleep(60)  # its keeper ends it
