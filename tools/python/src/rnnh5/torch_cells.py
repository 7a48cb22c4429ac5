"""The recurrent layers of the format as PyTorch modules: the library's own where it has the layer, else the formulas.

All take ``[batch, steps, inputs]`` and a memory ``(h,)`` or ``(h, c)``, each ``[batch, width]``, and give
``[batch, steps, outputs]`` and the last memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .architecture import cells

Memory = tuple[Tensor, ...]
Parts = dict[str, Tensor]

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda x: x,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "hard_sigmoid": lambda x: torch.clamp(0.2 * x + 0.5, 0.0, 1.0),
    "hard_sigmoid_sixth": lambda x: torch.clamp(x / 6.0 + 0.5, 0.0, 1.0),
    "relu": torch.relu,
    "softsign": functional.softsign,
    # Not functional.softplus, which is the identity above 20.
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "elu": functional.elu,
    "hard_tanh": lambda x: torch.clamp(x, -1.0, 1.0),
}


class Recurrent(nn.Module):
    """What all recurrent layers share: direction, and how they start."""

    def __init__(self, layer: dict[str, Any], parts: Parts) -> None:
        super().__init__()
        self._layer = layer
        self._backward = layer["direction"] == "backward"
        self._widths = (layer["outputs"], cells(layer))[: 2 if layer["kind"] == "lstm" else 1]
        for name in ("initial_hidden", "initial_cell"):
            if name in parts:
                self.register_parameter(name, nn.Parameter(parts[name]))

    def forward(self, values: Tensor, memory: Memory | None) -> tuple[Tensor, Memory]:
        """Runs over all steps; without a memory, from the layer's own initial state."""
        if memory is None:
            memory = self._initial(values)
        if self._backward:
            values = values.flip(1)
        out, memory = self._run(values, memory)
        return (out.flip(1) if self._backward else out), memory

    def _initial(self, values: Tensor) -> Memory:
        learned = [getattr(self, name, None) for name in ("initial_hidden", "initial_cell")]
        return tuple(
            values.new_zeros(len(values), width) if start is None else start.expand(len(values), width)
            for width, start in zip(self._widths, learned)
        )

    def _run(self, values: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        raise NotImplementedError

    def stored(self) -> Parts:
        """The parameters as a file has them, by name."""
        return {name: value for name, value in self.named_parameters() if name.startswith("initial_")}


class Library(Recurrent):
    """A layer that ``nn.RNN``, ``nn.LSTM`` or ``nn.GRU`` is, which runs in one call."""

    # The library's order of gates in terms of the format's.
    _ORDERS = {"elman": [0], "lstm": [0, 1, 2, 3], "gru": [1, 0, 2]}

    def __init__(self, layer: dict[str, Any], parts: Parts) -> None:
        super().__init__(layer, parts)
        hidden, forget_bias = cells(layer), layer.get("forget_bias", 0)
        is_biased = layer["bias"] or layer["recurrent_bias"] or forget_bias != 0
        options: dict[str, Any] = {"bias": is_biased, "batch_first": True, "dtype": parts["input_weights"].dtype}
        if layer["kind"] == "elman":
            self.rnn: nn.RNNBase = nn.RNN(layer["inputs"], hidden, nonlinearity=layer["activation"], **options)
        elif layer["kind"] == "gru":
            self.rnn = nn.GRU(layer["inputs"], hidden, **options)
        else:
            narrow = layer["outputs"] if layer["projection"] else 0
            self.rnn = nn.LSTM(layer["inputs"], hidden, proj_size=narrow, **options)
        self._order = self._ORDERS[layer["kind"]]
        self._names = {"input_weights": "weight_ih_l0", "recurrent_weights": "weight_hh_l0"}
        if layer["bias"]:
            self._names["bias"] = "bias_ih_l0"
        if layer["recurrent_bias"]:
            self._names["recurrent_bias"] = "bias_hh_l0"
        for name, own in self._names.items():
            self._fill(own, parts[name][self._order].flatten(0, 1))
        if layer.get("projection"):
            self._fill("weight_hr_l0", parts["projection_weights"])
        for own in ("bias_ih_l0", "bias_hh_l0"):
            if is_biased and own not in self._names.values():
                # Not a parameter of the model: it holds the constant of the forget gate, once, and stays as it is.
                constant = torch.zeros_like(getattr(self.rnn, own))
                if forget_bias != 0:
                    constant[hidden : 2 * hidden] = forget_bias
                    forget_bias = 0
                self._fill(own, constant)
                getattr(self.rnn, own).requires_grad_(False)

    @staticmethod
    def expresses(layer: dict[str, Any]) -> bool:
        """Whether the library has this very layer."""
        if layer["kind"] == "elman":
            return layer["activation"] in ("tanh", "relu") and "leak" not in layer
        if layer["recurrent_activation"] != "sigmoid" or layer["activation"] != "tanh":
            return False
        if layer["kind"] == "gru":
            return (layer["reset"], layer["update_keeps"]) == ("after", "previous")
        projection = layer["projection"]
        has_narrow_projection = projection is None or (
            projection["clip"] is None and layer["outputs"] < projection["cells"]
        )
        has_room = layer["forget_bias"] == 0 or not (layer["bias"] and layer["recurrent_bias"])
        has_options = layer["peepholes"] or layer["coupled_gates"] or layer["cell_clip"] is not None
        return layer["cell_activation"] == "tanh" and has_narrow_projection and has_room and not has_options

    def _fill(self, name: str, values: Tensor) -> None:
        with torch.no_grad():
            getattr(self.rnn, name).copy_(values)

    def _run(self, values: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        states = tuple(part.unsqueeze(0).contiguous() for part in memory)
        out, last = self.rnn(values, states if len(states) > 1 else states[0])
        return out, tuple(part.squeeze(0) for part in (last if isinstance(last, tuple) else (last,)))

    def stored(self) -> Parts:
        parts = super().stored()
        back = torch.argsort(torch.tensor(self._order))
        for name, own in self._names.items():
            value = getattr(self.rnn, own)
            parts[name] = value.unflatten(0, (len(self._order), -1))[back]
        if self._layer.get("projection"):
            parts["projection_weights"] = self.rnn.get_parameter("weight_hr_l0")
        return parts


class Formulas(Recurrent):
    """A layer written as the specification writes it, step by step; its parameters are those of the file."""

    def __init__(self, layer: dict[str, Any], parts: Parts) -> None:
        super().__init__(layer, parts)
        self._own = [name for name in parts if not name.startswith("initial_")]
        for name in self._own:
            self.register_parameter(name, nn.Parameter(parts[name]))

    def stored(self) -> Parts:
        return super().stored() | {name: self._part(name) for name in self._own}

    def _part(self, name: str) -> Tensor:
        return self.get_parameter(name)

    def _from_input(self, values: Tensor) -> dict[str, Tensor]:
        """W x + b of all steps by gate, each ``[batch, steps, hidden]``."""
        z = torch.einsum("bti,ghi->gbth", values, self._part("input_weights"))
        if "bias" in self._own:
            z = z + self._part("bias")[:, None, None, :]
        return dict(zip(self._layer["gates"], z))

    def _from_state(self, gate: str, h: Tensor) -> Tensor:
        """U h + r of one gate, ``[batch, hidden]``."""
        index = self._layer["gates"].index(gate)
        z = h @ self._part("recurrent_weights")[index].T
        return z + self._part("recurrent_bias")[index] if "recurrent_bias" in self._own else z

    def _run(self, values: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        gates, out = self._from_input(values), []
        for t in range(values.shape[1]):
            memory = self._step({gate: z[:, t] for gate, z in gates.items()}, memory)
            out.append(memory[0])
        return torch.stack(out, 1), memory

    def _step(self, x: dict[str, Tensor], memory: Memory) -> Memory:
        raise NotImplementedError


class Elman(Formulas):
    """h(t) = (1 - a) h(t-1) + a g(W x(t) + b + U h(t-1) + r)."""

    def _step(self, x: dict[str, Tensor], memory: Memory) -> Memory:
        (h,) = memory
        new = ACTIVATIONS[self._layer["activation"]](x["hidden"] + self._from_state("hidden", h))
        leak = self._layer.get("leak")
        return (new if leak is None else (1.0 - leak) * h + leak * new,)


class LSTM(Formulas):
    """With peepholes, coupled gates, limits and projections."""

    def _step(self, x: dict[str, Tensor], memory: Memory) -> Memory:
        layer, (h, c) = self._layer, memory
        sigma, g = ACTIVATIONS[layer["recurrent_activation"]], ACTIVATIONS[layer["activation"]]
        z = {gate: part + self._from_state(gate, h) for gate, part in x.items()}
        i = sigma(z["input"] + self._seen("input", c))
        if layer["coupled_gates"]:
            f = 1.0 - i
        else:
            f = sigma(z["forget"] + layer["forget_bias"] + self._seen("forget", c))
        c = _limited(f * c + i * g(z["candidate"]), layer["cell_clip"])
        h = sigma(z["output"] + self._seen("output", c)) * ACTIVATIONS[layer["cell_activation"]](c)
        if layer["projection"]:
            h = _limited(h @ self._part("projection_weights").T, layer["projection"]["clip"])
        return h, c

    def _seen(self, gate: str, c: Tensor) -> Tensor | float:
        if not self._layer["peepholes"]:
            return 0.0
        peeping = [name for name in self._layer["gates"] if name != "candidate"]
        return self._part("peephole_weights")[peeping.index(gate)] * c


class GRU(Formulas):
    """With the reset before or after the product, and either reading of the update gate."""

    def _step(self, x: dict[str, Tensor], memory: Memory) -> Memory:
        layer, (h,) = self._layer, memory
        sigma, g = ACTIVATIONS[layer["recurrent_activation"]], ACTIVATIONS[layer["activation"]]
        z = sigma(x["update"] + self._from_state("update", h))
        q = sigma(x["reset"] + self._from_state("reset", h))
        if layer["reset"] == "after":
            n = g(x["candidate"] + q * self._from_state("candidate", h))
        else:
            n = g(x["candidate"] + self._from_state("candidate", q * h))
        kept, new = (z, 1.0 - z) if layer["update_keeps"] == "previous" else (1.0 - z, z)
        return (kept * h + new * n,)


def recurrent(layer: dict[str, Any], parts: Parts) -> Recurrent:
    """The module of a recurrent layer."""
    if Library.expresses(layer):
        return Library(layer, parts)
    return {"elman": Elman, "lstm": LSTM, "gru": GRU}[layer["kind"]](layer, parts)


def _limited(values: Tensor, limit: float | None) -> Tensor:
    return values if limit is None else torch.clamp(values, -limit, limit)
