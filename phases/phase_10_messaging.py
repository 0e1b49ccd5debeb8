"""Phase 10, messaging: what does a message cost in each broker, until it is acknowledged and until it is there?

That no acknowledged message is lost is no hypothesis: it is checked in each cell, and one that loses any has failed. Such a
cell has no figures, so a hypothesis on losses would see none but those of the cells that lost nothing.
"""

from __future__ import annotations

from phases.catalogue.brokers import BROKERS, KAFKA, NATS, RABBITMQ, VALKEY
from steps.model import Experiment, Hypothesis, MessageLoad
from steps.model.metric import MESSAGES
from steps.model.unit_cost import PER_MILLION_MESSAGES

EXPERIMENTS = (
    Experiment(
        name="messaging-benchmark",
        question="What does a message cost in each broker, until it is acknowledged, and until its consumers have it?",
        shape="compare",
        baseline=NATS,
        contenders=tuple(each for each in BROKERS if each is not NATS),
        loads=(
            MessageLoad(durability="written", rate_mps=500, duration_s=10),
            MessageLoad(durability="fsynced", rate_mps=200, duration_s=10),
            MessageLoad(durability="memory", rate_mps=500, duration_s=10),
            MessageLoad(durability="written", size_bytes=128, rate_mps=500, duration_s=10),
            MessageLoad(durability="written", size_bytes=65536, rate_mps=50, duration_s=10),
            MessageLoad(durability="written", fan_out=4, rate_mps=200, duration_s=10),
            MessageLoad(durability="written", fan_out=8, rate_mps=100, duration_s=10),
            MessageLoad(durability="written", rate_mps=200, away_s=1, duration_s=10),
        ),
        quick_loads=("written-1kb-to-1",),  # two minutes: RabbitMQ and Kafka take long to start
        repetitions=6,
        quick_repetitions=2,
        metrics=MESSAGES,
        unit_cost=PER_MILLION_MESSAGES,
        hypotheses=(
            Hypothesis(
                statement="A written message is acknowledged by NATS within 5 ms at the median",
                metric="p50_ms",
                of=NATS,
                below=5.0,
                load="written-1kb-to-1",
            ),
            Hypothesis(
                statement="Kafka's consumer has a written message within 10 ms of NATS's at p99",
                metric="delivery_p99_ms",
                of=KAFKA,
                over=NATS,
                added_below=10.0,
                load="written-1kb-to-1",
            ),
            Hypothesis(
                statement="RabbitMQ needs more CPU for a written message than NATS",
                metric="cpu_us_per_request",
                of=RABBITMQ,
                over=NATS,
                added_above=0.0,
                load="written-1kb-to-1",
            ),
            Hypothesis(
                statement="Kafka holds at least 200 MiB more than NATS",
                metric="memory_mib",
                of=KAFKA,
                over=NATS,
                added_above=200.0,
                load="written-1kb-to-1",
            ),
            Hypothesis(
                statement="Valkey's fsync for each answer takes less than 20 ms at the median",
                metric="p50_ms",
                of=VALKEY,
                below=20.0,
                load="fsynced-1kb-to-1",
            ),
        ),
    ),
)
