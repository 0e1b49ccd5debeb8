"""The load's side of a trace: it waits until the tracer knows what it can, and sends its load once more for it."""

from __future__ import annotations

import time
from contextlib import suppress

from steps.errors import LabError
from steps.model import Experiment, Load, Ramp, SteadyLoad
from steps.model.trace_program import ATTACHED_WITHIN_S, READY_WITHIN_S, TRACED_S, TRACED_WARMUP_S
from steps.trace.marks import ATTACHED, BEGUN, READY, Marks

MORE_S = 0.5  # than the tracer counts


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

    def again(self, load: Load, *, in_pods: bool = False) -> SteadyLoad | None:
        """The load that is to be sent for the trace; None: there will be no trace.

        in_pods: the tracer has yet to start, in a pod of its own: it says when it will count, and the load is as long as that.
        """
        if self._marks is None or not self.wanted or isinstance(load, Ramp):
            return None
        lasts_s: float | None = None if in_pods else TRACED_S
        if in_pods:
            with suppress(LabError):  # the tracer says itself what went wrong
                lasts_s = self._agreed(self._marks)
        return load.model_copy(update={"warmup_s": TRACED_WARMUP_S, "duration_s": lasts_s}) if lasts_s else None

    def _agreed(self, marks: Marks) -> float | None:
        """For how long the load is to be sent, after its warm-up; None: there is no tracer. Raises MeasureError, StoreError."""
        marks.put(BEGUN)
        self._begun = True
        said = marks.wait(ATTACHED, within_s=ATTACHED_WITHIN_S)
        if "end_unix_ns" not in said:
            return None
        end_ns = int(said["end_unix_ns"])
        return max((end_ns - time.time_ns()) / 1e9 - TRACED_WARMUP_S, 0.0) + MORE_S

    def announce(self, load: SteadyLoad) -> None:
        """Tells a tracer that waits that this load begins now. Should the store not take it, what was measured stays measured."""
        if self._marks is not None and not self._begun:
            with suppress(LabError):
                self._marks.put(BEGUN, end_ns=time.monotonic_ns() + round((load.warmup_s + load.duration_s) * 1e9))
                self._begun = True

    def close(self) -> None:
        """Tells a tracer that still waits that nothing will come."""
        if self._marks is not None and not self._begun:
            with suppress(LabError):  # then it waits in vain, but not for ever
                self._marks.put(BEGUN, reason="no load was sent for the trace: it failed before, or the tracer was late")
