"""The list of byte strings that a model reads and writes, and how a text becomes indices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

WHITE_SPACE = frozenset((9, 10, 11, 12, 13, 32))
LINE_END = 10
KINDS = ("bytes", "characters", "words", "bpe")
ByteString: TypeAlias = bytes
"""What ``bytes`` is, also where a vocabulary has a property of that name."""
NORMALISATIONS = ("none", "whitespace")
BYTES = 256
LONGEST_PIECE = 256
_PIECES = re.compile(
    rb" ?[A-Za-z\x80-\xff]+| ?[0-9]+| ?[^\t-\r A-Za-z0-9\x80-\xff]+|[\t-\r ]+?(?= [^\t-\r ])|[\t-\r ]+"
)


class UnknownSymbol(ValueError):
    """The text holds a symbol that the vocabulary lacks, and the vocabulary has no token for such symbols."""


class Vocabulary:
    """Tokens with the rule that splits a text into them.

    - ``tokens``: byte strings, by index
    - ``kind``: ``bytes``, ``characters``, ``words`` or ``bpe``; ``normalisation``: ``none`` or, for words, ``whitespace``
    - ``unknown_id``, ``line_end_id``: an index, or -1 for none
    - ``counts``: how often each token occurred in the training text, uint64 ``[tokens]``, or None
    - ``merges``: of kind ``bpe``, uint32 ``[merges, 2]``, in order of priority; else None
    - ``specials``: the indices, rising, of tokens that no text gives, uint32 ``[specials]``; often there are none
    """

    def __init__(
        self,
        tokens: Iterable[bytes],
        kind: str = "characters",
        *,
        normalisation: str = "none",
        unknown_id: int = -1,
        line_end_id: int = -1,
        counts: Sequence[int] | np.ndarray | None = None,
        merges: Sequence[tuple[int, int]] | np.ndarray | None = None,
        specials: Sequence[int] | np.ndarray = (),
    ) -> None:
        self.tokens = [bytes(token) for token in tokens]
        self.kind = kind
        self.normalisation = normalisation
        self.unknown_id = unknown_id
        self.line_end_id = line_end_id
        self.counts: np.ndarray | None = None if counts is None else np.asarray(counts, "<u8")
        self.merges: np.ndarray | None = None if merges is None else np.asarray(merges, "<u4").reshape(-1, 2)
        self.specials = np.asarray(specials, "<u4").reshape(-1)

    @classmethod
    def from_merges(
        cls,
        merges: Sequence[tuple[int, int]] | np.ndarray,
        counts: Sequence[int] | np.ndarray | None = None,
        specials: Iterable[bytes] = (),
    ) -> Vocabulary:
        """A byte-pair encoding, whose special tokens come last.

        Raises ``ValueError`` for a merge of tokens that it cannot merge.
        """
        tokens, names = merged_tokens(merges), list(specials)
        ids = range(len(tokens), len(tokens) + len(names))
        return cls(tokens + names, "bpe", counts=counts, merges=merges, specials=list(ids))

    @classmethod
    def from_arrays(cls, data: bytes, offsets: np.ndarray, kind: str, **options: Any) -> Vocabulary:
        """From the file's own form: all bytes, and uint64 ``[tokens + 1]``. The offsets must have been checked."""
        bounds = offsets.tolist()
        return cls((data[start:end] for start, end in zip(bounds, bounds[1:])), kind, **options)

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def bytes(self) -> ByteString:
        """All tokens, one after another."""
        return b"".join(self.tokens)

    @property
    def offsets(self) -> np.ndarray:
        """uint64 ``[tokens + 1]``: token k is ``bytes[offsets[k]:offsets[k + 1]]``."""
        lengths = np.fromiter(map(len, self.tokens), "<u8", len(self.tokens))
        return np.concatenate((np.zeros(1, "<u8"), np.cumsum(lengths, dtype="<u8")))

    @cached_property
    def _index(self) -> dict[ByteString, int]:
        specials = set(self.specials.tolist())
        return {token: index for index, token in enumerate(self.tokens) if index not in specials}

    @cached_property
    def _ranks(self) -> dict[tuple[int, int], int]:
        merges = [] if self.merges is None else self.merges.tolist()
        return {(first, second): rank for rank, (first, second) in enumerate(merges)}

    def _merged(self, piece: ByteString) -> list[int]:
        """The tokens of a piece: the merge of the smallest rank first, at its leftmost place."""
        word, none = list(piece), len(self._ranks)
        while len(word) > 1:
            rank, at = min((self._ranks.get(pair, none), at) for at, pair in enumerate(zip(word, word[1:])))
            if rank == none:
                break
            word[at : at + 2] = [256 + rank]
        return word

    def can_occur(self, token: ByteString) -> bool:
        """Whether splitting some text can give a symbol with these bytes."""
        if self.kind == "bytes":
            return len(token) == 1
        if self.kind == "bpe":
            return bool(token)
        if self.kind == "characters":
            return len(characters(token)) == 1
        has_white_space = any(byte in WHITE_SPACE for byte in token)
        return bool(token) and (not has_white_space or len(token) == 1 and self.normalisation == "none")

    def symbols(self, text: ByteString) -> list[ByteString]:
        """The symbols of a text, known or not. A line end is the token ``line_end_id`` itself."""
        if self.kind == "bytes":
            return [text[i : i + 1] for i in range(len(text))]
        if self.kind == "characters":
            return characters(text)
        if self.kind == "bpe":
            return [self.tokens[index] for piece in pieces(text) for index in self._merged(piece)]
        if self.normalisation == "none":
            return words_and_white_space(text)
        end = self.tokens[self.line_end_id]
        lines = text.split(b"\n")
        if not lines[-1]:
            lines.pop()
        return [symbol for line in lines for symbol in (*line.split(), end)]

    def encode(self, text: ByteString | str) -> np.ndarray:
        """The indices of a text (a ``str`` is taken as UTF-8), int64 ``[symbols]``. Raises ``UnknownSymbol``."""
        data = text.encode("utf-8") if isinstance(text, str) else bytes(text)
        if self.kind == "bpe":
            return np.array([index for piece in pieces(data) for index in self._merged(piece)], np.int64)
        result = []
        for symbol in self.symbols(data):
            index = self._index.get(symbol, self.unknown_id)
            if index < 0:
                raise UnknownSymbol(f"{symbol!r} is not in the vocabulary")
            result.append(index)
        return np.array(result, np.int64)

    def decode(self, ids: Iterable[int]) -> ByteString:
        """The text of the indices, of special tokens their names. Raises ``IndexError`` for what is no index."""
        ids = [int(index) for index in ids]
        if any(not 0 <= index < len(self.tokens) for index in ids):
            raise IndexError("a token id is out of range")
        tokens = [self.tokens[index] for index in ids]
        if self.kind != "words":
            return b"".join(tokens)
        parts: list[ByteString] = []
        for position, (index, token) in enumerate(zip(ids, tokens)):
            if self.normalisation == "whitespace":
                if index == self.line_end_id:
                    parts.append(b"\n")
                    continue
                apart = position > 0 and ids[position - 1] != self.line_end_id
            else:
                apart = position > 0 and not _is_white(token) and not _is_white(tokens[position - 1])
            parts.append(b" " + token if apart else token)
        return b"".join(parts)


