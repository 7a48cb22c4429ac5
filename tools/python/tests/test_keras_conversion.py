"""rnntool's conversions to Keras, opened by Keras itself, and of files that a program may break over."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rnnh5
from conftest import FIXTURES
from program import RNNTOOL, needs_program, run

pytestmark = needs_program
GOLDEN = sorted(path for path in (FIXTURES / "golden").glob("*.h5") if path.stem != "ngram")
# What no Keras has; and the hard sigmoid with the slope 0.2, which Keras 3 computes with another.
REFUSED = {
    "cell_clip", "gru_reset_after_keeps_candidate", "gru_reset_before_keeps_candidate", "leaky_units",
    "learned_initial_state", "lstm_coupled_gates", "lstm_coupled_peepholes", "lstm_hard_sigmoid",
    "lstm_peepholes", "lstm_projection", "projection_clip", "values_of_numbers", "fixed_window", "fixed_window_direct",
}  # fmt: skip
SLOPE_OF_KERAS_2 = {"gru_two_layers_no_bias"}
SLOPE_OF_KERAS_3 = {"elman_hard_sigmoid_sixth", "keras_lstm_hard_sigmoid_sixth"}


def keras() -> Any:
    try:
        import keras
    except ImportError as error:
        pytest.skip(f"Keras is not installed: pip install 'rnnh5[keras]' ({error})")
    return keras


def differs(live: Any, model: Any) -> float:
    """The largest difference between the probabilities of a live model and those of a proof."""
    inputs, expected = model.proof.inputs, np.exp(model.proof.log_probabilities)
    if inputs.ndim == 1 and len(live.input_shape) == 3:
        inputs = np.eye(live.input_shape[2], dtype="<f4")[inputs]
    inputs = inputs.astype("int32" if inputs.dtype.kind in "ui" else "<f4")
    length = live.input_shape[1]
    if length is None:
        batch = inputs[None]
    else:
        # Keras takes whole windows only.
        batch = np.stack([inputs[end - length : end] for end in range(length, len(inputs) + 1)])
        expected = expected[length - 1 :]
    found = np.asarray(live.predict(batch, verbose=0))
    rows = found.reshape(-1, found.shape[-1])[:, model.proof.tokens]
    if len(rows) == 1:
        # One output for a whole sequence, where the proof has one for each of its beginnings.
        expected = expected[-1:]
    assert rows.shape == expected.shape
    return float(np.abs(rows - expected).max())


@pytest.mark.parametrize("path", [path for path in GOLDEN if path.stem not in REFUSED], ids=lambda path: path.stem)
def test_keras_opens_what_is_written_for_it(path: Path, tmp_path: Path) -> None:
    live = keras()
    endings = ["keras.h5"] * (path.stem not in SLOPE_OF_KERAS_2 | SLOPE_OF_KERAS_3)
    endings += ["keras"] * (path.stem not in SLOPE_OF_KERAS_2)
    with rnnh5.open(path) as model:
        if model.proof is None:
            pytest.skip("the model has no proof")
        for ending in endings:
            run("convert", path, tmp_path / f"model.{ending}")
            opened = live.models.load_model(tmp_path / f"model.{ending}", compile=False)
            assert differs(opened, model) < 1e-5, ending
        if "keras" in endings:
            run("convert", path, tmp_path / "model.weights.h5")
            opened.set_weights([np.zeros_like(value) for value in opened.get_weights()])
            opened.load_weights(tmp_path / "model.weights.h5")
            assert differs(opened, model) < 1e-5


def test_a_live_model_goes_there_and_back(tmp_path: Path) -> None:
    live = keras()
    layers = live.layers
    model = live.Sequential(
        [
            live.Input((None,), dtype="int32"),
            layers.Embedding(7, 4),
            layers.Bidirectional(layers.GRU(3, return_sequences=True)),
            layers.LayerNormalization(),
            layers.LSTM(5, return_sequences=True, activation="softsign"),
            layers.Dense(7, activation="softmax"),
        ]
    )
    inputs = np.arange(6, dtype="int32")[None]
    expected = model.predict(inputs, verbose=0)
    for first in ("keras", "weights.h5", "h5"):
        source = tmp_path / f"source.{first}"
        (model.save_weights if first == "weights.h5" else model.save)(source)
        (tmp_path / "model.json").write_text(model.to_json())
        described: list[str | Path] = ["--architecture", tmp_path / "model.json"] * (first == "weights.h5")
        run("convert", "--force", source, tmp_path / "own.h5", *described)
        run("convert", "--force", tmp_path / "own.h5", tmp_path / "back.keras")
        back = live.models.load_model(tmp_path / "back.keras").predict(inputs, verbose=0)
        assert np.abs(back - expected).max() < 1e-6, first


def test_a_file_that_breaks_libhdf5_breaks_only_the_process_that_reads_it(tmp_path: Path) -> None:
    content = (FIXTURES / "keras" / "keras1_window.h5").read_bytes()
    random = np.random.default_rng(1)
    for place in range(0, len(content), 997):
        changed = bytearray(content)
        changed[place] ^= int(random.integers(1, 256))
        path = tmp_path / "changed.h5"
        path.write_bytes(changed)
        command = [RNNTOOL, "convert", "--untrusted", "--dry-run", path, tmp_path / "out.keras"]
        done = subprocess.run(command, capture_output=True)
        assert 0 <= done.returncode < 128, (place, done.stderr.decode())
        assert not done.returncode or done.stderr.startswith(b"rnntool: ") or b"\nrnntool: " in done.stderr


def test_a_description_longer_than_an_old_attribute_is_read_and_written(tmp_path: Path) -> None:
    live = keras()
    layers = [live.layers.Dropout(0.1, name=f"dropout_with_a_long_name_{index}") for index in range(300)]
    model = live.Sequential(
        [live.Input((None,), dtype="int32"), live.layers.Embedding(5, 3), *layers, live.layers.Dense(5, "softmax")]
    )
    inputs = np.arange(5, dtype="int32")[None]
    expected = model.predict(inputs, verbose=0)
    model.save(tmp_path / "long.h5")
    for untrusted in ((), ("--untrusted",)):
        run("convert", "--force", *untrusted, tmp_path / "long.h5", tmp_path / "own.h5")
        run("convert", "--force", tmp_path / "own.h5", tmp_path / "back.keras.h5")
        back = live.models.load_model(tmp_path / "back.keras.h5", compile=False).predict(inputs, verbose=0)
        assert np.abs(back - expected).max() < 1e-6
