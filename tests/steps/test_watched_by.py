"""Who asks an arm is deployed after it and knows where it is; the load still goes to the arm, and nothing of either stays."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from phases.catalogue.gateways import NGINX
from phases.catalogue.upstreams import PRODUCT_JSON
from steps.model import Component
from steps.model.keeping import Keeps
from steps.trace.target import Target
from tests.lab import experiment, get
from tests.steps.recorded import component

CELL = "front-500rps-r1"
KEEPS = Keeps(what="series", api="prometheus", service="front")
ASKER = NGINX.under("asker", upstream="front", keeps=KEEPS)  # any program that needs the address of the arm
FRONT = NGINX.under("front", upstream="upstream", watched_by=(ASKER,))


def test_who_asks_comes_after_who_is_asked(lab):
    """In the order of the cell; the last one is not what is measured, and the store's address is told to the load."""
    lab.asked = experiment((FRONT,))

    endpoints = lab.deploy(CELL)
    (store,) = endpoints.stores
    answers = {get(f"{url}/json").decode() for url in (endpoints.target, store.url)}
    rendered = (lab.state.cell(lab.run, CELL) / "asker" / "nginx.conf").read_text()
    traced = Target.of(endpoints, "front").component
    record = lab.teardown(CELL)

    assert list(endpoints.keepers) == ["upstream", "front", "asker"]
    assert (store.name, store.keeps, answers) == ("asker", KEEPS, {PRODUCT_JSON})
    assert store.url != endpoints.target
    assert traced == "front"
    assert f"server {endpoints.target.removeprefix('http://')};" in rendered
    assert (record.left, record.unclosed, lab.processes(), lab.ledger()) == ((), (), [], [])


def test_an_arm_is_what_it_brings_itself_and_who_asks_it():
    """In that order; all but itself is beside it."""
    watched = component("shop").under("shop", brings=(component("agent"),), watched_by=(component("scraper"),))

    assert [part.name for part in watched.parts] == ["agent", "shop", "scraper"]
    assert [part.name for part in watched.beside] == ["agent", "scraper"]


def test_who_asks_is_a_single_program():
    """It is watched by nobody itself, and a direct path has nobody who could ask it."""
    with pytest.raises(ValidationError, match="component x: brings front, which is not a single program"):
        component("x").under("x", watched_by=(FRONT,))
    with pytest.raises(ValidationError, match="direct means no program"):
        Component(name="direct", title="direct", version="-", direct=True, watched_by=(component("asker"),))
