"""Writes a model: the same model is always the same bytes, and the file is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from h5py import h5a, h5d, h5f, h5g, h5o, h5p, h5s, h5t

from . import schema
from .architecture import chain_violations, features, takes_tokens, tensor_rules
from .atomic_file import replacing
from .canonical import canonical
from .container import TYPES, Container
from .hashing import sha256_of_values
from .identity import content_id, model_id
from .labels import Labels
from .network import Network
from .proof import Proof, recorded_by
from .report import InvalidFile
from .resources import SCHEMAS, document, specification, version_number
from .training_state import TrainingState
from .validation import validate, widened
from .vocabulary import Vocabulary

GENERATOR = "rnnh5 1.1.0"
LARGEST_CHUNK = 1 << 20


class BFloat16:
    """A tensor in bfloat16, given as its bits: uint16 of the tensor's shape."""

    def __init__(self, bits: np.ndarray) -> None:
        self.bits = np.asarray(bits, "<u2")


def write(
    path: str | os.PathLike[str],
    architecture: dict[str, Any],
    parameters: Mapping[str, np.ndarray | BFloat16],
    vocabulary: Vocabulary | None = None,
    *,
    metadata: dict[str, Any] | None = None,
    lineage: Sequence[dict[str, Any]] | None = None,
    history: Mapping[str, Sequence[float] | np.ndarray] | None = None,
    proof: Proof | None = None,
    training_state: TrainingState | None = None,
    labels: Sequence[bytes] | None = None,
    generator: str = GENERATOR,
    format_version: str | None = None,
    compress: bool = False,
    embed: bool = True,
) -> None:
    """Writes a model to ``path``, over what is there. A symbolic link is followed; a replaced file keeps its permissions.

    - ``parameters``: by ``layer/name``, of the shapes that the architecture gives; float64, float32, float16 or ``BFloat16``; of
      an n-gram model also uint32 and uint64
    - ``lineage``: without one, a single event ``created`` by ``generator``
    - ``proof``: without one, it is computed here, in float64
    - ``training_state``: what a training needs to go on
    - ``labels``: the names of the outputs, of a tagger or a classifier
    - ``format_version``: the version to say that the file was written to, if not this package's
    - ``compress``: chunks with shuffle, deflate and fletcher32; ``embed``: carry the specification and the schemas

    Hashes and identities are computed. The finished file is validated before it takes its name: raises ``InvalidFile``
    (or ``ValueError`` for what has no place in a file at all), and leaves what was at ``path`` as it was.
    """
    problems = [f"{where or '/'}: {what}" for where, what in schema.violations(architecture, _architecture_schema())]
    problems += [] if problems else chain_violations(architecture)
    if problems:
        raise ValueError("the architecture cannot be written: " + "; ".join(problems))
    tensors = _checked(architecture, parameters)
    named = None if labels is None else Labels(labels)
    if proof is None:
        values = {name: widened(array) if array.dtype == np.uint16 else array for name, array in tensors.items()}
        proof = recorded_by(Network(architecture, values), generator)
    with replacing(path) as temporary:
        tree = _Tree(temporary, compress)
        try:
            version = format_version or document("layout.json")["version"]
            _write_root(tree, version, _features_of(architecture, vocabulary, named), generator)
            _write_model(tree, architecture, tensors, vocabulary, named, metadata, lineage, history, proof, generator, embed)
            if training_state is not None:
                _write_training_state(tree, training_state)
        finally:
            tree.close()
        _write_content_id(temporary)
        report = validate(temporary)
        if not report.valid:
            raise InvalidFile(os.path.abspath(path), report)


def _features_of(architecture: dict[str, Any], vocabulary: Vocabulary | None, labels: Labels | None) -> list[str]:
    used = features(architecture)
    if labels is not None:
        used = used | {"labels"}
    if vocabulary is not None and vocabulary.kind == "bpe":
        used = used | {"bpe"}
    if vocabulary is not None and len(vocabulary.specials):
        used = used | {"special-tokens"}
    return sorted(used)


def _write_root(tree: _Tree, version: str, used: list[str], generator: str) -> None:
    since = (feature["since"] for feature in document("layout.json")["features"] if feature["name"] in used)
    tree.text_attributes(
        "/",
        format="rnn-h5",
        format_version=version,
        minimum_reader_version=max(("1.0", *since), key=version_number),
        required_features=" ".join(used),
        optional_features="",
        generator=generator,
    )


def _write_training_state(tree: _Tree, state: TrainingState) -> None:
    tree.group("/training_state")
    tree.string("/training_state/progress", canonical(state.progress))
    for name, values in sorted({**state.arrays, **state.words}.items()):
        path = "/training_state/" + name
        tree.groups_above(path)
        array = np.asarray(values, "<u8" if name in state.words else "<f4").reshape(-1)
        tree.dataset(path, array)
        tree.text_attributes(path, sha256=sha256_of_values([array]))


