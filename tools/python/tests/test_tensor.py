"""Reading a part of a tensor, and mapping it, without touching the rest."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import h5py
import layers
import numpy as np
import pytest
import rnnh5
from conftest import FIXTURES

WIDE = layers.architecture(3, layers.gru("gru_1", 3, 800), layers.linear(800, 2), input="features")


def wide(path: Path, compress: bool) -> np.ndarray:
    """A file with a tensor of 8 MB, which is given back."""
    parameters = layers.random_parameters(WIDE, 1)
    # Few different values: quick to compress.
    weights = parameters["gru_1/recurrent_weights"] = np.round(parameters["gru_1/recurrent_weights"])
    rnnh5.write(path, WIDE, parameters, compress=compress, embed=False)
    return weights


KEYS: list[Any] = [
    0, -1, slice(0, 2), slice(None), ..., (1, 2), (slice(1, 3), 0), (..., 0), (0, ..., slice(1, 3)), (slice(None), slice(4, 1, -2)),
    slice(3, 1), (slice(None, None, 3), slice(-2, None)), (slice(None, None, -1), ..., slice(None, None, -1)), (0, 1, 2),
    (np.int64(1),), (), slice(10, 20), (slice(2, 0, -1), slice(0, 0)),
]  # fmt: skip


@pytest.mark.parametrize("name", ["lstm", "lstm_compressed", "lstm_bfloat16", "gru_reset_before"])
def test_a_part_is_what_numpy_cuts_out(name: str) -> None:
    with rnnh5.open(FIXTURES / "golden" / f"{name}.h5") as model:
        for tensor in model.parameters.values():
            whole = tensor.read()
            for key in KEYS:
                try:
                    expected = whole[key]
                except IndexError:
                    with pytest.raises(IndexError):
                        tensor[key]
                    continue
                found = tensor[key]
                assert found.dtype == expected.dtype
                assert found.shape == expected.shape
                assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("key", ["a", 1.0, None, [0], True, (..., ...), (0,) * 4, 12, -13])
def test_what_is_no_part_is_refused(key: Any) -> None:
    with rnnh5.open(FIXTURES / "golden" / "lstm.h5") as model, pytest.raises(IndexError):
        model.parameters["lstm_1/input_weights"][key]


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system does not say how much a process reads")
@pytest.mark.parametrize("compress", [False, True])
def test_a_part_is_read_without_the_rest(compress: bool, tmp_path) -> None:
    weights = wide(tmp_path / "model.h5", compress)

    def read_so_far() -> int:
        return int(Path("/proc/self/io").read_text().split()[1])

    with rnnh5.open(tmp_path / "model.h5") as model:
        tensor = model.parameters["gru_1/recurrent_weights"]
        before = read_so_far()
        assert np.array_equal(tensor[1, 10:12], weights[1, 10:12])
        part = read_so_far() - before
        before = read_so_far()
        assert np.array_equal(tensor.read(), weights)
        whole = read_so_far() - before
        # The library keeps the chunk that it has read.
        assert part + whole >= tensor.stored_bytes
        assert part < whole / 4
    with pytest.raises(rnnh5.FileClosed):
        tensor.read()


def test_a_damaged_chunk_spoils_only_what_lies_in_it(tmp_path) -> None:
    weights = wide(tmp_path / "model.h5", compress=True)
    with h5py.File(tmp_path / "model.h5") as file:
        dataset = file["/parameters/gru_1/recurrent_weights"]
        chunks = [dataset.id.get_chunk_info(index) for index in range(dataset.id.get_num_chunks())]
        last = max(chunks, key=lambda chunk: chunk.chunk_offset)
    with open(tmp_path / "model.h5", "r+b") as file:
        file.seek(last.byte_offset + last.size // 2)
        file.write(b"\xaa\x55")
    with rnnh5.open(tmp_path / "model.h5") as model:
        tensor = model.parameters["gru_1/recurrent_weights"]
        assert np.array_equal(tensor[0, :5], weights[0, :5])
        for read in (tensor.read, lambda: tensor[-1, -1]):
            with pytest.raises(rnnh5.Refusal):
                read()


@pytest.mark.parametrize("path", sorted((FIXTURES / "golden").glob("*.h5")), ids=lambda path: path.stem)
def test_the_map_is_the_tensor(path: Path) -> None:
    data = path.read_bytes()
    maps = {}
    with rnnh5.open(path) as model:
        for name, tensor in model.parameters.items():
            if tensor.offset is None:
                with pytest.raises(rnnh5.NotMappable, match=name):
                    tensor.memory_map()
                continue
            maps[name] = (tensor.memory_map(), tensor.read(), tensor.type)
            assert data[tensor.offset : tensor.offset + tensor.nbytes] == maps[name][0].tobytes()
    # The file is closed, the maps are not.
    for mapped, values, kind in maps.values():
        assert not mapped.flags.writeable
        with pytest.raises(ValueError):
            mapped[...] = 0
        widened = (mapped.astype("<u4") << 16).view("<f4") if kind == "bfloat16" else mapped
        assert widened.tobytes() == values.tobytes()
    assert bool(maps) == ("compressed" not in path.stem)


@pytest.mark.skipif(sys.platform == "win32", reason="an open file keeps its name there")
def test_the_map_is_of_the_file_that_was_opened(tmp_path) -> None:
    path = tmp_path / "model.h5"
    for name in ("lstm", "gru_reset_before"):
        (tmp_path / name).write_bytes((FIXTURES / "golden" / f"{name}.h5").read_bytes())
    os.rename(tmp_path / "lstm", path)
    with rnnh5.open(path) as model:
        os.replace(tmp_path / "gru_reset_before", path)
        tensor = model.parameters["lstm_1/input_weights"]
        assert np.array_equal(tensor.memory_map(), tensor.read())
