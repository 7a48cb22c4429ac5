"""What names a model, and what names everything in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .canonical import string
from .container import Container, Item
from .hashing import manifest_hash, sha256, sha256_of_values
from .labels import Labels
from .vocabulary import Vocabulary


def shape_text(shape: tuple[int, ...]) -> str:
    """``4x128x32``, or ``scalar``."""
    return "x".join(map(str, shape)) or "scalar"


def vocabulary_id(vocabulary: Vocabulary) -> str:
    """The hash of the vocabulary manifest. Counts are not part of it."""
    lines = [
        "rnn-h5 vocabulary 1",
        f"kind {vocabulary.kind}",
        f"normalisation {vocabulary.normalisation}",
        f"unknown {vocabulary.unknown_id}",
        f"line_end {vocabulary.line_end_id}",
        f"tokens {len(vocabulary.tokens)}",
        f"bytes {sha256(vocabulary.bytes)}",
        f"offsets {sha256(vocabulary.offsets.tobytes())}",
    ]
    if vocabulary.merges is not None:
        lines.append(f"merges {sha256(vocabulary.merges.tobytes())}")
    if len(vocabulary.specials):
        lines.append(f"specials {sha256(vocabulary.specials.tobytes())}")
    return manifest_hash(lines)


def labels_id(labels: Labels) -> str:
    """The hash of the labels manifest."""
    return manifest_hash(
        [
            "rnn-h5 labels 1",
            f"labels {len(labels)}",
            f"bytes {sha256(labels.bytes)}",
            f"offsets {sha256(labels.offsets.tobytes())}",
        ]
    )


def model_id(
    architecture: bytes,
    vocabulary: Vocabulary | None,
    tensors: Iterable[tuple[str, str, tuple[int, ...], str]],
    labels: Labels | None = None,
) -> str:
    """The hash of the model manifest.

    ``architecture`` is canonical JSON; ``tensors`` are (``layer/name``, type, shape, sha256 of the bytes).
    """
    lines = ["rnn-h5 model 1", f"architecture {sha256(architecture)}"]
    lines.append(f"vocabulary {vocabulary_id(vocabulary) if vocabulary else 'none'}")
    if labels is not None:
        lines.append(f"labels {labels_id(labels)}")
    for path, kind, shape, digest in sorted(tensors, key=lambda tensor: tensor[0].encode("utf-8")):
        lines.append(f"tensor {path} {kind} {shape_text(shape)} {digest}")
    return manifest_hash(lines)


def content_id(container: Container) -> str:
    """The hash of the content manifest. Raises ``Refusal`` where data cannot be read."""
    return manifest_hash(content_manifest(container))


def content_manifest(container: Container) -> Iterator[str]:
    """The lines of the content manifest."""
    yield "rnn-h5 content 1"
    for item in sorted(container.items.values(), key=lambda item: item.path.encode("utf-8")):
        yield _object_line(item)
        for name, attribute in sorted(item.attributes.items(), key=lambda pair: pair[0].encode("utf-8")):
            if attribute.value is not None and (item.path, name) != ("/", "content_id"):
                digest = sha256_of_values([attribute.value])
                yield f"attribute {attribute.type} {shape_text(attribute.shape)} {digest} {string(name)}"


def _object_line(item: Item) -> str:
    if item.is_group:
        return f"group {string(item.path)}"
    return f"dataset {string(item.path)} {item.type} {shape_text(item.shape)} {sha256_of_values(item.blocks())}"