def pieces(text: bytes) -> Iterator[bytes]:
    """The pieces of a text within which byte pairs are merged."""
    for run in _PIECES.finditer(text):
        for start in range(run.start(), run.end(), LONGEST_PIECE):
            yield text[start : min(start + LONGEST_PIECE, run.end())]


def merged_tokens(merges: Sequence[tuple[int, int]] | np.ndarray) -> list[bytes]:
    """The tokens that follow from the merges. Raises ``ValueError`` for one that makes no token, or one too long."""
    tokens = [bytes([byte]) for byte in range(256)]
    for rank, (first, second) in enumerate(np.asarray(merges, "<u4").reshape(-1, 2).tolist()):
        if max(first, second) >= len(tokens):
            raise ValueError(f"merge {rank} takes a token that is not there yet")
        token = tokens[first] + tokens[second]
        if len(token) > LONGEST_PIECE:
            raise ValueError(f"merge {rank} makes a token of more than {LONGEST_PIECE} bytes")
        tokens.append(token)
    return tokens


def characters(text: bytes) -> list[bytes]:
    """Each Unicode scalar value as its UTF-8 bytes; each byte that is not part of well-formed UTF-8 by itself."""
    # Python's own decoder rejects byte by byte with this handler, and keeps each such byte as a lone surrogate.
    scalars = text.decode("utf-8", "surrogateescape")
    return [scalar.encode("utf-8", "surrogateescape") for scalar in scalars]


def words_and_white_space(text: bytes) -> list[bytes]:
    """Words, and every white-space byte that is not a single space between two words."""
    symbols: list[bytes] = []
    start, length = 0, len(text)
    while start < length:
        white = text[start] in WHITE_SPACE
        end = start
        while end < length and (text[end] in WHITE_SPACE) == white:
            end += 1
        if not white:
            symbols.append(text[start:end])
        elif not (text[start:end] == b" " and start > 0 and end < length):
            symbols.extend(text[i : i + 1] for i in range(start, end))
        start = end
    return symbols


def _is_white(token: bytes) -> bool:
    return len(token) == 1 and token[0] in WHITE_SPACE
