"""The plan of a run: which cells, in which order, from which seed."""

from __future__ import annotations

import random
from typing import Self

from pydantic import Field

from steps.errors import UsageError
from steps.model.experiment import Experiment
from steps.model.values import CellId, Model, Name, RunId


class Cell(Model):
    """One contender under one load in one repetition."""

    id: CellId
    contender: Name
    load: str  # the load's label
    repetition: int = Field(ge=1)


class Plan(Model):
    """Every cell of the experiment, in the order in which it is run; `todo` are those that this run still has to make."""

    schema_version: int = 1
    run: RunId
    seed: int
    cells: tuple[Cell, ...] = Field(min_length=1)
    todo: tuple[CellId, ...]

    @classmethod
    def of(cls, experiment: Experiment, *, run: str, seed: int) -> Self:
        """The whole matrix in rounds: each repetition visits every arm under every load once, in an order of its own.

        Interleaving keeps a drift of the machine from looking like a difference between contenders (Mytkowicz, ASPLOS'09).
        """
        shuffle = random.Random(seed).shuffle
        cells: list[Cell] = []
        for repetition in range(1, experiment.repetitions + 1):
            block = [
                Cell(id=f"{arm.name}-{load.label}-r{repetition}", contender=arm.name, load=load.label, repetition=repetition)
                for arm in experiment.arms
                for load in experiment.loads
            ]
            shuffle(block)
            cells += block
        return cls(run=run, seed=seed, cells=tuple(cells), todo=tuple(cell.id for cell in cells))

    def cell(self, cell_id: str) -> Cell:
        """The cell of that id. Raises KeyError."""
        return {cell.id: cell for cell in self.cells}[cell_id]


def cell_of(experiment: Experiment, cell_id: str) -> Cell:
    """What a cell's id means in an experiment, whatever the order of a run. Raises UsageError: it has no such cell."""
    try:
        return Plan.of(experiment, run="any", seed=0).cell(cell_id)
    except KeyError as error:
        message = f"experiment {experiment.name} has no cell {cell_id}"
        raise UsageError(message) from error
