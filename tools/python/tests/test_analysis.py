"""What `rnntool analyze` writes, as NumPy and LSTMVis read it, and its numbers beside those of NumPy and PyTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import rnnh5
from program import needs_program, run

pytestmark = needs_program
TEXT = "The quick brown fox jumps over the lazy dog.\n" * 30


@pytest.fixture(scope="module", params=["lstm", "gru", "elman"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Path]:
    folder = tmp_path_factory.mktemp(str(request.param))
    (folder / "text").write_text(TEXT)
    flags = [
        "--hidden",
        "9",
        "--layers",
        "2",
        "--batch",
        "4",
        "--length",
        "16",
        "--steps",
        "60",
        "--seed",
        "1",
        "--quiet",
    ]
    run("train", folder / "text", "-o", folder / "model.h5", "--cell", request.param, *flags)
    return request.param, folder / "model.h5", folder / "text"


def test_eigenvalues_are_those_of_numpy(trained: tuple[str, Path, Path]) -> None:
    _, model, text = trained
    found = json.loads(run("analyze", model, text, "--part", "eigenvalues", "--json", "--quiet"))["eigenvalues"]
    with h5py.File(model) as file:
        for spectrum in found:
            weights = file[f"parameters/{spectrum['layer']}/recurrent_weights"]
            gates = (weights.attrs["gates"].decode() if "gates" in weights.attrs else "").split()
            index = (
                gates.index(spectrum["gate"])
                if gates
                else [s["gate"] for s in found if s["layer"] == spectrum["layer"]].index(spectrum["gate"])
            )
            expected = np.linalg.eigvals(weights[index].astype(float))
            values = np.array([complex(*value) for value in spectrum["values"]])
            distances = np.abs(values[:, None] - expected[None])
            assert distances.min(axis=0).max() < 1e-10 and distances.min(axis=1).max() < 1e-10
            assert abs(spectrum["radius"] - np.abs(expected).max()) < 1e-10


def test_archive_is_read_by_numpy(trained: tuple[str, Path, Path], tmp_path: Path) -> None:
    kind, model, text = trained
    archive = tmp_path / "all.npz"
    flags = [
        "--length",
        "12",
        "--tokens",
        "200",
        "--track",
        "word",
        "--part",
        "gradients",
        "--part",
        "gates",
        "--json",
        "--quiet",
    ]
    document: dict[str, Any] = json.loads(run("analyze", model, text, "--npz", archive, *flags))
    arrays = np.load(archive)
    for layer in document["gradient_flow"]:
        norms = arrays[f"gradient_flow/{layer['layer']}/norms"]
        assert norms.shape == (12, 12) and not np.triu(norms, 1).any() and np.diag(norms).all()
        for t, row in enumerate(layer["norms"]):
            np.testing.assert_allclose(norms[t, : t + 1], row, rtol=1e-6)
    states = arrays[f"states/{kind}_1"]
    assert states.shape == (200, 9) and np.abs(states).max() > 0.01
    best = document["tracks"][0]["cells"][0]
    values = arrays[f"states/{best['layer']}"][:, best["cell"]]
    shown = np.tanh(values) if kind == "lstm" else values
    assert abs(np.corrcoef(shown, arrays["tracks/0"])[0, 1] - best["correlation"]) < 1e-4


def test_states_are_read_as_lstmvis_does(trained: tuple[str, Path, Path], tmp_path: Path) -> None:
    kind, model, text = trained
    run("analyze", model, text, "--states", tmp_path, "--tokens", "150", "--quiet")
    yaml = pytest.importorskip("yaml", reason="pyyaml is not installed")
    config = yaml.safe_load((tmp_path / "lstm.yml").read_text())
    words = {}
    for line in (tmp_path / config["files"]["words"]).read_text().splitlines():
        word, index = line.split()
        words[int(index)] = word
    assert len(set(words.values())) == len(words) == rnnh5.load(model).architecture["input"]["size"]
    with h5py.File(tmp_path / config["files"][config["word_sequence"]["file"]]) as file:
        ids = file[config["word_sequence"]["path"]][:]
    assert "".join(words[i] for i in ids) == TEXT[:150].replace(" ", "␣").replace("\n", "⏎")
    with h5py.File(tmp_path / config["files"][config["states"]["file"]]) as file:
        for layer in config["states"]["types"]:
            assert file[layer["path"]].shape == (150, 9)
            assert (layer.get("transform") == "none") == (kind != "lstm")


def test_gradient_flow_is_that_of_autograd(trained: tuple[str, Path, Path]) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    kind, model, text = trained
    if kind != "elman":
        pytest.skip("the golden files of fixtures/analysis have LSTMs and GRUs")
    found = json.loads(
        run("analyze", model, text, "--part", "gradients", "--length", "10", "--start", "4", "--json", "--quiet")
    )
    with h5py.File(model) as file:
        tensors = {
            name: torch.tensor(file["parameters"][name][()].astype(float))
            for name in (
                f"{layer}/{part}"
                for layer in ("elman_1", "elman_2")
                for part in ("input_weights", "recurrent_weights", "bias")
            )
        }
        output = torch.tensor(file["parameters/output/weights"][()].astype(float))
        bias = torch.tensor(file["parameters/output/bias"][()].astype(float))
    size = len(output)
    symbols = sorted(set(TEXT.encode()))
    tokens = [symbols.index(byte) for byte in TEXT.encode()[:15]] if size == len(symbols) else list(TEXT.encode()[:15])
    for t in range(10):
        states = [torch.zeros(9, dtype=torch.float64), torch.zeros(9, dtype=torch.float64)]
        kept: list[list[Any]] = [[], []]
        logits = None
        for token in tokens[: 4 + t + 1]:
            x = torch.nn.functional.one_hot(torch.tensor(token), size).double()
            for index, layer in enumerate(("elman_1", "elman_2")):
                W, U, b = (tensors[f"{layer}/{part}"][0] for part in ("input_weights", "recurrent_weights", "bias"))
                states[index] = torch.tanh(W @ x + U @ states[index] + b).requires_grad_()
                states[index].retain_grad()
                kept[index].append(states[index])
                x = states[index]
            logits = output @ x + bias
        torch.nn.functional.cross_entropy(logits[None], torch.tensor([tokens[4 + t + 1]])).backward()
        for index, layer in enumerate(found["gradient_flow"]):
            expected = [float(h.grad.norm()) for h in kept[index][4:]]
            np.testing.assert_allclose(layer["norms"][t], expected, rtol=1e-4)
