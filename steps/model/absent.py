"""A contender that is declared and not here."""

from __future__ import annotations

from steps.model.values import Model, Name


class Absent(Model):
    """A row without cells: who is not here, and why."""

    name: Name
    title: str
    reason: str
