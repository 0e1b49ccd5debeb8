"""A site on loopback, and a bucket that no other test writes to."""

from __future__ import annotations

import uuid

import pytest

from steps.store import Store
from tests.steps.discover import server


@pytest.fixture
def site():
    with server.serve() as found:
        yield found


@pytest.fixture
def own_environment(store_environment):
    """The settings of a bucket of this test alone: snapshots have fixed keys."""
    return store_environment | {"BENCHLAB_S3_BUCKET": f"discover-{uuid.uuid4().hex[:12]}"}


@pytest.fixture
def own_store(own_environment):
    found = Store.from_environment(own_environment)
    found.ensure_bucket()
    return found
