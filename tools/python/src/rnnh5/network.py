"""The forward pass in float64, written as the specification writes it (section 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .activations import ACTIVATIONS, log_sigmoid, log_softmax
from .architecture import RECURRENT, cells, has_one_output, outputs, takes_tokens
from .ngram import NGramTable

Parts = dict[str, np.ndarray]
Memory = tuple[np.ndarray, ...]
State = dict[str, Memory]
"""By layer name: (h,), or for an lstm (h, c), or for an ngram the last tokens. A layer that is missing starts from its own initial state."""


class Network:
    """An architecture with its parameters, ready to run."""

    def __init__(self, architecture: dict[str, Any], parameters: Mapping[str, np.ndarray]) -> None:
        """``parameters``: by ``layer/name``, any floating type; they are kept as float64."""
        self.architecture = architecture
        self.size: int = architecture["input"]["size"]
        """The number of tokens, or of features, that can come in."""
        self.outputs: int = outputs(architecture)
        """The number of outputs; of a language model, tokens."""
        self._layers = architecture["layers"]
        self._parts: dict[str, Parts] = {layer["name"]: {} for layer in self._layers}
        for path, values in parameters.items():
            layer, _, name = path.partition("/")
            self._parts[layer][name] = np.asarray(values, np.float64)

    def log_probabilities(self, inputs: Sequence[Any] | np.ndarray, state: State | None = None) -> np.ndarray:
        """ln p of every output after each of ``inputs``, float64 ``[steps, outputs]``.

        ``inputs`` are token ids ``[steps]``, or features ``[steps, size]``. An output is, with softmax, one outcome among
        all (of a language model, the next token), with sigmoid, the bit being 1; with values there is the value instead.
        Where a sequence or a window has one output, row i is that of ``inputs[: i + 1]``.

        The model starts from ``state`` (where it is None, from the beginning) and leaves its last state there. A model
        whose context is a sequence takes all of it at once, and ``state`` only where a layer's initial state is given.
        Raises ``IndexError`` for an id out of range, ``ValueError`` for features of another shape.
        """
        values = self._inputs(inputs)
        if not len(values):
            return np.empty((0, self.outputs))
        context = self.architecture["context"]
        if context["kind"] == "window" and context["padding"] is not None:
            values = np.concatenate([np.full(context["length"] - 1, context["padding"], values.dtype), values])
        if not has_one_output(self.architecture):
            return self._run(values, state)
        steps, length = len(inputs), context.get("length", len(values))
        ends = range(len(values) - steps + 1, len(values) + 1)
        return np.concatenate([self._run(values[max(0, end - length) : end], state)[-1:] for end in ends])

    def _run(self, values: np.ndarray, state: State | None) -> np.ndarray:
        """One piece: a part of a stream, a sequence, a window."""
        streams = self.architecture["context"]["kind"] == "stream"
        state = {} if state is None else state
        by_name: dict[str, np.ndarray] = {}
        for layer in self._layers:
            name, kind = layer["name"], layer["kind"]
            if kind in RECURRENT:
                carried = state.get(name) if streams or layer["initial_state"] == "given" else None
                values, last = self._recurrent(layer, values, carried)
                if streams:
                    state[name] = last
            elif kind == "delay":
                values, last = _delay(layer, _dense(values, self.size), state.get(name) if streams else None)
                if streams:
                    state[name] = last
            elif kind in _CONNECTIONS:
                values = _CONNECTIONS[kind]([_dense(by_name[other], self.size) for other in layer["of"]])
            elif kind == "embedding":
                values = self._parts[name]["weights"][values]
            elif kind == "scalar":
                values = values[:, None] * float(layer["scale"])
            elif kind == "final":
                taken = _dense(by_name[layer["of"]], self.size)
                values = taken[:1] if self._runs_backward(layer["of"]) else taken[-1:]
            elif kind == "attention":
                values = _dense(values, self.size)
                scores = values @ self._parts[name]["weights"]
                values = (np.exp(log_softmax(scores)) @ values)[None, :]
            elif kind == "ngram":
                values, state[name] = self._counted(NGramTable(layer, self._parts[name]), values, state.get(name))
            elif kind == "activation":
                values = ACTIVATIONS[layer["activation"]](_dense(values, self.size))
            elif kind == "layer_norm":
                values = _layer_norm(layer, self._parts[name], _dense(values, self.size))
            elif kind == "linear":
                if layer is self._layers[-1] and has_one_output(self.architecture):
                    # Of a window the last step counts; the others would be as wide as the vocabulary.
                    values = values[-1:]
                values = _product(self._weights(layer), values) + self._parts[name].get("bias", 0.0)
            # one_hot stays a list of indices (see _product), dropout does nothing when a model is read.
            by_name[name] = values
        return _OUTPUTS[self.architecture["output"]["activation"]](_dense(values, self.size))

    def _runs_backward(self, name: str) -> bool:
        return any(layer["name"] == name and layer.get("direction") == "backward" for layer in self._layers)

    def _inputs(self, inputs: Sequence[Any] | np.ndarray) -> np.ndarray:
        if takes_tokens(self.architecture):
            ids = np.asarray(inputs, np.int64).reshape(-1)
            if ids.size and not (0 <= ids.min() and ids.max() < self.size):
                raise IndexError("a token id is out of range")
            return ids
        values = np.asarray(inputs, np.float64)
        if values.ndim != 2 or values.shape[1] != self.size:
            raise ValueError(f"features are [steps, {self.size}], not {list(values.shape)}")
        return values

    def _recurrent(
        self, layer: dict[str, Any], values: np.ndarray, carried: Memory | None
    ) -> tuple[np.ndarray, Memory]:
        parts, order = self._parts[layer["name"]], 1 if layer["direction"] == "forward" else -1
        start = _initial(layer, parts) if carried is None else carried
        found, last = _CELLS[layer["kind"]](layer, parts, values[::order], start)
        return found[::order], last

    @staticmethod
    def _counted(table: NGramTable, tokens: np.ndarray, carried: Memory | None) -> tuple[np.ndarray, Memory]:
        context = table.beginning if carried is None else tuple(int(token) for token in carried[0])
        rows = []
        for token in tokens:
            context = table.after(context, int(token))
            rows.append(table.log_probabilities(context))
        return np.array(rows), (np.array(context, np.int64),)

    def _weights(self, layer: dict[str, Any]) -> np.ndarray:
        tied = layer.get("weights_of")
        return self._parts[tied or layer["name"]]["weights"]


def _product(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """``weights`` [output, input] times each of ``values`` [steps, input], or of one-hot vectors given by index [steps]."""
    product: np.ndarray = weights.T[values] if values.ndim == 1 else values @ weights.T
    return product


def _dense(values: np.ndarray, size: int) -> np.ndarray:
    """[steps, width] also where one-hot vectors are given by index."""
    return np.eye(size)[values] if values.ndim == 1 else values


def _delay(layer: dict[str, Any], values: np.ndarray, carried: Memory | None) -> tuple[np.ndarray, Memory]:
    steps, width = layer["steps"], layer["inputs"]
    before = np.zeros((steps, width)) if carried is None else carried[0].reshape(steps, width)
    line = np.concatenate([before[1:], values])
    found = np.concatenate([line[k : k + len(values)] for k in range(steps)], axis=1)
    return found, (found[-1].copy(),)


def _layer_norm(layer: dict[str, Any], parts: Parts, values: np.ndarray) -> np.ndarray:
    centred = values - values.mean(axis=1, keepdims=True)
    variance = (centred**2).mean(axis=1, keepdims=True)
    scaled: np.ndarray = parts["gain"] * centred / np.sqrt(variance + layer["epsilon"])
    return scaled + parts.get("bias", 0.0)


def _initial(layer: dict[str, Any], parts: Parts) -> Memory:
    """h, and of an lstm c, before the first step."""
    widths = {"initial_hidden": layer["outputs"]}
    if layer["kind"] == "lstm":
        widths["initial_cell"] = cells(layer)
    return tuple(parts.get(name, np.zeros(width)) for name, width in widths.items())


def _gates(layer: dict[str, Any], parts: Parts, values: np.ndarray) -> dict[str, tuple[np.ndarray, ...]]:
    """For each gate: W x + b for all steps ``[steps, hidden]``, U ``[hidden, output]``, r ``[hidden]``."""
    zero = np.zeros((len(layer["gates"]), cells(layer)))
    bias, recurrent_bias = parts.get("bias", zero), parts.get("recurrent_bias", zero)
    return {
        gate: (
            _product(parts["input_weights"][index], values) + bias[index],
            parts["recurrent_weights"][index],
            recurrent_bias[index],
        )
        for index, gate in enumerate(layer["gates"])
    }


def _limited(values: np.ndarray, limit: float | None) -> np.ndarray:
    return values if limit is None else np.clip(values, -limit, limit)


def _elman(layer: dict[str, Any], parts: Parts, values: np.ndarray, start: Memory) -> tuple[np.ndarray, Memory]:
    (x, u, r), activate = _gates(layer, parts, values)["hidden"], ACTIVATIONS[layer["activation"]]
    leak = layer.get("leak")
    (h,) = start
    out = np.empty_like(x)
    for t in range(len(x)):
        new = activate(x[t] + u @ h + r)
        h = out[t] = new if leak is None else (1.0 - leak) * h + leak * new
    return out, (h.copy(),)


def _lstm(layer: dict[str, Any], parts: Parts, values: np.ndarray, start: Memory) -> tuple[np.ndarray, Memory]:
    gates = _gates(layer, parts, values)
    sigma, g = ACTIVATIONS[layer["recurrent_activation"]], ACTIVATIONS[layer["activation"]]
    k = ACTIVATIONS[layer["cell_activation"]]
    peepholes = dict(zip((gate for gate in layer["gates"] if gate != "candidate"), parts.get("peephole_weights", ())))

    def seen(gate: str, c: np.ndarray) -> np.ndarray | float:
        return peepholes[gate] * c if gate in peepholes else 0.0

    projection = layer["projection"]
    h, c = start
    out = np.empty((len(values), layer["outputs"]))
    for t in range(len(values)):
        z = {gate: x[t] + u @ h + r for gate, (x, u, r) in gates.items()}
        i = sigma(z["input"] + seen("input", c))
        if layer["coupled_gates"]:
            f = 1.0 - i
        else:
            f = sigma(z["forget"] + layer["forget_bias"] + seen("forget", c))
        c = _limited(f * c + i * g(z["candidate"]), layer["cell_clip"])
        h = sigma(z["output"] + seen("output", c)) * k(c)
        if projection:
            h = _limited(parts["projection_weights"] @ h, projection["clip"])
        out[t] = h
    return out, (h.copy(), c.copy())


def _gru(layer: dict[str, Any], parts: Parts, values: np.ndarray, start: Memory) -> tuple[np.ndarray, Memory]:
    gates = _gates(layer, parts, values)
    sigma, g = ACTIVATIONS[layer["recurrent_activation"]], ACTIVATIONS[layer["activation"]]
    (x_z, u_z, r_z), (x_q, u_q, r_q), (x_n, u_n, r_n) = gates["update"], gates["reset"], gates["candidate"]
    (h,) = start
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
    return out, (h.copy(),)


_CELLS = {"elman": _elman, "lstm": _lstm, "gru": _gru}
_CONNECTIONS: dict[str, Callable[[list[np.ndarray]], np.ndarray]] = {
    "sum": lambda values: np.sum(values, axis=0),
    "concatenation": lambda values: np.concatenate(values, axis=1),
}
_OUTPUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "softmax": log_softmax,
    "sigmoid": log_sigmoid,
    "values": lambda values: values,
    "log_probabilities": lambda values: values,
}
