"""The program rnntool, which the environment variable RNNTOOL names."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

RNNTOOL = os.environ.get("RNNTOOL", "")
needs_program = pytest.mark.skipif(not RNNTOOL, reason="RNNTOOL does not name the program rnntool")


def run(*arguments: str | Path, code: int = 0) -> bytes:
    """What the program prints; it has to end with the exit code."""
    done = subprocess.run([RNNTOOL, *map(str, arguments)], capture_output=True)
    assert done.returncode == code, done.stderr.decode()
    return done.stdout


def reports(files: Sequence[Path], level: str) -> list[dict[str, Any]]:
    """The program's validation of each file."""
    done = subprocess.run([RNNTOOL, "validate", "--json", "--level", level, *map(str, files)], capture_output=True)
    assert done.returncode in (0, 1), done.stderr.decode()
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert [report["file"] for report in found] == list(map(str, files))
    return found
