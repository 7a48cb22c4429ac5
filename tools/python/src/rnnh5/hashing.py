"""SHA-256 in the forms that the format uses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

OTHER_BYTES = "its bytes do not have the sha256 beside them"
"""What is said of data that are not what their hash says."""


def sha256(data: bytes) -> str:
    """64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_values(blocks: Iterable[np.ndarray]) -> str:
    """Of numbers as little-endian bytes in row-major order, or of strings, each followed by one NUL byte."""
    digest = hashlib.sha256()
    for block in blocks:
        if block.dtype.kind in "SO":
            for text in block.reshape(-1):
                digest.update(bytes(text) + b"\0")
        else:
            # The bytes where they are: a tensor may be as large as the memory lets it be.
            digest.update(np.ascontiguousarray(block, block.dtype.newbyteorder("<")).reshape(-1).view("u1").data)
    return digest.hexdigest()


def manifest_hash(lines: Iterable[str]) -> str:
    """Of a manifest in UTF-8, each line ended by byte 10."""
    return sha256("".join(line + "\n" for line in lines).encode("utf-8"))
