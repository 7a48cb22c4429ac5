"""The program and this package read each other's files."""

from __future__ import annotations

import json
from pathlib import Path

import layers
import numpy as np
import pytest
import rnnh5
from conftest import FIXTURES, random_architecture
from program import needs_program, reports, run

pytestmark = needs_program

GOLDEN = sorted((FIXTURES / "golden").glob("*.h5"))
TEXT = b"The quick brown fox jumps over the lazy dog.\n" * 40
BRIEF = ["--hidden", "8", "--batch", "4", "--length", "8", "--steps", "20", "--quiet"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A small model that the program has trained."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "text").write_bytes(TEXT)
    run("train", folder / "text", "-o", folder / "model.h5", *BRIEF)
    return folder / "model.h5"


@pytest.mark.parametrize("seed", range(12))
def test_the_program_accepts_and_samples_what_python_writes(seed: int, tmp_path) -> None:
    random = np.random.default_rng(seed)
    model = random_architecture(random, options=False)
    tokens = [bytes([65 + index]) for index in range(model["input"]["size"])]
    path = tmp_path / "model.h5"
    rnnh5.write(
        path,
        model,
        layers.random_parameters(model, seed, 0.1),
        rnnh5.Vocabulary(tokens, "characters"),
        metadata={"title": "Räksmörgås 😀", "extra": {"big": 1e300, "small": 5e-324}},
        history={"step": [1, 2], "valid_loss": [0.1, 1e-300]},
        compress=bool(seed % 2),
    )
    report = json.loads(run("validate", "--json", path))[0]
    assert report["valid"]
    assert report["findings"] == []
    with rnnh5.open(path) as opened:
        assert report["model_id"] == opened.model_id
        sample = json.loads(run("sample", path, "--greedy", "--prompt", "AB", "--length", "8", "--json"))
        ids = [0, 1]
        for token in sample["tokens"]:
            numbers = opened.log_probabilities(ids)[-1]
            assert abs(numbers[token["id"]] - token["log_probability"]) < 1e-4
            assert numbers[token["id"]] > numbers.max() - 1e-4
            ids.append(token["id"])
        assert sample["text"].encode() == opened.vocabulary.decode(ids[2:])


@pytest.mark.parametrize("seed", range(40))
def test_the_program_gets_the_numbers_of_every_option(seed: int, tmp_path) -> None:
    random = np.random.default_rng(seed)
    model = random_architecture(random)
    state = rnnh5.TrainingState({"step": seed}, {"slots/a": np.full(3, np.nan)}) if seed % 2 else None
    rnnh5.write(tmp_path / "model.h5", model, layers.random_parameters(model, seed, 0.1), training_state=state)
    report = json.loads(run("validate", "--json", tmp_path / "model.h5"))[0]
    assert report["valid"]
    assert report["findings"] == []
    assert report["proof_difference"] < 1e-9
    run("convert", tmp_path / "model.h5", tmp_path / "model.npz")
    run("convert", tmp_path / "model.npz", tmp_path / "back.h5")
    assert rnnh5.validate(tmp_path / "back.h5").findings == []
    with rnnh5.open(tmp_path / "back.h5") as back:
        assert back.model_id == report["model_id"]
        assert back.architecture == model


def test_python_gets_the_numbers_of_a_model_that_the_program_trained(trained: Path, tmp_path) -> None:
    assert rnnh5.validate(trained, "proof").findings == []
    with rnnh5.open(trained) as model:
        ids = model.vocabulary.encode(TEXT[:50])
        np.save(tmp_path / "ids.npy", ids.astype("<i8"))
        run("run", trained, "--input", tmp_path / "ids.npy", "--output", tmp_path / "logits.npy")
        logits = np.load(tmp_path / "logits.npy", allow_pickle=False).astype(np.float64)
        assert logits.shape == (len(ids), 1, len(model.vocabulary))
        computed = logits[:, 0] - np.logaddexp.reduce(logits[:, 0], axis=1, keepdims=True)
        assert np.abs(computed - model.log_probabilities(ids)).max() < 1e-4
        assert model.lineage[0]["event"] == "trained"
        assert model.vocabulary.decode(ids) == TEXT[:50]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_numpy_and_safetensors_read_what_was_converted(path: Path, tmp_path) -> None:
    # Not through safetensors.numpy: it has no bfloat16 of its own.
    safe_open = pytest.importorskip("safetensors").deserialize
    run("convert", path, tmp_path / "model.npz")
    run("convert", path, tmp_path / "model.safetensors")
    archive = np.load(tmp_path / "model.npz", allow_pickle=False)
    flat = dict(safe_open((tmp_path / "model.safetensors").read_bytes()))
    names = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "uint32": "U32", "uint64": "U64"}
    with rnnh5.open(path) as model:
        stored = {}
        for name, tensor in model.parameters.items():
            values = tensor.read()
            if tensor.type == "bfloat16":
                values = (values.view("<u4") >> 16).astype("<u2")
            key = stored[name] = name.replace("/", ".")
            assert archive[key].dtype == values.dtype
            assert archive[key].shape == tuple(flat[key]["shape"]) == tensor.shape
            assert archive[key].tobytes() == bytes(flat[key]["data"]) == values.tobytes()
            assert flat[key]["dtype"] == names[tensor.type]
        assert {key for key in archive.files if not key.startswith("rnn-h5.")} == set(stored.values())
        assert json.loads(archive["rnn-h5.architecture"].tobytes()) == model.architecture
        if model.vocabulary:
            assert archive["rnn-h5.vocabulary.bytes"].tobytes() == model.vocabulary.bytes
            assert (archive["rnn-h5.vocabulary.offsets"] == model.vocabulary.offsets).all()


def test_both_give_the_same_verdict_on_damaged_files(trained: Path, tmp_path) -> None:
    # What a flipped bit means may be said differently, but not whether the file is valid.
    data = trained.read_bytes()
    random = np.random.default_rng(3)
    files = []
    for index, position in enumerate(random.integers(0, len(data), 100).tolist()):
        flipped = bytes([data[position] ^ 1 << int(random.integers(8))])
        files.append(tmp_path / f"{index}.h5")
        files[-1].write_bytes(data[:position] + flipped + data[position + 1 :])
    found = [report["valid"] for report in reports(files, "proof")]
    for path, theirs in zip(files, found):
        mine = rnnh5.validate(path)
        # h5py asks libhdf5 for the size of its own book-keeping too, which no reader needs, and is told that it is damaged.
        is_bookkeeping = any("deprecated info" in finding.message for finding in mine.findings)
        assert mine.valid == theirs or theirs and is_bookkeeping, path
