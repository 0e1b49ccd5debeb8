"""Phase 10: what does a transaction cost, and where does its time go?"""

from __future__ import annotations

from phases import phase_10_databases
from steps.model import Phase

PHASE = Phase(number=10, title="Performance and cost engineering", experiments=(*phase_10_databases.EXPERIMENTS,))
