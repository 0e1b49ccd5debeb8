"""What an application publishes beside its answers: one message for each transaction, and how many of them a load left."""

from __future__ import annotations

from pydantic import Field

from steps.model.durability import DurabilityClass
from steps.model.values import Model, Name


class Outbox(Model):
    """Each right answer of the arm has left one message in the topic of a broker that the arm brings, acknowledged before it."""

    broker: Name
    durability: DurabilityClass


class Published(Model):
    """What a load left there. An answer that failed may have left its message, or not; none may be there twice."""

    broker: Name
    durability: DurabilityClass
    answered: int = Field(ge=0)  # transactions that were answered right, warm-up included
    sent: int = Field(ge=0)  # transactions that were sent
    kept: int  # messages in the topic after the load less those before it

    @property
    def right(self) -> bool:
        """Whether nothing is missing, and nothing there that no transaction accounts for."""
        return self.answered <= self.kept <= self.sent

    @property
    def said(self) -> str:
        """`600 messages in nats (written) for 600 transactions`."""
        due = f"{self.answered:,}" if self.answered == self.sent else f"{self.answered:,} to {self.sent:,}"
        return f"{self.kept:,} messages in {self.broker} ({self.durability}) for {due} transactions"
