"""How safe an acknowledged message is, and how a broker is set up for it: three classes that no table mixes."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from steps.model.values import Model

# memory: in the broker's memory. written: handed to the operating system. fsynced: on the disk. All on one broker.
DurabilityClass = Literal["memory", "written", "fsynced"]
CLASSES: tuple[DurabilityClass, ...] = ("memory", "written", "fsynced")

SURVIVES: dict[DurabilityClass, str] = {
    "memory": "acknowledged from memory: whatever ends the broker loses messages",
    "written": "acknowledged when written to a file: outlives the broker's process, not a loss of power",
    "fsynced": "acknowledged when on the disk (fsync): outlives a loss of power",
}


class Durable(Model):
    """How a broker is set up for one class, or why it has none."""

    lacking: str = ""  # why it has none; then nothing else is given
    how: str = ""  # in a few words, for people
    settings: dict[str, str] = {}  # over the component's own, for its texts
    client: dict[str, str] = {}  # what the driver declares at the broker; its client knows these words
    told: dict[str, str] = {}  # what the broker must say of itself, as far as it can be asked
    # What the consumers get: each acknowledged message, maybe twice; or none twice, and some never.
    promise: Literal["at-least-once", "at-most-once"] = "at-least-once"

    @model_validator(mode="after")
    def _lacking_or_set_up(self) -> Self:
        if bool(self.lacking) == bool(self.how):
            message = "a durability class is either lacking, with the reason, or set up, with how"
            raise ValueError(message)
        if self.lacking and (self.settings or self.client or self.told):
            message = "a durability class that is lacking has no settings"
            raise ValueError(message)
        return self
