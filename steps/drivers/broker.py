"""What a driver asks of a broker: the contract of the small clients `broker_nats`, `broker_kafka` and the like.

A client speaks through the broker's own library from PyPI, because that is what its users have; the schedule, the clocks and the
histograms are ours. One is added by a module `steps/drivers/broker_WORD.py` with a class `Client`, where WORD is what the
component speaks. Libraries are imported with it, so that nobody needs all of them.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from steps.errors import MeasureError, UsageError

Heard = Callable[[bytes], None]


@dataclass(frozen=True)
class Dealing:
    """With whom, and on which terms."""

    host: str
    port: int
    consumers: int
    client: Mapping[str, str] = field(default_factory=dict)  # of the durability class
    timeout_s: float = 5.0
    unacknowledged: int = 256  # messages that the driver has under way at most


class Consumer(Protocol):
    """Somebody who gets every message of the topic, and whose place the broker keeps while he is away."""

    async def close(self) -> None:
        """Ends its connection as a crash would: what it has not acknowledged stays so."""


class Broker(Protocol):
    """One connection that publishes, and one for each consumer."""

    def __init__(self, dealing: Dealing) -> None:
        """Nothing is opened yet."""

    async def open(self) -> None:
        """Connects. Raises OSError, or what its library does; so do all others."""

    async def declare(self) -> None:
        """Makes the topic, empty, in the durability class that the dealing says, with a place for each consumer."""

    async def told(self) -> Mapping[str, str]:
        """What the broker says of how it keeps messages, as far as it can be asked."""

    async def publish(self, body: bytes) -> None:
        """Returns when the broker has acknowledged the message."""

    async def consume(self, number: int, heard: Heard) -> Consumer:
        """Attaches consumer `number`, from 0, where it was before: `heard` gets each message, and it is acknowledged then."""

    async def close(self) -> None:
        """Ends the connection that publishes."""


def client_of(speaks: str) -> type[Broker]:
    """The client of brokers that speak so. Raises UsageError: there is none; MeasureError: its library is not installed."""
    name = f"steps.drivers.broker_{speaks.replace('-', '_')}"
    if importlib.util.find_spec(name) is None:
        message = f"no client sends messages to what speaks {speaks}: there is no {name.replace('.', '/')}.py"
        raise UsageError(message)
    try:
        found: type[Broker] = importlib.import_module(name).Client
    except ModuleNotFoundError as error:
        message = f"the client for {speaks} needs {error.name}, which is not installed here: pip install benchlab"
        raise MeasureError(message) from error
    return found


def how(error: BaseException) -> str:
    """What a library says of a failure, in a few words: the kind of error is the same for all of its kind."""
    if isinstance(error, TimeoutError):
        return "no acknowledgement in time"
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}"[:120] if text else type(error).__name__


class Listening:
    """A consumer that asks for messages in a loop of its own, and how its connection is ended."""

    def __init__(self, loop: Coroutine[Any, Any, None], end: Callable[[], Awaitable[Any]]) -> None:
        self._task, self._end = asyncio.create_task(loop), end

    async def close(self) -> None:
        """Whatever its loop ended with is told by the messages that it did not get."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._end()
