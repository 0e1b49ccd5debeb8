"""Python's garbage collection, kept out of what is measured."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """No garbage collection inside: a full one takes tens of milliseconds, in which requests would be late."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def tidy() -> None:
    """Collects garbage, and leaves what lives out of later collections: the next flight has less to go through."""
    gc.collect()
    gc.freeze()
