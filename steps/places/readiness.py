"""Waits until a component can be measured, and says in one sentence why it could not."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steps import keeper, processes
from steps.errors import NotReady, PlaceError
from steps.keeper import Started
from steps.model import Component, Ready
from steps.places import ports

POLL_S = 0.005
ANSWER_WITHIN_S = 1.0
LONGEST_LINE = 300
PORT_IN_USE = re.compile("address (already )?in use", re.IGNORECASE)  # glibc's words, and musl's


class PortTaken(NotReady):
    """Another program had the component's port by then."""


@dataclass(frozen=True)
class ReadyNow:
    """The first good answer."""

    at_ns: int  # CLOCK_MONOTONIC
    sockets: frozenset[str]  # inodes of the listening sockets


def wait(component: Component, given: Mapping[str, int], *, host: str, started: Started, log: Path) -> ReadyNow:
    """Asks the ready check every 5 ms. Raises NotReady: it ended first, or was not ready in time; PortTaken."""
    check = component.ready
    if check is None:
        message = f"{component.name} has no ready check"
        raise PlaceError(message)
    port = given[check.port or component.ports[0].name]
    deadline = started.start_ns / 1e9 + check.within_s
    while True:
        said = ask(check, host, port)
        if said == "":
            at_ns = time.monotonic_ns()
            listening = ports.listeners(given.values())
            if _is_own(component, listening.get(port, set()), started):
                return ReadyNow(at_ns, frozenset().union(*listening.values()))
            said = "was answered by a stranger, who then left"
        _still_there(component, started, log)
        if time.monotonic() > deadline:
            message = f"{component.name} was not ready after {check.within_s:g} s: {check.said} {said}{_last(log)}"
            raise NotReady(message)
        time.sleep(POLL_S)


def ask(check: Ready, host: str, port: int) -> str:
    """Asks once; "" is a good answer, else what was wrong with it."""
    return _greet(check, host, port) if check.path is None else _get(check.path, host, port)


def _greet(check: Ready, host: str, port: int) -> str:
    try:
        with socket.create_connection((host, port), timeout=ANSWER_WITHIN_S) as connection:
            if not check.answer:
                return ""
            connection.sendall(bytes.fromhex(check.hello))
            answer = connection.recv(len(check.answer) // 2)
    except TimeoutError:
        return "was not answered"
    except ConnectionRefusedError:
        return "found nobody listening"
    except OSError as error:
        return f"failed ({type(error).__name__})"
    return "" if answer.hex() == check.answer else "was answered that it cannot serve yet"


def _get(path: str, host: str, port: int) -> str:
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_WITHIN_S)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        answer.read()
    except TimeoutError:
        return "was not answered"
    except ConnectionRefusedError:
        return "found nobody listening"
    except (OSError, http.client.HTTPException) as error:
        return f"failed ({type(error).__name__})"
    finally:
        connection.close()
    return "" if answer.status // 100 == 2 else f"was answered {answer.status}"


def _still_there(component: Component, started: Started, log: Path) -> None:
    """Raises NotReady: the component ended; PortTaken: because it could not listen."""
    ended = log.parent / keeper.ENDED
    now = processes.look(started.pid)
    if ended.exists():
        how = ending(json.loads(ended.read_text())["exit_status"])
    elif now is None or now.zombie or now.started != started.started:
        how = "together with its keeper"
    else:
        return
    taken = PORT_IN_USE.search(log.read_text(errors="replace"))
    message = f"{component.name} ended before it was ready, {how}{_last(log)}"
    raise (PortTaken if taken else NotReady)(message)


def ending(exit_status: int) -> str:
    """How a process ended, in words."""
    if exit_status >= 0:
        return f"with status {exit_status}"
    try:
        return f"killed by {signal.Signals(-exit_status).name}"
    except ValueError:
        return f"killed by signal {-exit_status}"


def _is_own(component: Component, sockets: set[str], started: Started) -> bool:
    """Whether the component listens on these sockets; False: nobody does. Raises PortTaken: a process outside its tree."""
    tree = {each.pid for each in processes.descendants(started.pid)}
    if not any(ports.holds(pid, sockets) for pid in tree):
        for other in processes.everyone():
            if other.pid not in tree and ports.holds(other.pid, sockets):
                message = f"{component.name}: its port was taken by process {other.pid} ({processes.name(other.pid)})"
                raise PortTaken(message)
    return bool(sockets)


def last_line(log: Path) -> str:
    """The last line that says something, short and printable."""
    try:
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    except OSError:
        return "it has no log"
    said = "".join(char for char in next((line for line in reversed(lines) if line), "") if char.isprintable())
    return said if len(said) <= LONGEST_LINE else f"{said[:LONGEST_LINE]}…"


def _last(log: Path) -> str:
    said = last_line(log)
    return f'; its last line: "{said}"' if said else "; it wrote nothing"
