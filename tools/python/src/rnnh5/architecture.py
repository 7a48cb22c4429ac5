"""What the architecture says: which tensors there are, whether the layers fit together, which features it uses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .resources import document

LARGEST_COUNT = 2**60
LARGEST_SIZE = 2**31 - 1
RECURRENT = ("elman", "lstm", "gru")
TOKEN_LAYERS = ("one_hot", "embedding", "scalar", "ngram")
CONNECTIONS = ("sum", "concatenation")
POOLING = ("final", "attention")
STATEFUL = (*RECURRENT, "delay")
"""Layers that hand a state from each step to the next."""


@dataclass(frozen=True)
class TensorRule:
    """A tensor that the architecture asks for: ``path`` is ``layer/name``."""

    path: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    gates: tuple[str, ...]
    type: str | None = None
    """The type of its values; None for floats of any kind."""

    @property
    def attributes(self) -> dict[str, str]:
        """``axes``, and ``gates`` where the tensor has a gate axis, as the file stores them."""
        axes = {"axes": ",".join(self.axes)}
        return {**axes, "gates": " ".join(self.gates)} if "gate" in self.axes else axes


def tensor_rules(architecture: dict[str, Any]) -> list[TensorRule]:
    """The tensors of an architecture that satisfies its schema, in the order in which a file holds them."""
    layout = document("layout.json")
    rules = []
    for layer in architecture["layers"]:
        for tensor in layout["parameters"][layer["kind"]]:
            wanted = all(layer.get(key) == value for key, value in tensor.get("when", {}).items())
            unwanted = any(layer.get(key) == value for key, value in tensor.get("unless", {}).items())
            if unwanted or not wanted or len(layer.get("counts", ())) <= tensor.get("orders_above", -1):
                continue
            gates = tuple(gate for gate in layer.get("gates", ()) if gate in tensor.get("gates", layer["gates"]))
            sizes = {axis: _length(layer, keys) for axis, keys in layout["axes"].items()} | {"gate": len(gates)}
            sizes |= _table_lengths(layer)
            shape = tuple(sizes[axis] for axis in tensor["axes"])
            path = f"{layer['name']}/{tensor['name']}"
            rules.append(TensorRule(path, tuple(tensor["axes"]), shape, gates, tensor.get("type")))
    return rules


def _table_lengths(layer: dict[str, Any]) -> dict[str, int]:
    """How long the axes of a table of n-grams are."""
    counts = layer.get("counts", [])
    contexts = sum(counts[:-1])
    return {"ngram": sum(counts), "context": contexts, "boundary": contexts + 1}


def _length(layer: dict[str, Any], keys: list[str]) -> Any:
    """The first of the keys that the layer has; ``a/b`` is key b of the object at key a."""
    for key in keys:
        value: Any = layer
        for part in key.split("/"):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None


def cells(layer: dict[str, Any]) -> int:
    """The length of the axis ``hidden`` of a recurrent layer."""
    return int(_length(layer, document("layout.json")["axes"]["hidden"]))


def outputs(architecture: dict[str, Any]) -> int:
    """How many outputs the model has."""
    return widths(architecture)[architecture["layers"][-1]["name"]]


def widths(architecture: dict[str, Any]) -> dict[str, int]:
    """How wide the output of each layer is, by name, for layers that follow from one another."""
    found: dict[str, int] = {}
    width = int(architecture["input"]["size"])
    for layer in architecture["layers"]:
        found[layer["name"]] = width = _width(layer, width, found)
    return found


def _width(layer: dict[str, Any], before: int, earlier: dict[str, int]) -> int:
    """How wide a layer's output is; ``before`` is the width of what comes in, and of what takes a layer that is not there."""
    kind = layer["kind"]
    if kind in CONNECTIONS:
        taken = [earlier.get(other, before) for other in layer["of"]]
        return taken[0] if kind == "sum" else sum(taken)
    if kind == "final":
        return earlier.get(layer["of"], before)
    if kind == "scalar":
        return 1
    return int(layer.get("outputs", layer.get("size", before)))


def taken_by(layer: dict[str, Any]) -> list[str] | None:
    """The names of the layers that a layer takes; None for the one before it."""
    if layer["kind"] in CONNECTIONS:
        return list(layer["of"])
    return [layer["of"]] if layer["kind"] == "final" else None


