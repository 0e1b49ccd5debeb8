"""Every phase, in the order of the roadmap. A new phase is its module and one line here."""

from __future__ import annotations

from phases import appendix_t, phase_04, phase_10

PHASES = (phase_04.PHASE, phase_10.PHASE, appendix_t.PHASE)
