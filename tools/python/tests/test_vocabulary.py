from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from rnnh5 import UnknownSymbol, Vocabulary
from rnnh5.identity import vocabulary_id
from rnnh5.vocabulary import characters, pieces, words_and_white_space


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


PIECES = {
    b"to be, 12ab": [b"to", b" be", b",", b" 12", b"ab"],
    b"a\n\n  b": [b"a", b"\n\n ", b" b"],
    b"x \n": [b"x", b" \n"],
    b"don't": [b"don", b"'", b"t"],
    b"a  ": [b"a", b"  "],
    b" \tb": [b" \t", b"b"],
    b"  ": [b"  "],
    b"": [],
    b" a" * 2 + b"\xff\x80\0": [b" a", b" a\xff\x80", b"\0"],
    b"z" * 600: [b"z" * 256, b"z" * 256, b"z" * 88],
    b" " + b"z" * 256: [b" " + b"z" * 255, b"z"],
}


@pytest.mark.parametrize("text", PIECES)
def test_a_text_is_split_into_pieces(text: bytes) -> None:
    assert list(pieces(text)) == PIECES[text]


def test_pieces_are_those_of_the_four_classes() -> None:
    # The specification's sentences, without a regular expression.
    def kind(byte: int) -> str:
        if byte in b"\t\n\v\f\r ":
            return "space"
        if byte >= 128 or chr(byte).isalpha():
            return "letter"
        return "digit" if chr(byte).isdigit() else "other"

    def plain(text: bytes) -> list[bytes]:
        runs = [bytes(run) for _, run in groupby(text, kind)]
        for index, run in enumerate(runs[:-1]):
            if kind(run[0]) == "space" and run.endswith(b" "):
                runs[index], runs[index + 1] = run[:-1], b" " + runs[index + 1]
        return [run[start : start + 256] for run in runs for start in range(0, len(run), 256)]

    random = np.random.default_rng(1)
    for _ in range(300):
        text = bytes(random.choice(list(b"  \n\tab1.\xe9"), random.integers(0, 40)).astype("u1"))
        assert list(pieces(text)) == plain(text)
        assert b"".join(pieces(text)) == text


def test_byte_pairs_lose_nothing_and_merge_by_rank() -> None:
    random = np.random.default_rng(1)
    merges = [(97, 97), (97, 98), (256, 257), (98, 97), (32, 97), (260, 260)]
    vocabulary = Vocabulary.from_merges(merges)
    assert vocabulary.tokens[256:] == [b"aa", b"ab", b"aaab", b"ba", b" a", b" a a"]
    assert vocabulary.encode(b"aaabdaaabac").tolist() == [258, 100, 258, 97, 99]
    # Neither across pieces, nor by what is longest.
    assert vocabulary.encode(b" a a").tolist() == [260, 260]
    assert vocabulary.encode(b"aba").tolist() == [257, 97]
    for _ in range(100):
        text = random.integers(0, 256, 30).astype("u1").tobytes() + bytes(random.choice(list(b"ab "), 30).astype("u1"))
        assert vocabulary.decode(vocabulary.encode(text)) == text


@pytest.mark.parametrize("wrong", [[(256, 0)], [(0, 300)], [(97, 97), *((256 + k, 256 + k) for k in range(8))]])
def test_merges_that_make_no_token_are_refused(wrong: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="merge"):
        Vocabulary.from_merges(wrong)


def test_special_tokens_come_from_no_text():
    vocabulary = Vocabulary([b"<pad>", b"a", b"b", b"?"], "characters", unknown_id=3, specials=[0, 2])
    assert vocabulary.encode("ab<").tolist() == [1, 3, 3]
    assert vocabulary.decode([0, 1, 2]) == b"<pad>ab"
    with pytest.raises(UnknownSymbol):
        Vocabulary([b"a", b"b"], "characters", specials=[1]).encode("ab")


def test_special_tokens_of_byte_pairs_come_last():
    vocabulary = Vocabulary.from_merges([(97, 98)], specials=[b"<|end|>"])
    assert vocabulary.encode("ab<|end|>").tolist()[0] == 256 and 257 not in vocabulary.encode("<|end|>")
    assert vocabulary.decode([256, 257]) == b"ab<|end|>" and vocabulary.specials.tolist() == [257]


def test_special_tokens_are_part_of_the_model():
    tokens = [b"a", b"b"]
    assert vocabulary_id(Vocabulary(tokens)) != vocabulary_id(Vocabulary(tokens, specials=[1]))
