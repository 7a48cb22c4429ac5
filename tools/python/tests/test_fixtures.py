from __future__ import annotations

import copy
import json
import os
import subprocess
import sys

import h5py
import pytest
import rnnh5
from conftest import FIXTURES
from rnnh5.container import Container
from rnnh5.network import Network
from rnnh5.resources import document

EXPECTED = json.loads((FIXTURES / "hostile" / "expected.json").read_text("utf-8"))
GOLDEN = sorted((FIXTURES / "golden").glob("*.h5"))


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


def test_hostile_files_take_little_memory() -> None:
    code = (
        "import resource, sys, rnnh5\n"
        "for name in sys.argv[1:]: assert not rnnh5.validate(name).valid\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
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
    found = json.loads(done.stdout)["findings"]
    assert done.returncode == 1
    assert {finding["path"] for finding in found if finding["rule"] == "hdf5.refused"} == {
        "/outside",
        "/raw",
        "/virtual",
    }


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_model_is_valid_and_gives_its_proof(path) -> None:
    report = rnnh5.validate(path, "proof")
    assert report.rules == {"specification.missing"}
    with rnnh5.open(path) as model:
        assert model.proof.largest_difference(model.network) < model.proof.tolerance_float64 == 1e-5
        assert model.proof.computed_by.startswith(("onnxruntime ", "keras "))


MISREADINGS = {
    "gates": {"lstm": [0, 1, 3, 2], "gru": [1, 0, 2]},
    "reset": {"after": "before", "before": "after"},
    "update_keeps": {"previous": "candidate", "candidate": "previous"},
    "forget_bias": {0: 1, 1: 0},
    "recurrent_activation": {
        "sigmoid": "hard_sigmoid", "hard_sigmoid": "hard_sigmoid_sixth", "hard_sigmoid_sixth": "hard_sigmoid",
    },
    "activation": {"tanh": "softsign", "relu": "elu", "elu": "relu", "linear": "softsign", "softsign": "tanh",
                   "softplus": "relu", "sigmoid": "hard_sigmoid", "hard_sigmoid_sixth": "hard_sigmoid"},
    "cell_activation": {"tanh": "linear", "softsign": "tanh"},
}  # fmt: skip


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_proof_tells_every_misreading(path) -> None:
    with rnnh5.open(path) as model:
        tensors = {name: tensor.read() for name, tensor in model.parameters.items()}
        tried = 0
        for index, layer in enumerate(model.architecture["layers"]):
            for key, wrong in MISREADINGS.items():
                if key not in layer or layer["kind"] == "elman" and key == "gates":
                    continue
                changed, parts = copy.deepcopy(model.architecture), dict(tensors)
                if key == "gates":
                    for name in parts:
                        if name.startswith(layer["name"] + "/"):
                            parts[name] = parts[name][wrong[layer["kind"]]]
                else:
                    changed["layers"][index][key] = wrong[layer[key]]
                assert model.proof.largest_difference(Network(changed, parts)) > 1e-4, key
                tried += 1
        assert tried


def test_dimension_labels_are_for_other_programs() -> None:
    path = FIXTURES / "golden" / "lstm_one_hot_two_biases.h5"
    with Container(path) as container:
        labels = container.items["/parameters/lstm_1/input_weights"].attributes["DIMENSION_LABELS"]
    assert (labels.type, labels.shape, labels.value) == ("string", (3,), None)
    with h5py.File(path) as file:
        dimensions = file["/parameters/lstm_1/input_weights"].dims
        assert [dimension.label for dimension in dimensions] == ["gate", "hidden", "input"]
