"""The metrics of the lab: each with its unit in its name, what is better, and where it comes from."""

from __future__ import annotations

import re
from typing import Literal

from steps.model.values import Model


class Metric(Model):
    """One number per cell."""

    name: str  # ends in its unit
    title: str
    unit: str
    better: Literal["lower", "higher"]
    source: str  # how it is measured, for the report


RESPONSE = "response time from the intended start, over all planned requests (one without a right answer ranks above all)"

P50 = Metric(
    name="p50_ms",
    title="p50",
    unit="ms",
    better="lower",
    source=f"{RESPONSE}, median",
)
P90 = Metric(
    name="p90_ms",
    title="p90",
    unit="ms",
    better="lower",
    source=f"{RESPONSE}, 90th percentile",
)
P99 = Metric(
    name="p99_ms",
    title="p99",
    unit="ms",
    better="lower",
    source=f"{RESPONSE}, 99th percentile",
)
GOODPUT = Metric(
    name="goodput_rps",
    title="goodput",
    unit="req/s",
    better="higher",
    source="right answers to the requests of the window, per second of the window",
)
CPU = Metric(
    name="cpu_us_per_request",
    title="CPU per request",
    unit="µs",
    better="lower",
    source="CPU time of the process trees of the contender and of what it brings in the window, per right answer",
)
PATH_CPU = Metric(
    name="path_cpu_us_per_request",
    title="CPU per request, whole path",
    unit="µs",
    better="lower",
    source="CPU time of the contender and of what stands around it in the window, per right answer",
)
OWN_CPU = Metric(
    name="own_cpu_us_per_request",
    title="CPU per request, itself",
    unit="µs",
    better="lower",
    source="CPU time of the contender's own process tree in the window, without what it brings, per right answer",
)
MEMORY = Metric(
    name="memory_mib",
    title="memory",
    unit="MiB",
    better="lower",
    source="largest memory of the contender's process tree at the window's readings (PSS where the kernel permits, else RSS), "
    "with that of what it brings",
)
READY = Metric(
    name="ready_ms",
    title="start to ready",
    unit="ms",
    better="lower",
    source="from the start of the process to the first good answer of its ready check (cold; never mixed with hot figures)",
)

IDLE_MEMORY = Metric(
    name="idle_memory_mib",
    title="idle memory",
    unit="MiB",
    better="lower",
    source="memory of the contender's process tree when it was ready and had been asked nothing but its ready check",
)

FAILED = Metric(
    name="failed_requests",
    title="failed",
    unit="requests",
    better="lower",
    source="requests of the window without a right answer: wrong, late, broken off or never sent",
)

LATENCY = (P50, P90, P99)
METRICS = (*LATENCY, GOODPUT, CPU, PATH_CPU, MEMORY, IDLE_MEMORY, READY)

# Of transactions: to a load each is a request, so that what holds for requests is known of them too.
TPS = GOODPUT.model_copy(update={"title": "TPS", "unit": "tx/s", "source": GOODPUT.source.replace("requests", "transactions")})
TRANSACTION_CPU = CPU.model_copy(update={"title": "CPU per transaction"})
# Not what the kernel counts as written: with large folios that is a megabyte for a page of the log, and exact only for what goes
# past its cache, so that one database looks two hundred times as bad as the other.
LOGGED = Metric(
    name="logged_kib_per_request",
    title="logged per transaction",
    unit="KiB",
    better="lower",
    source="how far the database's log (its sequence number) grew over the whole load, per right answer",
)

# Of messages: to a load each is a request, answered by the broker's acknowledgement.
PUBLISH = tuple(
    each.model_copy(
        update={
            "title": f"publish {each.title}",
            "source": "from the intended moment of a message until the broker acknowledged it, in the class of its load; "
            f"{each.source.rpartition(', ')[2]}",
        }
    )
    for each in LATENCY
)
DELIVERY_P50, DELIVERY_P99 = (
    Metric(
        name=f"delivery_p{percent}_ms",
        title=f"end to end p{percent}",
        unit="ms",
        better="lower",
        source="from the intended moment of a message until a consumer has it, over all planned messages and consumers (one that "
        f"never came ranks above all), {where}",
    )
    for percent, where in ((50, "median"), (99, "99th percentile"))
)
ACKNOWLEDGED = GOODPUT.model_copy(
    update={"title": "acknowledged", "unit": "msg/s", "source": "messages of the window acknowledged, per second of the window"}
)
DELIVERED = Metric(
    name="delivered_mps",
    title="delivered",
    unit="msg/s",
    better="higher",
    source="first deliveries inside the window at all consumers together, per second of the window",
)
BACKLOG = Metric(
    name="backlog_messages",
    title="backlog",
    unit="messages",
    better="lower",
    source="the most messages that were acknowledged and not yet delivered at one consumer, at any moment of the window",
)
LOST, DUPLICATES, OUT_OF_ORDER = (
    Metric(
        name=f"{name}_messages", title=title, unit="messages", better="lower", source=f"{what}, by sequence number, whole load"
    )
    for name, title, what in (
        ("lost", "lost", "acknowledged messages that a consumer never got"),
        ("duplicate", "twice", "deliveries of what the consumer already had"),
        ("out_of_order", "out of order", "first deliveries that came after a later message"),
    )
)
CATCH_UP = Metric(
    name="catch_up_ms",
    title="catch-up",
    unit="ms",
    better="lower",
    source="from the return of a consumer that lost its connection until it has every message acknowledged before its return",
)
MESSAGE_CPU = CPU.model_copy(update={"title": "CPU per message"})
MESSAGES = (
    *PUBLISH,
    DELIVERY_P50,
    DELIVERY_P99,
    ACKNOWLEDGED,
    DELIVERED,
    BACKLOG,
    LOST,
    DUPLICATES,
    OUT_OF_ORDER,
    CATCH_UP,
    MESSAGE_CPU,
    MEMORY,
    READY,
)

