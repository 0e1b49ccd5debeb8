"""Databases as contenders: deployed, loaded, held to their word, and gone."""

import os
from pathlib import Path

import pytest

from phases.catalogue.databases import DATABASES, MARIADB, POSTGRES
from steps.model import Ready
from tests import databases
from tests.databases import cell, needs, send, short

MIB = 1024 * 1024


def test_ready_check_is_a_path_or_a_port():
    """One of both, and a greeting only over a port."""
    assert Ready(tcp=True).said == "a connection"
    for wrong in ({}, {"path": "/", "tcp": True}, {"path": "/", "hello": "00", "answer": "00"}, {"tcp": True, "hello": "00"}):
        with pytest.raises(ValueError, match="ready check"):
            Ready(**wrong)


@pytest.mark.slow
def test_postgres_keeps_what_it_acknowledged(lab):
    """From an empty folder to a load whose every transaction is found again; then nothing of it is left."""
    load = short()
    with cell(lab, load, needs(POSTGRES)) as endpoints:
        sent = send(load, endpoints, POSTGRES)

        assert sent.failure is None
        assert [check.right for check in sent.checks] == [True, True, True]
        assert sent.checks[-1].what == "251 acknowledged transactions are there, balanced"
        assert sent.checks[0].what == "fsync: on on on"
        assert 20 * MIB < sent.kept_bytes < 200 * MIB
        rooms = [each.facts.get("room") for each in lab.ledger()]

    assert all((os.geteuid() == 0) == bool(room) for room in rooms)
    assert not any(Path(room).exists() for room in rooms if room)


@pytest.mark.slow
def test_mariadb_keeps_what_it_acknowledged(lab):
    """The same, over its own protocol."""
    load = short()
    with cell(lab, load, needs(MARIADB)) as endpoints:
        sent = send(load, endpoints, MARIADB)

        assert sent.failure is None
        assert sent.checks[-1].what == "251 acknowledged transactions are there, balanced"


@pytest.mark.slow
@pytest.mark.parametrize("component", [POSTGRES, MARIADB], ids=lambda component: component.name)
def test_relaxed_load_relaxes_the_database_and_says_so(lab, component):
    """Durability is asked of the database itself, as the load's own sessions have it."""
    load = short("write-heavy", durability="relaxed")
    with cell(lab, load, needs(component)) as endpoints:
        sent = send(load, endpoints, component)

        assert sent.failure is None
        assert sent.checks[0].what == {"postgres": "relaxed: on on off", "mariadb": "relaxed: 2 1 0"}[component.name]


@pytest.mark.slow
def test_database_that_is_less_durable_than_the_load_says_fails(lab):
    """A fast database that does not wait for the disk does not stand in the table of those that do."""
    load = short()
    with cell(lab, load, needs(POSTGRES), **{"postgresql.conf": ("fsync = on", "fsync = off")}) as endpoints:
        sent = send(load, endpoints, POSTGRES)

    assert sent.failure == "wrong before the load: fsync: off on on instead of on on on"
    assert sent.flown is None


def test_databases_say_what_makes_them_alike():
    """Every database of the comparison has its row, with what a commit waits for."""
    assert all(each.parity and each.parity.more.keys() == {"a commit", "buffers"} for each in DATABASES)
    assert databases.experiment(short()).baseline == POSTGRES
