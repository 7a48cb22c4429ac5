"""A parameter that lies in the file until it is asked for: whole, in part, or as the file's own memory."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from types import EllipsisType
from typing import Any

import numpy as np

from .architecture import TensorRule
from .container import Item
from .hashing import OTHER_BYTES, sha256_of_values
from .report import InvalidFile
from .validation import tensor_type, values_of, widened

Index = int | slice | EllipsisType


class NotMappable(ValueError):
    """The tensor does not lie in the file as one piece: it is compressed, or in chunks."""


class Tensor:
    """A parameter in a file. ``tensor[0:2]`` reads that part and nothing else; ``read()`` all of it.

    What is read as a whole is compared with ``sha256``, once; a part of it, and the file's own memory, cannot be.
    """

    def __init__(self, rule: TensorRule, item: Item, file: str, is_compared: bool = False) -> None:
        self._item = item
        self._file = file
        self._is_compared = is_compared
        self.path = rule.path
        """``layer/name``."""
        self.axes = rule.axes
        """For example ``("gate", "hidden", "input")``."""
        self.gates = rule.gates
        """The gates in order, for a tensor of a recurrent layer."""
        self.shape = rule.shape
        self.type = tensor_type(item)
        """``float64``, ``float32``, ``float16`` or ``bfloat16``."""
        self.sha256: str = item.attributes["sha256"].text or ""
        """Of the little-endian bytes, as the file states it; ``read()`` and level ``hashes`` check it."""

    @property
    def nbytes(self) -> int:
        """The bytes of the values, uncompressed."""
        return self._item.nbytes

    @property
    def stored_bytes(self) -> int:
        """The bytes that they take in the file."""
        return self._item.stored_bytes

    @property
    def offset(self) -> int | None:
        """Where the little-endian values begin in the file, in row-major order; None for chunks."""
        return self._item.offset

    def read(self) -> np.ndarray:
        """The values, of ``shape``, in their own type; bfloat16 as float32, which holds each of its values.

        Raises ``InvalidFile`` where the bytes do not have the hash ``sha256``. They are compared when they are read for the
        first time, unless the file was opened at level ``hashes`` or ``proof``.
        """
        stored = self._item.read()
        if not self._is_compared:
            if sha256_of_values([stored]) != self.sha256:
                raise InvalidFile.breaking("parameters.hash", self._file, self._item.path, OTHER_BYTES)
            self._is_compared = True
        return values_of(self._item, stored)

    def __getitem__(self, key: Index | tuple[Index, ...]) -> np.ndarray:
        """A part: integers, slices and ``...``, as NumPy takes them. Of a tensor in chunks, whole chunks are read.

        A part is compared with no hash, because the file has none of it; a part that is the whole is read as ``read()``
        does. Raises ``IndexError`` for what lies outside.
        """
        start, count, step, shape, flipped = _selection(key, self.shape)
        if count == self.shape:
            return self.read().reshape(shape)[flipped]
        values = self._item.read_part(start, count, step).reshape(shape)[flipped]
        return widened(values) if self.type == "bfloat16" else values

    def memory_map(self) -> np.ndarray:
        """The values where they lie in the file, read-only, of ``shape``; pages are read when they are used.

        The map outlives the model, and is compared with no hash. bfloat16 is uint16, its bits. Raises ``NotMappable`` for
        tensors in chunks.
        """
        offset, size = self.offset, self.nbytes
        if offset is None:
            raise NotMappable(f"{self.path} lies in chunks or is compressed: it has no place of its own to map")
        # The open file itself, whatever has meanwhile taken its name; the profile has shown that it is long enough.
        first = offset - offset % mmap.ALLOCATIONGRANULARITY
        mapped = mmap.mmap(self._item.descriptor(), offset - first + size, access=mmap.ACCESS_READ, offset=first)
        values = np.frombuffer(mapped, self._item.numpy_type, size // self._item.itemsize, offset - first)
        return values.reshape(self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.read() if dtype is None else self.read().astype(dtype)

    def __repr__(self) -> str:
        return f"<Tensor {self.path} {self.type} [{', '.join(self.axes)}] = {list(self.shape)}>"


class Tensors(Mapping[str, Tensor]):
    """The tensors by ``layer/name``, in the order of the architecture."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self._tensors = tensors

    def __getitem__(self, path: str) -> Tensor:
        return self._tensors[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)


Sizes = tuple[int, ...]


def _selection(key: Index | tuple[Index, ...], shape: Sizes) -> tuple[Sizes, Sizes, Sizes, Sizes, tuple[slice, ...]]:
    """Start, count and step by axis; the shape of what is asked for; and which of its axes are read from the back."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if sum(part is ... for part in keys) > 1:
        raise IndexError("there is more than one '...'")
    if len(keys) - (... in keys) > len(shape):
        raise IndexError(f"there are more indices than the {len(shape)} axes")
    if ... not in keys:
        keys.append(...)
    place = keys.index(...)
    keys[place : place + 1] = [slice(None)] * (len(shape) - len(keys) + 1)
    parts, kept, flipped = [], [], []
    for part, size in zip(keys, shape):
        if isinstance(part, slice):
            found = range(size)[part]
            kept.append(len(found))
            flipped.append(slice(None, None, -1 if found.step < 0 else 1))
            found = found[::-1] if found.step < 0 else found
            parts.append((found.start if found else 0, len(found), found.step))
        elif hasattr(part, "__index__") and not isinstance(part, bool):
            parts.append((range(size)[part], 1, 1))
        else:
            raise IndexError(f"{part!r} is no integer, slice or '...'")
    start, count, step = (tuple(values) for values in zip(*parts))
    return start, count, step, tuple(kept), tuple(flipped)
