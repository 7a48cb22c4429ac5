"""A model as a live PyTorch module: the same numbers, and trainable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .architecture import CONNECTIONS, RECURRENT, has_one_output, outputs, takes_tokens, tensor_rules
from .extras import NotExpressible
from .torch_cells import ACTIVATIONS, Memory, Recurrent, recurrent

State = dict[str, Memory]
"""By layer name: (h,), or for an lstm (h, c), each ``[batch, width]``. A layer that is missing starts from its own state."""


class TorchNetwork(nn.Module):
    """An architecture with its parameters as a module; see ``Model.to_torch``.

    Layers are submodules of ``layers`` by their names: PyTorch's own wherever it has the very layer, else
    the formulas of the specification. Weights that the file ties are one parameter.
    """

    def __init__(
        self, architecture: dict[str, Any], parameters: Mapping[str, np.ndarray], dtype: torch.dtype = torch.float32
    ) -> None:
        """``parameters``: by ``layer/name``, as a file has them."""
        super().__init__()
        self.architecture = architecture
        self.dtype = dtype
        self.size: int = architecture["input"]["size"]
        """The number of tokens, or of features, that can come in."""
        self.outputs: int = outputs(architecture)
        """The number of outputs; of a language model, tokens."""
        self.layers = nn.ModuleDict()
        for layer in architecture["layers"]:
            name = layer["name"]
            parts = {
                path.partition("/")[2]: torch.tensor(np.asarray(values), dtype=dtype)
                for path, values in parameters.items()
                if path.partition("/")[0] == name
            }
            module = _module(layer, parts, dtype)
            if module is not None:
                self.layers[_key(name)] = module
            if "weights_of" in layer:
                self._layer(name).weight = self._layer(layer["weights_of"]).weight
        self.eval()

    def _layer(self, name: str) -> Any:
        return self.layers[_key(name)]

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """The last layer's outputs (logits) ``[batch, steps, outputs]``, and the state after the last step.

        ``inputs`` are token ids ``[batch, steps]`` or features ``[batch, steps, size]``; without the axis of the batch,
        the logits are without it too. To feed a stream in pieces, pass the state that the piece before gave. A model
        whose context is a sequence gives no state, and takes one only where a layer's initial state is given. One whose
        context is a window takes a single window, whole with its padding. Where a sequence or a window has one output,
        there is one step of logits.
        """
        tokens = takes_tokens(self.architecture)
        if inputs.dim() == (1 if tokens else 2):
            logits, state = self(inputs.unsqueeze(0), state)
            return logits.squeeze(0), state
        streams = self.architecture["context"]["kind"] == "stream"
        before, after = state or {}, dict(state or {}) if streams else {}
        values = inputs if tokens else inputs.to(self.dtype)
        if not inputs.shape[1]:
            return values.new_zeros((len(inputs), 0, self.outputs), dtype=self.dtype), after
        by_name: dict[str, Tensor] = {}
        for layer in self.architecture["layers"]:
            name, kind = layer["name"], layer["kind"]
            if kind in RECURRENT:
                carried = before.get(name) if streams or layer["initial_state"] == "given" else None
                values, last = self._layer(name)(values, carried)
                if streams:
                    after[name] = last
            elif kind == "delay":
                values = self._layer(name)(values, before.get(name) if streams else None)
                if streams:
                    after[name] = (values[:, -1],)
            elif kind in CONNECTIONS:
                taken = [by_name[other] for other in layer["of"]]
                values = torch.stack(taken).sum(0) if kind == "sum" else torch.cat(taken, dim=-1)
            elif kind == "final":
                taken_layer = next(other for other in self.architecture["layers"] if other["name"] == layer["of"])
                found = by_name[layer["of"]]
                values = found[:, :1] if taken_layer.get("direction") == "backward" else found[:, -1:]
            else:
                values = self._layer(name)(values)
            by_name[name] = values
        return (values[:, -1:] if has_one_output(self.architecture) else values), after

    def log_probabilities(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """ln p of every output instead of logits; otherwise as ``forward``."""
        logits, state = self(inputs, state)
        activation = self.architecture["output"]["activation"]
        if activation == "values":
            return logits, state
        if activation == "softmax":
            return functional.log_softmax(logits, dim=-1), state
        return functional.logsigmoid(logits), state

    def stored(self) -> dict[str, np.ndarray]:
        """The parameters as they are now, by ``layer/name``, as ``rnnh5.write`` takes them."""
        found: dict[str, np.ndarray] = {}
        for rule in tensor_rules(self.architecture):
            name, _, part = rule.path.partition("/")
            module = self._layer(name)
            if isinstance(module, Recurrent):
                values = module.stored()[part]
            else:
                values = getattr(module, {"weights": "weight", "gain": "weight"}.get(part, part))
            found[rule.path] = values.detach().cpu().numpy().copy()
        return found


class OneHot(nn.Module):
    """``[batch, steps]`` to ``[batch, steps, size]``."""

    def __init__(self, size: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.size = size
        self.dtype = dtype

    def forward(self, tokens: Tensor) -> Tensor:
        """1 at the token's index, 0 elsewhere."""
        return functional.one_hot(tokens.long(), self.size).to(self.dtype)


