"""Changes drawn at random that a file can suffer, made with h5py in place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import rnnh5
from h5py import h5a, h5d, h5p, h5s, h5t
from rnnh5.canonical import canonical
from rnnh5.container import Container, Refusal
from rnnh5.hashing import sha256_of_values
from rnnh5.validation import Validation, tensor_type

Random = np.random.Generator
JSON = ("/architecture", "/metadata", "/lineage", "/training_state/progress")
NAMES = [
    "a", "weights", "bias", "step", "output", "proof", "parameters", "gates", "sha256", "encoding", "kind", "Ä", "\u212b",
    "x" * 70,
]  # fmt: skip
TEXTS = [
    b"", b"a", b"rnn-h5", b"1.0", b"1.1", b"9.0", b"1.1\n", b"01.1", b"none", b"whitespace", b"bpe", b"words", b"bytes",
    b"peepholes", b"bpe connections", b"unheard-of", b" ", b"bfloat16", b"0" * 64, b"F" * 64, b"\xff", b"a\0b",
    "räksmörgås".encode(), b"gate,hidden,input", b"input forget candidate output", b"[]", b"{}", b"null", b"1e5",
]  # fmt: skip
VALUES = [
    None, True, False, 0, 1, -1, 2, 3, 0.5, 1.5, 1e300, 1e21, 2**31, 2**53 - 1, "", "a", "tanh", "embedding", "backward",
    "learned", "bytes", [], {}, [1], ["input"], {"cells": 2, "clip": None}, {"kind": "stream"}, "\u212b",
]  # fmt: skip
KEYS = ["name", "kind", "inputs", "outputs", "leak", "locked", "weights_of", "of", "extra", "a/b", "a~b", "title"]
NUMBERS = ["u1", "<u2", "<u4", "<u8", "i1", "<i2", "<i4", "<i8", "<f2", "<f4", "<f8", ">f4", ">i8"]


def mutate(path: Path, random: Random) -> list[str]:
    """Makes one to three changes, and for half of all files hashes and identities that fit; returns what was done."""
    done = []
    with h5py.File(path, "r+") as file:
        for _ in range(int(random.choice([1, 1, 2, 3]))):
            change = CHANGES[int(random.integers(len(CHANGES)))]
            done.append(change(file, random) or change.__name__)
    if random.integers(2):
        mend(path)
        done.append("mended")
    return done


def mend(path: Path) -> None:
    """Puts hashes and identities right, as far as the file can be understood."""
    try:
        with Container(path) as container:
            if container.refusals:
                return
            found = Validation(container, "structure")
            digests = {item.path: sha256_of_values(item.blocks()) for _, item in found.tensors.values()}
            for item in container.items.values():
                if item.path.startswith("/training_state/") and not item.is_group and "sha256" in item.attributes:
                    digests[item.path] = sha256_of_values(item.blocks())
            identity = None
            if found.architecture:
                tensors = [(p, tensor_type(i), i.shape, digests[i.path]) for p, (_, i) in found.tensors.items()]
                identity = rnnh5.model_id(canonical(found.architecture), found.vocabulary, tensors)
    except Refusal:
        return
    with h5py.File(path, "r+") as file:
        for name, digest in digests.items():
            put_text(file[name], "sha256", digest.encode())
        if identity:
            put_text(file, "model_id", identity.encode())
    with Container(path) as container:
        if container.refusals:
            return
        content = rnnh5.content_id(container)
    with h5py.File(path, "r+") as file:
        put_text(file, "content_id", content.encode())


def _pick(choices: list[Any], random: Random) -> Any:
    return choices[int(random.integers(len(choices)))]


def _objects(file: h5py.File, kind: type | None = None) -> list[str]:
    found: list[str] = []
    file.visit(lambda name: found.append("/" + name))
    return [name for name in sorted(found) if kind is None or isinstance(file[name], kind)]


def _datasets(file: h5py.File) -> list[str]:
    return _objects(file, h5py.Dataset)


def _string_type(size: int) -> h5t.TypeStringID:
    datatype = h5t.C_S1.copy()
    datatype.set_size(max(1, size))
    datatype.set_strpad(h5t.STR_NULLPAD)
    datatype.set_cset(h5t.CSET_UTF8)
    return datatype


def put_text(owner: Any, name: str, text: bytes) -> None:
    """An attribute as the format stores texts, whatever the bytes."""
    if name in owner.attrs:
        del owner.attrs[name]
    datatype = _string_type(len(text))
    attribute = h5a.create(owner.id, name.encode(), datatype, h5s.create(h5s.SCALAR))
    attribute.write(np.array(text, f"S{max(1, len(text))}"), datatype)


def _attributes(owner: Any) -> dict[str, Any]:
    return {name: owner.attrs[name] for name in owner.attrs if name != "DIMENSION_LABELS"}


def replace(file: h5py.File, path: str, value: np.ndarray, **options: Any) -> None:
    """Another dataset with the attributes of the one that was there."""
    kept = _attributes(file[path])
    del file[path]
    if value.dtype.kind == "S":
        datatype = _string_type(value.dtype.itemsize)
        space = h5s.create_simple(value.shape) if value.shape else h5s.create(h5s.SCALAR)
        created = h5p.create(h5p.DATASET_CREATE)
        h5d.create(file.id, path.encode(), datatype, space, created).write(h5s.ALL, h5s.ALL, value, datatype)
    else:
        file.create_dataset(path, data=value, **options)
    for name, old in kept.items():
        if isinstance(old, (bytes, np.bytes_)):
            put_text(file[path], name, bytes(old))
        else:
            file[path].attrs[name] = old


def delete(file: h5py.File, random: Random) -> str:
    path = _pick(_objects(file), random)
    del file[path]
    return f"delete {path}"


def rename(file: h5py.File, random: Random) -> str:
    path = _pick(_objects(file), random)
    target = path.rpartition("/")[0] + "/" + _pick(NAMES, random)
    if target not in file:
        file.move(path, target)
    return f"rename {path} to {target}"


def move(file: h5py.File, random: Random) -> str:
    path, parent = _pick(_objects(file), random), _pick(["/", *_objects(file, h5py.Group)], random)
    target = parent.rstrip("/") + "/" + path.rpartition("/")[2]
    if target not in file and not (target + "/").startswith(path + "/"):
        file.move(path, target)
    return f"move {path} to {target}"


def copy(file: h5py.File, random: Random) -> str:
    path, parent = _pick(_objects(file), random), _pick(["/", *_objects(file, h5py.Group)], random)
    target = parent.rstrip("/") + "/" + _pick(NAMES, random)
    if target not in file and not target.startswith(path + "/"):
        file.copy(path, target)
    return f"copy {path} to {target}"


def swap(file: h5py.File, random: Random) -> str:
    a, b = _pick(_datasets(file), random), _pick(_datasets(file), random)
    if a != b:
        file.move(a, "/swapped")
        file.move(b, a)
        file.move("/swapped", b)
    return f"swap {a} and {b}"


def retype(file: h5py.File, random: Random) -> str:
    path, kind = _pick(_datasets(file), random), _pick([*NUMBERS, "S3"], random)
    value = file[path][()]
    if isinstance(value, bytes):
        value = np.array(len(value))
    with np.errstate(all="ignore"):
        value = np.asarray(value).astype(kind)
    replace(file, path, value)
    return f"retype {path} as {kind}"


def reshape(file: h5py.File, random: Random) -> str:
    path = _pick(_datasets(file), random)
    value = np.asarray(file[path][()])
    shapes: list[Callable[[np.ndarray], np.ndarray]] = [
        np.ravel, np.transpose, lambda v: v[None], lambda v: v[..., None], lambda v: v[1:] if v.ndim else v,
        lambda v: np.concatenate([v, v]) if v.ndim else np.array([v, v]), lambda v: v[:0] if v.ndim else v,
        lambda v: v[..., :1] if v.ndim else v, lambda v: v.reshape(-1)[0] if v.size else v, lambda v: v[..., :0] if v.ndim else v,
    ]  # fmt: skip
    changed = np.array(_pick(shapes, random)(value))
    replace(file, path, changed)
    return f"reshape {path} from {list(value.shape)} to {list(changed.shape)}"


def revalue(file: h5py.File, random: Random) -> str:
    path = _pick(_datasets(file), random)
    value = np.array(file[path][()])
    if value.size and value.dtype.kind in "iuf":
        place = int(random.integers(value.size))
        with np.errstate(all="ignore"):
            if value.dtype.kind == "f":
                new = np.array(_pick([0.0, 1.0, np.nan, np.inf, -np.inf, 1e39, -1e39, 2.0, -0.5], random))
            else:
                new = np.array(_pick([0, 1, 2, 5, 255, 256, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1], random), np.uint64)
            flat = value.reshape(-1)
            flat[place] = new.astype(value.dtype)
        replace(file, path, value)
        return f"revalue {path}[{place}] = {new}"
    return "nothing"


def refilter(file: h5py.File, random: Random) -> str:
    path = _pick(_datasets(file), random)
    value = np.asarray(file[path][()])
    options = _pick(
        [{"compression": "gzip"}, {"compression": "lzf"}, {"fletcher32": True}, {"shuffle": True}, {"chunks": True}],
        random,
    )
    if value.ndim and value.size and value.dtype.kind != "S":
        replace(file, path, value, **options)
    return f"refilter {path} {options}"


def change_kind(file: h5py.File, random: Random) -> str:
    path = _pick(_objects(file), random)
    kept = _attributes(file[path])
    is_group = isinstance(file[path], h5py.Group)
    del file[path]
    if is_group:
        file[path] = np.zeros(2, "<f4")
    else:
        file.create_group(path)
    for name, value in kept.items():
        if isinstance(value, (bytes, np.bytes_)):
            put_text(file[path], name, bytes(value))
        else:
            file[path].attrs[name] = value
    return f"change the kind of {path}"


def link(file: h5py.File, random: Random) -> str:
    path, name = _pick(_objects(file), random), _pick(NAMES, random)
    parent = _pick(["/", *_objects(file, h5py.Group)], random)
    target = parent.rstrip("/") + "/" + name
    if target not in file:
        file[target] = _pick([h5py.SoftLink(path), h5py.ExternalLink("other.h5", path), file[path]], random)
    return f"link {target} to {path}"


def add(file: h5py.File, random: Random) -> str:
    parent, name = _pick(["/", *_objects(file, h5py.Group)], random), _pick(NAMES, random)
    target = parent.rstrip("/") + "/" + name
    if target not in file:
        what = int(random.integers(4))
        if what == 0:
            file.create_group(target)
        elif what == 1:
            file.create_group(target + "/b/c/d")
        elif what == 2:
            file[target] = np.zeros(3, _pick(NUMBERS, random))
        else:
            text = _pick(TEXTS, random)
            h5d.create(file.id, target.encode(), _string_type(len(text)), h5s.create(h5s.SCALAR)).write(
                h5s.ALL, h5s.ALL, np.array(text, f"S{max(1, len(text))}"), _string_type(len(text))
            )
    return f"add {target}"


def delete_attribute(file: h5py.File, random: Random) -> str:
    owner = _pick([path for path in ["/", *_objects(file)] if len(file[path].attrs)], random)
    name = _pick(sorted(file[owner].attrs), random)
    del file[owner].attrs[name]
    return f"delete {owner}@{name}"


def set_attribute(file: h5py.File, random: Random) -> str:
    owner = _pick(["/", "/", "/vocabulary", "/proof", *_objects(file)], random)
    if owner not in file:
        return "nothing"
    name = _pick([*sorted(file[owner].attrs), *NAMES], random)
    what = int(random.integers(8))
    if what < 4:
        text = _pick(TEXTS, random)
        put_text(file[owner], name, text)
        return f"set {owner}@{name} to {text[:20]!r}"
    if name in file[owner].attrs:
        del file[owner].attrs[name]
    value = _pick(
        [np.int64(-1), np.int64(0), np.int64(1), np.int64(-2), np.int64(2**40), np.int64(10**4), np.float64(0), np.float64(np.nan),
         np.float64(1e-5), np.float64(1), np.int32(0), np.array([1, 2], "<i8"), np.array([b"a", b"b"]), np.zeros((0,), "<f8"),
         "of variable length", np.array(1, ">i8"), h5py.Empty("<f4")], random
    )  # fmt: skip
    file[owner].attrs[name] = value
    return f"set {owner}@{name} to {value!r}"


def _places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += _places(item, (*here, key))
    return found


def _document(file: h5py.File, random: Random) -> str:
    found = [
        path
        for path in (*JSON, "/architecture", "/architecture")
        if path in file and isinstance(file[path], h5py.Dataset)
    ]
    found = [path for path in found if file[path].dtype.kind == "S" and file[path].shape == ()]
    return _pick(found, random) if found else ""


def edit_json(file: h5py.File, random: Random) -> str:
    path = _document(file, random)
    try:
        document = json.loads(file[path][()]) if path else None
    except ValueError:
        return "nothing"
    if document is None:
        return "nothing"
    place = _pick(_places(document), random)
    holder: Any = {"": document}
    keys: tuple[Any, ...] = ("", *place)
    for key in keys[:-1]:
        holder = holder[key]
    last, what = keys[-1], int(random.integers(5))
    if what == 0:
        del holder[last]
    elif what == 1 and isinstance(holder[last], dict):
        holder[last][_pick(KEYS, random)] = _pick(VALUES, random)
    elif what == 1 and isinstance(holder[last], list):
        holder[last].insert(int(random.integers(len(holder[last]) + 1)), _pick([*VALUES, *holder[last]], random))
    elif what == 2:
        other: Any = document
        for key in _pick(_places(document), random):
            other = other[key]
        holder[last] = json.loads(json.dumps(other))
    elif what == 3 and isinstance(holder[last], list):
        holder[last].reverse()
    elif what == 3 and isinstance(holder[last], int) and not isinstance(holder[last], bool):
        holder[last] += int(random.choice([-1, 1]))
    else:
        holder[last] = _pick(VALUES, random)
    document = holder if last == "" else document
    if last == "":
        document = holder.get("")
    text = json.dumps(document).encode()
    if random.integers(8):
        try:
            text = canonical(document)
        except ValueError:
            pass
    replace(file, path, np.array(text, f"S{max(1, len(text))}"))
    return f"edit {path} at {'/'.join(map(str, place))} ({what})"


def edit_text(file: h5py.File, random: Random) -> str:
    path = _document(file, random)
    if not path:
        return "nothing"
    text = bytearray(file[path][()])
    place = int(random.integers(len(text) + 1))
    insert = _pick(
        [b" ", b"\n", b",", b'"', b"}", b"0", b"e5", b"\xff", b"\\u0041", b"-", b"[", b'"a":1,', b".0"], random
    )
    if random.integers(2):
        text[place:place] = insert
    else:
        text[place : place + 1] = b""
    if bytes(text).strip(b"\0"):
        replace(file, path, np.array(bytes(text), f"S{len(text)}"))
    return f"edit the text of {path} at {place}"


CHANGES: list[Callable[[h5py.File, Random], str]] = [
    delete, rename, move, copy, swap, retype, retype, reshape, reshape, revalue, revalue, refilter, change_kind, link, add,
    delete_attribute, delete_attribute, set_attribute, set_attribute, set_attribute, set_attribute,
    edit_json, edit_json, edit_json, edit_json, edit_text,
]  # fmt: skip


def mutated_copy(source: Path, target: Path, random: Random) -> list[str]:
    shutil.copyfile(source, target)
    return mutate(target, random)
