"""The HDF5 profile: opens a file that is not trusted, and walks it before any data is read.

Everything goes through h5py's low-level interface: it opens one link at a time, and only after that link was looked at.
"""

from __future__ import annotations

import math
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from h5py import h5a, h5d, h5f, h5g, h5i, h5l, h5o, h5p, h5s, h5t, h5z

SIGNATURE = b"\x89HDF\r\n\x1a\n"
LARGEST_EXPANSION = 1100
LONGEST_NAME = 1024
DEEPEST_GROUP = 64
LARGEST_BLOCK = 4 << 20
LABELS = "DIMENSION_LABELS"
COMMENT_MESSAGE = 1 << 0x0D

TYPES = {
    "uint8": (h5t.STD_U8LE, "u1"),
    "uint16": (h5t.STD_U16LE, "<u2"),
    "uint32": (h5t.STD_U32LE, "<u4"),
    "uint64": (h5t.STD_U64LE, "<u8"),
    "int8": (h5t.STD_I8LE, "i1"),
    "int16": (h5t.STD_I16LE, "<i2"),
    "int32": (h5t.STD_I32LE, "<i4"),
    "int64": (h5t.STD_I64LE, "<i8"),
    "float16": (h5t.IEEE_F16LE, "<f2"),
    "float32": (h5t.IEEE_F32LE, "<f4"),
    "float64": (h5t.IEEE_F64LE, "<f8"),
}

_CLASSES = {
    h5t.BITFIELD: "a bit field",
    h5t.OPAQUE: "an opaque type",
    h5t.COMPOUND: "a compound",
    h5t.REFERENCE: "a reference",
    h5t.ENUM: "an enumeration",
    h5t.VLEN: "a sequence of variable length",
    h5t.ARRAY: "an array type",
}
_FILTERS = {h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32}
_LINKS = {h5l.TYPE_SOFT: "a soft link", h5l.TYPE_EXTERNAL: "an external link"}


class Refusal(Exception):
    """Something in the file lies outside the HDF5 profile, or the file is damaged."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class FileClosed(ValueError):
    """The model was closed before this was read."""


@dataclass
class Attribute:
    """An attribute, already read. ``value`` has the attribute's shape; strings are bytes without their padding.

    Dimension labels are not read: their ``value`` is None.
    """

    type: str
    shape: tuple[int, ...]
    value: np.ndarray | None

    @property
    def text(self) -> str | None:
        """The value of a scalar string; None for everything else, and for what is no text."""
        if self.type != "string" or self.shape != () or self.value is None:
            return None
        return decoded(bytes(self.value[()]))


@dataclass
class Item:
    """A group or a dataset, checked but not read. The ``type`` of a group is ``group``."""

    path: str
    type: str = "group"
    shape: tuple[int, ...] = ()
    attributes: dict[str, Attribute] = field(default_factory=dict)
    dataset: h5d.DatasetID | None = field(default=None, repr=False)

    @property
    def is_group(self) -> bool:
        """Whether it is a group, and not a dataset."""
        return self.type == "group"

    @property
    def _open(self) -> h5d.DatasetID:
        if self.dataset is None:
            raise FileClosed(f"{self.path} cannot be read: the file is closed")
        return self.dataset

    def blocks(self) -> Iterator[np.ndarray]:
        """The data in row-major order, in pieces of a few megabytes. Raises ``Refusal`` where reading fails."""
        with _damage_refused(self.path):
            yield from _blocks(self._open, self.shape, self.type)

    def read(self) -> np.ndarray:
        """All data, in this machine's memory. Raises ``Refusal`` where reading fails."""
        with _damage_refused(self.path):
            memory, kind = _memory_type(self._open.get_type(), self.type)
            array = np.empty(self.shape, kind)
            self._open.read(h5s.ALL, h5s.ALL, array, memory)
            return array

    def read_part(self, start: tuple[int, ...], count: tuple[int, ...], step: tuple[int, ...]) -> np.ndarray:
        """``count`` values along each axis from ``start`` on, every ``step``-th. Raises ``Refusal`` where reading fails."""
        array = np.empty(count, self.numpy_type)
        if array.size:
            with _damage_refused(self.path):
                memory, _ = _memory_type(self._open.get_type(), self.type)
                space = self._open.get_space()
                space.select_hyperslab(start, count, step)
                self._open.read(h5s.create_simple(count), space, array, memory)
        return array

    @property
    def numpy_type(self) -> np.dtype[Any]:
        """The values as they lie in the file."""
        return np.dtype(_memory_type(self._open.get_type(), self.type)[1])

    @property
    def itemsize(self) -> int:
        """The bytes of one value."""
        return self.numpy_type.itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of all values."""
        return math.prod(self.shape) * self.itemsize

    @property
    def stored_bytes(self) -> int:
        """The bytes that the values take in the file."""
        return int(self._open.get_storage_size())

    @property
    def offset(self) -> int | None:
        """Where contiguous values begin in the file; None for all others."""
        is_contiguous = self._open.get_create_plist().get_layout() == h5d.CONTIGUOUS
        return self._open.get_offset() if is_contiguous else None

    def descriptor(self) -> int:
        """The open file's own descriptor, as long as it is open."""
        return int(h5i.get_file_id(self._open).get_vfd_handle())

    def bytes(self) -> bytes:
        """The bytes of a scalar string without their padding."""
        return bytes(self.read()[()]) if self.shape == () else b""


