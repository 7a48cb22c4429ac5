from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from rnnh5.canonical import JSONError, canonical, number, parse

# RFC 8785, appendix B.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
}


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_are_printed_as_ecmascript_prints_them(bits: str, text: str) -> None:
    assert number(struct.unpack(">d", bytes.fromhex(bits))[0]) == text


def test_printed_numbers_read_back_as_the_same_bits() -> None:
    random = np.random.default_rng(1)
    for value in random.integers(0, 2**64, 20_000, np.uint64).view(np.float64).tolist():
        if np.isfinite(value):
            assert float(number(value)) == value


def test_keys_are_sorted_by_utf16_code_units() -> None:
    # U+1F600 is D83D DE00 in UTF-16, and so before U+FB33.
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert list(json.loads(canonical(value)).values()) == [2, 4, 6, 7, 1, 5, 3]


def test_escapes_are_the_shortest() -> None:
    assert canonical('\b\t\n\f\r"\\/\x00\x1f\x7fé') == b'"\\b\\t\\n\\f\\r\\"\\\\/\\u0000\\u001f\x7f\xc3\xa9"'


def test_canonical_text_stays_as_it_is() -> None:
    text = canonical({"b": [1, 2.5, None, True, {}], "a": {"é": "x\ny"}, "c": 1e-9})
    assert canonical(parse(text)) == text


def test_nesting_of_64_is_allowed_and_65_is_not() -> None:
    assert parse(b"[" * 64 + b"]" * 64)
    for depth in (65, 100_000):
        with pytest.raises(JSONError, match="deeper"):
            parse(b"[" * depth + b"]" * depth)


def test_brackets_in_strings_are_no_nesting() -> None:
    assert parse(b'"' + b'[\\"' * 1000 + b'"') == '["' * 1000


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b'{"a":1,"a":1}', b"NaN", b"-Infinity", b"1e999", b"9007199254740992", b"-9007199254740992",
     b'"\\ud800"', b'{"\\udc00":1}', b'"\xff"', b"1 2", b"\xef\xbb\xbf1", b"01", b'"\n"', b"9" * 5000,
     b"1e20", b"9007199254740993.0", b'{"e\xcc\x81":1,"\xc3\xa9":2}'],
)  # fmt: skip
def test_refuses_what_is_not_allowed(text: bytes) -> None:
    with pytest.raises(JSONError):
        parse(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, "\ud800", {1: 2}, {1, 2}, b"x"])
def test_refuses_to_write_what_is_not_allowed(value: object) -> None:
    with pytest.raises(JSONError):
        canonical(value)
