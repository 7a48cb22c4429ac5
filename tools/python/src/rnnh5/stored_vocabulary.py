"""A vocabulary as a file has it, before anything about it is certain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .vocabulary import BYTES, LONGEST_PIECE, Vocabulary

LARGEST_ID = 2**31 - 1

Violation = tuple[str, str]
"""The rule that is broken, and a sentence."""


@dataclass
class StoredVocabulary:
    """The arrays and attributes of ``/vocabulary``, of the right types and ranks, and not otherwise checked."""

    kind: str
    normalisation: str
    unknown_id: int
    line_end_id: int
    data: bytes
    offsets: np.ndarray
    counts: np.ndarray | None
    merges: np.ndarray | None
    specials: np.ndarray | None = None

    def violation(self) -> Violation | None:
        """What is wrong first, in the order in which one thing gives the next its meaning; None if nothing is."""
        return (
            self._arrays_violation() or self._attributes_violation() or self._specials_violation()
            or self._merges_violation() or self._tokens_violation()
        )  # fmt: skip

    def vocabulary(self) -> Vocabulary:
        """The vocabulary, once ``violation`` has found none."""
        return Vocabulary.from_arrays(
            self.data, self.offsets, self.kind,
            normalisation=self.normalisation, unknown_id=self.unknown_id, line_end_id=self.line_end_id,
            counts=self.counts, merges=self.merges, specials=() if self.specials is None else self.specials,
        )  # fmt: skip

    def __len__(self) -> int:
        """The number of tokens."""
        return max(0, len(self.offsets) - 1)

    def _tokens(self) -> list[bytes]:
        bounds = self.offsets.tolist()
        return [self.data[start:end] for start, end in zip(bounds, bounds[1:])]

    def _arrays_violation(self) -> Violation | None:
        offsets, size = self.offsets, len(self.data)
        not_rising = ("vocabulary.offsets", "its offsets do not rise from 0 to the number of bytes")
        if np.any(offsets > size):
            return not_rising
        if self.merges is not None and np.any(self.merges > LARGEST_ID):
            return "vocabulary.merges", "a merge takes a token that is not there yet"
        for name, value in (("unknown_id", self.unknown_id), ("line_end_id", self.line_end_id)):
            if not -1 <= value <= LARGEST_ID:
                return "vocabulary.kind", f"{name} {value} is neither a token nor -1"
        if not len(offsets) or offsets[0] != 0 or offsets[-1] != size or np.any(offsets[1:] < offsets[:-1]):
            return not_rising
        if not len(self):
            return "vocabulary.size", "there is no token"
        if self.counts is not None and len(self.counts) != len(self):
            return "vocabulary.size", f"there are {len(self.counts)} counts for {len(self)} tokens"
        return None

    def _attributes_violation(self) -> Violation | None:
        for name, value in (("unknown_id", self.unknown_id), ("line_end_id", self.line_end_id)):
            if value >= len(self):
                return "vocabulary.kind", f"{name} {value} is neither a token nor -1"
        if self.unknown_id == self.line_end_id != -1:
            return "vocabulary.kind", "unknown_id and line_end_id are the same token"
        by_lines = self.normalisation == "whitespace"
        if by_lines and self.kind != "words":
            return "vocabulary.kind", f"the normalisation 'whitespace' does not fit the kind '{self.kind}'"
        if by_lines != (self.line_end_id != -1):
            message = f"line_end_id is {self.line_end_id}, and the normalisation is '{self.normalisation}'"
            return "vocabulary.kind", message
        if (self.merges is not None) != (self.kind == "bpe"):
            return "vocabulary.merges", f"merges and the kind '{self.kind}' do not go together"
        if self.kind == "bpe" and self.unknown_id != -1:
            return "vocabulary.kind", "byte pairs encode every text, and unknown_id is a token"
        return None

    def _specials_violation(self) -> Violation | None:
        if self.specials is None:
            return None
        if not len(self.specials):
            return "vocabulary.specials", "the list of special tokens is there, but empty"
        if self.specials[-1] >= len(self) or np.any(self.specials[1:] <= self.specials[:-1]):
            return "vocabulary.specials", "the special tokens do not rise, or are not tokens"
        if self.unknown_id in self.specials or self.line_end_id in self.specials:
            return "vocabulary.specials", "the unknown token or the line end is a special token too"
        if self.kind == "bpe" and self.specials[0] != len(self) - len(self.specials):
            return "vocabulary.specials", "special tokens stand before tokens of bytes or of merges"
        return None

    def _merges_violation(self) -> Violation | None:
        if self.merges is None:
            return None
        ordinary = len(self) - (0 if self.specials is None else len(self.specials))
        if ordinary - BYTES != len(self.merges):
            return "vocabulary.merges", f"there are {ordinary} tokens and {len(self.merges)} merges"
        tokens = self._tokens()
        if tokens[:BYTES] != [bytes([byte]) for byte in range(BYTES)]:
            return "vocabulary.merges", "the first 256 tokens are not the bytes in their order"
        for rank, (first, second) in enumerate(self.merges.tolist()):
            if max(first, second) >= BYTES + rank:
                return "vocabulary.merges", f"merge {rank} takes a token that is not there yet"
            if tokens[BYTES + rank] != tokens[first] + tokens[second]:
                return "vocabulary.merges", f"token {BYTES + rank} is not what merge {rank} makes"
        return None

    def _tokens_violation(self) -> Violation | None:
        # Whether a token can occur does not depend on the others.
        vocabulary = self.vocabulary()
        seen: set[bytes] = set()
        special = {self.unknown_id, self.line_end_id, *vocabulary.specials.tolist()}
        for index, token in enumerate(vocabulary.tokens):
            if not token:
                return "vocabulary.duplicate", f"token {index} is empty"
            if self.kind == "bpe" and index not in special and len(token) > LONGEST_PIECE:
                return "vocabulary.merges", f"token {index} is longer than {LONGEST_PIECE} bytes"
            if index not in special and not vocabulary.can_occur(token):
                return "vocabulary.kind", f"token {index} cannot occur in a text of the kind '{self.kind}'"
            if token in seen:
                return "vocabulary.duplicate", f"token {index} occurs twice"
            seen.add(token)
        return None
