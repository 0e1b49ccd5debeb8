"""Runs against each other, a metric over many runs, and what CI wants to know of it."""
