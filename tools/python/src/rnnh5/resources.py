"""The specification and the machine-readable schemas, as they come with the package."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

SCHEMAS = (
    "architecture.schema.json",
    "layout.json",
    "lineage.schema.json",
    "metadata.schema.json",
    "rules.json",
)


@cache
def document(name: str) -> Any:
    """The value of the JSON file ``schemas/<name>``. It is shared: do not change it."""
    return json.loads((files(__package__) / "schemas" / name).read_text("utf-8"))


@cache
def specification() -> str:
    """The text of the specification."""
    return (files(__package__) / "FORMAT.md").read_text("utf-8")


def version_number(text: str) -> tuple[int, ...]:
    """A version ``major.minor`` as numbers, to be compared."""
    return tuple(map(int, text.split(".")))
