"""Phase 10, at its end: what do the stored results come to together, and what would one choose?"""

from __future__ import annotations

from steps.model import DutyCycle, Experiment, Rule

EXPERIMENTS = (
    Experiment(
        name="cost-efficiency",
        question="Who is worth its cost: beside p99 and memory, on the spot market, and scaled to zero?",
        shape="review",
        duty=DutyCycle(busy_shares=(0.01, 0.1, 0.5), wakes_per_day=24, hold_s=300),
    ),
    Experiment(
        name="trade-off",
        question="Which contender of each experiment would one choose, and what is not known of it?",
        shape="review",
        rule=Rule(p99_below_ms=20, least="usd"),
    ),
)
