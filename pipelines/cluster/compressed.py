"""The status of a large run: Argo packs the nodes when the object would outgrow etcd, or keeps them in a database.

The packing is base64 over gzip, or over zstd or brotli where the controller was told so (WORKFLOW_COMPRESSION_ALGORITHM). Python
reads zstd from 3.14 on; before, the system's own library does, which nearly every Linux has. Brotli is left to Argo Server.
"""

from __future__ import annotations

import base64
import binascii
import ctypes
import ctypes.util
import gzip
import importlib
import json
import zlib
from typing import Any

from steps.errors import ClusterError

Document = dict[str, Any]

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_LARGEST_BYTES = 256 * 1024 * 1024
_ASK_SERVER = "set ARGO_SERVER, and Argo Server reads it"


def opened(document: Document) -> Document:
    """The Workflow with its nodes unpacked; the same document when they are not packed. Raises ClusterError."""
    status = document.get("status") or {}
    packed = status.get("compressedNodes")
    if not packed or status.get("nodes"):
        return document
    name = (document.get("metadata") or {}).get("name", "?")
    rest = {key: value for key, value in status.items() if key != "compressedNodes"}
    return {**document, "status": {**rest, "nodes": _nodes(packed, name)}}


def offloaded(document: Document) -> bool:
    """Whether the nodes are in a database that only Argo Server reads."""
    status = document.get("status") or {}
    return bool(status.get("offloadNodeStatusVersion")) and not status.get("nodes") and not status.get("compressedNodes")


def _nodes(packed: str, name: str) -> dict[str, Any]:
    try:
        raw = base64.b64decode(packed, validate=True)
        nodes = json.loads(_unpacked(raw))
    except (binascii.Error, zlib.error, EOFError, ValueError, OSError) as error:
        message = f"the packed status of {name} cannot be read ({error}): {_ASK_SERVER}"
        raise ClusterError(message) from error
    return dict(nodes)


def _unpacked(raw: bytes) -> bytes:
    if raw.startswith(_GZIP):
        return gzip.decompress(raw)
    if raw.startswith(_ZSTD):
        return _zstd(raw)
    message = "it is neither gzip nor zstd"
    raise ValueError(message)


def _zstd(raw: bytes) -> bytes:
    try:
        found: bytes = importlib.import_module("compression.zstd").decompress(raw)
    except ModuleNotFoundError:
        return _zstd_by_library(raw)
    return found


def _zstd_by_library(raw: bytes) -> bytes:
    name = ctypes.util.find_library("zstd") or "libzstd.so.1"
    library = ctypes.CDLL(name)  # OSError: this machine has none
    library.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
    library.ZSTD_decompress.restype = ctypes.c_size_t
    library.ZSTD_isError.restype = ctypes.c_uint
    size = library.ZSTD_getFrameContentSize(raw, ctypes.c_size_t(len(raw)))
    if size > _LARGEST_BYTES:  # the two highest values say "unknown" and "no frame"
        message = "its zstd frame does not say how large it is"
        raise ValueError(message)
    room = ctypes.create_string_buffer(size)
    written = library.ZSTD_decompress(room, ctypes.c_size_t(size), raw, ctypes.c_size_t(len(raw)))
    if library.ZSTD_isError(ctypes.c_size_t(written)):
        message = "its zstd frame is damaged"
        raise ValueError(message)
    return room.raw[:written]
