"""The load's side of a trace: it waits until the tracer knows what it can, and sends its load once more for it."""

from __future__ import annotations

import time
from contextlib import suppress

from steps.errors import LabError
from steps.model import Experiment, Load, Ramp, SteadyLoad
from steps.model.trace_program import READY_WITHIN_S, TRACED_S, TRACED_WARMUP_S
from steps.trace.marks import BEGUN, READY, Marks


class Beside:
    """What the load of one cell knows of the trace beside it; of an experiment without one, nothing."""

    def __init__(self, marks: Marks | None) -> None:
        self._marks = marks
        self._begun = False
        self.wanted = False  # there will be a trace

    @classmethod
    def of(cls, asked: Experiment, run: str, cell: str) -> Beside:
        """Raises UsageError: a trace is asked for, and the environment names no store."""
        return cls(Marks.of(asked, run, cell) if asked.trace else None)

    def await_ready(self) -> None:
        """Waits until the tracer has found out whether there can be a trace; it takes nothing from the window after that."""
        if self._marks is None:
            return
        with suppress(LabError):  # the step `trace` has its own reason, and this one's figures do not need it
            self.wanted = self._marks.wait(READY, within_s=READY_WITHIN_S)["reason"] is None

    def again(self, load: Load) -> SteadyLoad | None:
        """The load that is to be sent for the trace; None: there will be no trace."""
        if not self.wanted or isinstance(load, Ramp):
            return None
        return load.model_copy(update={"warmup_s": TRACED_WARMUP_S, "duration_s": TRACED_S})

    def announce(self, load: SteadyLoad) -> None:
        """Tells the tracer that this load begins now. Where the store does not take it, what was measured stays measured."""
        if self._marks is not None:
            with suppress(LabError):
                self._marks.put(BEGUN, end_ns=time.monotonic_ns() + round((load.warmup_s + load.duration_s) * 1e9))
                self._begun = True

    def close(self) -> None:
        """Tells a tracer that still waits that nothing will come."""
        if self._marks is not None and not self._begun:
            with suppress(LabError):  # then it waits in vain, but not for ever
                self._marks.put(BEGUN, reason="no load was sent for the trace: it failed before, or the tracer was late")
