"""The vocabulary of the lab: frozen values that every floor speaks in.

What an author writes is there at once. Records and reports are some eighty classes more, and building them takes longer than all
else that `list` and `--help` do: they are imported when one of them is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from steps.model.absent import Absent
from steps.model.asked import Hypothesis, Precision, Tuning
from steps.model.build import Build, Tool
from steps.model.component import Component, Image, Parity, Port, Process, Program, Ready, Resources
from steps.model.durability import Durable
from steps.model.experiment import Experiment
from steps.model.load import HttpLoad
from steps.model.messaging import MessageLoad
from steps.model.metric import Metric
from steps.model.phase import Phase
from steps.model.ramp import Load, Ramp, RampLoad, Slo, SqlRampLoad, hops_of
from steps.model.reviewing import DutyCycle, Rule
from steps.model.sql import SqlLoad, SteadyLoad
from steps.model.trace_program import TraceProgram
from steps.model.values import Model, digest
from steps.model.verdict import ChangeVerdict, EffectVerdict, HypothesisVerdict, RunVerdict

if TYPE_CHECKING:
    from steps.model.comparison import Change, ChangePoint, Comparison, Difference, Group, History, Series, SeriesPoint
    from steps.model.deployed import DeployedComponent, DeployRecord, Endpoints, Running, Secured, Usage, now
    from steps.model.figure import Figure, Interval, Point
    from steps.model.layers import Layer, Part, Tuned, Waterfall
    from steps.model.outcome import (
        Calibration,
        CellOutcome,
        Check,
        ComponentUse,
        Counts,
        Driver,
        Environment,
        LedgerEntry,
        LoadRecord,
        Measurement,
        MessageRecord,
        TeardownRecord,
        Window,
    )
    from steps.model.plan import Cell, Extension, Plan, cell_of
    from steps.model.report import (
        Answer,
        Arm,
        CellSummary,
        Circumstances,
        Curve,
        Decision,
        Effect,
        HypothesisResult,
        LoadSection,
        ParityRow,
        PrecisionResult,
        Report,
        SearchPath,
        Track,
    )
    from steps.model.search import Probe, Search
    from steps.model.surroundings import Canary, CanaryReference, CrossCheck, PodContainer, Steadiness, Surroundings, Usual
    from steps.model.trace import TraceOutcome, TraceRecord

# In the order of their imports.
_RECORDS = ("plan", "search", "surroundings", "trace", "deployed", "outcome", "figure", "layers", "report", "comparison")

__all__ = [
    "Absent",
    "Answer",
    "Arm",
    "Build",
    "Calibration",
    "Canary",
    "CanaryReference",
    "Cell",
    "CellOutcome",
    "CellSummary",
    "Change",
    "ChangePoint",
    "ChangeVerdict",
    "Check",
    "Circumstances",
    "Comparison",
    "Component",
    "ComponentUse",
    "Counts",
    "CrossCheck",
    "Curve",
    "Decision",
    "DeployRecord",
    "DeployedComponent",
    "Difference",
    "Driver",
    "Durable",
    "DutyCycle",
    "Effect",
    "EffectVerdict",
    "Endpoints",
    "Environment",
    "Experiment",
    "Extension",
    "Figure",
    "Group",
    "History",
    "HttpLoad",
    "Hypothesis",
    "HypothesisResult",
    "HypothesisVerdict",
    "Image",
    "Interval",
    "Layer",
    "LedgerEntry",
    "Load",
    "LoadRecord",
    "LoadSection",
    "Measurement",
    "MessageLoad",
    "MessageRecord",
    "Metric",
    "Model",
    "Parity",
    "ParityRow",
    "Part",
    "Phase",
    "Plan",
    "PodContainer",
    "Point",
    "Port",
    "Precision",
    "PrecisionResult",
    "Probe",
    "Process",
    "Program",
    "Ramp",
    "RampLoad",
    "Ready",
    "Report",
    "Resources",
    "Rule",
    "RunVerdict",
    "Running",
    "Search",
    "SearchPath",
    "Secured",
    "Series",
    "SeriesPoint",
    "Slo",
    "SqlLoad",
    "SqlRampLoad",
    "Steadiness",
    "SteadyLoad",
    "Surroundings",
    "TeardownRecord",
    "Tool",
    "TraceOutcome",
    "TraceProgram",
    "TraceRecord",
    "Track",
    "Tuned",
    "Tuning",
    "Usage",
    "Usual",
    "Waterfall",
    "Window",
    "cell_of",
    "digest",
    "hops_of",
    "now",
]


def __getattr__(name: str) -> Any:
    """A record, by its name."""
    if name in __all__:
        for part in _RECORDS:
            found = vars(import_module(f"steps.model.{part}")).get(name)
            if found is not None:
                globals()[name] = found
                return found
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
