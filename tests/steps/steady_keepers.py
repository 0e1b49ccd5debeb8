"""Keepers that tell a steady use of CPU time, in a process of their own as real ones are.

As threads beside the driver they would wait for its interpreter lock: on a core that others burn, for more than a second.

`python -m tests.steps.steady_keepers LISTENER=COMPONENT …`: serves on inherited listening sockets until it is killed.
"""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


def usage_of(component: str, *, exit_status: int | None = None) -> dict[str, object]:
    """What a keeper says that counts a hundredth of a core."""
    return {
        "component": component,
        "monotonic_ns": time.monotonic_ns(),
        "running": exit_status is None,
        "exit_status": exit_status,
        "cpu_s": time.monotonic() / 100,
        "memory_mib": 12.5,
        "memory_kind": "pss",
        "processes": 1,
        "threads": 1,
    }


class SteadyKeeper(asyncio.Protocol):
    """One question to it."""

    def __init__(self, component):
        self.component = component

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        body = json.dumps(usage_of(self.component)).encode()
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


async def serve(listeners):
    """Answers until it is killed."""
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(lambda name=name: SteadyKeeper(name), sock=sock) for name, sock in listeners.items()]
    await asyncio.gather(*(server.serve_forever() for server in servers))


@contextmanager
def steady_keepers(*components: str) -> Iterator[dict[str, str]]:
    """Where each component's keeper answers."""
    with ExitStack() as stack:
        listeners = {name: stack.enter_context(socket.create_server(("127.0.0.1", 0))) for name in components}
        urls = {name: f"http://127.0.0.1:{each.getsockname()[1]}" for name, each in listeners.items()}
        words = [f"{each.fileno()}={name}" for name, each in listeners.items()]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.steps.steady_keepers", *words],
            cwd=Path(__file__).parents[2],
            pass_fds=[each.fileno() for each in listeners.values()],
        )
    try:
        yield urls
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    given = (word.split("=", 1) for word in sys.argv[1:])
    asyncio.run(serve({name: socket.socket(fileno=int(descriptor)) for descriptor, name in given}))
