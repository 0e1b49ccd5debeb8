"""What has to hold at a rate for it to be sustained, and how long a search for the highest such rate is."""

from __future__ import annotations

from math import log2

from pydantic import Field

from steps.model.values import Model, Positive

P99_ANSWERS = 300  # rule 9: 299 bound a p99 at 95 %
MOST_PROBES = 60  # of a search: it takes 10 to 20, and more where the contender's figures are restless
LEAST_SHARE_OF_START = 1 / 16  # where a search gives up on its way down


class Slo(Model):
    """What has to hold at a rate for it to be sustained."""

    p99_ms: Positive  # of the response time, at most
    errors: float = Field(default=0.001, ge=0, lt=1)  # share of the requests without a right answer, at most
    sent: float = Field(default=0.99, gt=0, le=1)  # share sent by the end of the probe (or p99_ms later), at least

    @property
    def said(self) -> str:
        """The objective in words."""
        return (
            f"p99 at most {self.p99_ms:g} ms, at most {100 * self.errors:.3g} % of the requests without a right answer "
            f"and at least {100 * self.sent:.3g} % sent in time"
        )


def usual_probes(resolution: float) -> float:
    """How many probes a search usually has: three rates up, two of them broken and tried twice, and the steps of a bisection."""
    return 6 + 1.5 * log2(1 / resolution)


def seconds_for(rate_rps: float, *, least_s: float) -> float:
    """How long a load of that rate has to be for a p99."""
    return max(least_s, P99_ANSWERS / rate_rps)
