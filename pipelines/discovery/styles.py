"""What a stub looks like in each field that the lab measures: with which contenders, behind what, and under which load.

A candidate gets the style of the category's contenders; where the lab has none, that of a server that speaks HTTP, to begin with.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from steps.model import Component


@dataclass(frozen=True)
class Style:
    """Parts of a module, as Python. `mark` in them becomes the mark of what a person fills in."""

    imports: str  # besides the contenders
    model: str  # names of steps.model
    metrics: str  # names of steps.model.metric
    component: str  # fields of the candidate
    baseline: str  # a constant; empty: the first contender that the lab has
    around: str
    load: str
    measured: str


HTTP = Style(
    imports="from phases.catalogue.upstreams import PRODUCT_JSON, UPSTREAM\n",
    model="Component, Experiment, HttpLoad, Parity, Port, Process, Program, Ready",
    metrics="CPU, GOODPUT, LATENCY, MEMORY, PATH_CPU, READY",
    component="""    ports=(Port(name="http", number=8080),),
    ready=Ready(path="/json"),
    parity=Parity(workers="{mark}", upstream_keep_alive="{mark}", tls="{mark}", access_log="{mark}", buffering="{mark}"),
""",
    baseline="DIRECT",
    around="    around=(UPSTREAM,),\n",
    load='HttpLoad(path="/json", rate_rps=500, warmup_s=3, duration_s=12, expect=PRODUCT_JSON)',
    measured="*LATENCY, GOODPUT, CPU, PATH_CPU, MEMORY, READY",
)
SQL = Style(
    imports="",
    model="Component, Experiment, Parity, Port, Process, Program, Ready, SqlLoad",
    metrics="LATENCY, LOGGED, MEMORY, READY, TPS, TRANSACTION_CPU",
    component="""    ports=(Port(name="sql", number=5432),),
    speaks="postgresql",  # {mark}: or mysql
    ready=Ready(tcp=True),  # {mark}: a hello that tells whether it takes commands yet
    parity=Parity(workers="{mark}", more={{"a commit": "{mark}", "buffers": "{mark}"}}),
""",
    baseline="",
    around="",
    load='SqlLoad(mix="tpcb", rate_tps=150, duration_s=12)',
    measured="*LATENCY, TPS, TRANSACTION_CPU, LOGGED, MEMORY, READY",
)


def of(category: str) -> tuple[Style, dict[str, str]]:
    """The style of a category, and what the lab has of it: constant → the module of the catalogue that holds it."""
    from phases.catalogue import databases, gateways

    for style, module in ((HTTP, gateways), (SQL, databases)):
        if rivals := _rivals(module, category):
            return style, dict.fromkeys(rivals, module.__name__)
    return HTTP, {}


def _rivals(module: ModuleType, category: str) -> list[str]:
    """The constants of a module's contenders of a category; a variant of another is none of its own."""
    found = [(name, value) for name, value in vars(module).items() if isinstance(value, Component)]
    of_it = [(name, value) for name, value in found if value.landscape and f"{value.landscape} / ".startswith(f"{category} / ")]
    return [name for name, value in of_it if not (value.direct or value.same_as)]
