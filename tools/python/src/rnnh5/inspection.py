"""What is in a model file, for programs and for people; no value of a tensor is read."""

from __future__ import annotations

import json
import math
from typing import Any

from .model import Model
from .report import printable

HISTORY = (
    "step", "epoch", "train_loss", "valid_loss", "learning_rate", "gradient_norm", "tokens_per_second", "seconds",
)  # fmt: skip


def facts(model: Model) -> dict[str, Any]:
    """Everything but the values, with the keys of ``rnntool inspect --json``."""
    vocabulary, proof = model.vocabulary, model.proof
    return {
        "file": model.path,
        "bytes": model.size,
        "model_id": model.model_id,
        "content_id": model.content_id,
        "format_version": model.format_version,
        "generator": model.generator,
        "architecture": model.architecture,
        "parameters": sum(math.prod(tensor.shape) for tensor in model.parameters.values()),
        "vocabulary": vocabulary
        and {
            "kind": vocabulary.kind,
            "normalisation": vocabulary.normalisation,
            "tokens": len(vocabulary),
            "unknown_id": vocabulary.unknown_id,
            "line_end_id": vocabulary.line_end_id,
            "specials": vocabulary.specials.tolist(),
        },
        "labels": model.labels and [name.decode("utf-8", "replace") for name in model.labels],
        "metadata": model.metadata,
        "lineage": model.lineage,
        "history": {name: [_finite(value) for value in column.tolist()] for name, column in model.history.items()},
        "proof": proof
        and {
            "steps": len(proof.inputs),
            "tokens": len(proof.tokens),
            "computed_by": proof.computed_by,
            "tolerance": proof.tolerance,
        },
        "tensors": [
            {
                "path": tensor.path,
                "type": tensor.type,
                "shape": list(tensor.shape),
                "offset": tensor.offset,
                "bytes": tensor.nbytes,
                "stored_bytes": tensor.stored_bytes,
                "sha256": tensor.sha256,
            }
            for tensor in model.parameters.values()
        ],
        "unfinished": _unfinished(model),
    }


def _unfinished(model: Model) -> dict[str, Any] | None:
    """How far a training has come whose state is in the file; of its progress nothing is sure but that it is JSON."""
    progress = model.training_progress
    if progress is None:
        return None

    def look(*path: str) -> Any:
        value: Any = progress
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    found = {
        "step": look("training", "step"),
        "steps": look("recipe", "plan", "maximum_steps"),
        "epoch": look("training", "last", "epoch"),
        "epochs": look("recipe", "plan", "epochs"),
    }
    return {key: value for key, value in found.items() if isinstance(value, (int, float)) and value is not True}


def summary(found: dict[str, Any]) -> str:
    """The file in a few lines, and its layers."""
    vocabulary, proof, types = found["vocabulary"], found["proof"], {tensor["type"] for tensor in found["tensors"]}
    rows = [
        ["model", printable(found["file"])],
        ["identity", found["model_id"]],
        ["format", f"rnn-h5 {found['format_version']}, written by {printable(found['generator'])}"],
        ["size", f"{found['bytes']:,} bytes, {found['parameters']:,} parameters ({', '.join(sorted(types))})"],
        ["vocabulary", f"{vocabulary['tokens']:,} {vocabulary['kind']}" if vocabulary else "not known"],
    ]
    if "title" in found["metadata"]:
        rows.append(["title", printable(found["metadata"]["title"])])
    rows.append(["lineage", ", then ".join(event["event"] for event in found["lineage"]) or "not recorded"])
    by = f"{proof['steps']} steps, {proof['tokens']} outputs, by {printable(proof['computed_by'])}" if proof else "none"
    rows.append(["proof", by])
    layers = [["layer", "kind", "inputs", "outputs", "parameters"]]
    for layer in found["architecture"]["layers"]:
        own = [tensor["shape"] for tensor in found["tensors"] if tensor["path"].startswith(layer["name"] + "/")]
        size = layer.get("size", "")
        inputs, outputs = layer.get("inputs", size), 1 if layer["kind"] == "scalar" else layer.get("outputs", size)
        layers.append([layer["name"], layer["kind"], str(inputs), str(outputs), f"{sum(map(math.prod, own)):,}"])
    return table(rows) + "\n\n" + table(layers, right=(2, 3, 4))


def tensors(found: dict[str, Any]) -> str:
    """The tensors with their places in the file."""
    rows = [["tensor", "type", "shape", "offset", "bytes", "sha256"]]
    for tensor in found["tensors"]:
        offset = "chunked" if tensor["offset"] is None else str(tensor["offset"])
        shape = " x ".join(map(str, tensor["shape"]))
        rows.append([tensor["path"], tensor["type"], shape, offset, f"{tensor['bytes']:,}", tensor["sha256"][:16]])
    return table(rows, right=(3, 4))


def history(found: dict[str, Any]) -> str:
    """The history of the training, a line for each validation."""
    columns = found["history"]
    if not columns:
        return "no history"
    known = {name: place for place, name in enumerate(HISTORY)}
    names = sorted(columns, key=lambda name: (known.get(name, len(HISTORY)), name))
    rows = [[printable(name) for name in names]]
    for values in zip(*(columns[name] for name in names)):
        rows.append([f"{value:.6g}" if isinstance(value, float) else str(value) for value in values])
    return table(rows, right=range(len(names)))


def documents(found: dict[str, Any]) -> str:
    """The metadata and the lineage."""
    texts = (json.dumps(found[name], indent=2, ensure_ascii=False) for name in ("metadata", "lineage"))
    return "\n".join("\n".join(map(printable, text.splitlines())) for text in texts)


def table(rows: list[list[str]], right: tuple[int, ...] | range = ()) -> str:
    """Columns two spaces apart; those of ``right`` stand at the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = (
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
