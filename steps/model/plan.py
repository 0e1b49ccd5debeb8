"""The plan of a run: which cells, in which order, from which seed."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import Literal, Self

from pydantic import Field, model_validator

from steps.errors import UsageError
from steps.model.experiment import Experiment
from steps.model.values import CellId, Model, Name, RunId


class Cell(Model):
    """One contender under one load in one repetition."""

    id: CellId
    contender: Name
    load: str  # the load's label
    repetition: int = Field(ge=1)

    @classmethod
    def of(cls, contender: str, load: str, repetition: int) -> Self:
        """The cell under its readable name: `envoy-500rps-r3`."""
        return cls(id=f"{contender}-{load}-r{repetition}", contender=contender, load=load, repetition=repetition)


class Extension(Model):
    """Rounds that were added to a plan, because of what the cells before them came to."""

    why: Literal["suspect", "precision"]
    cells: tuple[CellId, ...] = Field(min_length=1)
    repeats: tuple[CellId, ...] = ()  # the suspect cells that they repeat: none is repeated a second time
    at: str


class Plan(Model):
    """Every cell of the experiment, in the order in which it is run; `todo` are those that this run still has to make.

    Cells are added and never replaced: a repeated measurement is a new cell in a new round.
    """

    schema_version: int = 1
    run: RunId
    seed: int
    cells: tuple[Cell, ...] = Field(min_length=1)
    todo: tuple[CellId, ...]
    extensions: tuple[Extension, ...] = ()
    begun_at: str | None = None  # of this part of the run; where there is a budget

    @classmethod
    def of(cls, experiment: Experiment, *, run: str, seed: int) -> Self:
        """The whole matrix in rounds: each repetition visits every arm under every load once, in an order of its own.

        Interleaving keeps a drift of the machine from looking like a difference between contenders (Mytkowicz, ASPLOS'09).
        """
        shuffle = random.Random(seed).shuffle
        cells: list[Cell] = []
        for repetition in range(1, experiment.repetitions + 1):
            block = [Cell.of(arm.name, load.label, repetition) for arm, load in experiment.pairs]
            shuffle(block)
            cells += block
        return cls(run=run, seed=seed, cells=tuple(cells), todo=tuple(cell.id for cell in cells))

    @property
    def rounds(self) -> int:
        """How many rounds there are, the added ones with them."""
        return max(cell.repetition for cell in self.cells)

    def cell(self, cell_id: str) -> Cell:
        """The cell of that id. Raises KeyError."""
        return {cell.id: cell for cell in self.cells}[cell_id]

    def extended(
        self,
        rounds: Iterable[Iterable[tuple[str, str]]],
        *,
        why: Literal["suspect", "precision"],
        at: str,
        repeats: tuple[str, ...] = (),
    ) -> Self:
        """The plan with further rounds, which are what is to be done now.

        rounds: the (contender, load) pairs of each. They are run in a random order that follows from seed and round.
        """
        added: list[Cell] = []
        for repetition, pairs in enumerate(rounds, start=self.rounds + 1):
            block = [Cell.of(contender, load, repetition) for contender, load in pairs]
            random.Random(f"{self.seed} {repetition}").shuffle(block)
            added += block
        ids = tuple(cell.id for cell in added)
        extension = Extension(why=why, cells=ids, repeats=repeats, at=at)
        more = {"cells": (*self.cells, *added), "todo": ids, "extensions": (*self.extensions, extension)}
        return self.model_copy(update=more)

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [cell.id for cell in self.cells]
        if len(set(ids)) < len(ids):
            message = f"plan of {self.run}: a cell is planned twice"
            raise ValueError(message)
        return self


def cell_of(experiment: Experiment, cell_id: str) -> Cell:
    """What a cell's id means in an experiment, in rounds that were added too. Raises UsageError: it has no such cell."""
    stem, _, repetition = cell_id.rpartition("-r")
    pairs = {f"{arm.name}-{load.label}": (arm.name, load.label) for arm, load in experiment.pairs}
    if stem not in pairs or not re.fullmatch(r"[1-9]\d{0,3}", repetition):
        message = f"experiment {experiment.name} has no cell {cell_id}"
        raise UsageError(message)
    return Cell.of(*pairs[stem], int(repetition))
