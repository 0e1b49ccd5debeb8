"""A mesh by name, as a cluster would have it: pinned charts that install it, and what of ours asks for it."""

from __future__ import annotations

from typing import Any

from steps.model.absent import Absent
from steps.model.values import Model, Name


class Chart(Model):
    """A chart at one version; where it is fetched from is its user's choice."""

    name: str  # "istio/istiod"
    version: str
    values: dict[str, str] = {}  # as `--set` takes them


class Mesh(Model):
    """What installs it, what a namespace carries to be in it, and which objects make it refuse a call without an identity.

    Texts may carry `@{namespace}`.
    """

    name: Name
    title: str
    charts: tuple[Chart, ...]
    namespace_labels: dict[str, str] = {}
    namespace_annotations: dict[str, str] = {}
    policies: tuple[dict[str, Any], ...]

    @property
    def absent(self) -> Absent:
        """Its row where it cannot run."""
        charts = ", ".join(f"{each.name} {each.version}" for each in self.charts)
        what = "what it takes of ours is rendered and checked, and was not run"
        reason = f"it needs a cluster with its control plane ({charts}); {what}"
        return Absent(name=self.name, title=self.title, reason=reason)
