"""The live Keras model gives the numbers of the NumPy network, or says what Keras does not have."""

from __future__ import annotations

from typing import Any

import layers
import numpy as np
import pytest
import rnnh5
from conftest import FIXTURES, random_architecture, random_inputs

try:
    import keras
except ImportError as error:
    # Keras itself, or the backend that it is told to use.
    pytest.skip(f"Keras is not installed: pip install 'rnnh5[keras]' ({error})", allow_module_level=True)

from rnnh5.activations import log_sigmoid, log_softmax  # noqa: E402
from rnnh5.keras_model import keras_model  # noqa: E402

GOLDEN = sorted(path for path in (FIXTURES / "golden").glob("*.h5") if path.stem != "ngram")
REFUSED = {
    "classifier": ("forward_final", "kind"),
    "cell_clip": ("lstm_1", "peepholes"),
    "fixed_window": ("window", "kind"),
    "fixed_window_direct": ("window", "kind"),
    "gru_reset_after_keeps_candidate": ("gru_1", "update_keeps"),
    "gru_reset_before_keeps_candidate": ("gru_1", "update_keeps"),
    "leaky_units": ("elman_1", "leak"),
    "learned_initial_state": ("lstm_1", "initial_state"),
    "lstm_coupled_gates": ("lstm_1", "coupled_gates"),
    "lstm_coupled_peepholes": ("lstm_1", "peepholes"),
    "lstm_peepholes": ("lstm_1", "peepholes"),
    "lstm_projection": ("lstm_1", "projection"),
    "projection_clip": ("lstm_1", "cell_clip"),
    "lstm_hard_sigmoid": ("lstm_1", "cell_activation"),
    "sequence_attention": ("attention", "kind"),
    "tied_weights": ("output", "weights_of"),
    "values_of_numbers": ("scalar", "kind"),
    "window_attention": ("attention", "kind"),
    "window_both_ways": ("forward_final", "kind"),
}


def plain_architecture(random: np.random.Generator) -> dict[str, Any]:
    """A random architecture without what Keras does not have."""
    model = random_architecture(random, windows=False)
    for layer in model["layers"]:
        layer.pop("leak", None)
        if layer.get("initial_state") == "learned":
            layer["initial_state"] = "zero"
        if layer["kind"] == "gru":
            layer["update_keeps"] = "previous"
        elif layer["kind"] == "lstm":
            layer |= {"peepholes": False, "coupled_gates": False, "cell_clip": None, "projection": None}
            layer |= {"gates": ["input", "forget", "candidate", "output"], "cell_activation": layer["activation"]}
        elif "weights_of" in layer:
            layer["bias"] = False
    return model


def called(model: Any, inputs: Any) -> Any:
    return keras.tree.map_structure(keras.ops.convert_to_numpy, model(inputs))


def as_inputs(values: np.ndarray) -> np.ndarray:
    """A batch of one sequence, in the types that Keras takes."""
    return values[None].astype("int32" if values.dtype.kind in "ui" else "float32")


def log_probabilities(model: dict[str, Any], logits: np.ndarray) -> np.ndarray:
    numbers = {"softmax": log_softmax, "sigmoid": log_sigmoid, "values": lambda values: values}
    return numbers[model["output"]["activation"]](logits.astype("float64"))


@pytest.mark.parametrize("path", [path for path in GOLDEN if path.stem not in REFUSED], ids=lambda path: path.stem)
def test_golden_model_gives_its_proof_in_keras(path) -> None:
    with rnnh5.open(path) as model:
        proof = model.proof
        numbers = log_probabilities(model.architecture, called(model.to_keras(), as_inputs(proof.inputs))[0])
        assert np.abs(numbers[:, proof.tokens] - proof.log_probabilities).max() <= proof.tolerance


@pytest.mark.parametrize("name", REFUSED)
def test_what_keras_does_not_have_is_refused_by_name(name: str) -> None:
    with rnnh5.open(FIXTURES / "golden" / f"{name}.h5") as model:
        with pytest.raises(rnnh5.NotExpressible) as found:
            model.to_keras()
    assert (found.value.layer, found.value.option) == REFUSED[name]
    assert found.value.layer in str(found.value) and found.value.option in str(found.value)


