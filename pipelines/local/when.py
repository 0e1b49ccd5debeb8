"""`when`: whether a task runs, told by values that were put into its text.

The language is govaluate's, as far as conditions need it: `==` `!=` `<` `>` `<=` `>=` `&&` `||` `!` `+` `-` `*` `/` `%`,
parentheses, numbers, `true`, `false`, quoted strings; a bare word is a string too, so `{{…}} == fast` needs no quotes.
Two values of different kinds are unequal; to order them is an error.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable

from pipelines.local import gotext
from pipelines.local.failures import NodeFailure

Value = str | float | bool

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?) (?![\w.-])
      | (?P<quoted>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<sign>&&|\|\||==|!=|<=|>=|[<>!()+\-*/%])
      | (?P<word>[A-Za-z_][\w.]*)
    )""",
    re.VERBOSE | re.DOTALL,
)
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("==", "!=", "<", ">", "<=", ">="),
    ("+", "-"),
    ("*", "/", "%"),
)
_ORDER: dict[str, Callable[[float | str, float | str], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: a / b if b else math.inf,
    "%": lambda a, b: math.fmod(a, b) if b else math.nan,
}


def holds(condition: str) -> bool:
    """Whether the condition, its tags replaced, is true; an empty one is.

    Raises NodeFailure: it cannot be read, or comes to something else than true or false.
    """
    if not condition:
        return True
    try:
        value = _Evaluation(_tokens(condition)).whole()
    except ValueError as error:
        hint = ' (hint: try wrapping the affected expression in quotes ("))' if "Invalid token" in str(error) else ""
        message = f"Invalid 'when' expression '{condition}': {error}{hint}"
        raise NodeFailure(message) from error
    except TypeError as error:
        message = f"Failed to evaluate 'when' expresion '{condition}': {error}"  # the spelling is Argo's
        raise NodeFailure(message) from error
    if not isinstance(value, bool):
        message = f"Expected boolean evaluation for '{condition}'. Got {_text(value)}"
        raise NodeFailure(message)
    return value


def _tokens(text: str) -> list[tuple[str, Value]]:
    found: list[tuple[str, Value]] = []
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            message = f"Invalid token: '{text[position:].split(maxsplit=1)[0]}'"
            raise ValueError(message)
        found.append(_token(match))
        position = match.end()
    return found


def _token(match: re.Match[str]) -> tuple[str, Value]:
    kind = match.lastgroup or ""
    text = match[kind]
    if kind == "sign":
        return text, text
    if kind == "number":
        return "value", float(text)
    if kind == "quoted":
        return "value", re.sub(r"\\(.)", r"\1", text[1:-1])
    return "value", text == "true" if text in {"true", "false"} else text


class _Evaluation:
    """Climbs the levels of precedence and computes on the way."""

    def __init__(self, tokens: list[tuple[str, Value]]) -> None:
        self._left = tokens

    def whole(self) -> Value:
        value = self._level(0)
        if self._left:
            message = f"Cannot transition token types from VALUE [{value}] to {self._left[0][1]}"
            raise ValueError(message)
        return value

    def _level(self, level: int) -> Value:
        if level == len(_LEVELS):
            return self._unary()
        value = self._level(level + 1)
        while self._left and self._left[0][0] in _LEVELS[level]:
            sign = self._left.pop(0)[0]
            value = _combine(sign, value, self._level(level + 1))
        return value

    def _unary(self) -> Value:
        if not self._left:
            message = "Unexpected end of expression"
            raise ValueError(message)
        kind, value = self._left.pop(0)
        if kind == "value":
            return value
        if kind == "(":
            inner = self._level(0)
            if not self._left or self._left.pop(0)[0] != ")":
                message = "Unbalanced parenthesis"
                raise ValueError(message)
            return inner
        if kind == "!":
            return not _need_bool(self._unary(), "!")
        if kind == "-":
            return -_need_number(self._unary(), "-")
        message = f"Cannot transition token types from UNKNOWN to {value}"
        raise ValueError(message)


def _combine(sign: str, left: Value, right: Value) -> Value:
    if sign == "==":
        return type(left) is type(right) and left == right
    if sign == "!=":
        return type(left) is not type(right) or left != right
    if sign in {"&&", "||"}:
        first, second = _need_bool(left, sign), _need_bool(right, sign)
        return (first and second) if sign == "&&" else (first or second)
    if sign in _ORDER:
        return _compare(sign, left, right)
    if sign == "+" and (isinstance(left, str) or isinstance(right, str)):
        return f"{_text(left)}{_text(right)}"
    return _ARITHMETIC[sign](_need_number(left, sign), _need_number(right, sign))


def _compare(sign: str, left: Value, right: Value) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return _ORDER[sign](left, right)
    return _ORDER[sign](_need_number(left, sign), _need_number(right, sign))


def _text(value: Value) -> str:
    return gotext.number(value) if isinstance(value, float) and math.isfinite(value) else str(value)


def _need_bool(value: Value, sign: str) -> bool:
    if isinstance(value, bool):
        return value
    message = f"Value '{_text(value)}' cannot be used with the logical operator '{sign}', it is not a bool"
    raise TypeError(message)


def _need_number(value: Value, sign: str) -> float:
    if isinstance(value, float) and not isinstance(value, bool):
        return value
    kind = "comparator" if sign in _ORDER else "modifier"
    message = f"Value '{_text(value)}' cannot be used with the {kind} '{sign}', it is not a number"
    raise TypeError(message)
