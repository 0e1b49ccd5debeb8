"""What `history` says and its gate does when it is the machine that changed."""

from pipelines.comparing import text, timeline
from steps.statistics.trends import history_of
from tests.steps.sealed_runs import run


def history(*, factors=None, suspect=frozenset()):
    """Twenty runs, of which the newer ten are others by these factors."""
    runs = [
        run(f"r{day:02}", day=day, noise=0.01, factors=factors if factors and day >= 10 else {}, suspect=suspect)
        for day in range(20)
    ]
    return history_of("phase-4", "gateway-comparison", runs, left_out={})


def test_a_level_that_the_baseline_shares_is_told_with_its_reason():
    """The change is shown, and whose it may be."""
    factors = {(name, "p50_ms"): 1.3 for name in ("direct", "nginx", "envoy")}

    said = text.history(history(factors=factors), shown=("p50_ms",))
    lost = text.history(history(factors={("nginx", "p50_ms"): 1.3}, suspect={"direct"}), shown=("p50_ms",))

    assert said.splitlines()[0].endswith("the newest level of nothing is worse")
    (row,) = [line for line in said.splitlines() if line.startswith("nginx")]
    assert "cannot tell: ×1.3" in row
    assert "; the baseline's own interval reaches ×1.3" in row
    assert "; how far the baseline moved is not known" in lost


def test_the_gate_needs_a_contender_that_could_show_a_change():
    """A direct path with twenty runs does not open it."""
    assert timeline.long_enough(history())
    assert not timeline.long_enough(history(suspect={"nginx", "envoy"}))