class Scaled(nn.Module):
    """``[batch, steps]`` to ``[batch, steps, 1]``: the token's index times a constant."""

    def __init__(self, scale: float, dtype: torch.dtype) -> None:
        super().__init__()
        self.scale = scale
        self.dtype = dtype

    def forward(self, tokens: Tensor) -> Tensor:
        """The index as a number."""
        return (tokens.to(self.dtype) * self.scale).unsqueeze(-1)


class Attention(nn.Module):
    """``[batch, steps, width]`` to ``[batch, 1, width]``: the mean over the steps, weighted by attention."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, values: Tensor) -> Tensor:
        """The weighted mean."""
        return torch.softmax(values @ self.weight, dim=1).unsqueeze(1) @ values


class Delay(nn.Module):
    """``[batch, steps, width]`` to ``[batch, steps, length * width]``: what came in at the last steps, side by side."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def forward(self, values: Tensor, state: Memory | None = None) -> Tensor:
        """x(t - length + 1), ..., x(t); ``state`` is what was given at the step before the first."""
        batch, steps, width = values.shape
        shape = (batch, self.length, width)
        before = values.new_zeros(shape) if state is None else state[0].reshape(shape).to(values)
        line = torch.cat((before[:, 1:], values), dim=1)
        return torch.cat([line[:, k : k + steps] for k in range(self.length)], dim=-1)


class Activated(nn.Module):
    """A function of each unit."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.activate = ACTIVATIONS[name]

    def forward(self, values: Tensor) -> Tensor:
        """g(x)."""
        return self.activate(values)


class LockedDropout(nn.Module):
    """A dropout whose draw holds for all steps of ``[batch, steps, width]``."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, values: Tensor) -> Tensor:
        """Zeroes the same elements at every step, in training."""
        if not self.training:
            return values
        return values * functional.dropout(torch.ones_like(values[:, :1]), self.rate)


def _key(name: str) -> str:
    """A layer's key among the modules: its name, unless that is one of the dictionary's own, such as ``keys``."""
    return "_" + name if hasattr(nn.ModuleDict(), name) else name


def _module(layer: dict[str, Any], parts: dict[str, Tensor], dtype: torch.dtype) -> nn.Module | None:
    kind = layer["kind"]
    if kind == "ngram":
        raise NotExpressible("PyTorch", layer["name"], "kind", kind)
    if kind == "one_hot":
        return OneHot(layer["size"], dtype)
    if kind in RECURRENT:
        return recurrent(layer, parts)
    if kind == "scalar":
        return Scaled(layer["scale"], dtype)
    if kind == "attention":
        return Attention(parts["weights"])
    if kind == "delay":
        return Delay(layer["steps"])
    if kind == "activation":
        return Activated(layer["activation"])
    if kind == "embedding":
        return nn.Embedding(layer["inputs"], layer["outputs"], _weight=parts["weights"])
    if kind == "dropout":
        return LockedDropout(layer["rate"]) if layer.get("locked") else nn.Dropout(layer["rate"])
    if kind == "layer_norm":
        norm = nn.LayerNorm(layer["outputs"], layer["epsilon"], bias=layer["bias"], dtype=dtype)
        norm.weight = nn.Parameter(parts["gain"])
        if layer["bias"]:
            norm.bias = nn.Parameter(parts["bias"])
        return norm
    if kind == "linear":
        linear = nn.Linear(layer["inputs"], layer["outputs"], layer["bias"], dtype=dtype)
        if "weights" in parts:
            linear.weight = nn.Parameter(parts["weights"])
        if layer["bias"]:
            linear.bias = nn.Parameter(parts["bias"])
        return linear
    return None
