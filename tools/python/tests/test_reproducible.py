"""The same model is the same bytes: two runs, any number of threads, any way through other formats."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import rnnh5
import small_files
from rnnh5.canonical import canonical
from rnnh5.container import Container

RNNTOOL = os.environ.get("RNNTOOL", "")
GOLDEN = sorted((small_files.FIXTURES / "golden").glob("*.h5"))
TRAINING = ["train", "text", "-o", "model.h5", "--quiet", "--epochs", "3", "--validate-every", "3", "--dropout", "0.25"]
# Large enough for every thread to get its part.
TRAINING += ["--hidden", "67", "--layers", "2", "--batch", "13", "--length", "8"]
pytestmark = pytest.mark.skipif(not RNNTOOL, reason="RNNTOOL does not name the program rnntool")


def run(
    *arguments: Any, folder: Path | None = None, before: Callable[[], object] | None = None, **variables: str
) -> str:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", **variables}
    command = [RNNTOOL, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, cwd=folder, env=environment, preexec_fn=before)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def trained(folder: Path, *options: str, before: Callable[[], object] | None = None, **variables: str) -> Path:
    """A model trained in a folder of its own, with the same words each time: the file records them."""
    folder.mkdir()
    (folder / "text").write_bytes(small_files.TEXT * 4)
    run(*TRAINING, *options, folder=folder, before=before, **variables)
    return folder / "model.h5"


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return trained(tmp_path_factory.mktemp("reproducible") / "first", "--threads", "2")


def content(path: Path, without: str = "") -> dict[str, Any]:
    """What a reader sees, by path."""
    with Container(path) as container:
        assert container.refusals == []
        seen: dict[str, Any] = {}
        for place, item in container.items.items():
            for name, attribute in item.attributes.items():
                value = attribute.value
                seen[f"{place}@{name}"] = (attribute.type, attribute.shape, None if value is None else value.tobytes())
            if not item.is_group and place != without:
                seen[place] = (item.type, item.shape, item.read().tobytes())
        if without:
            del seen["/@content_id"]
        return seen


def ids(path: Path) -> tuple[str, str]:
    """The identities as the file states them and both validators confirm them."""
    report = json.loads(run("validate", "--json", path))[0]
    assert report["valid"], report
    assert rnnh5.validate(path).valid
    with rnnh5.open(path) as opened:
        assert report["model_id"] == opened.model_id
        return opened.model_id, opened.content_id


@pytest.mark.parametrize("threads", ["--threads=1", "--threads=2", "--threads=3"])
def test_the_same_training_is_the_same_file(threads: str, model: Path, tmp_path) -> None:
    other = trained(tmp_path / "other", threads, LC_ALL="C", TZ="Pacific/Auckland", HOME=str(tmp_path))
    assert other.read_bytes() == model.read_bytes()


def test_times_and_threads_are_recorded_where_bytes_need_not_be_the_same(tmp_path) -> None:
    with rnnh5.open(trained(tmp_path / "one", "--threads", "2", SOURCE_DATE_EPOCH="")) as opened:
        assert opened.metadata["machine"]["threads"] == 2
        assert opened.metadata["command_line"][-2:] == ["--threads", "2"]
        assert "seconds" in opened.history


def test_another_seed_is_another_file(model: Path, tmp_path) -> None:
    other = trained(tmp_path / "other", "--threads", "2", "--seed", "2")
    assert other.read_bytes() != model.read_bytes()
    assert ids(other)[0] != ids(model)[0]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processors cannot be withheld here")
def test_the_number_of_processors_changes_nothing_else(tmp_path) -> None:
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2:
        pytest.skip("there is one processor")
    files = [
        trained(tmp_path / str(count), before=lambda: os.sched_setaffinity(0, processors[:count]))  # noqa: B023
        for count in (1, 2)
    ]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_training_that_keeps_its_state_is_the_same_file(tmp_path) -> None:
    one, other = (trained(tmp_path / threads, "--threads", threads, "--keep-state") for threads in ("1", "2"))
    assert "/training_state/progress" in content(one)
    assert one.read_bytes() == other.read_bytes()


def test_checkpoints_change_nothing(model: Path, tmp_path) -> None:
    path = trained(tmp_path / "one", "--threads", "2", "--checkpoint-every", "2")
    assert content(path, "/metadata") == content(model, "/metadata")


@pytest.mark.parametrize("suffix", ["h5", "npz", "safetensors"])
def test_the_same_conversion_is_the_same_file(suffix: str, model: Path, tmp_path) -> None:
    for name in ("one", "other"):
        run("convert", model, tmp_path / f"{name}.{suffix}", TZ="UTC" if name == "one" else "Asia/Tokyo")
    assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"other.{suffix}").read_bytes()


def test_the_same_compression_is_the_same_file(model: Path, tmp_path) -> None:
    for name in ("one.h5", "other.h5"):
        run("convert", model, tmp_path / name, "--compress")
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "other.h5").read_bytes()


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_model_keeps_its_identity_in_every_format(path: Path, tmp_path) -> None:
    wanted, _ = ids(path)
    before = path
    for name in ("a.safetensors", "b.npz", "c.h5", "packed.h5", "d.npz", "e.safetensors", "f.h5"):
        run("convert", before, tmp_path / name, *(["--compress"] if name == "packed.h5" else []))
        before = tmp_path / name
        if name.endswith(".h5"):
            assert ids(before)[0] == wanted
            assert computed_model_id(before) == wanted
    # Each way is recorded; there is nothing else by which they differ.
    assert content(tmp_path / "c.h5", "/lineage") == content(tmp_path / "f.h5", "/lineage")
    with h5py.File(tmp_path / "packed.h5") as file:
        assert any(item.chunks for group in file["/parameters"].values() for item in group.values())


def computed_model_id(path: Path) -> str:
    """The identity from the numbers in the file, not from the hashes that it states."""
    with rnnh5.open(path) as opened:
        tensors = []
        for name, tensor in opened.parameters.items():
            values = tensor.read()
            if tensor.type == "bfloat16":
                values = (values.view("<u4") >> 16).astype("<u2")
            values = values.astype(values.dtype.newbyteorder("<"))
            tensors.append((name, tensor.type, values.shape, rnnh5.hashing.sha256_of_values([values])))
        labels = None if opened.labels is None else rnnh5.labels.Labels(opened.labels)
        return rnnh5.model_id(canonical(opened.architecture), opened.vocabulary, tensors, labels)


@pytest.mark.parametrize("name", ["lstm", "lstm_compressed", "lstm_two_layers_dropout", "bpe", "training_state"])
def test_how_a_file_is_stored_does_not_change_its_identities(name: str, tmp_path) -> None:
    path = small_files.FIXTURES / "golden" / f"{name}.h5"
    wanted = ids(path)
    for chunks in (True, False):
        small_files.copy(path, tmp_path / "copy.h5", chunks=chunks)
        assert (tmp_path / "copy.h5").read_bytes() != path.read_bytes()
        assert ids(tmp_path / "copy.h5") == wanted
    if repack := shutil.which("h5repack"):
        for index, options in enumerate((["-f", "SHUF", "-f", "GZIP=9"], ["-f", "NONE", "-l", "CONTI"])):
            target = tmp_path / f"{index}.h5"
            subprocess.run([repack, *options, path, target], check=True, capture_output=True)
            assert ids(target) == wanted


def test_any_other_value_is_another_content(tmp_path) -> None:
    path = small_files.FIXTURES / "golden" / "lstm_two_layers_dropout.h5"
    small_files.copy(path, tmp_path / "copy.h5")
    with h5py.File(tmp_path / "copy.h5", "r+") as file:
        file["/vocabulary/counts"][0] += 1
    report = rnnh5.validate(tmp_path / "copy.h5")
    assert report.rules & {"identity.content_id", "identity.model_id"} == {"identity.content_id"}


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "bfloat16"])
def test_contiguous_tensors_can_be_mapped_where_inspect_says(kind: str, model: Path, tmp_path) -> None:
    fixtures = {"float64": "elman_elu", "float16": "elman_relu", "bfloat16": "lstm_bfloat16"}
    path = small_files.FIXTURES / "golden" / f"{fixtures[kind]}.h5" if kind in fixtures else model
    run("convert", path, tmp_path / "mapped.h5")
    path = tmp_path / "mapped.h5"
    types = {"float64": "<f8", "float32": "<f4", "float16": "<f2", "bfloat16": "<u2"}
    tensors = json.loads(run("inspect", path, "--tensors", "--json"))["tensors"]
    assert {tensor["type"] for tensor in tensors} == {kind}
    with h5py.File(path) as file:
        for tensor in tensors:
            assert tensor["offset"] % 64 == 0
            mapped = np.memmap(path, types[kind], "r", tensor["offset"], tuple(tensor["shape"]))
            stored = file["/parameters/" + tensor["path"]]
            assert stored.dtype == mapped.dtype
            assert mapped.nbytes == tensor["bytes"] == tensor["stored_bytes"]
            assert mapped.tobytes() == stored[()].tobytes()


def test_compressed_tensors_have_no_place_to_be_mapped(model: Path, tmp_path) -> None:
    run("convert", model, tmp_path / "packed.h5", "--compress")
    tensors = json.loads(run("inspect", tmp_path / "packed.h5", "--tensors", "--json"))["tensors"]
    assert tensors and all(tensor["offset"] is None for tensor in tensors)
