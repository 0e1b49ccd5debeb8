"""Databases and brokers in pods: deployed, loaded from beside the cluster, held to their word, and gone."""

import pytest

from phases.catalogue.brokers import BROKERS, KAFKA
from phases.catalogue.databases import DATABASES
from tests import brokers, databases

MIB = 1024 * 1024


@pytest.fixture
def loaded(place_lab, need_images):
    """What a load of a component in a pod came to; then nothing of it is left."""

    def run(how, component):
        need_images(component.image.reference)
        load = how.short()
        place_lab.asked = how.experiment(load, component)
        cell = f"{component.name}-{load.label}-r1"
        try:
            return how.send(load, place_lab.deploy(cell), component)
        finally:
            assert place_lab.remove(cell).left == ()

    return run


@pytest.mark.parametrize("component", DATABASES, ids=lambda each: each.name)
def test_database_in_a_pod_keeps_what_it_acknowledged(loaded, component):
    """From an empty volume to a load whose every transaction is found again."""
    sent = loaded(databases, component)

    assert sent.failure is None
    assert sent.checks[-1].what == "251 acknowledged transactions are there, balanced"
    assert sent.kept_bytes > 10 * MIB


@pytest.mark.parametrize("component", [each for each in BROKERS if each is not KAFKA], ids=lambda each: each.name)
def test_broker_in_a_pod_delivers_what_it_acknowledged(loaded, component):
    """Each message once, and what it keeps lies in its volume. Kafka sends its clients on to a name that only pods know."""
    sent = loaded(brokers, component)

    assert sent.failure is None
    assert all(check.right for check in sent.checks)
    assert sent.kept_bytes > 0
