"""A server that speaks as a language model's does, and does as a test wants; it remembers what it was sent."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Chat:
    """What is answered: a text for the message, or a function that answers itself."""

    def __init__(self):
        self.answer = "Two databases came."
        self.asked = []  # (headers, document)
        self.port = 0

    @property
    def place(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://{self.place}/v1/chat/completions"


def says(message):
    """A whole answer with this message."""
    return json.dumps({"id": "1", "object": "chat.completion", "choices": [{"index": 0, "message": message}]}).encode()


def sends(body, code=200):
    """An answer of these bytes."""

    def answer(request):
        request.send_response(code)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def silent(_request):
    """Thinks for longer than anybody waits."""
    time.sleep(2)


@contextmanager
def serve():
    """A Chat, for as long as the block lasts."""
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            chat.asked.append(({name.lower(): value for name, value in self.headers.items()}, document))
            if callable(chat.answer):
                chat.answer(self)
            else:
                sends(says({"role": "assistant", "content": chat.answer}))(self)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    chat.port = server.server_port
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield chat
    finally:
        server.shutdown()
        server.server_close()
