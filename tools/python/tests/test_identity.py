"""A model keeps its name: in both implementations, compressed or not, and on its way through other formats and back."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import layers
import numpy as np
import pytest
import rnnh5
from conftest import FIXTURES, random_architecture, random_vocabulary
from program import needs_program, reports, run

pytestmark = needs_program

GOLDEN = sorted((FIXTURES / "golden").glob("*.h5"))
TYPES = ["<f2", "<f4", "<f8", "bfloat16"]


def stored(model: rnnh5.Model) -> dict[str, np.ndarray | rnnh5.BFloat16]:
    """The tensors in the types of the file."""
    values: dict[str, np.ndarray | rnnh5.BFloat16] = {}
    for name, tensor in model.parameters.items():
        read = tensor.read()
        values[name] = rnnh5.BFloat16(read.view("<u4") >> 16) if tensor.type == "bfloat16" else read
    return values


def random_model(path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    model = random_architecture(random)
    parameters = layers.random_parameters(model, seed, 0.1)
    kind = TYPES[seed % len(TYPES)]
    if kind == "bfloat16":
        values = {name: rnnh5.BFloat16(array.view("<u4") >> 16) for name, array in parameters.items()}
    else:
        values = {name: array.astype(kind) for name, array in parameters.items()}
    vocabulary = random_vocabulary(model["input"]["size"], random) if model["input"]["kind"] == "tokens" else None
    rnnh5.write(path, model, values, vocabulary, metadata={"title": "Räksmörgås"}, embed=False)


@pytest.mark.parametrize("source", [*GOLDEN, *range(8)], ids=lambda source: getattr(source, "stem", str(source)))
def test_a_model_keeps_its_name(source: Path | int, tmp_path: Path) -> None:
    path = source
    if isinstance(source, int):
        path = tmp_path / "model.h5"
        random_model(path, source)
    with rnnh5.open(path, "hashes") as model:
        name = model.model_id
        for compress in (False, True):
            target = tmp_path / f"python-{compress}.h5"
            given = (model.architecture, stored(model), model.vocabulary)
            rnnh5.write(target, *given, labels=model.labels, proof=model.proof, compress=compress, embed=False)
    run("convert", path, tmp_path / "program.h5", "--quiet")
    run("convert", path, tmp_path / "program-compressed.h5", "--compress", "--quiet")
    for format in ("safetensors", "npz"):
        run("convert", path, tmp_path / f"model.{format}", "--quiet")
        run("convert", tmp_path / f"model.{format}", tmp_path / f"from-{format}.h5", "--quiet")
    run("convert", tmp_path / "model.npz", tmp_path / "onward.safetensors", "--quiet")
    run("convert", tmp_path / "onward.safetensors", tmp_path / "around.h5", "--compress", "--quiet")

    files = sorted(tmp_path.glob("*.h5"))
    assert len(files) == 7 + isinstance(source, int)
    for file, theirs in zip(files, reports(files, "proof")):
        mine = rnnh5.validate(file, "proof")
        assert mine.valid and theirs["valid"], (file.name, mine.findings, theirs["findings"])
        # Valid at this level: both have computed it, and found it in the file.
        assert mine.model_id == theirs["model_id"] == name, file.name
    with h5py.File(tmp_path / "program-compressed.h5") as file:
        assert file[f"/parameters/{next(iter(given[1]))}"].compression == "gzip"


def test_what_is_part_of_the_name_changes_it(tmp_path: Path) -> None:
    with rnnh5.open(FIXTURES / "golden" / "lstm.h5") as model:
        values, vocabulary = stored(model), model.vocabulary
        architecture = json.loads(json.dumps(model.architecture))
        names = {model.model_id}
    changed = [
        (architecture, values | {"output/bias": values["output/bias"] * np.float32(1.0000001)}, vocabulary),
        (architecture, {name: array.astype("<f8") for name, array in values.items()}, vocabulary),
        (architecture, values, None),
        (architecture, values, rnnh5.Vocabulary([bytes([33 + index]) for index in range(12)])),
        (json.loads(json.dumps(architecture).replace('"forget_bias": 0', '"forget_bias": 1')), values, vocabulary),
    ]
    for index, given in enumerate(changed):
        path = tmp_path / f"{index}.h5"
        rnnh5.write(path, *given)
        (theirs,) = reports([path], "hashes")
        assert theirs["valid"]
        names.add(theirs["model_id"])
    assert len(names) == 1 + len(changed)
