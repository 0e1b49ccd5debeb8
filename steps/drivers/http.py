"""The open-loop HTTP driver: sends a fixed schedule of equal requests and waits for nobody.

A request that finds no free connection waits in the driver, and that time is part of its response time: measured from the moment
of sending, a server that stops for two seconds would look fast, because nothing is sent while it stops (coordinated omission).
Requests are sent in the order of the schedule, so the queue of waiting ones is a range of numbers, [head, next), and costs
nothing.

With a core of its own the driver polls while a request is open and shortly before the next is due: it is late by 1 µs at the
median instead of 50, and sees an answer at once (0.09 ms instead of 0.13 at 1,000 req/s against a null server), where a sleeping
core first has to wake, and takes longer the deeper it sleeps. Without such a core polling would take time from what is measured.

Connections are used in turn, so that all stay warm and all workers of a server are visited. A lost connection is replaced when a
request needs one: what a server that closes connections costs its users shows as waiting.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from typing import Any

from steps.drivers.account import Account
from steps.drivers.alarm import alarm
from steps.drivers.connection import IDLE, Carrier, Connection, Target, lost_how
from steps.drivers.garbage import quiet, tidy
from steps.drivers.recording import Fate, Flown, Recording, Schedule
from steps.model.load import HttpLoad
from steps.model.sql import SteadyLoad

NAME = "benchlab http driver 1"

SWEEP_S = 0.02  # how often open requests are compared with their time limit
AFTER_EDGE_S = 0.005  # timers of the loop are this close to their moment
GRACE_NS = 100_000_000  # so that the last request, sent in time, ends by its own time limit
LEAD_NS = 50_000_000  # from the decision to start to the first request
HOPELESS_NS = 2_000_000_000  # no right answer for so long …
HOPELESS_FAILURES = 10  # … and so many failures since: the rest of the schedule would only repeat it

clock = time.monotonic_ns


def content_of(load: HttpLoad, target: Target) -> bytes:
    """The bytes of the load's request."""
    return target.post(load.path, load.body.encode()) if load.method == "POST" else target.get(load.path)


