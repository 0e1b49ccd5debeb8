"""A phase of the roadmap: its experiments, in their order."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from steps.model.experiment import Experiment
from steps.model.values import Model


class Phase(Model):
    """A chapter of the roadmap, or one of its appendices."""

    number: int | None = Field(default=None, ge=1, le=99)
    title: str
    experiments: tuple[Experiment, ...] = Field(min_length=1)
    appendix: str | None = Field(default=None, pattern="^[a-z]$")  # its letter, in the place of a number

    @model_validator(mode="after")
    def _reviews_come_last(self) -> Self:
        """So that what a review reads of its own run is there when it looks."""
        for number, experiment in enumerate(self.experiments):
            before = [each.name for each in self.experiments[:number] if not each.reviews]
            unknown = [name for name in experiment.reads if name not in before]
            if unknown or (experiment.reviews and not before):
                what = f"{unknown[0]}, which is not" if unknown else "what is"
                message = f"{self.id}: {experiment.name} reads {what} measured before it in this phase"
                raise ValueError(message if unknown else f"{message}, and nothing is")
        return self

    def read_by(self, review: Experiment) -> tuple[str, ...]:
        """The experiments that a review of this phase reads: those it names, else all that measure."""
        return review.reads or tuple(each.name for each in self.experiments if not each.reviews)

    @property
    def id(self) -> str:
        """`phase-4`, `appendix-t`."""
        return f"appendix-{self.appendix}" if self.number is None else f"phase-{self.number}"

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.number is None) == (self.appendix is None):
            message = f"phase {self.title!r} needs a number or the letter of an appendix"
            raise ValueError(message)
        return self
