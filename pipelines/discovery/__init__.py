"""Scheduled discovery as workflows: the same manifest on Argo, by a schedule, and on this machine."""

CADENCES = ("daily", "weekly", "monthly")
NAMES = tuple(f"discovery-{cadence}" for cadence in CADENCES)
