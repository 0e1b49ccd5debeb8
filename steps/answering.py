"""A keeper's small HTTP server: one thread, GET only, a few cheap imports, for a keeper's start counts.

Signals arrive as bytes in the same loop, so that nothing happens between two instructions of ours.
"""

from __future__ import annotations

import json
import selectors
import signal
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

LOOK_EVERY_S = 0.5
LONGEST_REQUEST = 8192

Answers = Mapping[str, Callable[[], dict[str, Any]]]  # path → what is answered to it, as JSON


def signals_as_bytes() -> socket.socket:
    """Where each signal that matters arrives as a byte, its number."""
    reading, writing = socket.socketpair()
    reading.settimeout(0)
    writing.settimeout(0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writing.detach(), warn_on_full_buffer=False)
    return reading


def serve(
    server: socket.socket,
    signals: socket.socket,
    answers: Answers,
    *,
    child_ended: Callable[[], object] = lambda: None,
    over: Callable[[], bool] = lambda: False,
    meanwhile: Callable[[], object] = lambda: None,
) -> None:
    """Answers until a signal says to end, or `over` does, which is asked twice a second; `meanwhile` is called as often."""
    server.settimeout(0)
    with selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ)
        selector.register(signals, selectors.EVENT_READ)
        look_at = time.monotonic()
        while True:
            for key, _ in selector.select(max(0.0, look_at - time.monotonic())):
                if key.fileobj is signals:
                    if signals.recv(64).strip(bytes([signal.SIGCHLD])):
                        return
                    child_ended()
                elif key.fileobj is server:
                    _accept(server, selector)
                else:
                    _read_on(key, selector, answers)
            if time.monotonic() >= look_at:
                if over():
                    return
                meanwhile()
                look_at = time.monotonic() + LOOK_EVERY_S


def _accept(server: socket.socket, selector: selectors.BaseSelector) -> None:
    try:
        connection, _ = server.accept()
    except OSError:
        return
    connection.settimeout(0)
    selector.register(connection, selectors.EVENT_READ, bytearray())


def _read_on(key: selectors.SelectorKey, selector: selectors.BaseSelector, answers: Answers) -> None:
    """Answers and closes once the request's head is complete."""
    connection: Any = key.fileobj
    request: bytearray = key.data
    try:
        part = connection.recv(4096)
        request += part
        if part and b"\r\n\r\n" not in request and len(request) < LONGEST_REQUEST:
            return
        if part:
            connection.sendall(_answer(bytes(request), answers))
    except OSError:
        pass  # whoever asked is gone
    selector.unregister(connection)
    connection.close()


def _answer(request: bytes, answers: Answers) -> bytes:
    """The whole answer to a request's head."""
    path = (request.split(b" ", 2)[1:2] or [b""])[0].decode(errors="replace")
    if path in answers:
        return _response("200 OK", answers[path]())
    return _response("404 Not Found", {"error": f"there are {', '.join(answers)}"})


def _response(status: str, content: dict[str, Any]) -> bytes:
    body = json.dumps(content).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body
