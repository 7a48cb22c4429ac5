"""The part of JSON Schema that the schemas of rnn-h5 use. An unknown keyword is an error, not silence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description", "discriminator"}
_TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool) or _is_whole(value),
}


def violations(value: Any, schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What in ``value`` breaks ``schema``: pairs of a JSON Pointer and a sentence."""
    yield from _check(value, schema, schema, "")


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern occurs in the text; ``$`` is the end of the text, as in ECMAScript, not of its last line."""
    return re.search(re.sub(r"\$$", r"\\Z", pattern), text) is not None


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def _escaped(key: str) -> str:
    """A key as a part of a JSON Pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _equal(a: Any, b: Any) -> bool:
    # In Python True == 1; in JSON it is not.
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_equal, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    return bool(a == b)


def _check(value: Any, schema: dict[str, Any], root: dict[str, Any], where: str) -> Iterator[tuple[str, str]]:
    for keyword, rule in schema.items():
        if keyword in _ANNOTATIONS:
            continue
        if keyword == "$ref":
            yield from _check(value, _resolve(rule, root), root, where)
        elif keyword == "type":
            if not _TYPES[rule](value):
                yield where, f"it is not of type {rule}"
        elif keyword == "const":
            if not _equal(value, rule):
                yield where, f"it is not {rule!r}"
        elif keyword == "enum":
            if not any(_equal(value, choice) for choice in rule):
                yield where, "it is none of " + ", ".join(map(str, rule))
        elif keyword == "oneOf":
            yield from _one_of(value, schema, root, where)
        elif keyword == "pattern":
            if isinstance(value, str) and not matches(rule, value):
                yield where, f"it does not match {rule}"
        elif keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            yield from _bounds(value, keyword, rule, where)
        elif keyword in ("minItems", "maxItems"):
            if isinstance(value, list) and (len(value) < rule if keyword == "minItems" else len(value) > rule):
                yield where, f"it has {len(value)} items ({keyword}: {rule})"
        elif keyword == "items":
            # Of a list that is too long, the items are not judged as well.
            if isinstance(value, list) and len(value) <= schema.get("maxItems", len(value)):
                for index, item in enumerate(value):
                    yield from _check(item, rule, root, f"{where}/{index}")
        elif keyword == "required":
            if isinstance(value, dict):
                yield from ((where, f"'{key}' is missing") for key in rule if key not in value)
        elif keyword == "properties":
            if isinstance(value, dict):
                for key, subschema in rule.items():
                    if key in value:
                        yield from _check(value[key], subschema, root, f"{where}/{_escaped(key)}")
        elif keyword == "additionalProperties" and rule is False:
            if isinstance(value, dict):
                known = schema.get("properties", {})
                yield from ((where, f"'{key}' is not known here") for key in value if key not in known)
        else:
            raise NotImplementedError(f"JSON Schema keyword {keyword}")


def _bounds(value: Any, keyword: str, bound: float, where: str) -> Iterator[tuple[str, str]]:
    if not _TYPES["number"](value):
        return
    fits = {
        "minimum": value >= bound,
        "maximum": value <= bound,
        "exclusiveMinimum": value > bound,
        "exclusiveMaximum": value < bound,
    }
    if not fits[keyword]:
        yield where, f"{value} is out of bounds ({keyword}: {bound})"


def _one_of(value: Any, schema: dict[str, Any], root: dict[str, Any], where: str) -> Iterator[tuple[str, str]]:
    choices = [_resolve(choice["$ref"], root) if "$ref" in choice else choice for choice in schema["oneOf"]]
    selector = schema.get("discriminator", {}).get("propertyName")
    if selector and isinstance(value, dict) and selector in value:
        # The same answer as trying all, with the sentences that help.
        for choice in choices:
            if _equal(choice["properties"][selector]["const"], value[selector]):
                yield from _check(value, choice, root, where)
                return
        yield where, f"its {selector} {value[selector]!r} is not known"
    elif sum(1 for choice in choices if not any(_check(value, choice, root, where))) != 1:
        yield where, "it fits not exactly one of the alternatives"


def _resolve(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    node = root
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node