class Container:
    """An open file: its items by path, and what was refused in it. A context manager.

    Nothing that was refused is in ``items``, nor is anything below it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Raises ``OSError`` for what cannot be read at all, ``Refusal`` for what is not (intact) HDF5."""
        self.path = os.fspath(path)
        self.items: dict[str, Item] = {}
        self.refusals: list[Refusal] = []
        self._file = _open(self.path)
        try:
            self.size = os.stat(path).st_size
            self._walk()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes the file; items can no longer be read."""
        for item in self.items.values():
            item.dataset = None
        if self._file.valid:
            self._file.close()

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def children(self, path: str) -> list[Item]:
        """The items directly below a group."""
        prefix = path.rstrip("/") + "/"
        return [
            item for item in self.items.values() if item.path.rpartition("/")[0] + "/" == prefix and item.path != "/"
        ]

    def _walk(self) -> None:
        with _damage_refused("/"):
            root = h5g.open(self._file, b"/")
            seen = {h5o.get_info(root).addr}
        # One explicit stack: nesting costs no recursion. Objects are met in the order of their paths' names.
        stack = [("/", root, self._enter("/", root))]
        while stack:
            path, group, names = stack[-1]
            name = next(names, None)
            if name is None:
                stack.pop()
                continue
            child = path.rstrip("/") + "/" + name.decode("utf-8", "backslashreplace")
            try:
                with _damage_refused(child):
                    opened = self._open_child(group, name, child, seen, len(stack))
            except Refusal as refusal:
                self.refusals.append(refusal)
                continue
            if opened is not None:
                stack.append((child, opened, self._enter(child, opened)))

    def _enter(self, path: str, group: h5g.GroupID) -> Iterator[bytes]:
        """Takes a group in; the names in it."""
        names: list[bytes] = []
        try:
            self.items[path] = Item(path, attributes=self._attributes(group, path))
            with _damage_refused(path):
                group.links.iterate(names.append)
            _check_spellings(names, path)
        except Refusal as refusal:
            self.refusals.append(refusal)
        return iter(sorted(names))

    def _open_child(self, group: h5g.GroupID, name: bytes, path: str, seen: set[int], depth: int) -> h5g.GroupID | None:
        _check_name(name, path)
        link = group.links.get_info(name)
        if link.type != h5l.TYPE_HARD:
            raise Refusal(path, f"it is {_LINKS.get(link.type, 'a user-defined link')}")
        info = h5o.get_info(group, name)
        if info.addr in seen:
            raise Refusal(path, "the object is linked more than once")
        seen.add(info.addr)
        if info.type == h5o.TYPE_GROUP:
            if depth > DEEPEST_GROUP:
                raise Refusal(path, f"groups are nested deeper than {DEEPEST_GROUP}")
            return h5g.open(group, name)
        if info.type != h5o.TYPE_DATASET:
            raise Refusal(path, "it is a committed datatype")
        self.items[path] = self._dataset(h5d.open(group, name), path)
        return None

    def _dataset(self, dataset: h5d.DatasetID, path: str) -> Item:
        created = dataset.get_create_plist()
        layout = created.get_layout()
        if layout == h5d.VIRTUAL:
            raise Refusal(path, "it is a virtual dataset")
        if layout not in (h5d.COMPACT, h5d.CONTIGUOUS, h5d.CHUNKED):
            raise Refusal(path, "its layout is not known")
        if created.get_external_count() != 0:
            raise Refusal(path, "its data lies in other files")
        filters = [created.get_filter(index)[0] for index in range(created.get_nfilters())]
        if not set(filters) <= _FILTERS or len(set(filters)) != len(filters):
            raise Refusal(path, f"its filters {filters} are not deflate, shuffle and fletcher32, each at most once")
        datatype = dataset.get_type()
        kind = _type_name(datatype, path)
        shape = _shape(dataset.get_space(), path)
        self._check_storage(dataset, created, shape, datatype.get_size(), path)
        return Item(path, kind, shape, self._attributes(dataset, path), dataset)

    def _check_storage(
        self, dataset: h5d.DatasetID, created: h5p.PropDCID, shape: tuple[int, ...], size: int, path: str
    ) -> None:
        claimed = math.prod(shape) * size
        stored = dataset.get_storage_size()
        if stored > self.size:
            raise Refusal(path, "it claims to store more bytes than the file has")
        if created.get_layout() != h5d.CHUNKED:
            if claimed and claimed != stored:
                raise Refusal(path, f"it claims {claimed} bytes and stores {stored}")
            offset = dataset.get_offset() if created.get_layout() == h5d.CONTIGUOUS else None
            if claimed and offset is not None and offset > self.size - stored:
                raise Refusal(path, "its data lies beyond the end of the file")
        elif claimed > stored * LARGEST_EXPANSION:
            raise Refusal(path, f"it claims {claimed} bytes and stores {stored}: more than {LARGEST_EXPANSION} times")
        elif claimed and math.prod(created.get_chunk()) * size > stored * LARGEST_EXPANSION:
            raise Refusal(path, "one of its chunks is larger than its data can be")

    def _attributes(self, owner: h5g.GroupID | h5d.DatasetID, path: str) -> dict[str, Attribute]:
        result: dict[str, Attribute] = {}
        with _damage_refused(path):
            # h5py's get_comment() gives what has been freed already; the header says which messages there are.
            if h5o.get_info(owner).hdr.mesg.present & COMMENT_MESSAGE:
                self.refusals.append(Refusal(path, "it has a comment, which no hash covers"))
            names: list[bytes] = []
            h5a.iterate(owner, names.append)
        try:
            _check_spellings(names, path)
        except Refusal as refusal:
            self.refusals.append(refusal)
        for name in names:
            label = name.decode("utf-8", "backslashreplace")
            try:
                with _damage_refused(f"{path}@{label}"):
                    _check_name(name, f"{path}@{label}")
                    result[label] = self._attribute(h5a.open(owner, name), label, f"{path}@{label}")
            except Refusal as refusal:
                self.refusals.append(refusal)
        return result

    def _attribute(self, attribute: h5a.AttrID, name: str, path: str) -> Attribute:
        datatype = attribute.get_type()
        shape = _shape(attribute.get_space(), path)
        if name == LABELS and datatype.get_class() == h5t.STRING and datatype.is_variable_str():
            # For other programs, and never read: libhdf5 before 1.14 trusts the lengths that a file states for such data.
            return Attribute("string", shape, None)
        kind = _type_name(datatype, path)
        if math.prod(shape) * datatype.get_size() > self.size:
            raise Refusal(path, "it claims more bytes than the file has")
        memory, numpy_type = _memory_type(datatype, kind)
        array = np.empty(shape, numpy_type)
        attribute.read(array, memory)
        return Attribute(kind, shape, array)


def decoded(text: bytes) -> str | None:
    """UTF-8 without NUL as a string, or None."""
    try:
        return None if b"\0" in text else text.decode("utf-8")
    except UnicodeDecodeError:
        return None


@contextmanager
def _damage_refused(path: str) -> Iterator[None]:
    # h5py turns the library's errors into a dozen of Python's classes: whatever it raises here, the file is at fault.
    try:
        yield
    except (Refusal, MemoryError, FileClosed):
        raise
    except Exception as error:
        raise Refusal(path, f"the HDF5 library cannot read it: {error}") from None


def _open(path: str) -> h5f.FileID:
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is not a regular file")
        if file.read(len(SIGNATURE)) != SIGNATURE:
            raise Refusal("/", "the file does not begin with the signature of HDF5")
    access = h5p.create(h5p.FILE_ACCESS)
    access.set_fapl_sec2()
    access.set_fclose_degree(h5f.CLOSE_STRONG)
    with _damage_refused("/"):
        return h5f.open(os.fsencode(path), h5f.ACC_RDONLY, fapl=access)


def _check_name(name: bytes, path: str) -> None:
    if not name or len(name) > LONGEST_NAME or b"/" in name or b"\0" in name or name in (b".", b".."):
        raise Refusal(path, "its name is empty, too long, reserved, or contains '/'")
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(path, "its name is not UTF-8") from None


def _check_spellings(names: list[bytes], path: str) -> None:
    """Refuses names that Unicode holds to be the same: a program may take one for the other."""
    spellings = {unicodedata.normalize("NFC", name.decode("utf-8", "backslashreplace")) for name in names}
    if len(spellings) < len(set(names)):
        raise Refusal(path, "two names in it are the same but for their spelling in Unicode")


def _type_name(datatype: h5t.TypeID, path: str) -> str:
    if datatype.committed():
        raise Refusal(path, "its type is a committed datatype")
    if datatype.get_class() == h5t.STRING:
        if datatype.is_variable_str():
            raise Refusal(path, "it holds strings of variable length")
        if datatype.get_strpad() != h5t.STR_NULLPAD:
            raise Refusal(path, "its strings are not padded with NUL")
        return "string"
    for name, (known, _) in TYPES.items():
        if datatype.get_class() == known.get_class() and datatype.equal(known):
            return name
    what = _CLASSES.get(datatype.get_class(), "a number that is not little-endian and of a standard size")
    raise Refusal(path, f"its type is {what}")


def _memory_type(datatype: h5t.TypeID, kind: str) -> tuple[h5t.TypeID, str]:
    # The bytes as they are in the file: no conversion, on whatever machine.
    if kind == "string":
        return datatype, f"S{datatype.get_size()}"
    return TYPES[kind]


def _shape(space: h5s.SpaceID, path: str) -> tuple[int, ...]:
    if space.get_simple_extent_type() == h5s.NULL:
        raise Refusal(path, "it has a null dataspace")
    return tuple(space.get_simple_extent_dims())


def _blocks(dataset: h5d.DatasetID, shape: tuple[int, ...], kind: str) -> Iterator[np.ndarray]:
    memory, numpy_type = _memory_type(dataset.get_type(), kind)
    if not shape or math.prod(shape) * np.dtype(numpy_type).itemsize <= LARGEST_BLOCK:
        array = np.empty(shape, numpy_type)
        if array.size:
            dataset.read(h5s.ALL, h5s.ALL, array, memory)
        yield array
        return
    # Split at the first axis whose rows are small enough; walk the axes before it one index at a time.
    axis, row = len(shape) - 1, np.dtype(numpy_type).itemsize
    while axis > 0 and row * shape[axis] <= LARGEST_BLOCK:
        row *= shape[axis]
        axis -= 1
    step = max(1, LARGEST_BLOCK // row)
    space = dataset.get_space()
    for outer in np.ndindex(*shape[:axis]):
        for start in range(0, shape[axis], step):
            count = (*[1] * axis, min(step, shape[axis] - start), *shape[axis + 1 :])
            space.select_hyperslab((*outer, start, *[0] * (len(shape) - axis - 1)), count)
            array = np.empty(count, numpy_type)
            dataset.read(h5s.create_simple(count), space, array, memory)
            yield array