class Flight:
    """Sends one schedule to one target."""

    name = NAME

    def __init__(self, load: SteadyLoad, target: Target, *, spin: bool) -> None:
        self._target = target
        self._content = content_of(load, target) if isinstance(load, HttpLoad) else b""
        self._expect = load.expect.encode() if isinstance(load, HttpLoad) else b""
        self._limit = load.connections
        self._timeout_s = load.timeout_s
        self._timeout_ns = round(load.timeout_s * 1e9)
        self._spin = spin
        self._schedule = Schedule.of(load)
        self._total = len(self._schedule)
        self._head = 0  # the next request to send
        self._next = 0  # the next request to look at
        self._ended = 0
        self._failed = 0  # since the last right answer
        self._connections: set[Carrier] = set()
        self._idle: deque[Carrier] = deque()
        self._opening = 0
        self._openers: set[asyncio.Task[None]] = set()
        self._most = 0
        self._stopped: str | None = None
        self._account = Account()
        self._again = self._tick

    async def open(self) -> None:
        """Opens all connections, as far as the target lets us: what was not opened is tried again when it is needed.

        Raises OSError: the target's name means no address.
        """
        target, loop = self._target, asyncio.get_running_loop()
        found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        self._address = found[0][4][:2]  # once: looking it up again would be part of somebody's response time
        for _ in range(self._limit):
            self._connect()
        await asyncio.gather(*self._openers)
        tidy()  # before a moment to start is chosen: a large process takes longer for it than any lead, and would begin late

    def window_ns(self, start_ns: int) -> tuple[int, int]:
        """The window of a flight that starts at that moment."""
        begin_ns = start_ns + self._schedule.warmup_ns
        return begin_ns, begin_ns + self._schedule.duration_ns

    async def fly(self, start_ns: int) -> Flown:
        """Sends the schedule from that moment on, and waits for the answers, but not for ever."""
        loop = asyncio.get_running_loop()
        self._recording = Recording.of(self._schedule, start_ns=start_ns)
        self._last_ok_ns = start_ns
        self._deadline_ns = self._recording.due_ns[-1] + self._timeout_ns + GRACE_NS
        self._over = loop.create_future()
        self._loop = loop
        window_ns = self.window_ns(start_ns)
        timers = [loop.call_later((edge - clock()) / 1e9, self._edge) for edge in window_ns]
        self._alarm = alarm(loop, self._again)
        with quiet():
            self._tick()
            self._sweep()
            await self._over
            if self._stopped is None:  # the last answer may be there before the window ends, and its edge is still to be read
                await asyncio.sleep((window_ns[1] - clock()) / 1e9 + AFTER_EDGE_S)
        for timer in timers:
            timer.cancel()
        self._close()
        return self._flown(start_ns, window_ns)

    def stop(self, why: str) -> None:
        """Ends the load before its schedule does."""
        if not self._over.done():
            self._stopped = why
            self._over.set_result(None)

    # The schedule

    def _tick(self) -> None:
        """Looks at each request that is due, never at one that is not, and comes back for the next."""
        due, total, now = self._recording.due_ns, self._total, clock()
        while self._next < total and due[self._next] <= now:
            self._look(self._next, now)
            now = clock()
        if self._next == total or self._over.done():
            return
        next_ns = due[self._next]
        margin_ns = self._alarm.margin_ns if self._spin else 0
        if self._spin and (self._ended < self._next or next_ns - now <= margin_ns):
            self._loop.call_soon(self._again)
        else:
            self._alarm.set(next_ns - margin_ns)

    def _look(self, request: int, now: int) -> None:
        self._next = request + 1
        self._account.due(now)
        self._recording.looked_ns[request] = now
        if self._idle:  # then nothing waits
            self._head = request + 1
            self._send(self._idle.popleft(), request)
        else:
            self._replace()

    def _send(self, connection: Carrier, request: int) -> None:
        self._recording.sent_ns[request] = clock()
        connection.send(request, self._content)

    def _end(self, request: int, fate: int, now: int) -> None:
        self._recording.ended_ns[request] = now
        self._recording.fates[request] = fate
        if fate == Fate.OK:
            self._last_ok_ns = now
            self._failed = 0
        else:
            self._failed += 1
        self._ended += 1
        self._account.ended(now)
        if self._ended == self._total and not self._over.done():
            self._over.set_result(None)

    def _sweep(self) -> None:
        """Ends what is open for too long: requests, and the load itself."""
        now = clock()
        for connection in [each for each in self._connections if each.request != IDLE]:
            if now - self._recording.sent_ns[connection.request] > self._timeout_ns:
                self._end(connection.request, Fate.TIMEOUT, now)
                self._discard(connection)
        if now > self._deadline_ns and not self._over.done():
            self._over.set_result(None)
        if self._failed >= HOPELESS_FAILURES and now - self._last_ok_ns > HOPELESS_NS:
            kind = self._recording.kinds[-1] if self._recording.kinds else "timeout"
            self.stop(f"no right answer for {HOPELESS_NS / 1e9:g} s, while {self._failed:,} requests failed ({kind})")
        if not self._over.done():
            self._loop.call_later(SWEEP_S, self._sweep)

    # Connections: who uses them, and what becomes of them

    def opened(self, connection: Carrier) -> None:
        self._opening -= 1
        self._connections.add(connection)
        self._most = max(self._most, len(self._connections))
        self._free(connection)

    def answered(self, connection: Connection, status: int, body: bytes) -> None:
        now = clock()
        if status != 200:
            self._finish(connection, f"status {status}", now)
        else:
            self._finish(connection, None if body == self._expect else "wrong body", now)

    def _finish(self, connection: Carrier, how: str | None, now: int) -> None:
        """What it carried has ended; how it failed, or None."""
        self._end(connection.request, Fate.OK if how is None else self._recording.error(how), now)
        if connection.reusable:
            self._free(connection)
        else:
            self._discard(connection)

    def broken(self, connection: Carrier, how: str) -> None:
        self._connections.discard(connection)
        if connection.request == IDLE:
            self._idle.remove(connection)
        else:
            self._end(connection.request, self._recording.error(how), clock())
        self._replace()

    def _free(self, connection: Carrier) -> None:
        if self._head < self._next:
            request = self._head
            self._head = request + 1
            self._send(connection, request)
        else:
            connection.request = IDLE
            self._idle.append(connection)

    def _discard(self, connection: Carrier) -> None:
        connection.drop()
        self._connections.discard(connection)
        self._replace()

    def _replace(self) -> None:
        if self._head < self._next and len(self._connections) + self._opening < self._limit:
            self._connect()

    def _connect(self) -> None:
        self._opening += 1
        task = asyncio.get_running_loop().create_task(self._open_one())
        self._openers.add(task)
        task.add_done_callback(self._openers.discard)

    async def _open_one(self) -> None:
        """Opens a connection; when it cannot be had, the request that waits longest has failed."""
        connection = self._new()
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._dial(connection)
        except OSError as error:
            if connection.made:  # it was there when the time was over
                return
            self._opening -= 1
            if self._head < self._next:
                request = self._head
                self._head = request + 1
                now = self._recording.sent_ns[request] = clock()
                self._end(request, self._recording.error(lost_how(error)), now)
                self._replace()

    def _new(self) -> Any:
        """A connection that is not open yet."""
        return Connection(self)

    async def _dial(self, connection: Any) -> None:
        """Opens it. Raises OSError."""
        await asyncio.get_running_loop().create_connection(lambda: connection, *self._address)

    # The end

    def _edge(self) -> None:
        self._account.edge(clock())

    def _close(self) -> None:
        self._alarm.close()
        for task in self._openers:
            task.cancel()
        for connection in self._connections:
            connection.drop()

    def _flown(self, start_ns: int, window_ns: tuple[int, int]) -> Flown:
        cpu_s, open_mean = self._account.over_window(clock())
        return Flown(
            schedule=self._schedule,
            recording=self._recording,
            start_ns=start_ns,
            window_ns=(window_ns[0], window_ns[1] if self._stopped is None else min(window_ns[1], clock())),
            cpu_s=cpu_s,
            connections=self._most,
            spin=self._spin,
            stopped=self._stopped,
            open_mean=open_mean,
            driver=self.name,
        )
