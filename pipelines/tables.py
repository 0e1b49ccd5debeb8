"""What the command line prints: plain text tables and trees, and their JSON twins. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipelines import duration
from steps.model import Cell, Component, Experiment, Phase, Plan
from steps.model.asked import names_of


def columns(rows: Iterable[Sequence[str]]) -> str:
    """Rows with their columns aligned, two spaces apart."""
    table = [list(row) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table)


def experiments(rows: list[tuple[Phase, Experiment]]) -> str:
    """Every experiment with its phase and question."""
    head = ("PHASE", "EXPERIMENT", "CONTENDERS", "QUESTION")
    body = [(phase.id, each.name, str(len(each.contenders)), each.question) for phase, each in rows]
    return columns([head, *body])


def experiments_json(rows: list[tuple[Phase, Experiment]]) -> str:
    plain = [
        {
            "phase": phase.id,
            "title": phase.title,
            "experiment": each.name,
            "question": each.question,
            "contenders": [arm.name for arm in each.contenders],
        }
        for phase, each in rows
    ]
    return json.dumps(plain, indent=2)


def experiment(each: Experiment) -> str:
    """An experiment in words."""
    arms = [(arm.name, arm.title, arm.version, "baseline" if arm is each.baseline else "") for arm in each.arms]
    around = [(one.name, one.title, one.version, "fresh in each cell") for one in each.around]
    brought = [(one.name, one.title, one.version, f"brought by {by}") for one in each.programs if (by := _bringers(one, each))]
    loads = [f"{load.label}: {load.said}" for load in each.loads]
    parts = [
        f"{each.phase}/{each.name}",
        each.question,
        "",
        *([columns([*arms, *brought, *around]), ""] if arms else []),
        *([f"reads       the newest runs of {', '.join(each.reads)}"] if each.reviews else []),
        *(f"load        {line}, {each.repetitions} repetitions" for line in loads),
        *(f"metric      {metric.name}: {metric.source}" for metric in each.metrics),
        *(f"hypothesis  {hypothesis.statement}" for hypothesis in each.hypotheses),
        *([f"precision   at most {_budget(each)}"] if each.precision else []),
    ]
    return "\n".join(parts)


def _bringers(one: Component, each: Experiment) -> str:
    """The arms that bring a component beside themselves."""
    return ", ".join(arm.name for arm in each.arms if one.name in {part.name for part in arm.beside})


def _example(each: Experiment) -> Plan:
    """A plan as a run would make it; a real run draws its own order."""
    return Plan.of(each, run=f"{each.name}-example", seed=0)


def expected(seconds: Mapping[str, float], todo: Mapping[str, Sequence[str]]) -> list[str]:
    """What a phase's run has before it, a line for each experiment: `gateway-comparison  36 cells, about 11 min 02 s`."""
    rows = [
        (f"  {name}", f"{_counted(todo[name], 'cell') if todo[name] else 'no cells'}, about {duration.spoken(each)}")
        for name, each in seconds.items()
    ]
    return columns(rows).splitlines()


def in_all(found: Sequence[Experiment]) -> str:
    """How long the experiments of a phase take, one after the other."""
    cells, seconds = sum(map(duration.of_cells, found)), sum(map(duration.of_experiment, found))
    return f"in all: {len(found)} experiments with {cells} cells, about {duration.spoken(seconds)} on this machine"


def _counted(things: Sequence[object], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def plan(each: Experiment, *, finds: Sequence[str] = ()) -> str:
    """The matrix, an order of it, the time it takes, and (`finds`) how small a difference it finds."""
    from pipelines.costs import budget  # not for `list`

    if each.reviews:
        return "\n".join([_head(each), f"no cells: reads the newest runs of {', '.join(each.reads)}", _about(each)])
    made = _example(each)
    per_round = len(each.pairs)
    rounds = [made.cells[start : start + per_round] for start in range(0, len(made.cells), per_round)]
    lines = [f"  {number}  {' '.join(_called(each, cell) for cell in cells)}" for number, cells in enumerate(rounds, 1)]
    repetitions = _counted(range(each.repetitions), "repetition")
    return "\n".join(
        [
            _head(each),
            f"{len(made.cells)} cells: {' × '.join((_counted(each.arms, 'arm'), _counted(each.loads, 'load'), repetitions))}",
            _about(each),
            budget.said(each),
            *finds,
            "rounds, each in a random order (a run draws and records its own; this is an example):",
            *lines,
        ]
    )


def _head(each: Experiment) -> str:
    return f"{each.phase}/{each.name}{' (preview)' if each.preview else ''}"


def _called(each: Experiment, cell: Cell) -> str:
    """`nginx`; where there are several loads `go/json`."""
    return cell.contender if len(each.loads) == 1 else f"{cell.contender}/{names_of(each.load_called(cell.load))[-1]}"


def _about(each: Experiment) -> str:
    """How long a run takes, and at most, where it may add rounds."""
    about = f"about {duration.spoken(duration.of_experiment(each))} on this machine"
    most_s = duration.at_most(each)
    return f"{about}, up to {duration.spoken(most_s)} if it takes {_budget(each)}" if most_s else about


def _budget(each: Experiment) -> str:
    """`30 rounds to ±5 %`."""
    asked = each.precision
    return f"{asked.most_rounds} rounds to ±{100 * asked.half_width:g} %" if asked else ""


def plan_json(each: Experiment) -> dict[str, Any]:
    from pipelines.costs import budget

    seconds = duration.of_experiment(each)
    return {
        "experiment": f"{each.phase}/{each.name}",
        "preview": each.preview,
        "example_order": [] if each.reviews else [cell.id for cell in _example(each).cells],
        "seconds": round(seconds),
        "usd": str(budget.estimate(each).value),
        "most_seconds": round(duration.at_most(each) or seconds),
    }
