"""Phase 10, databases: what does a transaction cost that is safe on the disk, and what does that safety cost?"""

from __future__ import annotations

from phases.catalogue.databases import MARIADB, POSTGRES, POSTGRES_GROUPED
from steps.model import Experiment, Hypothesis, SqlLoad
from steps.model.metric import LATENCY, MEMORY, READY, TPS, TRANSACTION_CPU, WRITTEN
from steps.model.unit_cost import PER_MILLION_TRANSACTIONS

EXPERIMENTS = (
    Experiment(
        name="database-benchmark",
        question="What does a transaction cost in each database, safe on the disk?",
        shape="compare",
        baseline=POSTGRES,
        contenders=(POSTGRES_GROUPED, MARIADB),
        loads=(
            SqlLoad(mix="tpcb", rate_tps=150, duration_s=12),
            SqlLoad(mix="write-heavy", rate_tps=200, duration_s=12),
            SqlLoad(mix="write-heavy", durability="relaxed", rate_tps=200, duration_s=12),
            SqlLoad(mix="read-heavy", rate_tps=500, duration_s=12),
        ),
        quick_loads=("tpcb", "read-heavy"),
        repetitions=6,
        metrics=(*LATENCY, TPS, TRANSACTION_CPU, WRITTEN, MEMORY, READY),
        unit_cost=PER_MILLION_TRANSACTIONS,
        hypotheses=(
            Hypothesis(
                statement="A TPC-B transaction in PostgreSQL takes less than 20 ms at the median",
                metric="p50_ms",
                of=POSTGRES,
                below=20.0,
            ),
            Hypothesis(
                statement="Under TPC-B, MariaDB's p99 is within 50 ms of PostgreSQL's",
                metric="p99_ms",
                of=MARIADB,
                over=POSTGRES,
                added_below=50.0,
            ),
            Hypothesis(
                statement="MariaDB needs less CPU for a read-heavy transaction than PostgreSQL",
                metric="cpu_us_per_request",
                of=MARIADB,
                over=POSTGRES,
                added_below=0.0,
                load="read-heavy",
            ),
            Hypothesis(
                statement="MariaDB, which writes pages twice, writes more per TPC-B transaction than PostgreSQL",
                metric="written_kib_per_request",
                of=MARIADB,
                over=POSTGRES,
                added_above=0.0,
            ),
            Hypothesis(
                statement="Waiting for others makes a TPC-B transaction slower at a light load",
                metric="p50_ms",
                of=POSTGRES_GROUPED,
                over=POSTGRES,
                added_above=0.0,
            ),
            Hypothesis(
                statement="Without waiting for the disk, a write in PostgreSQL takes less than 5 ms at the median",
                metric="p50_ms",
                of=POSTGRES,
                below=5.0,
                load="write-heavy-relaxed",
            ),
        ),
    ),
)