@pytest.mark.parametrize("seed", range(40))
def test_random_architecture_gives_the_numbers_of_the_network_in_keras(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = plain_architecture(random)
    parameters = layers.random_parameters(model, seed, 0.1)
    network = rnnh5.Network(model, parameters)
    batch = [random_inputs(model, random, 5) for _ in range(2)]
    expected = np.stack([network.log_probabilities(inputs) for inputs in batch])
    inputs = np.concatenate([as_inputs(inputs) for inputs in batch])
    found = log_probabilities(model, called(keras_model(model, parameters), inputs))
    assert np.abs(found - expected).max() < 1e-4


@pytest.mark.parametrize("seed", range(8))
def test_a_stream_in_pieces_is_the_stream_in_keras(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = plain_architecture(random) | {"context": {"kind": "stream"}}
    for layer in model["layers"]:
        if "direction" in layer:
            layer["direction"] = "forward"
    parameters = layers.random_parameters(model, seed, 0.1)
    inputs = random_inputs(model, random, 8)
    live = keras_model(model, parameters, states=True)
    state = {name: np.zeros((1, value.shape[1]), "<f4") for name, value in live.input.items() if name != "Inputs"}
    pieces = []
    for piece in (inputs[:3], inputs[3:]):
        state = called(live, {"Inputs": as_inputs(piece), **state})
        pieces.append(state.pop("Logits")[0])
    expected = rnnh5.Network(model, parameters).log_probabilities(inputs)
    assert np.abs(log_probabilities(model, np.concatenate(pieces)) - expected).max() < 1e-4


def test_a_given_state_is_taken_by_keras() -> None:
    with rnnh5.open(FIXTURES / "golden" / "given_initial_state.h5") as model:
        live = model.to_keras(states=True)
        random = np.random.default_rng(1)
        widths = {name: value.shape[1] for name, value in live.input.items() if name != "Inputs"}
        assert widths
        state = {name: random.normal(size=(1, width)).astype("<f4") for name, width in widths.items()}
        own: dict[str, Any] = {}
        for name, values in state.items():
            own.setdefault(name.partition("_")[2], []).append(values[0])
        inputs = random_inputs(model.architecture, random, 4)
        found = called(live, {"Inputs": as_inputs(inputs), **state})
        expected = model.log_probabilities(inputs, {name: tuple(values) for name, values in own.items()})
        assert np.abs(log_probabilities(model.architecture, found["Logits"][0]) - expected).max() < 1e-4


def test_a_keras_model_is_saved_and_loaded(tmp_path) -> None:
    cell = layers.lstm("lstm_1", 3, 3, direction="backward", recurrent_activation="hard_sigmoid")
    tied = layers.linear(3, 4, False, weights_of="embedding")
    both = (layers.concatenation("both", "one_hot", "gru_1"), layers.linear(9, 4))
    models = [
        layers.architecture(4, layers.embedding(4, 3), cell, tied, context="sequence"),
        layers.architecture(4, layers.one_hot(4), layers.gru("gru_1", 4, 5), *both),
    ]
    for model in models:
        live = keras_model(model, layers.random_parameters(model, 1))
        live.save(tmp_path / "model.keras")
        inputs = np.array([[0, 3, 1]], "int32")
        assert np.array_equal(called(keras.models.load_model(tmp_path / "model.keras"), inputs), called(live, inputs))


def test_a_keras_model_is_trained() -> None:
    model = layers.architecture(5, layers.embedding(5, 4), layers.gru("gru_1", 4, 8), layers.linear(8, 5))
    live = keras_model(model, layers.random_parameters(model, 1, 0.1))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    live.compile(keras.optimizers.Adam(0.05), loss)
    tokens = np.arange(40, dtype="int32")[None] % 5
    history = live.fit(tokens[:, :-1], tokens[:, 1:], epochs=30, verbose=0)
    assert history.history["loss"][-1] < 0.1


def test_locked_dropout_in_keras_holds_for_all_steps() -> None:
    model = layers.architecture(
        6, layers.dropout("drop", 0.5, locked=True), layers.linear(6, 6, False), input="features"
    )
    live = keras_model(model, {"output/weights": np.eye(6)})
    drawn = keras.ops.convert_to_numpy(live(np.ones((2, 50, 6), "float32"), training=True))
    assert set(np.unique(drawn)) == {0.0, 2.0}
    assert (drawn == drawn[:, :1]).all()
