"""The live PyTorch module gives the numbers of the NumPy network, and of the proofs in the files."""

from __future__ import annotations

import io

import layers
import numpy as np
import pytest
import rnnh5
from conftest import FIXTURES, random_architecture, random_inputs

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'rnnh5[torch]'")
torch.set_num_threads(1)

from rnnh5.architecture import has_one_output  # noqa: E402
from rnnh5.torch_cells import Library  # noqa: E402
from rnnh5.torch_network import TorchNetwork  # noqa: E402

GOLDEN = sorted(path for path in (FIXTURES / "golden").glob("*.h5") if path.stem != "ngram")
TOLERANCES = [(torch.float64, 1e-9), (torch.float32, 1e-4)]


def as_inputs(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, "<i8" if values.dtype.kind in "ui" else "<f8"))


def every_output(module: TorchNetwork, inputs: np.ndarray) -> np.ndarray:
    """What the module gives after each input: where it has one output, of the window or the part that ends there."""
    with torch.no_grad():
        if not has_one_output(module.architecture):
            return module.log_probabilities(as_inputs(inputs))[0].numpy()
        context, rows = module.architecture["context"], []
        for end in range(1, len(inputs) + 1):
            piece = inputs[max(0, end - context.get("length", end)) : end]
            if context.get("padding") is not None:
                missing = np.full(context["length"] - len(piece), context["padding"], piece.dtype)
                piece = np.concatenate([missing, piece])
            rows.append(module.log_probabilities(as_inputs(piece))[0].numpy())
        return np.concatenate(rows)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_model_gives_its_proof_in_pytorch(path) -> None:
    with rnnh5.open(path) as model:
        proof = model.proof
        for dtype, tolerance in ((torch.float64, proof.tolerance_float64), (torch.float32, proof.tolerance)):
            module = model.to_torch(dtype)
            assert not module.training
            assert {parameter.dtype for parameter in module.parameters()} == {dtype}
            numbers = every_output(module, proof.inputs)
            assert np.abs(numbers[:, proof.tokens] - proof.log_probabilities).max() <= tolerance


