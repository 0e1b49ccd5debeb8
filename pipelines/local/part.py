"""What every part of a manifest is: frozen, named as in YAML, and strict about what it does not know."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from pipelines.local import gotext


def _any_string(value: Any) -> Any:
    """Argo takes numbers and true or false where it wants text, and writes them in plain decimal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return gotext.number(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_any_string)]


class Spec(BaseModel):
    """A part of a manifest; frozen, named as in YAML."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    ignored: ClassVar[frozenset[str]] = frozenset()
    refused: ClassVar[dict[str, str]] = {}

    def to_dict(self) -> dict[str, Any]:
        """The part as it stands in YAML, without what is not set."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
