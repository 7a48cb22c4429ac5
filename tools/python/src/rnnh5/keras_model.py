"""A model as a live Keras model, where Keras has its layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from .architecture import RECURRENT, TOKEN_LAYERS, takes_tokens
from .extras import NotExpressible

Parts = dict[str, np.ndarray]
TYPE = "float32"
"""Keras 3 multiplies matrices in it even where layers are float64."""


@keras.saving.register_keras_serializable(package="rnnh5")
def hard_sigmoid(x: Any) -> Any:
    """min(1, max(0, 0.2 x + 0.5)), which Keras had before version 3."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


ACTIVATIONS: dict[str, str | Callable[[Any], Any]] = {
    "hard_sigmoid": hard_sigmoid,
    "hard_sigmoid_sixth": "hard_sigmoid",
}
"""What Keras calls otherwise than the format."""


def keras_model(
    architecture: dict[str, Any], parameters: Mapping[str, np.ndarray], states: bool = False
) -> keras.Model:
    """See ``Model.to_keras``. ``parameters``: by ``layer/name``, as a file has them."""
    for layer in architecture["layers"]:
        _check(layer)
    if architecture["context"]["kind"] == "window":
        raise NotExpressible("Keras", architecture["layers"][0]["name"], "context", "window")
    return _Builder(architecture, parameters, states).model()


def _check(layer: dict[str, Any]) -> None:
    """Raises ``NotExpressible`` for the first option that Keras does not have."""
    kind = layer["kind"]
    if kind in ("scalar", "final", "attention", "delay", "ngram"):
        raise NotExpressible("Keras", layer["name"], "kind", kind)
    plain: dict[str, Any] = {"initial_state": ("zero", "given")} if kind in RECURRENT else {}
    if kind == "elman":
        plain["leak"] = (None,)
    elif kind == "lstm":
        plain |= {"peepholes": (False,), "coupled_gates": (False,), "cell_clip": (None,), "projection": (None,)}
        # Keras has one activation for both.
        plain["cell_activation"] = (layer["activation"],)
    elif kind == "gru":
        plain["update_keeps"] = ("previous",)
    elif kind == "linear" and (layer["bias"] or not hasattr(keras.layers, "ReversibleEmbedding")):
        plain["weights_of"] = (None,)
    for option, values in plain.items():
        if layer.get(option) not in values:
            raise NotExpressible("Keras", layer["name"], option, layer[option])


