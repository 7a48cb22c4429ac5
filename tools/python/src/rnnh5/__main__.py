"""``python -m rnnh5 list FILE`` and ``python -m rnnh5 validate FILE``.

Exit codes: 0 done and valid, 1 not valid, 2 could not be done.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from .model import InvalidFile
from .model import open as open_model
from .report import printable
from .validation import LEVELS, validate


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code."""
    parser = argparse.ArgumentParser(prog="rnnh5", description="Look into rnn-h5 files.")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="what the model is, and its tensors")
    checking = commands.add_parser("validate", help="check a file against all rules of the format")
    checking.add_argument("--level", choices=LEVELS, default="proof", help="how far to go (default: proof)")
    for command in (listing, checking):
        command.add_argument("file")
        command.add_argument("--json", action="store_true", help="for machines")
    options = parser.parse_args(arguments)
    try:
        return _list(options) if options.command == "list" else _validate(options)
    except InvalidFile as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"cannot read {printable(options.file)}: {printable(error.strerror or str(error))}", file=sys.stderr)
        return 2


def _validate(options: argparse.Namespace) -> int:
    report = validate(options.file, options.level)
    print(json.dumps(report.as_json(), indent=2) if options.json else report)
    return 0 if report.valid else 1


def _list(options: argparse.Namespace) -> int:
    with open_model(options.file) as model:
        tensors = [
            {"path": t.path, "type": t.type, "axes": list(t.axes), "shape": list(t.shape)}
            for t in model.parameters.values()
        ]
        facts = {
            "generator": model.generator,
            "model_id": model.model_id,
            "content_id": model.content_id,
            "vocabulary": model.vocabulary and {"kind": model.vocabulary.kind, "tokens": len(model.vocabulary)},
            "layers": [layer["kind"] for layer in model.architecture["layers"]],
            "tensors": tensors,
        }
    if options.json:
        print(json.dumps(facts, indent=2))
        return 0
    vocabulary = facts["vocabulary"]
    print("model_id  ", facts["model_id"])
    print("generator ", printable(facts["generator"]))
    print("layers    ", ", ".join(facts["layers"]))
    print("vocabulary", f"{vocabulary['tokens']} {vocabulary['kind']}" if vocabulary else "not known")
    width = max((len(tensor["path"]) for tensor in tensors), default=0)
    for tensor in tensors:
        axes = ", ".join(f"{axis} {size}" for axis, size in zip(tensor["axes"], tensor["shape"]))
        print(f"{tensor['path']:{width}}  {tensor['type']:8}  [{axes}]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
