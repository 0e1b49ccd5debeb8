"""A site on loopback, and a bucket that no other test writes to."""

from __future__ import annotations

import uuid

import boto3
import pytest

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
    keys = {"aws_access_key_id": found["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": found["AWS_SECRET_ACCESS_KEY"]}
    s3 = boto3.resource("s3", endpoint_url=found["AWS_ENDPOINT_URL"], region_name=found["AWS_REGION"], **keys)
    bucket = s3.Bucket(found["BENCHLAB_S3_BUCKET"])
    if bucket.creation_date is not None:  # not every test makes it
        bucket.objects.all().delete()
        bucket.delete()


@pytest.fixture
def own_store(own_environment):
    found = Store.from_environment(own_environment)
    found.ensure_bucket()
    return found