def has_one_output(architecture: dict[str, Any]) -> bool:
    """Whether a window or a sequence has one output, and not one for each step."""
    if architecture["context"]["kind"] == "window":
        return True
    *_, last = _pooled(architecture)
    return last[1]


def _pooled(architecture: dict[str, Any]) -> Iterator[tuple[list[bool], bool]]:
    """For each layer, of what it takes and of what it gives, whether it has one step."""
    by_name: dict[str, bool] = {}
    last = False
    for layer in architecture["layers"]:
        names = taken_by(layer)
        takes = [last] if names is None else [by_name.get(name, False) for name in names]
        last = layer["kind"] in POOLING or any(takes)
        by_name[layer["name"]] = last
        yield takes, last


def takes_tokens(architecture: dict[str, Any]) -> bool:
    """Whether the input is tokens, and not vectors of features."""
    return bool(architecture["input"]["kind"] == "tokens")


def is_language_model(architecture: dict[str, Any]) -> bool:
    """Whether the outputs are the probabilities of the next token."""
    return is_ngram_model(architecture) or (
        takes_tokens(architecture)
        and architecture["context"]["kind"] in ("stream", "window")
        and architecture["output"]["activation"] == "softmax"
    )


def is_ngram_model(architecture: dict[str, Any]) -> bool:
    """Whether the model is a table of n-grams, and no network."""
    return [layer["kind"] for layer in architecture["layers"]] == ["ngram"]


def features(architecture: dict[str, Any]) -> set[str]:
    """What an architecture that satisfies its schema uses beyond version 1.0."""
    used = {
        "sequence-context": architecture["context"]["kind"] == "sequence",
        "window-context": architecture["context"]["kind"] == "window",
        "feature-input": architecture["input"]["kind"] == "features",
        "sigmoid-output": architecture["output"]["activation"] == "sigmoid",
        "values-output": architecture["output"]["activation"] == "values",
    }
    found = {name for name, is_used in used.items() if is_used}
    for layer in architecture["layers"]:
        found |= {name for name, is_used in _layer_features(layer) if is_used}
    return found


