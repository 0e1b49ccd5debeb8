"""Where the time went, in words and bars: the section of the page below what the contenders cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steps.model import Report
from steps.model.trace import ArmTrace, Bottleneck, Option, Sign
from steps.page.took import Took, took
from steps.statistics.words import DASH, number_of

NAMES = {
    "on_cpu": "computes",
    "cpu_wait": "waits for a core",
    "disk": "waits for disk",
    "network": "waits to send",
    "lock": "waits for a lock",
    "other": "else",
}


@dataclass(frozen=True)
class Part:
    """A piece of a bar."""

    name: str
    text: str
    percent: float
    hue: int


@dataclass(frozen=True)
class TraceView:
    """The traces of a report under one of its loads."""

    report: Report
    load: str

    @property
    def arms(self) -> tuple[ArmTrace, ...]:
        return tuple(each for each in self.report.traces if each.load == self.load)

    def legend(self) -> list[tuple[str, int]]:
        """What the colours mean."""
        return [(text, hue) for hue, text in enumerate(NAMES.values())]

    def bar(self, arm: ArmTrace) -> Iterator[Part]:
        """The pieces of a contender's active time, without those that are not there."""
        for hue, (name, text) in enumerate(NAMES.items()):
            share = arm.percent.get(name, 0.0)
            if share >= 0.05:
                yield Part(name, text, share, hue)

    def said(self, found: Bottleneck) -> str:
        """`disk (sync): it waits until …`."""
        kind = f" ({found.kind})" if found.kind else ""
        return found.said if found.resource == "none" else f"{found.resource}{kind}: {found.said}"

    def sign(self, sign: Sign) -> str:
        """`waits for disk 61 % (from 20 % on)`."""
        if sign.unit == "share":
            return f"{sign.metric} {100 * sign.value:.3g} % (threshold {100 * sign.threshold:.3g} %)"
        return f"{sign.metric} {sign.value:.3g} (threshold {sign.threshold:.3g})"

    def option(self, option: Option) -> str:
        """`4,000 more IOPS: +20 USD a month, helps: …`."""
        cost = (
            "its price is not in the price book" if option.usd_per_month is None else f"+{option.usd_per_month:,.2f} USD a month"
        )
        return f"{option.what}, {cost}: {'helps' if option.helps else 'will not help'}; {option.why}"

    def took(self, arm: ArmTrace) -> list[Took]:
        """How long each of what was timed took, in the repetition in the middle."""
        return list(took(arm.histograms))

    def picture(self, key: str) -> str:
        """What a flame graph shows."""
        return "On the cores" if key.endswith("on-cpu.svg") else "Off the cores, idling left out: what it waited for"

    def folded(self, key: str) -> str:
        """The stacks that a picture was drawn from."""
        return f"{key.removesuffix('.svg')}.folded"

    def tax(self, arm: ArmTrace) -> str:
        """What tracing took, as the kernel counted it, and the medians with and without."""
        cores = DASH if arm.bpf_cores is None else f"{number_of(100 * arm.bpf_cores)} % of a core"
        most = sorted(arm.bpf_cores_of.items(), key=lambda item: -item[1])
        if most:
            cores += f" ({', '.join(f'{name} {number_of(100 * used)}' for name, used in most)})"
        pair = (arm.untraced_p50_ms, arm.traced_p50_ms)
        both = "" if None in pair else f"; p50 {pair[0]:.3g} ms without it, {pair[1]:.3g} ms with it"
        return f"{cores}{both}"
