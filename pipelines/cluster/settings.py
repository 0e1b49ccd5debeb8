"""What an installation can be told."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from pipelines.image import reference
from steps.model.values import Model

OBJECTS_IMAGE = "chrislusf/seaweedfs:4.48"
STORE = "benchlab-objects"
STORE_PORT = 8333
BUCKET = "benchlab"


class S3(Model):
    """An object store that is there already."""

    bucket: str = BUCKET
    endpoint: str | None = None  # None: AWS
    region: str = "us-east-1"
    addressing: str = Field(default="auto", pattern="^(auto|path|virtual)$")
    access_key: str | None = None  # without: the pods' own identity, as on EKS
    secret_key: str | None = None
    session_token: str | None = None

    @model_validator(mode="after")
    def _keys_come_in_pairs(self) -> Self:
        if bool(self.access_key) != bool(self.secret_key):
            message = "an access key and a secret key belong together"
            raise ValueError(message)
        if self.endpoint is not None and not self.endpoint.startswith(("http://", "https://")):
            message = f"the endpoint {self.endpoint!r} begins with neither http:// nor https://"
            raise ValueError(message)
        return self


class Settings(Model):
    """Everything that decides what is installed."""

    namespace: str
    image: str = Field(default_factory=reference)
    objects_image: str = OBJECTS_IMAGE
    s3: S3 | None = None  # None: a SeaweedFS beside the runs
    storage: str | None = None  # the size of its volume, such as 10Gi; None: the pod's own disk
    storage_class: str | None = None
    pods: int = Field(default=60, ge=5)
    # None: baseline, and nothing is enforced where somebody else's pods live too
    pod_security: str | None = Field(default=None, pattern="^(restricted|baseline|privileged)$")
    nodes: bool = True  # rights to read the nodes, which are the whole cluster's
    tracing: bool = True  # a namespace for tracers, whose pods have a right on the node
    sweep_every: str = "*/30 * * * *"
    time_to_live_s: int = Field(default=7200, ge=60)
