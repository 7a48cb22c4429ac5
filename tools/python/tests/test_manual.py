"""The manual pages say what the program says under --help, in the language of man."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from program import RNNTOOL, needs_program, run

pytestmark = needs_program

TOOL = Path(__file__).resolve().parents[2] / "manual"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("manual")
    subprocess.run([sys.executable, TOOL, made, RNNTOOL], check=True)
    return made


def commands() -> list[str]:
    overview = run("--help").decode()
    return re.findall(r"^  ([a-z][a-z-]*) ", overview[overview.index("SUBCOMMANDS:") :], re.MULTILINE)


def test_every_command_has_a_page_with_every_flag(folder: Path) -> None:
    names = [name for name in commands() if name != "help"]
    assert {page.name for page in folder.iterdir()} == {"rnntool.1", *(f"rnntool-{name}.1" for name in names)}
    for name in names:
        text = (folder / f"rnntool-{name}.1").read_text().replace("\\-", "-")
        assert f"rnntool {name}" in text and "Examples:" in text
        for flag in set(re.findall(r"^ +(--[a-z-]+)", run(name, "--help").decode(), re.MULTILINE)):
            assert flag in text, (name, flag)


def test_man_understands_them(folder: Path) -> None:
    if shutil.which("mandoc"):
        command = ["mandoc", "-T", "lint", "-W", "error"]
    elif shutil.which("groff"):
        command = ["groff", "-man", "-Tutf8", "-ww", "-z"]
    else:
        pytest.skip("there is neither mandoc nor groff")
    for page in sorted(folder.iterdir()):
        done = subprocess.run([*command, str(page)], capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr, (page.name, done.stderr, done.stdout)
