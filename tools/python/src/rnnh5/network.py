"""The forward pass in float64, written as the specification writes it (section 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .activations import ACTIVATIONS, log_softmax

Parts = dict[str, np.ndarray]
State = dict[str, np.ndarray]
"""By layer name: ``[hidden]``, or for an lstm ``[2, hidden]`` with h and c. A layer that is missing starts at zero."""


class Network:
    """An architecture with its parameters, ready to run."""

    def __init__(self, architecture: dict[str, Any], parameters: Mapping[str, np.ndarray]) -> None:
        """``parameters``: by ``layer/name``, any floating type; they are kept as float64."""
        self.size: int = architecture["input"]["size"]
        self._layers = architecture["layers"]
        self._parts: dict[str, Parts] = {layer["name"]: {} for layer in self._layers}
        for path, values in parameters.items():
            layer, _, name = path.partition("/")
            self._parts[layer][name] = np.asarray(values, np.float64)

    def log_probabilities(self, ids: Sequence[int] | np.ndarray, state: State | None = None) -> np.ndarray:
        """ln p(next token | the tokens so far) after each of ``ids``, float64 ``[steps, tokens]``.

        The model starts from ``state`` (from zero where it is None) and leaves its last state there.
        Raises ``IndexError`` for an id out of range.
        """
        values = np.asarray(ids, np.int64).reshape(-1)
        if values.size and not (0 <= values.min() and values.max() < self.size):
            raise IndexError("a token id is out of range")
        if not values.size:
            return np.empty((0, self.size))
        state = {} if state is None else state
        for layer in self._layers:
            name = layer["name"]
            if layer["kind"] in _RECURRENT:
                values, state[name] = _RECURRENT[layer["kind"]](layer, self._parts[name], values, state.get(name))
            elif layer["kind"] == "embedding":
                values = self._parts[name]["weights"][values]
            elif layer["kind"] == "linear":
                values = _product(self._parts[name]["weights"], values) + self._parts[name].get("bias", 0.0)
            # one_hot stays a list of indices (see _product), dropout does nothing when a model is read.
        return log_softmax(values)


def _product(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """``weights`` [output, input] times each of ``values`` [steps, input], or of one-hot vectors given by index [steps]."""
    return weights.T[values] if values.ndim == 1 else values @ weights.T


def _gates(layer: dict[str, Any], parts: Parts, values: np.ndarray) -> dict[str, tuple[np.ndarray, ...]]:
    """For each gate: W x + b for all steps ``[steps, hidden]``, U ``[hidden, hidden]``, r ``[hidden]``."""
    zero = np.zeros((len(layer["gates"]), layer["outputs"]))
    bias, recurrent_bias = parts.get("bias", zero), parts.get("recurrent_bias", zero)
    return {
        gate: (
            _product(parts["input_weights"][index], values) + bias[index],
            parts["recurrent_weights"][index],
            recurrent_bias[index],
        )
        for index, gate in enumerate(layer["gates"])
    }


def _elman(layer: dict, parts: Parts, values: np.ndarray, state: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    (x, u, r), activate = _gates(layer, parts, values)["hidden"], ACTIVATIONS[layer["activation"]]
    h = np.zeros(layer["outputs"]) if state is None else state
    out = np.empty_like(x)
    for t in range(len(x)):
        h = out[t] = activate(x[t] + u @ h + r)
    return out, h.copy()


def _lstm(layer: dict, parts: Parts, values: np.ndarray, state: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    gates = _gates(layer, parts, values)
    sigma, g = ACTIVATIONS[layer["recurrent_activation"]], ACTIVATIONS[layer["activation"]]
    k = ACTIVATIONS[layer["cell_activation"]]
    h, c = np.zeros((2, layer["outputs"])) if state is None else state
    out = np.empty((len(values), layer["outputs"]))
    for t in range(len(values)):
        z = {gate: x[t] + u @ h + r for gate, (x, u, r) in gates.items()}
        forget = sigma(z["forget"] + layer["forget_bias"])
        c = forget * c + sigma(z["input"]) * g(z["candidate"])
        h = out[t] = sigma(z["output"]) * k(c)
    return out, np.stack((h, c))


def _gru(layer: dict, parts: Parts, values: np.ndarray, state: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    gates = _gates(layer, parts, values)
    sigma, g = ACTIVATIONS[layer["recurrent_activation"]], ACTIVATIONS[layer["activation"]]
    (x_z, u_z, r_z), (x_q, u_q, r_q), (x_n, u_n, r_n) = gates["update"], gates["reset"], gates["candidate"]
    h = np.zeros(layer["outputs"]) if state is None else state
    out = np.empty_like(x_z)
    for t in range(len(x_z)):
        z = sigma(x_z[t] + u_z @ h + r_z)
        q = sigma(x_q[t] + u_q @ h + r_q)
        if layer["reset"] == "after":
            n = g(x_n[t] + q * (u_n @ h + r_n))
        else:
            n = g(x_n[t] + u_n @ (q * h) + r_n)
        kept, new = (z, 1.0 - z) if layer["update_keeps"] == "previous" else (1.0 - z, z)
        h = out[t] = kept * h + new * n
    return out, h.copy()


_RECURRENT = {"elman": _elman, "lstm": _lstm, "gru": _gru}
