from __future__ import annotations

import numpy as np
import pytest
from rnnh5 import UnknownSymbol, Vocabulary
from rnnh5.vocabulary import characters, words_and_white_space


def all_symbols(text: bytes, kind: str) -> Vocabulary:
    return Vocabulary(sorted(set(Vocabulary([], kind).symbols(text))), kind)


@pytest.mark.parametrize("kind", ["bytes", "characters", "words"])
@pytest.mark.parametrize("seed", range(30))
def test_random_bytes_come_back(kind: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    alphabet = [
        b"a",
        b"b",
        b" ",
        b"  ",
        b"\n",
        b"\t",
        b"\0",
        "é".encode(),
        "😀".encode(),
        b"\xf0\x9f",
        b"\x80",
        b"\xed\xa0\x80",
    ]
    text = b"".join(alphabet[index] for index in random.integers(0, len(alphabet), 300)) + random.bytes(300)
    vocabulary = all_symbols(text, kind)
    assert vocabulary.decode(vocabulary.encode(text)) == text


def test_characters_are_scalar_values_or_single_bytes() -> None:
    assert characters("aé😀".encode()) == [b"a", "é".encode(), "😀".encode()]
    assert characters(b"\xe2\x82a\xed\xa0\x80\xc0\x80\xf4\x90\x80\x80") == [
        b"\xe2", b"\x82", b"a", b"\xed", b"\xa0", b"\x80", b"\xc0", b"\x80", b"\xf4", b"\x90", b"\x80", b"\x80",
    ]  # fmt: skip


def test_only_a_single_space_between_two_words_is_no_symbol() -> None:
    assert words_and_white_space(b" a b  c\nd ") == [b" ", b"a", b"b", b" ", b" ", b"c", b"\n", b"d", b" "]
    assert words_and_white_space(b" ") == [b" "]


@pytest.mark.parametrize(
    ("text", "ids", "back"),
    [
        (b"", [], b""),
        (b"\n", [0], b"\n"),
        (b"a", [1, 0], b"a\n"),
        (b"a\n", [1, 0], b"a\n"),
        (b"  a \t b\n\nb", [1, 2, 0, 0, 2, 0], b"a b\n\nb\n"),
        (b"a x\r\n", [1, 3, 0], b"a <unk>\n"),
    ],
)
def test_lines_of_words(text: bytes, ids: list[int], back: bytes) -> None:
    vocabulary = Vocabulary(
        [b"<eos>", b"a", b"b", b"<unk>"], "words", normalisation="whitespace", unknown_id=3, line_end_id=0
    )
    assert vocabulary.encode(text).tolist() == ids
    assert vocabulary.decode(ids) == back


def test_an_unknown_symbol_becomes_unknown_id_or_an_error() -> None:
    assert Vocabulary([b"a", b"<unk>"], "words", unknown_id=1).encode("a z").tolist() == [0, 1]
    with pytest.raises(UnknownSymbol):
        Vocabulary([b"a"], "words").encode("a z")


@pytest.mark.parametrize("index", [-1, 2])
def test_refuses_to_decode_what_is_no_index(index: int) -> None:
    with pytest.raises(IndexError):
        Vocabulary([b"a", b"b"]).decode([0, index])
