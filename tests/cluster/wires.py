"""Ways to a server that break."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress

from steps.kube import Kube


def proxied(kube, address):
    """The same cluster, asked through another address; its certificate is good for that too."""
    return Kube(kube._http, host=address, namespace=kube.namespace, bearer=kube._bearer)


@contextmanager
def cutting(host, port, *, every_s):
    """A way to a server on which every connection is cut after a while."""
    listener = socket.create_server(("127.0.0.1", 0))
    cuts = []

    def carry(source, sink):
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
        except OSError:
            pass

    def cut(here, there):
        time.sleep(every_s)
        cuts.append(time.monotonic())
        for each in (here, there):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def accept():
        while True:
            try:
                here, _ = listener.accept()
                there = socket.create_connection((host, port))
            except OSError:
                return
            for work in ((carry, here, there), (carry, there, here), (cut, here, there)):
                threading.Thread(target=work[0], args=work[1:], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], cuts
    finally:
        listener.close()
