"""What `train --tensorboard` writes, read by TensorBoard itself."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from program import needs_program, run

# With this module TensorBoard reads files by itself.
sys.modules.setdefault("tensorboard.compat.notf", ModuleType("tensorboard.compat.notf"))
accumulator = pytest.importorskip(
    "tensorboard.backend.event_processing.event_accumulator", reason="TensorBoard is not installed: pip install tensorboard"
)

pytestmark = needs_program

TEXT = "The quick brown fox jumps over the lazy dog.\n" * 60
BRIEF = ["--hidden", "8", "--batch", "4", "--length", "8", "--validate-every", "10", "--quiet"]


def events(folder: Path) -> accumulator.EventAccumulator:
    """All that TensorBoard finds in a folder, without leaving any point out."""
    guidance = {kind: 0 for kind in ("scalars", "histograms", "tensors")}
    found = accumulator.EventAccumulator(str(folder), size_guidance=guidance)
    found.Reload()
    return found


def test_curves_histograms_and_texts(tmp_path: Path) -> None:
    (tmp_path / "text").write_text(TEXT)
    model, folder, table = tmp_path / "m.h5", tmp_path / "runs" / "a", tmp_path / "m.csv"
    run("train", tmp_path / "text", "-o", model, "--steps", "40", "--tensorboard", folder, "--csv", table, *BRIEF)
    history = json.loads(run("inspect", model, "--json"))["history"]
    found = events(folder)
    tags = found.Tags()
    assert {"loss/training", "loss/validation", "learning_rate", "gradient_norm", "epoch"} <= set(tags["scalars"])
    assert [event.step for event in found.Scalars("loss/training")] == list(range(1, 41))
    valid = found.Scalars("loss/validation")
    assert [event.step for event in valid] == history["step"]
    assert [event.value for event in valid] == pytest.approx(history["valid_loss"], rel=1e-6)

    figures = {
        tensor["path"]: tensor["statistics"]
        for tensor in json.loads(run("inspect", model, "--statistics", "--json"))["tensors"]
    }
    assert set(tags["histograms"]) == set(figures)
    best = history["valid_loss"].index(min(history["valid_loss"]))
    for path, figure in figures.items():
        histogram = found.Histograms(path)[best].histogram_value
        assert histogram.min == pytest.approx(figure["minimum"]) and histogram.max == pytest.approx(figure["maximum"])
        assert histogram.num == figure["count"] == sum(histogram.bucket)
        assert histogram.sum == pytest.approx(figure["mean"] * figure["count"], abs=1e-6)
        assert list(histogram.bucket) == figure["histogram"]["counts"]
        assert list(histogram.bucket_limit) == pytest.approx(figure["histogram"]["edges"][1:])

    samples = found.Tensors("sample")
    assert len(samples) == len(history["step"])
    text = samples[-1].tensor_proto.string_val[0].decode()
    assert len(text) > 300 and all(line.startswith("    ") for line in text.split("\n"))

    with table.open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == history["step"]
    for name in ("epoch", "train_loss", "valid_loss", "learning_rate", "gradient_norm"):
        assert [float(row[name]) for row in rows] == pytest.approx(history[name])


def test_a_resumed_training_goes_on(tmp_path: Path) -> None:
    (tmp_path / "text").write_text(TEXT)
    model, folder, table = tmp_path / "m.h5", tmp_path / "runs", tmp_path / "m.csv"
    watch = ["--tensorboard", folder, "--csv", table, "--quiet"]
    run("train", tmp_path / "text", "-o", model, "--steps", "20", "--keep-state", *watch, *BRIEF[:-1])
    # What a crash has left behind of updates that are done again.
    with table.open("a") as file:
        file.write("30,9,9,9,9,9,9,9\n")
    run("train", "--resume", model, "--steps", "40", "--keep-state", *watch)
    with table.open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [10, 20, 30, 40]
    assert float(rows[2]["valid_loss"]) < 9
    assert [event.step for event in events(folder).Scalars("loss/training")] == list(range(1, 41))


def test_a_table_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "text").write_text(TEXT)
    table = tmp_path / "m.csv"
    table.write_text("mine")
    flags = ["--steps", "10", "--csv", table, *BRIEF]
    run("train", tmp_path / "text", "-o", tmp_path / "m.h5", *flags, code=1)
    assert table.read_text() == "mine"
    run("train", tmp_path / "text", "-o", tmp_path / "m.h5", *flags, "--force")
    assert table.read_text().startswith("step,epoch,")
    run("train", tmp_path / "text", "-o", table, *flags, "--force", code=64)
