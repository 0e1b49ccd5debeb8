"""A site on loopback, and a bucket that no other test writes to."""

from __future__ import annotations

import contextlib
import uuid

import pytest

from steps.errors import MissingObject
from steps.store import Store
from tests.steps.discover import server


@pytest.fixture
def site():
    with server.serve() as found:
        yield found


@pytest.fixture
def own_environment(store_environment):
    """The settings of a bucket of this test alone: snapshots have fixed keys.

    It goes with the test. SeaweedFS sets a volume aside for each bucket, and has as many as there are gigabytes free.
    """
    found = store_environment | {"BENCHLAB_S3_BUCKET": f"discover-{uuid.uuid4().hex[:12]}"}
    yield found
    store = Store.from_environment(found)
    with contextlib.suppress(MissingObject):  # not every test makes it
        for key in list(store.list("")):
            store.delete(key)
        store._client.delete_bucket(Bucket=store.bucket)  # no step removes a bucket


@pytest.fixture
def own_store(own_environment):
    found = Store.from_environment(own_environment)
    found.ensure_bucket()
    return found
