"""What the tests share: the repository's fixtures, and models drawn at random from a seed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
sys.path.insert(0, str(FIXTURES))

import layers  # noqa: E402
import rnnh5  # noqa: E402
from rnnh5.activations import ACTIVATIONS  # noqa: E402


def random_architecture(random: np.random.Generator) -> dict[str, Any]:
    """Any layer kind and any option, one to three recurrent layers."""

    def flag() -> bool:
        return bool(random.integers(2))

    def activation() -> str:
        return str(random.choice(list(ACTIVATIONS)))

    size = width = int(random.integers(2, 12))
    stack = [layers.one_hot(size)]
    if flag():
        width = int(random.integers(1, 6))
        stack = [layers.embedding(size, width)]
    for index in range(int(random.integers(1, 4))):
        if flag():
            stack.append(layers.dropout(f"dropout_{index}", float(random.choice([0, 0.25, 0.9]))))
        options: dict[str, Any] = {"bias": flag(), "recurrent_bias": flag(), "activation": activation()}
        kind = str(random.choice(["elman", "lstm", "gru"]))
        if kind != "elman":
            options["recurrent_activation"] = activation()
        if kind == "lstm":
            options |= {"cell_activation": activation(), "forget_bias": float(random.choice([0, 1, -2.5]))}
        if kind == "gru":
            options["reset"] = str(random.choice(["after", "before"]))
            options["update_keeps"] = str(random.choice(["previous", "candidate"]))
        hidden = int(random.integers(1, 6))
        stack.append(getattr(layers, kind)(f"{kind}_{index}", width, hidden, **options))
        width = hidden
    return layers.architecture(size, *stack, layers.linear(width, size, flag()))


def random_vocabulary(size: int, random: np.random.Generator) -> rnnh5.Vocabulary | None:
    """None, or distinct tokens of a random kind."""
    kind = str(random.choice(["none", "bytes", "characters", "words"]))
    if kind == "none":
        return None
    tokens = [bytes([int(byte)]) for byte in random.permutation(256)[:size]]
    counts = random.integers(0, 100, size) if random.integers(2) else None
    if kind == "words" and random.integers(2):
        return rnnh5.Vocabulary(tokens, kind, normalisation="whitespace", line_end_id=size - 1, counts=counts)
    return rnnh5.Vocabulary(tokens, kind, unknown_id=int(random.integers(-1, size)), counts=counts)


@pytest.fixture
def tiny() -> tuple[dict[str, Any], dict[str, np.ndarray], rnnh5.Vocabulary]:
    """Architecture, parameters and vocabulary of a small lstm over four bytes."""
    model = layers.architecture(4, layers.embedding(4, 3), layers.lstm("lstm_1", 3, 2), layers.linear(2, 4))
    vocabulary = rnnh5.Vocabulary([b"a", b"b", b"\0", b"\xff"], "bytes")
    return model, layers.random_parameters(model, 1), vocabulary
