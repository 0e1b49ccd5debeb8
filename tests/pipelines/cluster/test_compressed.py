"""The packed status of large runs."""

import base64
import ctypes
import ctypes.util
import gzip
import json

import pytest

from pipelines.cluster import compressed
from pipelines.cluster.runs import status_of
from steps.errors import ClusterError
from tests.pipelines.cluster.loopback import workflow

NODES = {"a": {"id": "a", "name": "a-run", "type": "DAG", "phase": "Succeeded"}}
TEXT = json.dumps(NODES).encode()


def packed(raw: bytes) -> dict:
    return workflow(1, compressedNodes=base64.b64encode(raw).decode())


def zstd(raw: bytes) -> bytes:
    """By the system's library, which the code under test may use too; the frame is checked by its sign."""
    name = ctypes.util.find_library("zstd")
    if name is None:
        pytest.skip("this machine has no libzstd to pack with")
    library = ctypes.CDLL(name)
    library.ZSTD_compress.restype = ctypes.c_size_t
    room = ctypes.create_string_buffer(len(raw) + 1024)
    size = library.ZSTD_compress(room, ctypes.c_size_t(len(room)), raw, ctypes.c_size_t(len(raw)), 3)
    return room.raw[:size]


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_packed_nodes_are_read(pack):
    """A status is the same whether Argo packed it or not."""
    found = compressed.opened(packed(pack(TEXT)))

    assert found["status"]["nodes"] == NODES
    assert "compressedNodes" not in found["status"]
    assert [node.name for node in status_of(found).nodes.values()] == ["a-run"]


@pytest.mark.parametrize(
    "raw", [b"\x1f\x8bnot gzip", b"\x28\xb5\x2f\xfdnot zstd", b"brotli or worse", gzip.compress(b"not json", mtime=0)]
)
def test_what_cannot_be_unpacked_names_the_way_out(raw):
    """A damaged or unknown packing is a sentence, and Argo Server reads it."""
    with pytest.raises(ClusterError, match=r"the packed status of a-run cannot be read .*: set ARGO_SERVER"):
        compressed.opened(packed(raw))


def test_a_status_in_a_database_is_told():
    """Without Argo Server there is no way to it, and no empty tree is shown in its place."""
    with pytest.raises(ClusterError, match="which only Argo Server reads"):
        status_of(workflow(1, offloadNodeStatusVersion="fnv:123"))


def test_a_status_that_is_not_packed_is_left_alone():
    """The usual case costs nothing."""
    document = workflow(1, nodes=NODES)

    assert compressed.opened(document) is document
