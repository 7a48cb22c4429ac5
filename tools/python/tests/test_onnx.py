"""ONNX files that the program writes pass ONNX's checker and give the same numbers in onnxruntime; models of PyTorch arrive through ONNX."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import layers
import numpy as np
import pytest
import rnnh5
from conftest import FIXTURES, random_architecture, random_inputs
from program import needs_program, run

onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install onnx")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install onnxruntime")

pytestmark = needs_program

GOLDEN = sorted(path for path in (FIXTURES / "golden").glob("*.h5") if path.stem != "ngram")
TOLERANCE = 1e-5


def expressible(model: dict[str, Any]) -> bool:
    """Whether ONNX has an operator for every layer."""
    for layer in model["layers"]:
        if layer.get("leak", 1) != 1 or layer.get("cell_clip") or layer.get("projection"):
            return False
        if layer["kind"] == "delay":
            return False
        if layer.get("initial_state") == "learned" and model["context"]["kind"] == "stream":
            return False
        recurrent = layer["kind"] in ("elman", "gru", "lstm")
        keys = ("activation", "recurrent_activation", "cell_activation")
        if recurrent and "hard_tanh" in [layer.get(key) for key in keys]:
            return False
        turned = layer.get("update_keeps") == "candidate"
        if turned and layer["recurrent_activation"] not in ("sigmoid", "hard_sigmoid", "hard_sigmoid_sixth"):
            return False
    return True


def session(path: Path) -> Any:
    onnx.checker.check_model(onnx.load(path), full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def feed(session: Any, inputs: np.ndarray, states: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The inputs [time, batch, ...], and states of zeros where there are none."""
    first, *rest = session.get_inputs()
    values = {first.name: inputs.astype(np.int64 if first.type == "tensor(int64)" else np.float32)}
    for state in rest:
        ways, _, width = state.shape
        values[state.name] = states.get(state.name, np.zeros((ways, inputs.shape[1], width), np.float32))
    return values


def answers(session: Any, inputs: np.ndarray, pieces: int = 1) -> np.ndarray:
    """ln p (or the values) at every step, the state carried from piece to piece."""
    names = [output.name for output in session.get_outputs()]
    states: dict[str, np.ndarray] = {}
    results = []
    for piece in np.array_split(inputs, pieces):
        outputs = dict(zip(names, session.run(None, feed(session, piece, states)), strict=True))
        states = {name.removesuffix(".next"): value for name, value in outputs.items() if name.endswith(".next")}
        if "log_probabilities" in outputs:
            results.append(outputs["log_probabilities"])
        elif "probabilities" in outputs:
            # Not the logarithm of what may have been rounded to nought.
            results.append(-np.logaddexp(0, -outputs["logits"].astype(np.float64)))
        else:
            results.append(outputs["values"])
    return np.concatenate(results)


def predictions(session: Any, inputs: np.ndarray, context: dict[str, Any]) -> np.ndarray:
    """The rows of a proof: each from its own window, or from all before it where there is one prediction, else all at once."""
    is_pooled = len(session.get_outputs()[0].shape) == 2
    if context["kind"] == "window" or is_pooled:
        length, padding = context.get("length", len(inputs)), context.get("padding")
        rows = []
        for end in range(1, len(inputs) + 1):
            window = inputs[max(0, end - length) : end]
            if padding is not None:
                window = np.concatenate([np.full(length - len(window), padding, window.dtype), window])
            # One prediction for the window, or the last of many.
            rows.append(answers(session, window[:, None]).reshape(-1, session.get_outputs()[0].shape[-1])[-1])
        return np.array(rows)
    return answers(session, inputs[:, None], 3 if context["kind"] == "stream" else 1)[:, 0]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_model_gives_its_proof_in_onnxruntime(path: Path, tmp_path: Path) -> None:
    with rnnh5.open(path) as model:
        target = tmp_path / "model.onnx"
        if not expressible(model.architecture):
            run("convert", path, target, code=1)
            assert not target.exists()
            return
        run("convert", path, target)
        proof = model.proof
        found = predictions(session(target), np.asarray(proof.inputs), model.architecture["context"])
        numbers = found[:, proof.tokens]
        assert numbers.shape == proof.log_probabilities.shape
        assert np.abs(numbers - proof.log_probabilities).max() <= max(proof.tolerance, TOLERANCE)


@pytest.mark.parametrize("seed", range(60))
def test_random_architecture_gives_the_numbers_of_the_network(seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    model = random_architecture(random)
    parameters = layers.random_parameters(model, seed, 0.1)
    source, target = tmp_path / "model.h5", tmp_path / "model.onnx"
    rnnh5.write(source, model, parameters)
    if not expressible(model):
        run("convert", source, target, code=1)
        assert not target.exists()
        return
    run("convert", source, target)
    network = rnnh5.Network(model, parameters)
    batch = [random_inputs(model, random, 9) for _ in range(3)]
    expected = np.stack([network.log_probabilities(inputs) for inputs in batch], axis=1)
    running = session(target)
    found = np.stack([predictions(running, inputs, model["context"]) for inputs in batch], axis=1)
    assert np.abs(found - expected).max() < 1e-4


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_module_of_pytorch_arrives_and_goes_back(kind: str, bidirectional: bool, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Language(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(7, 5)
            self.rnn = getattr(torch.nn, kind)(5, 6, num_layers=2, bidirectional=bidirectional, batch_first=True)
            self.linear = torch.nn.Linear(12 if bidirectional else 6, 7)

        def forward(self, ids: Any) -> Any:
            return self.linear(self.rnn(self.embedding(ids))[0])

    torch.manual_seed(1)
    module = Language().eval()
    ids = torch.randint(0, 7, (3, 8))
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, (ids,), buffer, dynamo=False, input_names=["ids"], dynamic_axes={"ids": {0: "batch", 1: "time"}}
        )
    (tmp_path / "theirs.onnx").write_bytes(buffer.getvalue())
    run("convert", tmp_path / "theirs.onnx", tmp_path / "ours.h5")
    run("convert", tmp_path / "ours.h5", tmp_path / "again.onnx")
    with torch.no_grad():
        expected = module(ids).log_softmax(-1).numpy()
    with rnnh5.open(tmp_path / "ours.h5") as model:
        for sequence, numbers in zip(ids.numpy(), expected, strict=True):
            assert np.abs(model.log_probabilities(sequence) - numbers).max() < TOLERANCE
    found = answers(session(tmp_path / "again.onnx"), ids.numpy().T)
    assert np.abs(found - np.swapaxes(expected, 0, 1)).max() < TOLERANCE
