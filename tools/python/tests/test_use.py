"""What is used is what was written, also where a file was opened without looking at its hashes."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import rnnh5
from conftest import FIXTURES
from rnnh5 import tensor as tensor_module
from rnnh5.__main__ import main

EXPECTED = json.loads((FIXTURES / "hostile" / "expected.json").read_text("utf-8"))
GOLDEN = FIXTURES / "golden"
FLIPPED = FIXTURES / "hostile" / "tensor_bit_flipped.h5"
USES: dict[str, Callable[[rnnh5.Model], Any]] = {
    "network": lambda model: model.network,
    "log_probabilities": lambda model: model.log_probabilities([0, 1]),
    "torch": lambda model: model.to_torch(),
    "keras": lambda model: model.to_keras(),
}


def needs(name: str) -> None:
    if name in ("torch", "keras") and importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed: pip install 'rnnh5[{name}]'")


def broken(use: Callable[[], Any]) -> str:
    """The rule that a use says to be broken."""
    with pytest.raises(rnnh5.InvalidFile) as raised:
        use()
    assert not raised.value.report.valid
    (finding,) = raised.value.report.findings
    assert str(finding) in str(raised.value)
    return finding.rule


def changed(folder: Path, name: str, change: Callable[[h5py.File], None]) -> Path:
    """A copy of a golden file in which something is other than was written."""
    path = folder / "model.h5"
    shutil.copyfile(GOLDEN / f"{name}.h5", path)
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def flip(file: h5py.File, path: str) -> None:
    values = file[path][...]
    values.view("u1").reshape(-1)[0] ^= 1
    file[path][...] = values


def other_token(file: h5py.File) -> None:
    # Another letter: nothing but hashes can tell.
    flip(file, "/vocabulary/bytes")


def other_architecture(file: h5py.File) -> None:
    text = file["/architecture"][()]
    assert text.count(b'"forget_bias":0') == 1
    file["/architecture"][()] = text.replace(b'"forget_bias":0', b'"forget_bias":1')


@pytest.mark.parametrize("use", USES)
def test_a_model_with_a_flipped_weight_computes_nothing(use: str) -> None:
    needs(use)
    with rnnh5.open(FLIPPED) as model:
        # Twice: what was found is not forgotten.
        assert [broken(lambda: USES[use](model)) for _ in range(2)] == ["parameters.hash"] * 2


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("change", [other_token, other_architecture])
def test_another_model_than_the_file_says_computes_nothing(change, use: str, tmp_path: Path) -> None:
    needs(use)
    with rnnh5.open(changed(tmp_path, "lstm", change)) as model:
        assert [broken(lambda: USES[use](model)) for _ in range(2)] == ["identity.model_id"] * 2
        # The tensors are what they were.
        assert all(np.isfinite(tensor.read()).all() for tensor in model.parameters.values())


def test_every_way_to_a_whole_tensor_finds_a_flipped_bit() -> None:
    ways: list[Callable[[rnnh5.Tensor], Any]] = [
        lambda tensor: tensor.read(),
        lambda tensor: np.asarray(tensor),
        lambda tensor: np.asarray(tensor, "<f8"),
        lambda tensor: tensor[...],
        lambda tensor: tensor[:],
        lambda tensor: tensor[::-1],
    ]
    for way in ways:
        with rnnh5.open(FLIPPED) as model:
            for name, tensor in model.parameters.items():
                if name == "output/weights":
                    assert broken(lambda: way(tensor)) == broken(lambda: way(tensor)) == "parameters.hash"
                else:
                    assert way(tensor).shape == tensor.shape


def test_parts_and_maps_are_compared_with_nothing() -> None:
    # As the documentation says: the file has no hash of a part.
    with rnnh5.open(FLIPPED) as model:
        tensor = model.parameters["output/weights"]
        assert np.array_equal(tensor[1:], tensor.memory_map()[1:])
        assert np.array_equal(tensor[0], tensor.memory_map()[0])


@pytest.mark.parametrize("name", ["lstm_compressed", "lstm_bfloat16"])
def test_a_flipped_bit_is_found_in_tensors_of_every_kind(name: str, tmp_path: Path) -> None:
    path = changed(tmp_path, name, lambda file: flip(file, "/parameters/output/weights"))
    with rnnh5.open(path) as model:
        assert broken(model.parameters["output/weights"].read) == "parameters.hash"
        assert broken(lambda: model.network) == "parameters.hash"


@pytest.mark.parametrize("path", ["/training_state/slots/momentum", "/training_state/random_state/dropout"])
def test_a_training_does_not_go_on_from_a_flipped_bit(path: str, tmp_path: Path, capsys) -> None:
    file = changed(tmp_path, "training_state", lambda file: flip(file, path))
    with rnnh5.open(file) as model:
        assert [broken(lambda: model.training_state) for _ in range(2)] == ["training_state.hash"] * 2
        # It is no part of the model.
        assert np.isfinite(model.network.log_probabilities([0])).all()
        assert model.training_progress == {"step": 20, "epoch": 0.5}
    # Which tells how far it is, and reads no array.
    assert main(["inspect", str(file)]) == 0
    assert "output" in capsys.readouterr().out


RULES = {
    "parameters.hash": lambda model: model.network,
    "identity.model_id": lambda model: model.network,
    "training_state.hash": lambda model: model.training_state,
}


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if expected["rule"] in RULES])
def test_a_hostile_file_that_opens_is_refused_when_it_is_used(name: str) -> None:
    rule = EXPECTED[name]["rule"]
    with rnnh5.open(FIXTURES / "hostile" / name) as model:
        assert broken(lambda: RULES[rule](model)) == rule


def test_each_tensor_is_compared_once(monkeypatch) -> None:
    compared = []

    def count(blocks: list[np.ndarray]) -> str:
        compared.append(blocks[0].shape)
        return original(blocks)

    original = tensor_module.sha256_of_values
    monkeypatch.setattr("rnnh5.tensor.sha256_of_values", count)
    monkeypatch.setattr("rnnh5.model.sha256_of_values", count)
    for level, each in (("structure", 1), ("hashes", 0)):
        compared.clear()
        with rnnh5.open(GOLDEN / "training_state.h5", level) as model:
            assert (model.metadata, model.architecture, model.training_progress) and compared == []
            for _ in range(2):
                assert model.log_probabilities([0]).shape == (1, model.network.outputs)
                assert model.training_state
                values = {name: tensor.read() for name, tensor in model.parameters.items()}
            assert len(compared) == each * (len(values) + len(model.training_state.arrays) + 1)
