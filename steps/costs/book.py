"""The price book: prices.yaml or one's own. Every number stays the decimal that was written; its digest is in every result."""

from __future__ import annotations

from collections import Counter
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import ValidationError, model_validator

from steps.costs.laptop import Laptop
from steps.errors import UsageError
from steps.model import Model
from steps.model.price import Price

UNIT = "usd_per_"

M = TypeVar("M", bound=Model)


class Source(Model):
    """Who says so, and when."""

    as_of: date
    what: str


class PriceBook(Model):
    """Every price, each once."""

    schema_version: Literal[1] = 1
    prices: tuple[Price, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        twice = [name for name, count in Counter(price.named for price in self.prices).items() if count > 1]
        if twice:
            message = f"there are two prices of {twice[0]}"
            raise ValueError(message)
        return self

    @property
    def providers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(price.provider for price in self.prices))

    def regions(self, provider: str) -> tuple[str, ...]:
        """Where that provider has prices, in the book's order: the first is the usual one."""
        return tuple(dict.fromkeys(price.region for price in self.prices if price.provider == provider))


def load(path: Path | None = None) -> PriceBook:
    """One's own book, or the one that comes with the lab. Raises UsageError: it cannot be read, or a row does not fit."""
    if path is None:
        return read((files("steps.costs") / "prices.yaml").read_text(encoding="utf-8"), source="prices.yaml")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"the price book {path} cannot be read: {error}"
        raise UsageError(message) from error
    return read(text, source=path.name)


def read(text: str, *, source: str) -> PriceBook:
    """The book in a text. Raises UsageError: it is no YAML, or a row does not fit, and which."""
    given = _parsed(text, source)
    sources = {name: _made(Source, fields, f"{source}: sources.{name}") for name, fields in _mapping(given, "sources").items()}
    rows = given.get("prices")
    prices = [_price(row, sources, f"{source}: prices, row {number}") for number, row in enumerate(rows or [], start=1)]
    own = _made(Laptop, given["laptop"], f"{source}: laptop").prices() if "laptop" in given else ()
    if not (prices or own):
        message = f"{source} has no prices"
        raise UsageError(message)
    return _made(PriceBook, {"schema_version": int(given.get("schema_version", 1)), "prices": (*own, *prices)}, source)


def _parsed(text: str, source: str) -> dict[str, Any]:
    import yaml

    try:
        given = yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506  # makes texts, lists and mappings, and nothing else
    except yaml.YAMLError as error:
        message = f"{source} is no YAML: {' '.join(str(error).split())}"
        raise UsageError(message) from error
    known = {"schema_version", "sources", "laptop", "prices"}
    if not isinstance(given, dict) or not given.keys() <= known or not isinstance(given.get("prices", []), list):
        message = f"{source} is no price book: it holds {', '.join(sorted(known))}, where prices is a list"
        raise UsageError(message)
    return given


def _mapping(given: dict[str, Any], key: str) -> dict[str, Any]:
    found = given.get(key) or {}
    return found if isinstance(found, dict) else {}


def _price(row: Any, sources: dict[str, Source], where: str) -> Price:
    """A row, whose unit is the name of its price."""
    if not isinstance(row, dict):
        message = f"{where} is no price: {row}"
        raise UsageError(message)
    where += f" ({' '.join(row.get(key, '?') for key in ('provider', 'region', 'item'))})"
    units = [key for key in row if key.startswith(UNIT)]
    if len(units) != 1:
        message = f"{where} needs one price, whose name is its unit (usd_per_vcpu_hour …), and has {len(units)}"
        raise UsageError(message)
    said = sources.get(row.get("source", ""))
    if said is None and "as_of" not in row:
        message = f"{where} has neither a date (as_of) nor a source that has one"
        raise UsageError(message)
    fields = {key: value for key, value in row.items() if key != units[0]} | {"unit": units[0], "usd": row[units[0]]}
    if said is not None:
        fields = {"as_of": said.as_of, **fields, "source": said.what}
    return _made(Price, fields, where)


def _made(kind: type[M], fields: Any, where: str) -> M:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        message = f"{where}: {field}: {said}" if field else f"{where}: {said}"
        raise UsageError(message) from error
