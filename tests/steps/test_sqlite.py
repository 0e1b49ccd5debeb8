"""SQLite, a class of its own: deployed in a process of ours, held to its word, and never set beside servers."""

import importlib.util

import pytest
from pydantic import ValidationError

from phases.catalogue.databases import POSTGRES
from phases.catalogue.embedded import EMBEDDED, SQLITE
from phases.phase_10_databases import EXPERIMENTS
from steps.model import Experiment
from steps.places.builds import IMAGES
from tests.databases import cell, needs, send, short

SCRIPT = IMAGES / "programs" / "sqlite" / "host.py"


@pytest.fixture(scope="module")
def host():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("sqlite_host", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def bank(host, tmp_path):
    """A file with one account in it."""
    found = host.opened(str(tmp_path / "bank.db"), 1000)
    host.carry_out(found, [["CREATE TABLE accounts (aid integer PRIMARY KEY, balance integer)", None]])
    host.carry_out(found, [["INSERT INTO accounts VALUES (1, 10)", 1]])
    yield found
    found.close()


READ = [["SELECT balance FROM accounts WHERE aid = 1", 1]]


@pytest.mark.slow
def test_sqlite_keeps_what_it_acknowledged(lab):
    """From no file to a load whose every transaction is found again; then nothing of it is left."""
    load = short(rate_tps=50, duration_s=1)
    with cell(lab, load, needs(SQLITE)) as endpoints:
        sent = send(load, endpoints, SQLITE)

        assert sent.failure is None
        assert sent.checks[0].what == "fsync: wal 2"
        assert sent.checks[-1].what == "76 acknowledged transactions are there, balanced"
        assert sent.logged_bytes is None
        assert "SQLite 3." in lab.deployed().components[-1].version


@pytest.mark.slow
@pytest.mark.parametrize("component", EMBEDDED, ids=lambda each: each.name)
def test_relaxed_sqlite_says_so(lab, component):
    """As the connection has it that writes."""
    load = short("write-heavy", durability="relaxed", rate_tps=50)
    with cell(lab, load, needs(component)) as endpoints:
        sent = send(load, endpoints, component)

    assert (sent.failure, sent.checks[0].what) == (None, "relaxed: wal 1")


def test_transaction_that_fails_leaves_nothing_behind(host, bank):
    """Neither an error nor another number of rows than was asked for commits the rest."""
    begun = [["BEGIN", None], ["UPDATE accounts SET balance = 99 WHERE aid = 1", 1]]

    error, _ = host.carry_out(bank, [*begun, ["INSERT INTO nowhere VALUES (1)", 1], ["COMMIT", None]])
    assert error == "no such table: nowhere"
    error, _ = host.carry_out(bank, [*begun, ["UPDATE accounts SET balance = 1 WHERE aid = 2", 1], ["COMMIT", None]])
    assert error == "UPDATE of 0 rows instead of 1"
    assert host.carry_out(bank, READ) == (None, [["10"]])


def test_reader_does_not_wait_for_a_writer(host, bank, tmp_path):
    """It sees what was committed; that is what the second connection is for."""
    reader = host.opened(str(tmp_path / "bank.db"), 1000)
    host.carry_out(bank, [["BEGIN", None], ["UPDATE accounts SET balance = 99 WHERE aid = 1", 1]])

    assert host.carry_out(reader, READ) == (None, [["10"]])
    host.carry_out(bank, [["COMMIT", None]])
    assert host.carry_out(reader, READ) == (None, [["99"]])
    reader.close()


def test_durability_is_asked_of_the_connection_that_writes(host):
    """Each connection has its own; the reader's says nothing of a commit."""
    assert host.only_reads(READ)
    assert not host.only_reads([["SELECT synchronous FROM pragma_synchronous", None]])
    assert not host.only_reads([["BEGIN", None], *READ])


def test_library_and_servers_do_not_stand_in_one_table():
    """One is called, the others are asked over a connection."""
    whole = dict(EXPERIMENTS[0]) | {"contenders": (SQLITE,), "hypotheses": ()}

    with pytest.raises(ValidationError, match="sqlite is a library in the process that uses it, and no contender of servers"):
        Experiment.model_validate(whole)
    assert POSTGRES.speaks not in {each.speaks for each in EMBEDDED}
