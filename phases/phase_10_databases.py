"""Phase 10, databases: what does a transaction cost that is safe on the disk, and what does that safety cost?"""

from __future__ import annotations

from phases.catalogue.databases import MARIADB, POSTGRES, POSTGRES_GROUPED
from phases.catalogue.embedded import SQLITE, SQLITE_LONG_LOG
from steps.model import Experiment, Hypothesis, Slo, SqlLoad, SqlRampLoad
from steps.model.metric import LATENCY, LOGGED, MEMORY, READY, TPS, TRANSACTION_CAPACITY, TRANSACTION_CPU
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
        quick_loads=("tpcb",),
        repetitions=6,
        quick_repetitions=2,
        metrics=(*LATENCY, TPS, TRANSACTION_CPU, LOGGED, MEMORY, READY),
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
                statement="MariaDB logs less for a TPC-B transaction than PostgreSQL, which logs whole pages after a checkpoint",
                metric="logged_kib_per_request",
                of=MARIADB,
                over=POSTGRES,
                added_below=0.0,
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
    Experiment(
        name="database-capacity",
        question="How many TPC-B transactions per second does each database keep safe with a p99 under 50 ms?",
        shape="ramp",
        baseline=POSTGRES,
        contenders=(POSTGRES_GROUPED, MARIADB),
        loads=(SqlRampLoad(mix="tpcb", slo=Slo(p99_ms=50), start_tps=300),),
        repetitions=6,
        metrics=TRANSACTION_CAPACITY,
        unit_cost=PER_MILLION_TRANSACTIONS,
        hypotheses=(
            Hypothesis(
                statement="PostgreSQL keeps the SLO at more than 200 TPC-B transactions/s",
                metric="knee_rps",
                of=POSTGRES,
                above=200.0,
            ),
            Hypothesis(
                statement="Waiting for others lets PostgreSQL sustain at least 20 transactions/s more",
                metric="knee_rps",
                of=POSTGRES_GROUPED,
                over=POSTGRES,
                added_above=20.0,
            ),
        ),
    ),
    Experiment(
        name="sqlite-benchmark",
        question="What does a transaction cost in SQLite, safe on the disk, in the process that uses it?",
        shape="compare",
        baseline=SQLITE,
        contenders=(SQLITE_LONG_LOG,),
        loads=(
            SqlLoad(mix="tpcb", rate_tps=100, duration_s=12),
            SqlLoad(mix="write-heavy", rate_tps=100, duration_s=12),
            SqlLoad(mix="write-heavy", durability="relaxed", rate_tps=100, duration_s=12),
            SqlLoad(mix="read-heavy", rate_tps=300, duration_s=12),
        ),
        quick_loads=("tpcb",),
        repetitions=6,
        quick_repetitions=2,
        metrics=(*LATENCY, TPS, TRANSACTION_CPU, MEMORY, READY),
        unit_cost=PER_MILLION_TRANSACTIONS,
        hypotheses=(
            Hypothesis(
                statement="A TPC-B transaction in SQLite takes less than 20 ms at the median",
                metric="p50_ms",
                of=SQLITE,
                below=20.0,
            ),
            Hypothesis(
                statement="A log that is written back more seldom lowers p99 under TPC-B",
                metric="p99_ms",
                of=SQLITE_LONG_LOG,
                over=SQLITE,
                added_below=0.0,
            ),
            Hypothesis(
                statement="Without waiting for the disk, a write in SQLite takes less than 2 ms at the median",
                metric="p50_ms",
                of=SQLITE,
                below=2.0,
                load="write-heavy-relaxed",
            ),
        ),
    ),
)