def _write_model(
    tree: _Tree,
    architecture: dict[str, Any],
    tensors: dict[str, np.ndarray],
    vocabulary: Vocabulary | None,
    labels: Labels | None,
    metadata: dict[str, Any] | None,
    lineage: Sequence[dict[str, Any]] | None,
    history: Mapping[str, Sequence[float] | np.ndarray] | None,
    proof: Proof,
    generator: str,
    embed: bool,
) -> None:
    """All of section 2 in its order, but the training state; ``content_id`` is left as zeros."""
    stored_architecture = canonical(architecture)
    digests = {name: sha256_of_values([array]) for name, array in tensors.items()}
    kinds = {name: "bfloat16" if array.dtype == np.uint16 else array.dtype.name for name, array in tensors.items()}
    identity = model_id(
        stored_architecture,
        vocabulary,
        [(name, kinds[name], array.shape, digests[name]) for name, array in tensors.items()],
        labels,
    )
    if lineage is None:
        lineage = [{"event": "created", "by": generator, "model_id": identity}]

    tree.text_attributes("/", model_id=identity, content_id="0" * 64)
    tree.string("/architecture", stored_architecture)
    tree.string("/metadata", canonical(metadata or {}))
    tree.string("/lineage", canonical(list(lineage)))
    if embed:
        tree.string("/specification", specification().encode("utf-8"))
        tree.group("/schemas")
        for name in SCHEMAS:
            tree.string(f"/schemas/{name}", canonical(document(name)))
    if vocabulary is not None:
        tree.group("/vocabulary")
        tree.text_attributes("/vocabulary", kind=vocabulary.kind, normalisation=vocabulary.normalisation)
        tree.attribute("/vocabulary", "unknown_id", np.array(vocabulary.unknown_id, "<i8"))
        tree.attribute("/vocabulary", "line_end_id", np.array(vocabulary.line_end_id, "<i8"))
        tree.dataset("/vocabulary/bytes", np.frombuffer(vocabulary.bytes, "u1"))
        tree.dataset("/vocabulary/offsets", vocabulary.offsets)
        if vocabulary.counts is not None:
            tree.dataset("/vocabulary/counts", vocabulary.counts)
        if vocabulary.merges is not None:
            tree.dataset("/vocabulary/merges", vocabulary.merges)
        if len(vocabulary.specials):
            tree.dataset("/vocabulary/specials", vocabulary.specials)
    if labels is not None:
        tree.group("/labels")
        tree.dataset("/labels/bytes", np.frombuffer(labels.bytes, "u1"))
        tree.dataset("/labels/offsets", labels.offsets)
    tree.group("/parameters")
    for rule in tensor_rules(architecture):
        path = "/parameters/" + rule.path
        tree.groups_above(path)
        tree.tensor(path, tensors[rule.path])
        tree.text_attributes(path, **rule.attributes, sha256=digests[rule.path])
        if kinds[rule.path] == "bfloat16":
            tree.text_attributes(path, encoding="bfloat16")
    if history:
        tree.group("/history")
        for name, column in history.items():
            tree.dataset(f"/history/{name}", np.asarray(column, "<i8" if name == "step" else "<f8"))
    tree.group("/proof")
    tree.text_attributes("/proof", computed_by=proof.computed_by)
    tree.attribute("/proof", "tolerance", np.array(proof.tolerance, "<f8"))
    tree.attribute("/proof", "tolerance_float64", np.array(proof.tolerance_float64, "<f8"))
    tree.dataset("/proof/inputs", np.asarray(proof.inputs, "<u4" if takes_tokens(architecture) else "<f8"))
    tree.dataset("/proof/tokens", np.asarray(proof.tokens, "<u4"))
    tree.dataset("/proof/log_probabilities", np.asarray(proof.log_probabilities, "<f8"))


