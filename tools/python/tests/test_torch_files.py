"""Files of torch.save become models with PyTorch's numbers, and the files that the program writes load into the same modules, bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rnnh5
from conftest import FIXTURES
from program import needs_program, run

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'rnnh5[torch]'")
torch.set_num_threads(1)

pytestmark = needs_program

SIZE, WIDTH, HIDDEN = 11, 5, 6
TOLERANCE = 1e-5


class Language(torch.nn.Module):
    def __init__(self, kind: str, **options: Any) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(SIZE, WIDTH)
        self.rnn = getattr(torch.nn, kind)(WIDTH, HIDDEN, **options)
        width = options.get("proj_size", HIDDEN) * (2 if options.get("bidirectional") else 1)
        self.output = torch.nn.Linear(width, SIZE)

    def forward(self, ids: Any) -> Any:
        return self.output(self.rnn(self.embedding(ids))[0])


OPTIONS: list[tuple[str, dict[str, Any]]] = [
    (kind, options)
    for kind in ("RNN", "LSTM", "GRU")
    for options in (
        {},
        {"num_layers": 3},
        {"bias": False},
        {"bidirectional": True},
        {"bidirectional": True, "num_layers": 2},
    )
] + [
    ("RNN", {"nonlinearity": "relu", "num_layers": 2}),
    ("LSTM", {"proj_size": 3, "num_layers": 2}),
    ("LSTM", {"proj_size": 3, "bidirectional": True}),
]


@pytest.mark.parametrize(("kind", "options"), OPTIONS, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("zipped", [True, False])
def test_a_state_dict_arrives_and_goes_back(
    kind: str, options: dict[str, Any], dtype: Any, zipped: bool, tmp_path: Path
) -> None:
    torch.manual_seed(3)
    module = Language(kind, **options).to(dtype).eval()
    theirs, ours, again = tmp_path / "theirs.pt", tmp_path / "ours.h5", tmp_path / "again.pt"
    torch.save({"epoch": 1, "model": module.state_dict()}, theirs, _use_new_zipfile_serialization=zipped)
    relu = ["--activation", "relu"] if "nonlinearity" in options else []
    run("convert", theirs, ours, *relu)
    ids = torch.randint(0, SIZE, (9, 3))
    with torch.no_grad():
        expected = module(ids).log_softmax(-1).numpy()
    with rnnh5.open(ours) as model:
        for stream in range(3):
            found = model.log_probabilities(ids[:, stream].numpy())
            assert np.abs(found - expected[:, stream]).max() < TOLERANCE
    run("convert", ours, again)
    state = torch.load(again, weights_only=True)
    copy = Language(kind, **options).to(dtype).eval()
    copy.load_state_dict(state, strict=True)
    for name, value in module.state_dict().items():
        assert state[name].dtype == value.dtype
        assert torch.equal(state[name], value), name


def test_a_file_that_names_a_function_is_refused(tmp_path: Path) -> None:
    class Caller:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "called",)

    torch.save({"weights": Caller()}, tmp_path / "hostile.pt")
    run("convert", tmp_path / "hostile.pt", tmp_path / "a.h5", code=1)
    assert not (tmp_path / "called").exists()
    assert not (tmp_path / "a.h5").exists()


@pytest.mark.parametrize("ending", ["pt", "torch.safetensors", "torch.npz"])
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_the_printed_program_loads_the_file(kind: str, ending: str, tmp_path: Path) -> None:
    if ending == "torch.safetensors":
        pytest.importorskip("safetensors", reason="safetensors is not installed: pip install safetensors")
    torch.manual_seed(4)
    module = Language(kind, num_layers=2).eval()
    theirs, ours, again = tmp_path / "theirs.pt", tmp_path / "ours.h5", tmp_path / f"again.{ending}"
    torch.save(module.state_dict(), theirs)
    run("convert", theirs, ours)
    scope: dict[str, Any] = {}
    exec(run("convert", ours, again, "--print-loader"), scope)
    ids = torch.randint(0, SIZE, (9, 3))
    with torch.no_grad():
        assert torch.equal(scope["load"](again)(ids)[0], module(ids))
    # There is nothing in such a file that would have to be told.
    run("convert", ours, again, "--lossless", "--force")


@pytest.mark.parametrize("name", ["lstm_forget_bias", "gru_reset_after_keeps_candidate"])
def test_conventions_that_pytorch_has_not_become_parameters(name: str, tmp_path: Path) -> None:
    golden, theirs = FIXTURES / f"golden/{name}.h5", tmp_path / "theirs.pt"
    scope: dict[str, Any] = {}
    exec(run("convert", golden, theirs, "--print-loader"), scope)
    with rnnh5.open(golden) as model, torch.no_grad():
        ids = np.arange(24) % model.architecture["input"]["size"]
        found = scope["load"](theirs)(torch.from_numpy(ids)[:, None])[0]
        assert np.abs(found.log_softmax(-1)[:, 0].numpy() - model.log_probabilities(ids)).max() < TOLERANCE
