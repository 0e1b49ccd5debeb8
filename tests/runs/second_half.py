"""A short run of the newer experiments of phase 10, with few arms, and of both its reviews as they stand in the phase.

`python -m tests.runs.second_half REPORTS`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pipelines.__main__ import cli
from pipelines.local import session
from pipelines.select import experiments
from steps.model import Experiment

WINDOW_S = 2.0  # the shortest that has a cost
FEW = {
    "messaging-benchmark": (("nats", "valkey"), ("written-1kb-to-1", "memory-1kb-to-1")),
    "mesh-benchmark": (("none", "plain"), ("one",)),
    "observability-overhead": (("unwatched", "metrics"), ()),
}
REVIEWS = ("cost-efficiency", "trade-off")


def asked() -> tuple[Experiment, ...]:
    """All of them previews, so nothing decides; the reviews read what the others stored."""
    measured = tuple(_shortened(name, *few) for name, few in FEW.items())
    reviews = [experiments(name)[0].model_copy(update={"reads": tuple(FEW)}).as_preview() for name in REVIEWS]
    return (*measured, *reviews)


def _shortened(name: str, arms: tuple[str, ...], loads: tuple[str, ...]) -> Experiment:
    """One repetition of those arms under those loads (none named: all)."""
    (whole,) = experiments(name)
    taken = [whole.load_called(load) for load in loads] or list(whole.loads)
    update = {
        "contenders": tuple(each for each in whole.contenders if each.name in arms),
        "loads": tuple(load.shortened(window_s=WINDOW_S, warmup_s=0.5) for load in taken),
        "layers": tuple(each for each in whole.layers if each in arms),
        "tunings": (),
        "hypotheses": (),
        "absent": (),
        "quick_loads": (),
        "repetitions": 1,
        "preview": True,
    }
    return whole.model_copy(update=update)


if __name__ == "__main__":
    # Within the command line's own handler, so that errors are told as users see them.
    @cli.command("second-half", hidden=True)
    def second_half() -> None:
        """A short run of it."""
        sys.exit(session.run(*asked(), reports=Path(sys.argv[1]), gate=False))

    cli(["second-half"], prog_name="tests")