class _Tree:
    """A new HDF5 file with the writer's settings: object format 1.8, no times, little-endian types."""

    def __init__(self, path: str, compress: bool) -> None:
        access = h5p.create(h5p.FILE_ACCESS)
        access.set_fapl_sec2()
        access.set_libver_bounds(h5f.LIBVER_V18, h5f.LIBVER_V18)
        access.set_fclose_degree(h5f.CLOSE_STRONG)
        self._file = h5f.create(os.fsencode(path), h5f.ACC_TRUNC, _untimed(h5p.FILE_CREATE), access)
        self._compress = compress

    def close(self) -> None:
        self._file.close()

    def group(self, path: str) -> None:
        h5g.create(self._file, path.encode("utf-8"), gcpl=_untimed(h5p.GROUP_CREATE))

    def groups_above(self, path: str) -> None:
        """Creates those groups on the way to a path that are not there yet."""
        names = path.strip("/").split("/")[:-1]
        for depth in range(1, len(names) + 1):
            group = "/" + "/".join(names[:depth])
            if group.encode() not in self._file:
                self.group(group)

    def string(self, path: str, text: bytes) -> None:
        datatype, array = _stored_string(text)
        space = h5s.create(h5s.SCALAR)
        h5d.create(self._file, path.encode("utf-8"), datatype, space, _untimed(h5p.DATASET_CREATE)).write(
            h5s.ALL, h5s.ALL, array, datatype
        )

    def dataset(self, path: str, array: np.ndarray, created: h5p.PropDCID | None = None) -> h5d.DatasetID:
        datatype = TYPES[array.dtype.name][0]
        space = h5s.create_simple(array.shape)
        dataset = h5d.create(self._file, path.encode("utf-8"), datatype, space, created or _untimed(h5p.DATASET_CREATE))
        if array.size:
            little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
            dataset.write(h5s.ALL, h5s.ALL, little, datatype)
        return dataset

    def tensor(self, path: str, array: np.ndarray) -> None:
        created = _untimed(h5p.DATASET_CREATE)
        if self._compress:
            created.set_chunk(_chunk(array))
            created.set_shuffle()
            created.set_deflate(6)
            created.set_fletcher32()
        self.dataset(path, array, created)

    def attribute(self, path: str, name: str, value: np.ndarray) -> None:
        owner = self._owner(path)
        h5a.create(owner, name.encode("utf-8"), TYPES[value.dtype.name][0], h5s.create(h5s.SCALAR)).write(value)

    def text_attributes(self, path: str, **texts: str) -> None:
        for name, text in texts.items():
            datatype, array = _stored_string(text.encode("utf-8"))
            created = h5a.create(self._owner(path), name.encode("utf-8"), datatype, h5s.create(h5s.SCALAR))
            created.write(array, datatype)

    def _owner(self, path: str) -> h5g.GroupID | h5d.DatasetID:
        return h5o.open(self._file, path.encode("utf-8"))


def _untimed(kind: h5p.PropClassID) -> Any:
    properties = h5p.create(kind)
    properties.set_obj_track_times(False)
    return properties


def _stored_string(text: bytes) -> tuple[h5t.TypeStringID, np.ndarray]:
    if b"\0" in text:
        raise ValueError("a string holds NUL")
    datatype = h5t.C_S1.copy()
    datatype.set_size(max(1, len(text)))
    datatype.set_strpad(h5t.STR_NULLPAD)
    datatype.set_cset(h5t.CSET_UTF8)
    return datatype, np.array(text, f"S{max(1, len(text))}")


def _chunk(array: np.ndarray) -> tuple[int, ...]:
    # Whole rows from the last axis on, as many as fit.
    room, chunk = LARGEST_CHUNK // array.dtype.itemsize, []
    for size in reversed(array.shape):
        chunk.append(max(1, min(size, room)))
        room //= chunk[-1]
    return tuple(reversed(chunk))


def _checked(architecture: dict[str, Any], parameters: Mapping[str, np.ndarray | BFloat16]) -> dict[str, np.ndarray]:
    """The arrays as they will be stored, in the order of the architecture."""
    rules = {rule.path: rule for rule in tensor_rules(architecture)}
    problems = [f"{name} is missing" for name in rules if name not in parameters]
    problems += [f"{name} is not in the architecture" for name in parameters if name not in rules]
    tensors = {}
    for name, rule in rules.items():
        if name in parameters:
            given = parameters[name]
            array = given.bits if isinstance(given, BFloat16) else np.asarray(given)
            kind = "bfloat16" if isinstance(given, BFloat16) else array.dtype.name
            if kind not in (("float64", "float32", "float16", "bfloat16") if rule.type is None else (rule.type,)):
                problems.append(f"{name} is of type {array.dtype}")
                continue
            if array.shape != rule.shape:
                problems.append(f"{name} has the shape {list(array.shape)}, not {list(rule.shape)}")
            if not np.isfinite(widened(array) if array.dtype == np.uint16 else array).all():
                problems.append(f"{name} has values that are not finite")
            tensors[name] = array
    if problems:
        raise ValueError("the parameters do not fit the architecture: " + "; ".join(problems))
    return tensors


def _architecture_schema() -> dict[str, Any]:
    found: dict[str, Any] = document("architecture.schema.json")
    return found


def _write_content_id(path: str) -> None:
    """Computes it from the file as a reader sees it, and writes it over the zeros."""
    with Container(path) as container:
        identity = content_id(container)
    access = h5p.create(h5p.FILE_ACCESS)
    access.set_libver_bounds(h5f.LIBVER_V18, h5f.LIBVER_V18)
    file = h5f.open(os.fsencode(path), h5f.ACC_RDWR, fapl=access)
    try:
        datatype, array = _stored_string(identity.encode())
        h5a.open(h5g.open(file, b"/"), b"content_id").write(array, datatype)
    finally:
        file.close()