# Of a ramp. `p99_at_75_ms` is p99_ms under a load of 75 % of the knee; any metric can be asked for so, at the ramp's shares.
KNEE = Metric(
    name="knee_rps",
    title="knee",
    unit="req/s",
    better="higher",
    source="the highest rate at which the SLO held, in an open loop: found by growing, then bisecting",
)
P99_AT_50, P99_AT_75, P99_AT_90 = (
    Metric(
        name=f"p99_at_{percent}_ms",
        title=f"p99 at {percent}\N{NO-BREAK SPACE}%",
        unit="ms",
        better="lower",
        source=f"{RESPONSE}, 99th percentile, at {percent} % of the contender's own knee",
    )
    for percent in (50, 75, 90)
)
CPU_AT_75 = Metric(
    name="cpu_at_75_us_per_request",
    title="CPU per request at 75\N{NO-BREAK SPACE}%",
    unit="µs",
    better="lower",
    source="CPU time of the contender's process tree in the window, per right answer, at 75 % of its own knee",
)
MEMORY_AT_75 = Metric(
    name="memory_at_75_mib",
    title="memory at 75\N{NO-BREAK SPACE}%",
    unit="MiB",
    better="lower",
    source="largest memory of the contender's process tree at the window's readings, at 75 % of its own knee",
)

CAPACITY = (KNEE, P99_AT_50, P99_AT_75, P99_AT_90, CPU_AT_75, MEMORY_AT_75)
TRANSACTION_CAPACITY = (
    KNEE.model_copy(update={"title": "TPS at the SLO", "unit": "tx/s"}),
    *(P99_AT_50, P99_AT_75, P99_AT_90),
    CPU_AT_75.model_copy(update={"title": CPU_AT_75.title.replace("request", "transaction")}),
    MEMORY_AT_75,
)


def at_share(metric: str) -> tuple[str, int] | None:
    """What a metric of a ramp measures, and at how many percent of the knee: ("p99_ms", 75) for `p99_at_75_ms`."""
    found = re.fullmatch(r"(\w+)_at_(\d\d)_(\w+)", metric)
    return (f"{found[1]}_{found[3]}", int(found[2])) if found else None


# Of a trace, under a load of its own after the measured window. Active time is all threads' time but idling.
ON_CPU, CPU_WAIT, DISK_WAIT, NETWORK_WAIT, LOCK_WAIT = (
    Metric(
        name=f"{part}_percent",
        title=title,
        unit="%",
        better="lower",
        source=f"share of the active time of the contender's threads that went {where}, seen by the kernel's tracepoints",
    )
    for part, title, where in (
        ("on_cpu", "on CPU", "into computing"),
        ("cpu_wait", "waits for CPU", "into waiting for a core"),
        ("disk", "waits for disk", "into waiting for disks"),
        ("network", "waits for network", "into waiting to send"),
        ("lock", "waits for locks", "into waiting for each other"),
    )
)
SYNCS = Metric(
    name="syncs_per_request",
    title="fsyncs per request",
    unit="",
    better="lower",
    source="calls of fsync and fdatasync per right answer, under the trace",
)
SWITCHES = SYNCS.model_copy(
    update={
        "name": "switches_per_request",
        "title": "switches per request",
        "source": "how often a thread of the contender left a core, per right answer, under the trace",
    }
)
CALLS = SYNCS.model_copy(
    update={
        "name": "calls_per_request",
        "title": "system calls per request",
        "source": "system calls of the contender per right answer, under the trace",
    }
)
PAGES = SYNCS.model_copy(
    update={
        "name": "pages_per_request",
        "title": "pages asked for per request",
        "source": "pages that the contender asked the page cache for when it read files, per right answer, under the trace",
    }
)
PAGES_ADDED = SYNCS.model_copy(
    update={
        "name": "pages_added_per_request",
        "title": "pages added per request",
        "source": "pages that had to be added to the page cache, read from the disk or new in a file, per right answer, "
        "under the trace",
    }
)
TRACED = (ON_CPU, CPU_WAIT, DISK_WAIT, NETWORK_WAIT, LOCK_WAIT, SYNCS, SWITCHES, CALLS, PAGES, PAGES_ADDED)
