from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import rnnh5
from conftest import FIXTURES, oldest_version
from rnnh5.architecture import features
from rnnh5.container import Container
from rnnh5.network import Network
from rnnh5.resources import document

EXPECTED = json.loads((FIXTURES / "hostile" / "expected.json").read_text("utf-8"))
GOLDEN = sorted((FIXTURES / "golden").glob("*.h5"))
NETWORKS = [path for path in GOLDEN if path.stem != "ngram"]


def test_every_hostile_file_is_expected() -> None:
    assert {path.name for path in (FIXTURES / "hostile").glob("*.h5")} == set(EXPECTED)
    assert len(EXPECTED) > 100


@pytest.mark.parametrize("name", EXPECTED)
def test_refuses_hostile_file_with_the_expected_rule(name: str) -> None:
    report = rnnh5.validate(FIXTURES / "hostile" / name)
    assert EXPECTED[name]["rule"] in report.rules
    assert document("rules.json")[EXPECTED[name]["rule"]]["severity"] == "error"
    assert not report.valid
    with pytest.raises(rnnh5.InvalidFile):
        rnnh5.open(FIXTURES / "hostile" / name, "proof")
    assert str(report).replace("\n", "").isprintable()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not say how much a process took")
def test_hostile_files_take_little_memory() -> None:
    # Not what getrusage says, which begins with what the process had that started this one.
    code = (
        "import sys, rnnh5\n"
        "for name in sys.argv[1:]: assert not rnnh5.validate(name).valid\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    names = [str(FIXTURES / "hostile" / name) for name in EXPECTED]
    done = subprocess.run([sys.executable, "-c", code, *names], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200 * 1024


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_never_opens_a_file_that_another_file_points_to(tmp_path) -> None:
    # Whoever opens a pipe that nobody writes to waits for ever.
    pipe, target = tmp_path / "pipe", tmp_path / "hostile.h5"
    os.mkfifo(pipe)
    source = FIXTURES / "golden" / "lstm.h5"
    target.write_bytes(source.read_bytes())
    with h5py.File(target, "r+") as file:
        file["/outside"] = h5py.ExternalLink(str(pipe), "/")
        file.create_dataset("/raw", (4,), "<f4", external=[(str(pipe), 0, 16)])
        layout = h5py.VirtualLayout((4,), "<f4")
        layout[:] = h5py.VirtualSource(str(pipe), "x", (4,))
        file.create_virtual_dataset("/virtual", layout)
    command = [sys.executable, "-m", "rnnh5", "validate", "--json", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    found = json.loads(done.stdout)[0]["findings"]
    assert done.returncode == 1
    assert {finding["place"] for finding in found if finding["rule"] == "hdf5.refused"} == {
        "/outside",
        "/raw",
        "/virtual",
    }


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_model_is_valid_and_gives_its_proof(path) -> None:
    report = rnnh5.validate(path, "proof")
    labels = {"layout.labels"} if path.stem == "lstm_one_hot_two_biases" else set()
    assert report.rules == {"specification.missing"} | labels
    with rnnh5.open(path) as model:
        assert model.proof.largest_difference(model.network) < model.proof.tolerance_float64 <= 1e-5
        assert not model.proof.computed_by.startswith("rnn")


def test_files_of_version_1_0_stay_what_they_were() -> None:
    # A version that only adds changes neither what a file means nor its names.
    identities = {}
    for path in GOLDEN:
        with rnnh5.open(path) as model:
            if model.format_version == "1.0":
                assert features(model.architecture) == set()
                identities[path.stem] = model.model_id
    assert len(identities) == 24
    assert identities["lstm"] == "c48ae15f9bc7968be6f2692e6af7152bb6586365b68004a3833660c3b99464b8"
    assert identities["gru_reset_after"] == "f7629cb6b68a3f79af9aed61270bfeb9eb61a1231fc7e68c9bf71544bddf0ef6"


def test_golden_models_cover_every_feature() -> None:
    used = set()
    for path in GOLDEN:
        with rnnh5.open(path) as model:
            used |= set(model.required_features)
            assert model.minimum_reader_version == oldest_version(set(model.required_features))
    assert used == {feature["name"] for feature in document("layout.json")["features"]}


MISREADINGS = {
    "gates": {"lstm": [0, 1, 3, 2], "gru": [1, 0, 2], "coupled lstm": [0, 2, 1]},
    "reset": {"after": "before", "before": "after"},
    "update_keeps": {"previous": "candidate", "candidate": "previous"},
    "forget_bias": {0: 1, 1: 0, 0.5: 0},
    "recurrent_activation": {
        "sigmoid": "hard_sigmoid", "hard_sigmoid": "hard_sigmoid_sixth", "hard_sigmoid_sixth": "hard_sigmoid",
    },
    "activation": {"tanh": "softsign", "relu": "elu", "elu": "relu", "linear": "softsign", "softsign": "tanh",
                   "softplus": "relu", "sigmoid": "hard_sigmoid", "hard_sigmoid_sixth": "hard_sigmoid"},
    "cell_activation": {"tanh": "linear", "softsign": "tanh"},
    "leak": {0.25: 0.75},
    "cell_clip": {0.25: 0.5, 0.5: 0.25},
    "direction": {"forward": "backward", "backward": "forward"},
    "epsilon": {1e-5: 1e-3, 0.125: 1e-5},
}  # fmt: skip
GATED = ("input_weights", "recurrent_weights", "bias", "recurrent_bias")


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_golden_proof_tells_every_misreading(path) -> None:
    with rnnh5.open(path) as model:
        tensors = {name: tensor.read() for name, tensor in model.parameters.items()}
        tried = 0
        for index, layer in enumerate(model.architecture["layers"]):
            for key, wrong in MISREADINGS.items():
                if key not in layer or layer["kind"] == "elman" and key == "gates":
                    continue
                if layer[key] is None or key == "forget_bias" and layer["coupled_gates"]:
                    continue
                changed, parts = copy.deepcopy(model.architecture), dict(tensors)
                if key == "gates":
                    kind = "coupled lstm" if layer.get("coupled_gates") else layer["kind"]
                    for name in (f"{layer['name']}/{part}" for part in GATED):
                        if name in parts:
                            parts[name] = parts[name][wrong[kind]]
                else:
                    changed["layers"][index][key] = wrong.get(layer[key])
                assert model.proof.largest_difference(Network(changed, parts)) > 1e-4, (layer["name"], key)
                tried += 1
        assert tried


def without(name: str) -> Callable[[dict, dict], None]:
    """Sets a tensor to what a reader that does not know it would take it for."""

    def change(architecture: dict, tensors: dict) -> None:
        tensors[name] = np.zeros_like(tensors[name])

    return change


def permuted(name: str, *order: int) -> Callable[[dict, dict], None]:
    def change(architecture: dict, tensors: dict) -> None:
        tensors[name] = tensors[name][list(order)]

    return change


def altered(index: int, **changes: object) -> Callable[[dict, dict], None]:
    return lambda architecture, tensors: architecture["layers"][index].update(changes)


def uncoupled(architecture: dict, tensors: dict) -> None:
    """The forget gate as the candidate's neighbour would have it."""
    gates = ["input", "forget", "candidate", "output"]
    architecture["layers"][1].update(coupled_gates=False, gates=gates, peepholes=False)
    for name in GATED:
        if f"lstm_1/{name}" in tensors:
            tensors[f"lstm_1/{name}"] = np.insert(tensors[f"lstm_1/{name}"], 1, 0, axis=0)


def last_of_a_copy(architecture: dict, tensors: dict) -> None:
    """The backward layer's steps by another name, which reads nothing backward."""
    layers = architecture["layers"]
    layers.insert(4, {"kind": "sum", "name": "copy", "of": ["backward"]})
    layers[6]["of"] = "copy"


OPTION_MISREADINGS = [
    ("lstm_peepholes", permuted("lstm_1/peephole_weights", 1, 0, 2)),
    ("lstm_peepholes", permuted("lstm_1/peephole_weights", 0, 2, 1)),
    ("lstm_coupled_peepholes", permuted("lstm_1/peephole_weights", 1, 0)),
    ("lstm_coupled_gates", uncoupled),
    ("cell_clip", without("lstm_1/peephole_weights")),
    ("projection_clip", altered(1, projection={"cells": 8, "clip": None})),
    ("projection_clip", altered(1, projection={"cells": 8, "clip": 0.25})),
    ("lstm_projection", permuted("lstm_1/projection_weights", 1, 0, 2, 3)),
    ("bidirectional_lstm", altered(4, of=["lstm_backward", "lstm_forward"])),
    ("residual_and_concatenation", altered(4, of=["residual", "lstm_1", "one_hot"])),
    ("residual_and_concatenation", altered(3, of=["lstm_2"])),
    ("bidirectional_features", altered(4, of=["elman_forward"])),
    ("learned_initial_state", without("lstm_1/initial_hidden")),
    ("learned_initial_state", without("lstm_1/initial_cell")),
    ("learned_initial_state", without("gru_1/initial_hidden")),
    ("layer_norm", without("norm_1/bias")),
    ("tied_weights", lambda a, t: t.update({"embedding/weights": t["embedding/weights"][::-1]})),
    ("bits_of_features", lambda a, t: a["output"].update(activation="softmax")),
    ("window_both_ways", lambda a, t: a["context"].update(padding=3)),
    ("window_both_ways", lambda a, t: a["context"].update(padding=None)),
    ("window_both_ways", lambda a, t: a["context"].update(length=4)),
    ("window_both_ways", lambda a, t: a["context"].update(length=6)),
    ("window_both_ways", altered(4, of="backward")),
    ("window_both_ways", altered(6, of=["backward_final", "forward_final"])),
    ("window_both_ways", altered(7, activation="linear")),
    # The last step of the window where the layer has read one, and not all of them.
    ("window_both_ways", last_of_a_copy),
    ("window_attention", lambda a, t: a["context"].update(padding=0)),
    ("window_attention", lambda a, t: a["context"].update(length=5)),
    ("window_attention", without("attention/weights")),
    ("sequence_attention", without("attention/weights")),
    ("sequence_attention", lambda a, t: a.update(context={"kind": "window", "length": 6, "padding": None})),
    ("values_of_numbers", altered(0, scale=1.0)),
    ("values_of_numbers", altered(2, activation="relu")),
    ("values_of_numbers", lambda a, t: a["output"].update(activation="sigmoid")),
]


@pytest.mark.parametrize("number", range(len(OPTION_MISREADINGS)))
def test_golden_proof_tells_a_misread_option(number: int) -> None:
    name, change = OPTION_MISREADINGS[number]
    with rnnh5.open(FIXTURES / "golden" / f"{name}.h5") as model:
        architecture = copy.deepcopy(model.architecture)
        tensors = {path: tensor.read() for path, tensor in model.parameters.items()}
        change(architecture, tensors)
        assert model.proof.largest_difference(Network(architecture, tensors)) > 1e-4


def test_golden_byte_pairs_encode_their_example() -> None:
    with rnnh5.open(FIXTURES / "golden" / "bpe.h5") as model:
        assert model.proof.inputs.tolist() == [258, 100, 258, 97, 99]
        assert model.vocabulary.encode(b"aaabdaaabac").tolist() == [258, 100, 258, 97, 99]
        assert model.vocabulary.decode([258, 100, 258, 97, 99]) == b"aaabdaaabac"


def test_golden_training_state_is_read() -> None:
    with rnnh5.open(FIXTURES / "golden" / "training_state.h5", "hashes") as model:
        state = model.training_state
    assert state.progress == {"step": 20, "epoch": 0.5}
    assert set(state.arrays) == {"carried_state/gru_1/hidden", "slots/momentum"}
    assert state.arrays["slots/momentum"].tobytes() == np.array([0.5, np.nan, -0.0], "<f4").tobytes()
    assert state.words["random_state/dropout"].tolist() == [1, 2**64 - 1]
    with rnnh5.open(FIXTURES / "golden" / "lstm.h5") as model:
        assert model.training_state is None


def test_dimension_labels_are_for_other_programs() -> None:
    path = FIXTURES / "golden" / "lstm_one_hot_two_biases.h5"
    with Container(path) as container:
        labels = container.items["/parameters/lstm_1/input_weights"].attributes["DIMENSION_LABELS"]
    assert (labels.type, labels.shape, labels.value) == ("string", (3,), None)
    with h5py.File(path) as file:
        dimensions = file["/parameters/lstm_1/input_weights"].dims
        assert [dimension.label for dimension in dimensions] == ["gate", "hidden", "input"]
