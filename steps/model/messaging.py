"""A load of messages: how large, at which rate, to how many consumers, and how safe an acknowledged one has to be."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from steps.model.durability import SURVIVES, DurabilityClass
from steps.model.values import Model, Positive

TOPIC = "bench"  # of every load, and of an application that publishes
HEAD_BYTES = 16  # of each message: its number, and whose it is
CHECKED_WITHIN_S = 60.0  # topic and consumers are made before, of a Kafka that has just started
LEAVES_AT = 0.4  # of the window: then a consumer goes that is to be away
MOST_AWAY = 0.5  # of the window: what is left of it is for catching up
# What a message costs the driver, sent or received, in requests of the HTTP driver; rounded up (docs/messaging.md, "The driver").
EFFORT = 4.0


class MessageLoad(Model):
    """Messages in an open loop: the schedule is fixed before the run and waits for nobody.

    Each of `fan_out` consumers gets every message. Two latencies count from the intended moment: until the broker has
    acknowledged a message, and until a consumer has it.
    """

    kind: Literal["messages"] = "messages"
    model: Literal["open"] = "open"
    durability: DurabilityClass
    size_bytes: int = Field(default=1024, ge=HEAD_BYTES, le=1 << 20)
    fan_out: int = Field(default=1, ge=1, le=8)
    rate_mps: Positive
    # The first consumer loses its connection in the middle of the window, and comes back so much later.
    away_s: Positive | None = None
    unacknowledged: int = Field(default=256, ge=1, le=10_000)  # at most; what is due beyond them waits, and that time counts
    warmup_s: float = Field(default=3.0, ge=0)
    duration_s: Positive
    timeout_s: Positive = 5.0

    @model_validator(mode="after")
    def _is_back_in_the_window(self) -> Self:
        if self.away_s and self.away_s > MOST_AWAY * self.duration_s:
            message = (
                f"load {self.label}: a consumer that is away for {self.away_s:g} s from two fifths of the window on is hardly "
                f"back within its {self.duration_s:g} s; away_s may be {MOST_AWAY * self.duration_s:g} at most"
            )
            raise ValueError(message)
        return self

    @property
    def size(self) -> str:
        """`128b`, `1kb`, `64kb`."""
        return f"{self.size_bytes // 1024}kb" if self.size_bytes % 1024 == 0 else f"{self.size_bytes}b"

    @property
    def name(self) -> str:
        """What tells it from the others of its experiment: `fsynced-1kb-to-1`, `written-1kb-to-1-restart`."""
        return f"{self.durability}-{self.size}-to-{self.fan_out}{'-restart' if self.away_s else ''}"

    @property
    def label(self) -> str:
        """The load in a cell's name: `fsynced-1kb-to-1-500mps`."""
        return f"{self.name}-{self.rate_mps:g}mps".replace(".", "-").replace("+", "")

    @property
    def to_whom(self) -> str:
        """`to 1 consumer`."""
        return f"to {self.fan_out} consumer{'' if self.fan_out == 1 else 's'}"

    @property
    def under(self) -> str:
        """What a sentence or a heading adds where an experiment has several loads."""
        restart = ", one of them restarted" if self.away_s else ""
        return f" for {self.size_bytes:,} bytes {self.durability}, {self.to_whom}{restart}, at {self.rate_mps:g} messages/s"

    @property
    def said(self) -> str:
        """The load in words."""
        restart = f", the first of which loses its connection in the middle for {self.away_s:g} s" if self.away_s else ""
        return (
            f"messages of {self.size_bytes:,} bytes {self.to_whom}{restart}, {SURVIVES[self.durability]}; "
            f"{self.rate_mps:g} per second in an {self.model} loop for {self.duration_s:g} s after {self.warmup_s:g} s of warm-up"
        )

    @property
    def rate_rps(self) -> float:
        """A message is one request of the load, answered by the broker's acknowledgement."""
        return self.rate_mps

    @property
    def exchanges_per_s(self) -> float:
        """What the driver has to do, in requests of the HTTP driver."""
        return self.rate_mps * (1 + self.fan_out) * EFFORT

    @property
    def connections(self) -> int:
        """How many messages may be unacknowledged at a time: one on each of so many slots of a single connection."""
        return self.unacknowledged

    @property
    def window_s(self) -> float:
        """How long one measured window is."""
        return self.duration_s

    @property
    def usual_s(self) -> float:
        """How long it takes, about: with what is declared before, and what is still under way afterwards."""
        return self.warmup_s + self.duration_s + 1.0

    @property
    def longest_s(self) -> float:
        """How long it may take."""
        return self.warmup_s + self.duration_s + 2 * self.timeout_s + CHECKED_WITHIN_S

    def shortened(self, *, window_s: float, warmup_s: float) -> MessageLoad:
        """The same, no longer than that."""
        duration_s = min(self.duration_s, window_s)
        away_s = min(self.away_s, MOST_AWAY * duration_s) if self.away_s else None
        shorter = {"duration_s": duration_s, "warmup_s": min(self.warmup_s, warmup_s), "away_s": away_s}
        return self.model_copy(update=shorter)
