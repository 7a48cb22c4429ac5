"""Model files of every kind, so small that each of their bits can be flipped.

    python small_files.py FOLDER

writes them for `tools/bitflips`. With the environment variable RNNTOOL, those that the program writes too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import rnnh5
from h5py import h5a, h5d, h5f, h5g, h5p, h5s
from rnnh5.container import LABELS, Container

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
sys.path.insert(0, str(FIXTURES))

import layers  # noqa: E402

TEXT = b"a cat sat on a mat.\n" * 30
BRIEF = ["--hidden", "2", "--batch", "2", "--length", "4", "--threads", "1", "--quiet"]
TEXTS = ("/specification", "/schemas")


def written(folder: Path) -> dict[str, Path]:
    """What rnnh5 writes."""
    model = layers.architecture(3, layers.embedding(3, 2), layers.lstm("lstm_1", 2, 2), layers.linear(2, 3))
    values = layers.random_parameters(model, 1)
    brief = layers.architecture(
        3, layers.one_hot(3), layers.elman("elman_1", 3, 2, bias=False), layers.linear(2, 3, bias=False)
    )
    few = layers.random_parameters(brief, 1)
    bits = {name: rnnh5.BFloat16((array.view(np.uint32) >> 16).astype("<u2")) for name, array in few.items()}
    vocabulary = rnnh5.Vocabulary([b"a", "é".encode(), b"<unk>"], "characters", unknown_id=2, counts=range(3))
    pairs = rnnh5.Vocabulary.from_merges([(97, 98), (256, 99)])
    state = rnnh5.TrainingState(
        {"step": 2}, {"slots/momentum": np.arange(3, dtype="<f4"), "slots/other": np.full(2, np.nan, "<f4")},
        {"random_state/dropout": np.arange(4, dtype="<u8")},
    )  # fmt: skip
    everything: dict[str, Any] = {
        "vocabulary": vocabulary,
        "metadata": {"title": "Räksmörgås"},
        "history": {"step": [10, 20], "valid_loss": [2.5, 2.25]},
        "training_state": state,
    }
    kinds: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
        "plain": (model, values, {}),
        "compressed": (brief, few, {"compress": True}),
        "bfloat16": (brief, bits, {}),
        "everything": (model, values, everything),
    }
    large = layers.architecture(258, layers.one_hot(258), layers.elman("elman_1", 258, 1), layers.linear(1, 258))
    random = layers.random_parameters(large, 2)
    numbers = rnnh5.Network(large, random).log_probabilities([257, 97])[:, [0, 257]]
    proof = rnnh5.Proof([257, 97], [0, 257], numbers, "rnnh5", 1e-3, 1e-9)
    kinds["bpe"] = (large, random, {"vocabulary": pairs, "proof": proof})
    files = {}
    for name, (architecture, parameters, options) in kinds.items():
        files[name] = folder / f"{name}.h5"
        rnnh5.write(files[name], architecture, parameters, embed=False, **options)
    return files


def trained(folder: Path, program: str) -> dict[str, Path]:
    """What the program writes, without the texts of the format, which would be nine tenths of such a file."""

    def run(*arguments: str | Path) -> None:
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
        subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, env=environment)

    (folder / "text").write_bytes(TEXT)
    whole, packed = folder / "trained_whole.h5", folder / "trained_packed.h5"
    run("train", folder / "text", "-o", whole, "--steps", "4", "--validate-every", "2", "--keep-state", *BRIEF)
    run("convert", whole, packed, "--compress", "--force")
    files = {"trained": folder / "trained.h5", "trained_compressed": folder / "trained_compressed.h5"}
    copy(whole, files["trained"], without=TEXTS)
    copy(packed, files["trained_compressed"], without=TEXTS)
    without_labels(whole)
    return {**files, "trained_whole": whole}


def label(path: Path) -> None:
    """Gives a tensor dimension labels."""
    with h5py.File(path, "r+") as file:
        file["/parameters/output/bias"].dims[0].label = "a label"


def without_labels(path: Path) -> None:
    """Removes the dimension labels, which no hash covers."""
    labelled: list[str] = []
    with h5py.File(path, "r+") as file:
        file.visititems(lambda name, item: labelled.append(name) if LABELS in item.attrs else None)
        for name in labelled:
            del file[name].attrs[LABELS]


def copy(source: Path, target: Path, without: Collection[str] = (), chunks: bool | None = None) -> None:
    """Copies what a reader sees, object by object, as h5repack does, and gives the copy its own ``content_id`` if less is in it.

    With ``chunks`` arrays are stored in chunks, compressed, or contiguously; otherwise as they were.
    """
    access = h5p.create(h5p.FILE_ACCESS)
    access.set_libver_bounds(h5f.LIBVER_V18, h5f.LIBVER_V18)
    access.set_alignment(1, 64)
    with h5py.File(source, "r") as old:
        file = h5f.create(os.fsencode(target), h5f.ACC_TRUNC, _untimed(h5p.FILE_CREATE), access)
        _copy_attributes(old["/"], h5g.open(file, b"/"))
        pending = [old["/"]]
        while pending:
            group = pending.pop()
            for item in group.values():
                name = item.name.encode()
                if item.name in without:
                    continue
                if isinstance(item, h5py.Group):
                    _copy_attributes(item, h5g.create(file, name, gcpl=_untimed(h5p.GROUP_CREATE)))
                    pending.append(item)
                else:
                    _copy_dataset(item, file, name, chunks)
        file.close()
    if without:
        _identify(target)


def _copy_dataset(item: h5py.Dataset, file: h5f.FileID, name: bytes, chunks: bool | None) -> None:
    created = _untimed(h5p.DATASET_CREATE)
    if item.chunks if chunks is None else chunks and item.shape and item.size:
        created.set_chunk(item.chunks or item.shape)
        created.set_shuffle()
        created.set_deflate(6)
        created.set_fletcher32()
    dataset = h5d.create(file, name, item.id.get_type(), item.id.get_space(), created)
    if item.size:
        values = np.empty(item.shape, item.dtype)
        item.id.read(h5s.ALL, h5s.ALL, values, item.id.get_type())
        dataset.write(h5s.ALL, h5s.ALL, values, item.id.get_type())
    _copy_attributes(item, dataset)


def _copy_attributes(item: Any, owner: Any) -> None:
    for name in item.attrs:
        if name == LABELS:
            continue
        old = item.attrs.get_id(name)
        values = np.empty(old.shape, old.dtype)
        old.read(values, old.get_type())
        h5a.create(owner, name.encode(), old.get_type(), old.get_space()).write(values, old.get_type())


def _identify(path: Path) -> None:
    with Container(path) as container:
        identity = rnnh5.content_id(container)
    with h5py.File(path, "r+") as file:
        attribute = file.attrs.get_id("content_id")
        attribute.write(np.array(identity.encode(), "S64"), attribute.get_type())


def _untimed(kind: h5p.PropClassID) -> Any:
    properties = h5p.create(kind)
    properties.set_obj_track_times(False)
    return properties


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    files = written(folder)
    if program := os.environ.get("RNNTOOL"):
        files |= trained(folder, program)
    for name, path in files.items():
        print(f"{name:20} {path.stat().st_size:7} bytes  {path}")


if __name__ == "__main__":
    main()
