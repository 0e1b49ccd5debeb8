"""`depends`: when a task of a DAG may start, told by the results of others.

    expression = either ("||" either)*      either = term ("&&" term)*
    term       = "!" term | "(" expression ")" | TASK | TASK "." RESULT

A bare TASK means that it succeeded, was skipped, or runs as a daemon — not that it was omitted, so omission spreads. There
is no short cut: a task waits until every task that it names has ended.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

Result = Literal["Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed"]
Holds = Callable[[str, Result], bool]

RESULTS: tuple[Result, ...] = get_args(Result)
_TOKEN = re.compile(r"\s*(?:(?P<sign>&&|\|\||!|\(|\))|(?P<task>[A-Za-z0-9][-A-Za-z0-9]*)(?:\.(?P<result>[A-Za-z]+))?)")


@dataclass(frozen=True)
class Depends:
    """A parsed expression: the tasks that it names, in order, and whether it holds for given results."""

    tasks: tuple[str, ...]
    holds: Callable[[Holds], bool]


def always() -> Depends:
    """What a task without dependencies has."""
    return Depends((), lambda _: True)


def all_of(tasks: tuple[str, ...], accepted: Callable[[str], tuple[Result, ...]]) -> Depends:
    """What `dependencies: [a, b]` means: each task came to one of the results that `accepted` names for it."""
    return Depends(tasks, lambda holds: all(any(holds(task, result) for result in accepted(task)) for task in tasks))


def parse(text: str, accepted: Callable[[str], tuple[Result, ...]]) -> Depends:
    """Reads an expression; `accepted` names the results that a bare task stands for.

    Raises ValueError: it cannot be read, and where.
    """
    parser = _Parser(_tokens(text), accepted)
    holds = parser.expression()
    if parser.left:
        message = f"unexpected {parser.left[0][0]!r}"
        raise ValueError(message)
    return Depends(tuple(dict.fromkeys(parser.tasks)), holds)


def _tokens(text: str) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            message = f"unexpected {text[position:].strip()[0]!r}"
            raise ValueError(message)
        found.append((match["sign"] or match["task"], match["result"] if match["task"] else ""))
        position = match.end()
    return found


class _Parser:
    """Recursive descent; each rule returns a function from results to truth."""

    def __init__(self, tokens: list[tuple[str, str | None]], accepted: Callable[[str], tuple[Result, ...]]) -> None:
        self.left = tokens
        self.tasks: list[str] = []
        self._accepted = accepted

    def expression(self) -> Callable[[Holds], bool]:
        terms = self._chain("||", self._either)
        return lambda holds: any(term(holds) for term in terms)

    def _either(self) -> Callable[[Holds], bool]:
        terms = self._chain("&&", self._term)
        return lambda holds: all(term(holds) for term in terms)

    def _chain(self, sign: str, rule: Callable[[], Callable[[Holds], bool]]) -> list[Callable[[Holds], bool]]:
        terms = [rule()]
        while self.left and self.left[0][0] == sign:
            self.left.pop(0)
            terms.append(rule())
        return terms

    def _term(self) -> Callable[[Holds], bool]:
        if not self.left:
            message = "it ends too early"
            raise ValueError(message)
        word, result = self.left.pop(0)
        if word == "!":
            inner = self._term()
            return lambda holds: not inner(holds)
        if word == "(":
            inner = self.expression()
            if not self.left or self.left.pop(0)[0] != ")":
                message = "a parenthesis is not closed"
                raise ValueError(message)
            return inner
        if result == "":
            message = f"unexpected {word!r}"
            raise ValueError(message)
        return self._task(word, result)

    def _task(self, task: str, result: str | None) -> Callable[[Holds], bool]:
        if result is not None and result not in RESULTS:
            message = f"{task}.{result} is no result; there are {', '.join(RESULTS)}"
            raise ValueError(message)
        self.tasks.append(task)
        wanted = self._accepted(task) if result is None else (_as_result(result),)
        return lambda holds: any(holds(task, each) for each in wanted)


def _as_result(word: str) -> Result:
    return next(each for each in RESULTS if each == word)