class _Builder:
    """Builds the graph layer by layer, and then gives each Keras layer its numbers."""

    def __init__(self, architecture: dict[str, Any], parameters: Mapping[str, np.ndarray], states: bool) -> None:
        self._architecture = architecture
        self._states = states
        self._layers: dict[str, keras.Layer] = {}
        self._weights: dict[str, list[np.ndarray]] = {}
        # Names of layers begin with a small letter: these are no other layer's.
        self._inputs: dict[str, Any] = {}
        self._outputs: dict[str, Any] = {}
        self._parts: dict[str, Parts] = {layer["name"]: {} for layer in architecture["layers"]}
        for path, values in parameters.items():
            name, _, part = path.partition("/")
            self._parts[name][part] = np.asarray(values, TYPE)

    def model(self) -> keras.Model:
        size = self._architecture["input"]["size"]
        shape, kind = ((None,), "int32") if takes_tokens(self._architecture) else ((None, size), TYPE)
        values = self._inputs["Inputs"] = keras.Input(shape, dtype=kind, name="Inputs")
        by_name: dict[str, Any] = {}
        for layer in self._architecture["layers"]:
            values = by_name[layer["name"]] = self._called(layer, values, by_name)
        if self._states:
            model = keras.Model(self._inputs, {"Logits": values, **self._outputs})
        else:
            model = keras.Model(self._inputs["Inputs"], values)
        for name, weights in self._weights.items():
            self._layers[name].set_weights(weights)
        return model

    def _called(self, layer: dict[str, Any], values: Any, by_name: dict[str, Any]) -> Any:
        kind, name = layer["kind"], layer["name"]
        if kind in ("sum", "concatenation"):
            taken = [by_name[other] for other in layer["of"]]
            if len(taken) == 1:
                return taken[0]
            return (keras.layers.Add if kind == "sum" else keras.layers.Concatenate)(name=name, dtype=TYPE)(taken)
        if kind == "one_hot":
            return keras.ops.one_hot(values, layer["size"], dtype=TYPE)
        if kind in RECURRENT:
            return self._recurrent(layer, values)
        if "weights_of" in layer:
            return self._layers[layer["weights_of"]](values, reverse=True)
        self._layers[name] = self._plain(layer)
        self._weights[name] = self._plain_weights(layer)
        return self._layers[name](values)

    def _plain(self, layer: dict[str, Any]) -> keras.Layer:
        kind, own = layer["kind"], {"name": layer["name"], "dtype": TYPE}
        if kind == "embedding":
            is_tied = any(other.get("weights_of") == layer["name"] for other in self._architecture["layers"])
            embedding = keras.layers.ReversibleEmbedding if is_tied else keras.layers.Embedding
            return embedding(layer["inputs"], layer["outputs"], **own)
        if kind == "activation":
            return keras.layers.Activation(ACTIVATIONS.get(layer["activation"], layer["activation"]), **own)
        if kind == "dropout":
            noise = (None, 1, None) if layer.get("locked") else None
            return keras.layers.Dropout(layer["rate"], noise_shape=noise, **own)
        if kind == "layer_norm":
            return keras.layers.LayerNormalization(epsilon=layer["epsilon"], center=layer["bias"], **own)
        return keras.layers.Dense(layer["outputs"], use_bias=layer["bias"], **own)

    def _plain_weights(self, layer: dict[str, Any]) -> list[np.ndarray]:
        parts, kind = self._parts[layer["name"]], layer["kind"]
        if kind in TOKEN_LAYERS:
            return [parts["weights"]]
        if kind in ("dropout", "activation"):
            return []
        first = parts["gain"] if kind == "layer_norm" else parts["weights"].T
        return [first, parts["bias"]] if layer["bias"] else [first]

    def _recurrent(self, layer: dict[str, Any], values: Any) -> Any:
        name, kind, backward = layer["name"], layer["kind"], layer["direction"] == "backward"
        bias = self._bias(layer)
        options: dict[str, Any] = {
            "activation": ACTIVATIONS.get(layer["activation"], layer["activation"]),
            "use_bias": bias is not None,
            "return_sequences": True,
            "return_state": True,
            "go_backwards": backward,
            "name": name,
            "dtype": TYPE,
        }
        if kind == "elman":
            built = keras.layers.SimpleRNN(layer["outputs"], **options)
        else:
            gate = layer["recurrent_activation"]
            options["recurrent_activation"] = ACTIVATIONS.get(gate, gate)
            if kind == "gru":
                built = keras.layers.GRU(layer["outputs"], reset_after=layer["reset"] == "after", **options)
            else:
                built = keras.layers.LSTM(layer["outputs"], **options)
        parts = self._parts[name]
        matrices = [np.concatenate(parts[part], 0).T for part in ("input_weights", "recurrent_weights")]
        self._layers[name] = built
        self._weights[name] = matrices if bias is None else [*matrices, bias]
        streams = self._architecture["context"]["kind"] == "stream"
        names = (["Hidden", "Cell"] if kind == "lstm" else ["Hidden"]) if self._states else []
        start = None
        if names and (streams or layer["initial_state"] == "given"):
            start = [keras.Input((layer["outputs"],), dtype=TYPE, name=f"{part}_{name}") for part in names]
            self._inputs |= {value.name: value for value in start}
        out, *last = built(values, initial_state=start)
        if streams:
            self._outputs |= {f"{part}_{name}": value for part, value in zip(names, last)}
        return keras.ops.flip(out, axis=1) if backward else out

    def _bias(self, layer: dict[str, Any]) -> np.ndarray | None:
        """The bias as Keras has it: of a GRU with the reset after the product, both; else their sum, with the constant."""
        parts = self._parts[layer["name"]]
        zero = np.zeros((len(layer["gates"]), layer["outputs"]), TYPE)
        both = np.stack([parts.get("bias", zero), parts.get("recurrent_bias", zero)])
        if layer.get("forget_bias"):
            both[0, layer["gates"].index("forget")] += layer["forget_bias"]
        elif not (layer["bias"] or layer["recurrent_bias"]):
            return None
        flat = both.reshape(2, -1)
        return flat if layer.get("reset") == "after" else flat.sum(0)
