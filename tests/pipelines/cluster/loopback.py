"""A loopback server that answers as a Kubernetes API does, from a list of answers: what a bad day looks like on the wire."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def workflow(version: int, phase: str = "Running", **status) -> dict:
    """A Workflow as the API returns it."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {
            "name": "a-run",
            "namespace": "argo",
            "resourceVersion": str(version),
            "creationTimestamp": "2026-11-23T16:40:00Z",
        },
        "spec": {},
        "status": {"phase": phase, "startedAt": "2026-11-23T16:40:00Z", **status},
    }


def event(document: dict, kind: str = "MODIFIED") -> bytes:
    """A line of a watch."""
    return json.dumps({"type": kind, "object": document}).encode() + b"\n"


def refusal(message: str) -> dict:
    """A refusal as the API words it."""
    return {"kind": "Status", "status": "Failure", "message": message}


class Script:
    """What is answered, in order, to reads and to watches; the last answer stays."""

    def __init__(self) -> None:
        self.reads: list[tuple[int, dict]] = []
        self.watches: list[list[bytes]] = []
        self.asked: list[str] = []

    def read(self) -> tuple[int, dict]:
        return self.reads.pop(0) if len(self.reads) > 1 else self.reads[0]

    def watch(self) -> list[bytes]:
        return self.watches.pop(0) if self.watches else []


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """The server, as long as the block lasts; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            script.asked.append(self.path)
            if "watch=true" in self.path:
                self._watch(script.watch())
                return
            self._answer(*script.read())

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def _answer(self, status, body):
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def _watch(self, lines):
            """Sends its lines and then breaks off, as a connection does that was cut."""
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for line in lines:
                self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
            self.wfile.flush()
            self.close_connection = True

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
