"""The names of a model's outputs: what a tagger calls each token, and a classifier a whole text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Violation = tuple[str, str]
"""The rule that is broken, and a sentence."""


class Labels:
    """Distinct byte strings, none of them empty, in the order of the outputs."""

    def __init__(self, names: Sequence[bytes]) -> None:
        self.names = list(names)
        self.bytes = b"".join(self.names)
        self.offsets = np.cumsum([0, *map(len, self.names)], dtype="<u8")

    def __len__(self) -> int:
        """The number of labels."""
        return len(self.names)


def stored_violation(data: bytes, offsets: np.ndarray) -> Violation | None:
    """What is wrong first with the arrays of ``/labels``; None if nothing is."""
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(data) or np.any(offsets[1:] < offsets[:-1]):
        return "labels.offsets", "its offsets do not rise from 0 to the number of bytes"
    names = stored_names(data, offsets)
    if not names:
        return "labels.size", "there is no label"
    if not all(names):
        return "labels.duplicate", "a label is empty"
    if len(set(names)) < len(names):
        return "labels.duplicate", "a label occurs twice"
    return None


def stored_names(data: bytes, offsets: np.ndarray) -> list[bytes]:
    """The names, once the offsets are known to rise."""
    bounds = offsets.tolist()
    return [data[start:end] for start, end in zip(bounds, bounds[1:])]
