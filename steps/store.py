"""S3 through boto3: the only door to the object store.

Settings come from the usual AWS variables (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION or
AWS_DEFAULT_REGION, AWS_PROFILE), and two of ours: BENCHLAB_S3_BUCKET, and BENCHLAB_S3_ADDRESSING (path, virtual or auto).
In a pod they come from the secret `benchlab-s3`; on one machine the interpreter supplies them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from steps.errors import MissingObject, StoreError, UsageError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


T = TypeVar("T")


class Store:
    """A bucket. Keys are the paths of house and report: `runs/phase-4/…`."""

    def __init__(self, client: S3Client, *, bucket: str, endpoint: str) -> None:
        self._client = client
        self.bucket = bucket
        self.endpoint = endpoint

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Store:
        """The store that the environment names. Nothing is sent yet.

        Raises UsageError: BENCHLAB_S3_BUCKET is not set, or a setting is not usable.
        """
        from botocore.exceptions import BotoCoreError

        given = os.environ if environment is None else environment
        bucket = given.get("BENCHLAB_S3_BUCKET")
        if not bucket:
            message = "BENCHLAB_S3_BUCKET is not set: name the bucket that holds the runs"
            raise UsageError(message)
        endpoint = given.get("AWS_ENDPOINT_URL_S3") or given.get("AWS_ENDPOINT_URL") or None
        addressing = given.get("BENCHLAB_S3_ADDRESSING") or ("path" if endpoint else "auto")
        try:
            client = _client(
                endpoint,
                addressing,
                aws_access_key_id=given.get("AWS_ACCESS_KEY_ID") or None,
                aws_secret_access_key=given.get("AWS_SECRET_ACCESS_KEY") or None,
                aws_session_token=given.get("AWS_SESSION_TOKEN") or None,
                region_name=given.get("AWS_REGION") or given.get("AWS_DEFAULT_REGION") or "us-east-1",
                profile_name=given.get("AWS_PROFILE") or None,
            )
        except (BotoCoreError, ValueError) as error:
            message = f"the object store's settings cannot be used: {error}"
            raise UsageError(message) from error
        return cls(client, bucket=bucket, endpoint=endpoint or "AWS S3")

    def put(self, key: str, content: bytes | str) -> None:
        """Stores one object whole."""
        body = content.encode() if isinstance(content, str) else content
        self._call(f"write {key}", lambda: self._client.put_object(Bucket=self.bucket, Key=key, Body=body))

    def get(self, key: str) -> bytes:
        """One object whole. Raises MissingObject."""

        def read() -> bytes:
            return self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

        return self._call(f"read {key}", read)

    def exists(self, key: str) -> bool:
        """Whether there is an object under that key."""
        try:
            self._call(f"look at {key}", lambda: self._client.head_object(Bucket=self.bucket, Key=key))
        except MissingObject:
            return False
        return True

    def list(self, prefix: str) -> Iterator[str]:
        """The keys below a prefix, in order."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        for page in self._call(f"list {prefix}", lambda: list(pages)):
            yield from (each["Key"] for each in page.get("Contents", ()))

    def delete(self, key: str) -> None:
        """Removes one object; that there is none is fine."""
        self._call(f"delete {key}", lambda: self._client.delete_object(Bucket=self.bucket, Key=key))

    def upload(self, path: Path, key: str) -> None:
        """Stores a file, or a folder as a tree of objects below `key`."""
        if path.is_dir():
            for each in sorted(path.rglob("*")):
                if each.is_file():
                    self.upload(each, f"{key}/{each.relative_to(path).as_posix()}")
            return
        self._call(f"write {key}", lambda: self._client.upload_file(str(path), self.bucket, key))

    def download(self, key: str, path: Path) -> None:
        """Fetches an object into a file, or a tree of objects into a folder. Raises MissingObject."""
        below: list[str] = []
        if not self.exists(key):
            below = list(self.list(f"{key}/"))
            if not below:
                message = f"there is no object {key} in {self.bucket} at {self.endpoint}"
                raise MissingObject(message)
        for one in below or [key]:
            target = path / one.removeprefix(f"{key}/") if below else path
            target.parent.mkdir(parents=True, exist_ok=True)
            self._call(f"read {one}", partial(self._client.download_file, self.bucket, one, str(target)))

    def ensure_bucket(self) -> None:
        """Creates the bucket unless it is there. Raises StoreError: unreachable, or the credentials are refused."""
        try:
            self._call("look at the bucket", lambda: self._client.head_bucket(Bucket=self.bucket))
        except MissingObject:
            self._call("create the bucket", lambda: self._client.create_bucket(Bucket=self.bucket))

    def _call(self, doing: str, call: Callable[[], T]) -> T:
        """Runs a request; what boto raises becomes one of our errors, with the endpoint's name in it."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        where = f"bucket {self.bucket} at {self.endpoint}"
        try:
            return call()
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "?"))
            if code in {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}:
                message = f"cannot {doing}: it is not in {where}"
                raise MissingObject(message) from error
            refused = code in {"403", "401", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
            hint = "; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" if refused else ""
            message = f"cannot {doing}: {where} answered {code}{hint}"
            raise StoreError(message) from error
        except (BotoCoreError, Boto3Error, HTTPError) as error:
            message = f"cannot {doing}: {where} cannot be reached ({type(error).__name__}: {str(error).strip()})"
            raise StoreError(message) from error


@cache  # deploy and teardown open the store for each ledger entry, and a client takes 0.3 s of CPU time
def _client(endpoint: str | None, addressing: str, **session: str | None) -> S3Client:
    import boto3  # 0.3 s: only steps that open the store pay it
    from botocore.config import Config

    config = Config(
        connect_timeout=5,
        read_timeout=30,
        retries={"max_attempts": 4, "mode": "standard"},
        s3={"addressing_style": addressing},  # type: ignore[arg-type]  # a word of the user's; boto says which it knows
        # Third-party stores do not all know the newer checksum headers.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    made: Any = boto3.session.Session(**session)  # type: ignore[arg-type]  # only strings are given
    client: S3Client = made.client("s3", endpoint_url=endpoint, config=config)
    return client
