"""A program that is stopped, or whose disk fails, at the N-th call that changes a file: `fault.c`, preloaded into it.

The environment variable CRASH_STRIDE says that only every so many of the writes are tried, and a fourth of the other calls
(default: 97; 1: all).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

STRIDE = int(os.environ.get("CRASH_STRIDE", "97"))
COMPILER = shutil.which("cc") or shutil.which("clang")
KINDS = ["kill", "half", "enospc", "eio"]
REASONS = {"enospc": "no space", "eio": "input/output error"}
ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}


class Program:
    """A command with a fault in it."""

    def __init__(self, folder: Path, command: Sequence[str]) -> None:
        if COMPILER is None:
            pytest.skip("there is no C compiler (cc, clang)")
        self.command = command
        self.library = folder / "fault.so"
        source = Path(__file__).with_name("fault.c")
        subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", self.library, source, "-ldl"], check=True)
        self.log = folder / "calls"

    def run(self, *arguments: str | Path, at: int = 0, kind: str = "") -> subprocess.CompletedProcess[bytes]:
        self.log.unlink(missing_ok=True)
        fault = {"LD_PRELOAD": str(self.library), "FAULT_AT": str(at), "FAULT_KIND": kind, "FAULT_LOG": str(self.log)}
        return subprocess.run(
            [*self.command, *map(str, arguments)], capture_output=True, env={**ENVIRONMENT, **fault}, timeout=120
        )

    def points(self, kind: str, *arguments: str | Path, every: bool = False) -> list[int]:
        """The calls at which a fault of a kind is to begin, from 1; the last of them never comes."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr.decode()
        calls = self.log.read_text().split()
        assert "open" in calls and "rename" in calls
        # The file reaches the disk before it takes its name, and then its name does.
        last = len(calls) - 1 - calls[::-1].index("rename")
        assert "fsync" in calls[:last] and "fsync" in calls[last:], calls
        writes = [number for number, call in enumerate(calls, 1) if "write" in call]
        others = [number for number, call in enumerate(calls, 1) if "write" not in call]
        if every or STRIDE == 1:
            return list(range(1, len(calls) + 2))
        # Each kind of fault at other places.
        turn = KINDS.index(kind)
        return [*sorted(writes[turn * STRIDE // 4 :: STRIDE] + others[turn::4]), len(calls) + 1]


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith((".rnntool", ".rnnh5"))]
