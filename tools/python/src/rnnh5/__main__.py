"""``python -m rnnh5 inspect FILE`` and ``python -m rnnh5 validate FILE ...``.

Exit codes as those of rnntool: 0 done and valid, 1 not valid, 2 could not be done, 64 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from . import __version__, inspection
from .model import open as open_model
from .report import InvalidFile, printable
from .resources import document
from .validation import LEVELS, validate

REFUSED, IMPOSSIBLE, WRONG_USAGE = 1, 2, 64


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code. Wrong usage, and asking for help, end in ``SystemExit``."""
    options = _parser().parse_args(arguments)
    result: int = options.run(options)
    return result


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="rnnh5", description="Look into rnn-h5 files.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    inspecting = commands.add_parser("inspect", help="show what is in a model file")
    inspecting.add_argument("file", help="the model file")
    inspecting.add_argument(
        "--tensors", action="store_true", help="also list the tensors: type, shape, place in the file, hash"
    )
    inspecting.add_argument("--history", action="store_true", help="also list the history of the training")
    inspecting.add_argument("--metadata", action="store_true", help="also print the metadata and the lineage")
    inspecting.set_defaults(run=_inspect)

    checking = commands.add_parser("validate", help="check model files against all rules of the format")
    checking.add_argument("files", nargs="*", help="the model files")
    checking.add_argument("--level", choices=LEVELS, default="proof", help="how far to go (default: proof)")
    checking.add_argument("--rules", action="store_true", help="list the rules instead")
    checking.add_argument("-q", "--quiet", action="store_true", help="no warnings")
    checking.set_defaults(run=_validate, parser=checking)

    for command in (inspecting, checking):
        command.add_argument("--json", action="store_true", help="for programs")
    return parser


def _inspect(options: argparse.Namespace) -> int:
    try:
        with open_model(options.file) as model:
            found = inspection.facts(model)
    except InvalidFile as error:
        _complain(str(error))
        return REFUSED
    except OSError as error:
        return _impossible(options.file, error)
    if options.json:
        _print_json(found)
        return 0
    parts = [inspection.summary(found)]
    for name, part in (
        ("tensors", inspection.tensors),
        ("history", inspection.history),
        ("metadata", inspection.documents),
    ):
        if getattr(options, name):
            parts.append(part(found))
    print("\n\n".join(parts))
    return 0


def _validate(options: argparse.Namespace) -> int:
    if options.rules == bool(options.files):
        options.parser.error("--rules takes no files" if options.rules else "name at least one model file")
    if options.rules:
        rules = document("rules.json")
        rows = [[rule, stated["severity"], stated["says"]] for rule, stated in sorted(rules.items())]
        _print_json(rules) if options.json else print(inspection.table(rows))
        return 0
    worst, results = 0, []
    for file in options.files:
        try:
            report = validate(file, options.level)
        except OSError as error:
            # The other files still get their answer.
            worst = max(worst, _impossible(file, error))
            results.append({"file": file, "valid": None, "error": _reason(file, error)})
            continue
        worst = max(worst, 0 if report.valid else REFUSED)
        results.append(report.as_json())
        if not options.json:
            for finding in report.findings:
                if not (options.quiet and finding.severity == "warning"):
                    print(finding)
            print(f"{printable(file)}: {report.verdict}")
    if options.json:
        _print_json(results)
    return worst


def _reason(file: str, error: OSError) -> str:
    return f"cannot read {file}: {error.strerror or error}"


def _impossible(file: str, error: OSError) -> int:
    _complain(_reason(file, error))
    return IMPOSSIBLE


def _complain(message: str) -> None:
    print(f"rnnh5: {printable(message)}", file=sys.stderr)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2))


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        # Output that is cut off ends the program, as is the custom.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
