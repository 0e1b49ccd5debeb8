"""A Kubernetes API in small: it gives the answers that a test lays down."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3

from steps.kube import Kube


@pytest.fixture
def api():
    """A server that gives the answers of a list, one after the other, and notes what it was asked."""
    asked, answers = [], []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append(f"{self.command} {self.path.partition('?')[0]}")
            status, body = answers.pop(0)
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kube = Kube(urllib3.PoolManager(), host=f"http://127.0.0.1:{server.server_port}", namespace="lab", bearer=lambda: None)
    yield kube, answers, asked
    server.shutdown()
    server.server_close()