def _layer_features(layer: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    kind = layer["kind"]
    yield "activation-layers", kind == "activation"
    yield "delay", kind == "delay"
    yield "connections", kind in CONNECTIONS
    yield "pooling", kind in POOLING
    yield "scalar-input", kind == "scalar"
    yield "layer-norm", kind == "layer_norm"
    yield "ngram", kind == "ngram"
    yield "leaky-units", kind == "elman" and "leak" in layer
    yield "locked-dropout", kind == "dropout" and "locked" in layer
    yield "tied-weights", kind == "linear" and "weights_of" in layer
    if kind in RECURRENT:
        yield "backward-layers", layer["direction"] == "backward"
        yield "given-initial-state", layer["initial_state"] == "given"
        yield "learned-initial-state", layer["initial_state"] == "learned"
    if kind == "lstm":
        yield "peepholes", layer["peepholes"]
        yield "coupled-gates", layer["coupled_gates"]
        yield "cell-clip", layer["cell_clip"] is not None
        yield "projection", layer["projection"] is not None


def chain_violations(architecture: dict[str, Any]) -> Iterator[str]:
    """Why the layers do not follow from one another, for an architecture that satisfies its schema."""
    layers, size = architecture["layers"], architecture["input"]["size"]
    tokens = takes_tokens(architecture)
    yield from _context_violations(architecture)
    widths: dict[str, int] = {}
    for index, layer in enumerate(layers):
        name, kind = layer["name"], layer["kind"]
        if (kind in TOKEN_LAYERS) != (tokens and index == 0):
            yield f"layer '{name}' is {kind}; the first layer, and no other, takes tokens, where there are tokens"
        if kind in CONNECTIONS:
            taken = layer["of"]
            problems = list(_connection_violations(name, kind, taken, widths))
            yield from problems
            found = [widths.get(other, size) for other in taken]
            size = found[0] if kind == "sum" else sum(found)
            if not problems and size > LARGEST_SIZE:
                yield f"layer '{name}' has {size} outputs"
        elif kind == "final":
            if layer["of"] not in widths:
                yield f"layer '{name}' takes '{layer['of']}', which is no earlier layer"
            size = widths.get(layer["of"], size)
        else:
            takes = layer.get("inputs", layer.get("size", size))
            if takes != size:
                yield f"layer '{name}' takes {takes}, and {size} come in"
            size = 1 if kind == "scalar" else layer.get("outputs", takes)
        if kind in ("layer_norm", "attention") and layer["outputs"] != layer["inputs"]:
            yield f"layer '{name}' has {layer['outputs']} outputs for {layer['inputs']} inputs"
        if kind == "delay" and layer["outputs"] != layer["inputs"] * layer["steps"]:
            yield f"layer '{name}' has {layer['outputs']} outputs for {layer['steps']} steps of {layer['inputs']}"
        if kind == "linear" and "weights_of" in layer:
            yield from _tying_violations(architecture, index)
        if kind in RECURRENT and layer["direction"] == "backward" and architecture["context"]["kind"] == "stream":
            yield f"layer '{name}' runs backward, and the context is a stream"
        widths[name] = size
    yield from _pooling_violations(architecture)
    tables = [layer for layer in layers if layer["kind"] == "ngram"]
    activation = architecture["output"]["activation"]
    if tables or activation == "log_probabilities":
        if len(layers) != 1 or not tables or activation != "log_probabilities" or architecture["context"]["kind"] != "stream":
            yield "a table of n-grams is the only layer, reads a stream of tokens, and it alone gives log_probabilities"
        for table in tables:
            yield from _table_violations(table)
    elif layers[-1]["kind"] != "linear" and activation != "values":
        yield "the last layer is not linear"
    if is_language_model(architecture) and size != architecture["input"]["size"]:
        yield f"the last layer has {size} outputs for {architecture['input']['size']} tokens"
    if sum(math.prod(rule.shape) for rule in tensor_rules(architecture)) >= LARGEST_COUNT:
        yield "there are 2^60 parameters or more"


def _table_violations(table: dict[str, Any]) -> Iterator[str]:
    end, name = table["sentence_end"], table["name"]
    if end is not None and end >= table["size"]:
        yield f"layer '{name}': token {end}, which ends sentences, is not one of {table['size']}"
    singles = table["size"] + (0 if end is None else 1)
    if table["counts"][0] != singles:
        yield f"layer '{name}' has {table['counts'][0]} n-grams of order 1, not {singles}"
    if sum(table["counts"]) >= 2**32 - 1:
        yield f"layer '{name}' has too many n-grams"


def _context_violations(architecture: dict[str, Any]) -> Iterator[str]:
    padding = architecture["context"].get("padding")
    if padding is not None and not (takes_tokens(architecture) and padding < architecture["input"]["size"]):
        yield f"windows are padded with {padding}, which is no token"


def _pooling_violations(architecture: dict[str, Any]) -> Iterator[str]:
    for layer, (takes, _) in zip(architecture["layers"], _pooled(architecture)):
        name, kind = layer["name"], layer["kind"]
        if kind in POOLING:
            if any(takes) or architecture["context"]["kind"] == "stream":
                yield f"layer '{name}' pools the steps of a stream, or of what has one"
        elif any(takes) and (kind in STATEFUL or not all(takes)):
            yield f"layer '{name}' needs steps, and there is one after pooling"


def _connection_violations(name: str, kind: str, taken: list[str], widths: dict[str, int]) -> Iterator[str]:
    for other in sorted(set(taken) - set(widths)):
        yield f"layer '{name}' takes '{other}', which is no earlier layer"
    if len(set(taken)) < len(taken):
        yield f"layer '{name}' takes a layer twice"
    if kind == "sum" and len({widths[other] for other in taken if other in widths}) > 1:
        yield f"layer '{name}' adds layers of different widths"


def _tying_violations(architecture: dict[str, Any], index: int) -> Iterator[str]:
    layers = architecture["layers"]
    layer = layers[index]
    if index != len(layers) - 1:
        yield f"layer '{layer['name']}' has the weights of another, and is not the last"
    embedding = next((other for other in layers if other["name"] == layer["weights_of"]), None)
    if embedding is None or embedding["kind"] != "embedding":
        yield f"layer '{layer['name']}' has the weights of '{layer['weights_of']}', which is no embedding"
    elif (embedding["outputs"], embedding["inputs"]) != (layer["inputs"], layer["outputs"]):
        yield f"layer '{layer['name']}' has the weights of '{layer['weights_of']}', which are of another shape"
