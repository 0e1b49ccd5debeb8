"""The verb `trace`: what the kernel sees of the contender, counted by bpftrace programs beside a load of its own."""

from steps.trace.step import run

__all__ = ["run"]