@pytest.mark.parametrize("seed", range(120))
def test_random_architecture_gives_the_numbers_of_the_network(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = random_architecture(random)
    parameters = layers.random_parameters(model, seed, 0.1)
    network = rnnh5.Network(model, parameters)
    batch = [random_inputs(model, random, 9) for _ in range(3)]
    expected = np.stack([network.log_probabilities(inputs) for inputs in batch])
    for dtype, tolerance in TOLERANCES:
        module = TorchNetwork(model, parameters, dtype)
        if has_one_output(model):
            found = np.stack([every_output(module, inputs) for inputs in batch])
            # Of several at once, each its own.
            if model["context"]["kind"] == "sequence":
                with torch.no_grad():
                    together, _ = module.log_probabilities(as_inputs(np.stack(batch)))
                assert together.shape == (3, 1, module.outputs)
                assert np.abs(together.numpy()[:, 0] - expected[:, -1]).max() < tolerance
        else:
            with torch.no_grad():
                found = module.log_probabilities(as_inputs(np.stack(batch)))[0].numpy()
        assert found.dtype == str(dtype).removeprefix("torch.")
        assert np.abs(found - expected).max() < tolerance


@pytest.mark.parametrize("seed", range(40))
def test_a_stream_in_pieces_is_the_stream_in_pytorch(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = random_architecture(random)
    module = TorchNetwork(model, layers.random_parameters(model, seed, 0.1), torch.float64)
    inputs = as_inputs(random_inputs(model, random, 12))
    with torch.no_grad():
        whole, last = module(inputs)
        if model["context"]["kind"] != "stream":
            assert last == {}
            return
        state, pieces = None, []
        for piece in (inputs[:1], inputs[1:7], inputs[7:7], inputs[7:]):
            logits, state = module(piece, state)
            pieces.append(logits)
    assert torch.allclose(torch.cat(pieces), whole, rtol=0, atol=1e-12)
    assert {name: [part.shape for part in parts] for name, parts in state.items()} == {
        name: [part.shape for part in parts] for name, parts in last.items()
    }


@pytest.mark.parametrize("context", ["stream", "sequence"])
@pytest.mark.parametrize("clip", [None, 0.5])
def test_a_given_state_is_taken_by_pytorch(context: str, clip: float | None) -> None:
    # One of the two is the library's own layer, the other is not.
    cell = layers.lstm("lstm_1", 3, 2, initial_state="given", cell_clip=clip)
    model = layers.architecture(4, layers.embedding(4, 3), cell, layers.linear(2, 4), context=context)
    parameters = layers.random_parameters(model, 1)
    h, c = np.array([0.5, -0.5]), np.array([1.0, 2.0])
    expected = rnnh5.Network(model, parameters).log_probabilities([1, 2], {"lstm_1": (h, c)})
    state = {"lstm_1": (torch.from_numpy(h)[None], torch.from_numpy(c)[None])}
    with torch.no_grad():
        found, _ = TorchNetwork(model, parameters, torch.float64).log_probabilities(torch.tensor([1, 2]), state)
    assert np.abs(found.numpy() - expected).max() < 1e-12


@pytest.mark.parametrize("seed", range(60))
def test_every_parameter_gets_its_gradient_and_comes_back(seed: int, tmp_path) -> None:
    random = np.random.default_rng(seed)
    model = random_architecture(random)
    parameters = layers.random_parameters(model, seed, 0.1)
    module = TorchNetwork(model, parameters, torch.float64)
    for name, values in module.stored().items():
        assert np.array_equal(values, parameters[name])
    inputs = as_inputs(random_inputs(model, random, 5))

    def loss() -> torch.Tensor:
        numbers, _ = module.log_probabilities(inputs)
        return (numbers * torch.linspace(0.5, 1.5, numbers.numel(), dtype=torch.float64).reshape(numbers.shape)).sum()

    start = loss()
    start.backward()
    trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
    assert all(parameter.grad is not None for parameter in trained)
    assert sum(parameter.numel() for parameter in trained) == sum(values.size for values in parameters.values())
    with torch.no_grad():
        for parameter in trained:
            parameter -= 1e-3 * parameter.grad
    # What was trained is written, and is what the module now computes.
    rnnh5.write(tmp_path / "model.h5", model, module.stored())
    with rnnh5.open(tmp_path / "model.h5", "proof") as opened:
        found = every_output(module, inputs.numpy())
        assert np.abs(opened.log_probabilities(inputs.numpy()) - found).max() < 1e-9


def test_training_lowers_the_loss() -> None:
    model = layers.architecture(5, layers.embedding(5, 4), layers.dropout("drop", 0.1), layers.lstm("lstm_1", 4, 8),
                                layers.linear(8, 5))  # fmt: skip
    torch.manual_seed(1)
    module = TorchNetwork(model, layers.random_parameters(model, 1, 0.1)).train()
    tokens = torch.arange(40).remainder(5)[None]
    optimizer = torch.optim.Adam(module.parameters(), 0.05)
    for _ in range(30):
        logits, _ = module(tokens[:, :-1])
        loss = torch.nn.functional.cross_entropy(logits[0], tokens[0, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1


@pytest.mark.parametrize(
    "name", ["lstm", "gru_reset_before", "lstm_peepholes", "tied_weights", "layer_norm", "lstm_forget_bias"]
)
def test_state_dict_is_saved_and_loaded(name: str) -> None:
    with rnnh5.open(FIXTURES / "golden" / f"{name}.h5") as model:
        module = model.to_torch()
        zeros = {path: np.zeros(tensor.shape) for path, tensor in model.parameters.items()}
        other = TorchNetwork(model.architecture, zeros)
        file = io.BytesIO()
        torch.save(module.state_dict(), file)
        file.seek(0)
        other.load_state_dict(torch.load(file, weights_only=True))
        tokens = as_inputs(model.proof.inputs)
        with torch.no_grad():
            assert torch.equal(module(tokens)[0], other(tokens)[0])


def test_tied_weights_are_one_parameter() -> None:
    with rnnh5.open(FIXTURES / "golden" / "tied_weights.h5") as model:
        module = model.to_torch()
        trained = sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
        assert trained == sum(np.prod(tensor.shape) for tensor in model.parameters.values())
        assert module.layers["output"].weight is module.layers["embedding"].weight


def test_a_layer_may_have_any_name() -> None:
    names = ("keys", "forward", "training", "type")
    model = layers.architecture(3, *(layers.gru(name, 3, 3) for name in names), layers.linear(3, 3), input="features")
    parameters = layers.random_parameters(model, 1)
    inputs = np.random.default_rng(1).normal(size=(4, 3))
    with torch.no_grad():
        found, _ = TorchNetwork(model, parameters, torch.float64).log_probabilities(torch.from_numpy(inputs))
    assert np.abs(found.numpy() - rnnh5.Network(model, parameters).log_probabilities(inputs)).max() < 1e-12


def test_layers_that_pytorch_has_are_its_own() -> None:
    found = {}
    for path in GOLDEN:
        with rnnh5.open(path) as model:
            module = model.to_torch()
        found[path.stem] = [type(part.rnn).__name__ for part in module.layers.values() if isinstance(part, Library)]
    assert found["lstm"] == ["LSTM"]
    assert found["lstm_forget_bias"] == ["LSTM"]
    assert found["lstm_projection"] == ["LSTM"]
    assert found["gru_reset_after"] == ["GRU"]
    assert found["elman_tanh"] == ["RNN"]
    assert found["gru_reset_before"] == []
    assert found["lstm_peepholes"] == []


def test_dropout_acts_in_training_only_and_locked_dropout_holds_for_all_steps() -> None:
    drops = (layers.dropout("a", 0.5), layers.dropout("b", 0.5, locked=True))
    for drop, is_locked in zip(drops, (False, True)):
        model = layers.architecture(6, drop, layers.linear(6, 6, False), input="features")
        module = TorchNetwork(model, {"output/weights": np.eye(6)})
        ones = torch.ones(2, 50, 6)
        assert torch.equal(module(ones)[0], ones)
        torch.manual_seed(1)
        drawn = module.train()(ones)[0].detach()
        assert set(drawn.unique().tolist()) == {0.0, 2.0}
        assert bool((drawn == drawn[:, :1]).all()) == is_locked
        assert not torch.equal(drawn[0], drawn[1])
