"""The driver posts bodies, and looks at what comes back."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from steps.drivers.summary import summarize
from steps.model import HttpLoad
from tests.steps.drivers.test_http_driver import fly

BODY = '{"name":"Trail lantern – No. 2"}'


class Echo(BaseHTTPRequestHandler):
    """Answers what it was sent; on another path with one byte less."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = body if self.path == "/echo" and self.headers["Content-Type"] == "application/json" else body[:-1]
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


@contextmanager
def echo_server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def posting(path):
    return HttpLoad(path=path, method="POST", body=BODY, expect=BODY, rate_rps=100, warmup_s=0, duration_s=0.3, connections=4)


def test_every_request_carries_the_whole_body():
    """A server that answers what it was sent answers right each time, bytes beyond ASCII too."""
    with echo_server() as url:
        counts = summarize(fly(url, posting("/echo"))).counts

    assert (counts.planned, counts.ok) == (30, 30)


def test_an_answer_that_lacks_a_byte_is_an_error():
    """What comes back is compared whole."""
    with echo_server() as url:
        summary = summarize(fly(url, posting("/shorter")))

    assert (summary.counts.ok, summary.errors) == (0, {"wrong body": 30})
