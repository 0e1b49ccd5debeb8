"""A load: what is sent to a contender, at which rate, for how long, and what a right answer is."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from steps.model.values import Model, Name, Positive


class HttpLoad(Model):
    """Requests in an open loop: the schedule is fixed before the run and waits for nobody.

    `model` is stated because closed-loop percentiles are not what users wait for; a closed model is not offered.
    """

    kind: Literal["http"] = "http"
    model: Literal["open"] = "open"
    path: str = Field(default="/", pattern="^/")
    rate_rps: Positive
    warmup_s: float = Field(default=3.0, ge=0)
    duration_s: Positive
    timeout_s: Positive = 5.0
    connections: int = Field(default=32, ge=1, le=1024)
    expect: str  # the body of a right answer; any other is an error, whatever its status
    name: Name | None = None  # tells loads of one experiment apart that do not differ in their rate
    method: Literal["GET", "POST"] = "GET"
    body: str = ""  # what a POST sends
    hops: int | None = Field(default=None, ge=1)  # how many services in a chain each request goes through

    @property
    def label(self) -> str:
        """The load in a cell's name: `500rps`, `json-500rps`, or `0-5rps` for half a request per second."""
        rate = f"{self.rate_rps:g}rps".replace(".", "-").replace("+", "")
        return f"{self.name}-{rate}" if self.name else rate

    @property
    def under(self) -> str:
        """What a sentence or a heading adds where an experiment has several loads: ` for json at 500 requests/s`."""
        named = f" for {self.name}" if self.name else ""
        return f"{named} at {self.rate_rps:g} requests/s"

    @property
    def said(self) -> str:
        """The load in words."""
        services = "service" if self.hops == 1 else "services"
        return (
            f"{self.method} {self.path}{f' with {len(self.body.encode()):,} bytes' if self.body else ''}, "
            f"{f'through {self.hops} {services}, ' if self.hops else ''}"
            f"{self.rate_rps:g} requests per second in an {self.model} loop for {self.duration_s:g} s "
            f"after {self.warmup_s:g} s of warm-up"
        )

    @property
    def window_s(self) -> float:
        """How long one measured window is."""
        return self.duration_s

    @property
    def usual_s(self) -> float:
        """How long it takes."""
        return self.warmup_s + self.duration_s

    @property
    def longest_s(self) -> float:
        """How long it may take."""
        return self.usual_s + self.timeout_s

    def shortened(self, *, window_s: float, warmup_s: float) -> HttpLoad:
        """The same, no longer than that."""
        shorter = {"duration_s": min(self.duration_s, window_s), "warmup_s": min(self.warmup_s, warmup_s)}
        return self.model_copy(update=shorter)

    @model_validator(mode="after")
    def _a_body_is_posted(self) -> Self:
        if self.body and self.method != "POST":
            message = f"load {self.label}: a body is sent with method POST, not {self.method}"
            raise ValueError(message)
        return self
