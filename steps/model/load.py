"""A load: what is sent to a contender, at which rate, for how long, and what a right answer is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from steps.model.values import Model, Positive


class HttpLoad(Model):
    """GET requests in an open loop: the schedule is fixed before the run and waits for nobody.

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

    @property
    def label(self) -> str:
        """The load in a cell's name: `500rps`, or `0-5rps` for half a request per second."""
        return f"{self.rate_rps:g}rps".replace(".", "-").replace("+", "")
