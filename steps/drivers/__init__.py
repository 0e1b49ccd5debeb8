"""Load generators. Each keeps its schedule, counts what it planned, and times from the intended start."""
