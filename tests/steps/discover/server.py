"""A server on loopback that behaves as real ones do on their good and bad days; it remembers what it was asked."""

from __future__ import annotations

import gzip
import time
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Site:
    """What is served: path (without its query) → body, or a function that answers itself."""

    def __init__(self):
        self.pages = {}
        self.asked = []  # (path with its query, headers)
        self.port = 0

    @property
    def place(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://{self.place}"

    def times(self, path):
        return Counter(asked.partition("?")[0] for asked, _ in self.asked)[path]

    def headers(self, path):
        """Of the last request for it."""
        return [headers for asked, headers in self.asked if asked.partition("?")[0] == path][-1]


def with_etag(body, etag='"one"'):
    """200 with an ETag, and 304 to who names it."""

    def answer(request):
        if request.headers.get("If-None-Match") == etag:
            say(request, 304, b"", ETag=etag)
        else:
            say(request, 200, body, ETag=etag)

    return answer


def in_turn(*answers):
    """One answer after the other; the last one stays."""
    left = list(answers)

    def answer(request):
        (left.pop(0) if len(left) > 1 else left[0])(request)

    return answer


def status(code, body=b"", **headers):
    return lambda request: say(request, code, body, **{name.replace("_", "-"): value for name, value in headers.items()})


def redirect(to):
    return status(302, Location=to)


def bomb(size):
    """A megabyte of zeros for each kilobyte sent."""
    return status(200, gzip.compress(b"\0" * size), Content_Encoding="gzip")


def dripping(request):
    """A body that never ends, a byte at a time: no read ever times out."""
    request.send_response(200)
    request.end_headers()
    try:
        for _ in range(600):
            request.wfile.write(b"x")
            request.wfile.flush()
            time.sleep(0.05)
    except OSError:
        return


def silent(request):
    """A server that accepts and says nothing."""
    time.sleep(3)


def cut_off(request):
    """Promises more than it sends."""
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b"only this")


def say(request, code, body, **headers):
    request.send_response(code)
    for name, value in headers.items():
        request.send_header(name, value)
    if code != 304:
        request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    if code != 304:
        request.wfile.write(body)


@contextmanager
def listening(handler):
    """The port on loopback where a handler answers, a thread a request."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def serve():
    """A Site, for as long as the block lasts."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.close_connection = True
            site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            page = site.pages.get(self.path.partition("?")[0])
            if page is None:
                say(self, 404, b"not here", Connection="close")
            elif callable(page):
                page(self)
            else:
                say(self, 200, page, Connection="close")

        def log_message(self, *args):
            pass

    with listening(Handler) as site.port:
        yield site
