"""A table of n-grams: ln p of every token after those before it, as the specification writes it (section 4)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


class NGramTable:
    """The layer of an n-gram model with its tensors, checked."""

    def __init__(self, layer: dict[str, Any], parts: Mapping[str, np.ndarray]) -> None:
        """``parts``: by the names of section 5. Raises ``ValueError`` for tables that are not those of a model."""
        self.order = len(layer["counts"])
        self._size: int = layer["size"]
        self._end: int | None = layer["sentence_end"]
        self._skip = 0.0 if layer["skip_factor"] is None else math.log(layer["skip_factor"])
        self._tokens = np.asarray(parts["tokens"], np.int64)
        self._log_probabilities = np.asarray(parts["log_probabilities"], np.float64)
        self._backoffs = np.asarray(parts.get("backoffs", np.empty(0)), np.float64)
        self._children = _places(parts.get("children", np.full(1, len(self._tokens))))
        violation = violation_of(layer, self._tokens, self._log_probabilities, self._backoffs, self._children)
        if violation:
            raise ValueError(violation)

    @property
    def beginning(self) -> tuple[int, ...]:
        """The context before the first token."""
        return (self._size,) if self._end is not None and self.order > 1 else ()

    def after(self, context: tuple[int, ...], token: int) -> tuple[int, ...]:
        """The context after one more token."""
        if token == self._end:
            return self.beginning
        return (*context, token)[max(0, len(context) + 2 - self.order) :] if self.order > 1 else ()

    def log_probabilities(self, context: tuple[int, ...]) -> np.ndarray:
        """ln p of every token, float64 ``[tokens]``."""
        found = self._log_probabilities[: self._size].copy()
        for length in range(1, len(context) + 1):
            index = self._index(context[-length:])
            found += self._skip
            if index is not None:
                found += self._backoffs[index]
                below = slice(self._children[index], self._children[index + 1])
                found[self._tokens[below]] = self._log_probabilities[below]
        return found

    def _index(self, ngram: tuple[int, ...]) -> int | None:
        index = ngram[0]
        for token in ngram[1:]:
            start, end = int(self._children[index]), int(self._children[index + 1])
            index = start + int(np.searchsorted(self._tokens[start:end], token))
            if index >= end or self._tokens[index] != token:
                return None
        return index


def _places(values: np.ndarray) -> np.ndarray:
    """As int64; what is beyond that lies beyond every table too."""
    return np.minimum(np.asarray(values, np.float64), 2.0**62).astype(np.int64)


def violation_of(
    layer: dict[str, Any],
    tokens: np.ndarray,
    log_probabilities: np.ndarray,
    backoffs: np.ndarray,
    children: np.ndarray,
) -> str | None:
    """Why tables of the right lengths are not those of a model (``parameters.ngrams``); None if they are."""
    counts, size, end = layer["counts"], layer["size"], layer["sentence_end"]
    bases = np.concatenate(([0], np.cumsum(counts)))
    contexts = int(bases[-2])
    if not (np.isfinite(log_probabilities) & (log_probabilities <= 0)).all() or not np.isfinite(backoffs).all():
        return "a logarithm of a probability is none"
    if not np.array_equal(tokens[: counts[0]], np.arange(counts[0])):
        return "the n-grams of order 1 are not all tokens in their order"
    if (tokens[counts[0] :] >= size).any():
        return "an n-gram ends in a token that the model does not have"
    if not contexts:
        return None
    if children[0] != counts[0] or children[-1] != bases[-1] or (np.diff(children) < 0).any():
        return "the places of what follows n-grams do not rise from the first to the last"
    for order in range(1, len(counts)):
        if children[bases[order - 1]] != bases[order]:
            return f"what follows n-grams of order {order} is not of the next one"
    # Tokens rise, except where another context begins.
    falls = np.flatnonzero(tokens[counts[0] + 1 :] <= tokens[counts[0] : -1]) + counts[0] + 1
    if not np.isin(falls, children).all():
        return "the tokens that follow an n-gram do not rise"
    if end is not None:
        ends = np.flatnonzero(tokens[:contexts] == end)
        if (children[ends] != children[ends + 1]).any() or backoffs[ends].any():
            return "an n-gram ends a sentence, and is a context all the same"
    return None
