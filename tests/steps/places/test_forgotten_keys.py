"""Keys in a cluster are removed by whoever may not read them."""

from __future__ import annotations

import pytest

from steps.errors import LeftBehind
from steps.places import lost
from steps.places.pod_removal import forget_keys


class Vault:
    """An API that removes Secrets, and lists everything but them."""

    namespace = "lab"

    def __init__(self, *secrets, sticky=()):
        self.secrets, self.sticky, self.removed = set(secrets), set(sticky), []

    def delete(self, kind, name, **_):
        self.removed.append(kind)
        there = kind != "Secret" or name in self.secrets
        self.secrets -= {name} - self.sticky
        return there

    def list(self, kind, *, selector=""):
        assert kind != "Secret"
        gone = kind in self.removed
        return [] if kind != "Service" or gone else [service("sidecar"), service("nginx", identity=None)]


def service(name, *, identity="sidecar"):
    labels = {"benchlab.dev/run": "r1", **({"benchlab.dev/identity": identity} if identity else {})}
    return {
        "kind": "Service",
        "metadata": {"name": name, "uid": name, "labels": labels, "creationTimestamp": "2026-01-01T00:00:00Z"},
    }


def test_a_key_goes_by_the_name_of_its_service():
    """Only of components that have an identity; none is looked for."""
    vault = Vault("sidecar", "benchlab-s3")

    assert forget_keys(vault, [service("sidecar"), service("nginx", identity=None)]) == (["Secret sidecar"], [])
    assert vault.secrets == {"benchlab-s3"}


def test_a_key_that_stays_is_told():
    """One that can be removed a second time was not gone."""
    assert forget_keys(Vault("sidecar", sticky=("sidecar",)), [service("sidecar")])[1] == ["Secret sidecar"]


def test_the_sweeper_takes_keys_before_the_service_that_leads_to_them():
    """Afterwards nobody would find them."""
    vault = Vault("sidecar")

    said = lost.sweep(vault, time_to_live_s=0)

    assert "Secret sidecar" in said
    assert vault.secrets == set()
    assert vault.removed.index("Secret") < vault.removed.index("Service")


def test_a_sweep_that_leaves_a_key_fails():
    """Nothing is left behind in silence."""
    with pytest.raises(LeftBehind, match="Secret sidecar"):
        lost.sweep(Vault("sidecar", sticky=("sidecar",)), time_to_live_s=0)
