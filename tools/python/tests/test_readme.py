"""The README prints what it says."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[1] / "README.md"
REPOSITORY = README.parents[2]
TEXT = README.read_text("utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```\n\n((?:    [^\n]*\n|\n)+)", TEXT, re.DOTALL)
COMMANDS = re.findall(r"    \$ python -m (rnnh5 .*)\n((?:    .*\n|\n(?=    [^$]))*)", TEXT)


def plain(block: str) -> str:
    """An indented block as it was printed."""
    return re.sub(r"^    ", "", block, flags=re.MULTILINE).strip("\n")


def printed(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.strip("\n")


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_the_programs_print_what_stands_below_them(number: int) -> None:
    code, expected = PROGRAMS[number]
    for library in ("torch", "keras"):
        if library in code and not importlib.util.find_spec(library):
            pytest.skip(f"{library} is not installed")
    assert printed("-W", "ignore", "-c", code) == plain(expected)


@pytest.mark.parametrize("number", range(len(COMMANDS)))
def test_the_commands_print_what_stands_below_them(number: int) -> None:
    command, expected = COMMANDS[number]
    assert printed("-m", *command.split()) == plain(expected)


def test_there_is_something_to_test() -> None:
    assert (len(PROGRAMS), len(COMMANDS)) == (4, 2)
