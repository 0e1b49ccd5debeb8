"""The ground of the vocabulary: frozen models that refuse unknown fields, and the types they share."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from steps.errors import UsageError

# A DNS label: what Kubernetes takes as the name of a Service, and people as an id.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$")]
CellId = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
RunId = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
TAG = "kind"  # the field that tells sorts of a value apart: it is always told, for it says whose defaults are meant


class Model(BaseModel):
    """A frozen value. Unknown fields are errors: a typo must not vanish."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    def to_json(self) -> str:
        """The value as JSON text, two spaces deep: what is stored is also read by people."""
        return self.model_dump_json(indent=2) + "\n"

    def to_short_json(self) -> str:
        """The value as JSON text without what is as it is by default, for where room is short; `from_json` reads the same."""
        return json.dumps(_short(self, self.model_dump(mode="json")), separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes, *, source: str) -> Self:
        """The value in `text`; `source` names it in the error.

        Raises UsageError: `source` is damaged or of another version, and at which field.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the document"
            message = f"{source} is not a valid {cls.__name__}: {where}: {first['msg']}"
            raise UsageError(message) from error


def _short(value: Any, plain: Any) -> Any:
    """plain: the same value as JSON has it."""
    if isinstance(value, BaseModel):
        given = {name: getattr(value, name) for name in type(value).model_fields}
        told = {name for name, field in type(value).model_fields.items() if name == TAG or given[name] != field.get_default()}
        return {name: _short(given[name], plain[name]) for name in plain if name in told}
    if isinstance(value, dict):
        return {name: _short(each, plain[str(name)]) for name, each in value.items()}
    return [_short(each, as_json) for each, as_json in zip(value, plain, strict=True)] if isinstance(value, tuple) else plain


def digest(value: Any) -> str:
    """A sha256 of a JSON-able value or Model, the same for equal values, as `sha256:…`."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
