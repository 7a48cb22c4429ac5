"""The activations by their exact names, each on float64 arrays of any shape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Array = np.ndarray


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), from the exponential that cannot overflow."""
    decay = np.exp(-np.abs(x))
    positive: Array = np.where(x >= 0, 1.0, decay) / (1.0 + decay)
    return positive


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0.0, 1.0),
    "hard_sigmoid_sixth": lambda x: np.clip(x / 6.0 + 0.5, 0.0, 1.0),
    "relu": lambda x: np.maximum(x, 0.0),
    "softsign": lambda x: x / (1.0 + np.abs(x)),
    "softplus": lambda x: np.logaddexp(0.0, x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0.0))),
    "hard_tanh": lambda x: np.clip(x, -1.0, 1.0),
}


def log_softmax(x: Array) -> Array:
    """Along the last axis."""
    shifted: Array = x - x.max(axis=-1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def log_sigmoid(x: Array) -> Array:
    """ln (1 / (1 + e^-x))."""
    found: Array = -np.logaddexp(0.0, -x)
    return found
