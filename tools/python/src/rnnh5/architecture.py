"""What the architecture says: which tensors there are, and whether the layers fit together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .resources import document

LARGEST_COUNT = 2**60


@dataclass(frozen=True)
class TensorRule:
    """A tensor that the architecture asks for: ``path`` is ``layer/name``."""

    path: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    gates: tuple[str, ...]

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
        gates = tuple(layer.get("gates", ()))
        for tensor in layout["parameters"][layer["kind"]]:
            if tensor.get("when") and not layer[tensor["when"]]:
                continue
            sizes = {axis: layer.get(key) for axis, key in layout["axes"].items()} | {"gate": len(gates)}
            shape = tuple(sizes[axis] for axis in tensor["axes"])
            rules.append(TensorRule(f"{layer['name']}/{tensor['name']}", tuple(tensor["axes"]), shape, gates))
    return rules


def chain_violations(architecture: dict[str, Any]) -> Iterator[str]:
    """Why the layers do not follow from one another, for an architecture that satisfies its schema."""
    layers, size = architecture["layers"], architecture["input"]["size"]
    for index, layer in enumerate(layers):
        name, kind = layer["name"], layer["kind"]
        if (kind in ("one_hot", "embedding")) != (index == 0):
            yield f"layer '{name}' is {kind}; the first layer, and no other, is one_hot or embedding"
        takes = layer.get("inputs", layer.get("size", size))
        if takes != size:
            yield f"layer '{name}' takes {takes}, and {size} come in"
        size = layer.get("outputs", takes)
    if layers[-1]["kind"] != "linear":
        yield "the last layer is not linear"
    if size != architecture["input"]["size"]:
        yield f"the last layer has {size} outputs for {architecture['input']['size']} tokens"
    if sum(math.prod(rule.shape) for rule in tensor_rules(architecture)) >= LARGEST_COUNT:
        yield "there are 2^60 parameters or more"
