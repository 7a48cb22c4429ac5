"""JSON as rnn-h5 stores it: read strictly, written in the canonical form of RFC 8785."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any

LARGEST_INTEGER = 2**53 - 1
DEEPEST_NESTING = 64

_BRACKETS_AND_QUOTES = re.compile(r'"|[\[\]{}]')
_REST_OF_STRING = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_ESCAPED = re.compile(r'["\\\x00-\x1f]')


class JSONError(ValueError):
    """The text is not JSON, or is JSON that rnn-h5 does not allow."""


def parse(text: bytes) -> Any:
    """The value of a JSON text. Numbers without a fraction become ``int``.

    Raises ``JSONError`` for what is not UTF-8 or not JSON, for duplicate keys (also in two Unicode spellings), nesting deeper than 64, integers beyond
    2^53 - 1, numbers beyond float64, and surrogates that stand alone.
    """
    try:
        string = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JSONError(f"it is not UTF-8 (byte {error.start})") from None
    _check_nesting(string)
    try:
        value = json.loads(
            string,
            object_pairs_hook=_object_without_duplicates,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_no_constant,
        )
    except JSONError:
        raise
    except ValueError as error:
        raise JSONError(f"it is not JSON: {error}") from None
    _check_strings(value)
    return value


def canonical(value: Any) -> bytes:
    """The canonical form (RFC 8785) of a value made of dict, list, tuple, str, bool, int, float and None.

    Raises ``JSONError`` for everything that ``parse`` would refuse.
    """
    parts: list[str] = []
    _write(value, parts, 0)
    try:
        return "".join(parts).encode("utf-8")
    except UnicodeEncodeError:
        raise JSONError("a surrogate stands alone") from None


def number(value: float) -> str:
    """A finite float64 as ECMAScript's ``Number.prototype.toString`` prints it."""
    if not math.isfinite(value):
        raise JSONError("a number is not finite")
    if value == 0:
        return "0"
    if value < 0:
        return "-" + number(-value)
    # repr gives the shortest digits that read back as the same number, which is what ECMAScript asks for.
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent or 0)
    digits = whole + fraction
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    rest = "." + digits[1:] if len(digits) > 1 else ""
    return f"{digits[0]}{rest}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def string(value: str) -> str:
    """A string in quotes with the shortest escapes."""
    return '"' + _ESCAPED.sub(lambda match: _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04x}", value) + '"'


def _write(value: Any, parts: list[str], depth: int) -> None:
    if value is None:
        parts.append("null")
    elif value is True:
        parts.append("true")
    elif value is False:
        parts.append("false")
    elif isinstance(value, str):
        parts.append(string(value))
    elif isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise JSONError(f"the integer {value} is beyond 2^53 - 1")
        parts.append(str(int(value)))
    elif isinstance(value, float):
        text = number(value)
        if text.lstrip("-").isdigit() and abs(int(text)) > LARGEST_INTEGER:
            raise JSONError(f"the integer {text} is beyond 2^53 - 1")
        parts.append(text)
    elif isinstance(value, dict):
        _check_depth(depth + 1)
        parts.append("{")
        try:
            keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        except (AttributeError, UnicodeEncodeError):
            raise JSONError("a key is not a string of Unicode") from None
        for index, key in enumerate(keys):
            parts.append(("," if index else "") + string(key) + ":")
            _write(value[key], parts, depth + 1)
        parts.append("}")
    elif isinstance(value, (list, tuple)):
        _check_depth(depth + 1)
        parts.append("[")
        for index, item in enumerate(value):
            if index:
                parts.append(",")
            _write(item, parts, depth + 1)
        parts.append("]")
    else:
        raise JSONError(f"a {type(value).__name__} is not a JSON value")


def _check_depth(depth: int) -> None:
    if depth > DEEPEST_NESTING:
        raise JSONError(f"it is nested deeper than {DEEPEST_NESTING}")


def _check_nesting(text: str) -> None:
    # Before the parser sees the text: the standard library's parser recurses.
    depth = position = 0
    while match := _BRACKETS_AND_QUOTES.search(text, position):
        position = match.end()
        if match[0] == '"':
            rest = _REST_OF_STRING.match(text, position)
            if rest is None:
                return
            position = rest.end()
        elif match[0] in "[{":
            depth += 1
            _check_depth(depth)
        else:
            depth -= 1


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    seen: set[str] = set()
    for key, value in pairs:
        # Two spellings of one text are one key: not every reader can tell them apart.
        spelling = unicodedata.normalize("NFC", key)
        if spelling in seen:
            raise JSONError(f"the key {string(key)} occurs twice")
        seen.add(spelling)
        result[key] = value
    return result


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > LARGEST_INTEGER:
        raise JSONError("an integer is beyond 2^53 - 1")
    return int(text)


def _number(text: str) -> float | int:
    value = float(text)
    if not math.isfinite(value):
        raise JSONError("a number is beyond float64")
    # From 1e21 on, the canonical form has an exponent; below, it would be an integer that no reader takes.
    if value.is_integer() and LARGEST_INTEGER < abs(value) < 1e21:
        raise JSONError("an integer is beyond 2^53 - 1")
    return int(value) if value.is_integer() and abs(value) <= LARGEST_INTEGER else value


def _no_constant(text: str) -> float:
    raise JSONError(f"it is not JSON: {text}")


def _check_strings(value: Any) -> None:
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise JSONError("a surrogate stands alone") from None
    elif isinstance(value, list):
        for item in value:
            _check_strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_strings(key)
            _check_strings(item)
