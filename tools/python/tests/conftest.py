"""What the tests share: the repository's fixtures, and models drawn at random from a seed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
sys.path.insert(0, str(FIXTURES))
# What Keras computes with, if it is there at all.
os.environ.setdefault("KERAS_BACKEND", "torch")

import layers  # noqa: E402
import rnnh5  # noqa: E402
from rnnh5.activations import ACTIVATIONS  # noqa: E402


def random_architecture(random: np.random.Generator, options: bool = True, windows: bool = True) -> dict[str, Any]:
    """Any layer kind and any option, one to three recurrent layers; without ``options``, what version 1.0 had.

    Without ``windows`` there are no windows, nothing is pooled or delayed, and no token comes in as a number.
    """

    def flag() -> bool:
        return bool(random.integers(2))

    def option() -> bool:
        return options and not random.integers(3)

    def activation() -> str:
        return str(random.choice(list(ACTIVATIONS)))

    size = width = int(random.integers(2, 12))
    input = "features" if option() else "tokens"
    context: Any = "sequence" if option() else "stream"
    if windows and option():
        padding = int(random.integers(size)) if input == "tokens" and flag() else None
        context = layers.window(int(random.integers(1, 7)), padding)
    output = str(random.choice(["sigmoid", "values"])) if option() else "softmax"
    stack: list[dict[str, Any]] = []
    widths: dict[str, int] = {}

    def add(layer: dict[str, Any], outputs: int) -> int:
        stack.append(layer)
        widths[layer["name"]] = outputs
        return outputs

    if input == "tokens" and windows and option():
        width = add(layers.scalar(size, float(random.choice([-0.25, 1 / size]))), 1)
    elif input == "tokens" and flag():
        width = add(layers.embedding(size, (width := int(random.integers(1, 6)))), width)
    elif input == "tokens":
        add(layers.one_hot(size), size)
    for index in range(int(random.integers(1, 4))):
        if flag():
            locked = {"locked": True} if option() else {}
            add(layers.dropout(f"dropout_{index}", float(random.choice([0, 0.25, 0.9])), **locked), width)
        if windows and option():
            steps = int(random.integers(2, 5))
            width = add(layers.delay(f"delay_{index}", width, steps), steps * width)
        hidden = int(random.integers(1, 6))
        kind = str(random.choice(["elman", "lstm", "gru"]))
        chosen = _recurrent_options(kind, flag, option, activation, random)
        if context != "stream" and option():
            chosen["direction"] = "backward"
        width = add(getattr(layers, kind)(f"{kind}_{index}", width, hidden, **chosen), hidden)
        if option():
            add(layers.activation(f"activation_{index}", activation()), width)
        if option():
            add(layers.layer_norm(f"norm_{index}", width, epsilon=1e-3, bias=flag()), width)
        if option():
            equal = [name for name, other in widths.items() if other == width]
            width = add(layers.sum_of(f"sum_{index}", *equal), width)
        if option():
            several = list(widths)[-3:]
            width = add(layers.concatenation(f"all_{index}", *several), sum(widths[name] for name in several))
    pooled = windows and context != "stream" and flag()
    if pooled and flag():
        add(layers.attention("pooled", width), width)
        if option():
            # Beside what another layer gives at its end.
            other = str(random.choice(list(widths)[:-1]))
            other_width = add(layers.final("last", other), widths[other])
            width = add(layers.concatenation("beside", "pooled", "last"), width + other_width)
    elif pooled:
        add(layers.final("pooled", stack[-1]["name"]), width)
    if output == "values" and flag():
        return layers.architecture(size, *stack, context=context, input=input, output=output)
    is_free = input != "tokens" or context == "sequence" or output != "softmax"
    outputs, tied = int(random.integers(1, 9)) if is_free else size, {}
    if option() and "embedding" in widths and not pooled:
        # One more layer, of the width that tied weights need.
        width = add(layers.gru("gru_tied", width, widths["embedding"]), widths["embedding"])
        outputs, tied = size, {"weights_of": "embedding"}
    add(layers.linear(width, outputs, flag(), **tied), outputs)
    return layers.architecture(size, *stack, context=context, input=input, output=output)


def _recurrent_options(kind: str, flag: Any, option: Any, activation: Any, random: Any) -> dict[str, Any]:
    chosen: dict[str, Any] = {"bias": flag(), "recurrent_bias": flag(), "activation": activation()}
    if option():
        chosen["initial_state"] = str(random.choice(["given", "learned"]))
    if kind == "elman" and option():
        chosen["leak"] = 0.25
    if kind != "elman":
        # Of gates without bounds, some models grow beyond all numbers.
        chosen["recurrent_activation"] = str(random.choice(["sigmoid", "hard_sigmoid", "tanh", "softsign"]))
    if kind == "lstm":
        chosen |= {"cell_activation": activation(), "forget_bias": float(random.choice([0, 1, -2.5]))}
        chosen |= {"peepholes": option(), "cell_clip": 0.75 if option() else None}
        if option():
            chosen |= {"coupled_gates": True, "gates": ["input", "candidate", "output"], "forget_bias": 0}
        if option():
            chosen["projection"] = {"cells": int(random.integers(1, 7)), "clip": 0.5 if flag() else None}
    if kind == "gru":
        chosen["reset"] = str(random.choice(["after", "before"]))
        chosen["update_keeps"] = str(random.choice(["previous", "candidate"]))
    return chosen


# What came with version 1.2; everything else that has a name came with 1.1.
LATEST = {
    "activation-layers", "delay", "labels", "ngram", "pooling", "scalar-input", "special-tokens", "values-output",
    "window-context",
}  # fmt: skip


def oldest_version(features: set[str]) -> str:
    """The oldest version whose readers understand a model that uses these features."""
    return "1.2" if features & LATEST else "1.1" if features else "1.0"


def random_inputs(model: dict[str, Any], random: np.random.Generator, steps: int) -> np.ndarray:
    """Tokens, or features, that the model takes."""
    size = model["input"]["size"]
    if model["input"]["kind"] == "tokens":
        return random.integers(0, size, steps)
    return random.normal(size=(steps, size))


def random_vocabulary(size: int, random: np.random.Generator) -> rnnh5.Vocabulary | None:
    """None, or distinct tokens of a random kind."""
    kind = str(random.choice(["none", "bytes", "characters", "words"]))
    if kind == "none":
        return None
    # No white space, which some kinds of words do not have.
    tokens = [bytes([int(byte)]) for byte in 33 + random.permutation(223)[:size]]
    counts = random.integers(0, 100, size) if random.integers(2) else None
    if kind == "words" and random.integers(2):
        return rnnh5.Vocabulary(tokens, kind, normalisation="whitespace", line_end_id=size - 1, counts=counts)
    unknown = int(random.integers(-1, size))
    specials = [index for index in range(size) if index != unknown and random.integers(6) == 0]
    return rnnh5.Vocabulary(tokens, kind, unknown_id=unknown, counts=counts, specials=specials)


@pytest.fixture
def tiny() -> tuple[dict[str, Any], dict[str, np.ndarray], rnnh5.Vocabulary]:
    """Architecture, parameters and vocabulary of a small lstm over four bytes."""
    model = layers.architecture(4, layers.embedding(4, 3), layers.lstm("lstm_1", 3, 2), layers.linear(2, 4))
    vocabulary = rnnh5.Vocabulary([b"a", b"b", b"\0", b"\xff"], "bytes")
    return model, layers.random_parameters(model, 1), vocabulary
