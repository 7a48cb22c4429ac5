"""No flipped bit changes what a reader sees without the program noticing: `tools/bitflips` on a sample of all bits.

Of each file 200 bits are flipped; with the environment variable BITFLIPS_STRIDE every so many (1: all, which takes an hour).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import small_files

RNNTOOL = os.environ.get("RNNTOOL", "")
STRIDE = int(os.environ.get("BITFLIPS_STRIDE", "0"))
FLIPS = 200
BITFLIPS = small_files.FIXTURES.parent / "tools" / "bitflips"
pytestmark = pytest.mark.skipif(not RNNTOOL, reason="RNNTOOL does not name the program rnntool")


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("small")
    return small_files.written(folder) | small_files.trained(folder, RNNTOOL)


def stride(path: Path) -> int:
    """So that the bits of the bytes take turns."""
    return STRIDE or 8 * path.stat().st_size // FLIPS // 8 * 8 + 1


def bitflips(*arguments: Any, code: int = 0) -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, BITFLIPS, *map(str, arguments), "--json"], capture_output=True)
    assert done.returncode == code, done.stdout.decode() + done.stderr.decode()
    return json.loads(done.stdout) if done.stdout else []


@pytest.mark.parametrize(
    "name", ["plain", "compressed", "bfloat16", "everything", "bpe", "trained", "trained_compressed"]
)
def test_every_flip_is_detected_or_harmless_and_python_agrees(name: str, files: dict[str, Path]) -> None:
    # At another bit of the bytes in each file.
    offset = sorted(files).index(name)
    report = bitflips(files[name], "--stride", stride(files[name]), "--offset", offset, "--second-opinion", 4)[0]
    print(report)
    assert report["harmful"] == report["disagreements"] == []
    assert report["flips"] >= FLIPS
    assert report["detected"] > report["flips"] / 4
    # The chunks' index has parts that only some versions of the HDF5 library look at.
    assert "compressed" in name or report["refused_by_one_library"] == []


def test_every_flip_of_a_file_with_its_texts_is_detected_or_harmless(files: dict[str, Path]) -> None:
    report = bitflips(files["trained_whole"], "--stride", stride(files["trained_whole"]))[0]
    assert report["harmful"] == []
    # The text of the specification, too.
    assert report["detected"] > report["flips"] / 2


def test_flips_are_harmful_to_a_program_that_compares_no_hashes(files: dict[str, Path]) -> None:
    report = bitflips(files["everything"], "--stride", stride(files["everything"]), "--level", "structure", code=1)[0]
    assert len(report["harmful"]) > 10
    assert any("/training_state" in change for flip in report["harmful"] for change in flip["changes"])


def test_a_change_that_no_hash_covers_is_found(files: dict[str, Path], tmp_path) -> None:
    # Dimension labels are read by other programs, and by none of ours.
    path = tmp_path / "labelled.h5"
    path.write_bytes(files["plain"].read_bytes())
    small_files.label(path)
    data = path.read_bytes()
    first = 8 * data.rindex(b"a label")
    report = bitflips(path, "--offset", first, "--stride", 8 * (len(data) - first // 8), code=1)[0]
    assert report["flips"] == len(report["harmful"]) == 1
    assert "DIMENSION_LABELS: value" in report["harmful"][0]["changes"][0]


NO_VERDICT = """#!{python}
import json, sys
files = sys.argv[sys.argv.index("--level") + 2:]
whole = open({path!r}, "rb").read()
found = [open(file, "rb").read() == whole for file in files]
print(json.dumps([{{"valid": True, "findings": []}} if is_whole else {report} for is_whole in found]))
sys.exit(0 if all(found) else 2)
"""


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ({"valid": None, "error": "could not be read"}, "could not be read"),
        ({"valid": None}, "no verdict"),
        ({}, "no verdict"),
    ],
)
def test_no_verdict_detects_nothing(report: dict[str, Any], reason: str, files, tmp_path, monkeypatch) -> None:
    path, program = files["plain"], tmp_path / "rnntool"
    program.write_text(NO_VERDICT.format(python=sys.executable, path=str(path), report=report))
    program.chmod(0o755)
    monkeypatch.setenv("RNNTOOL", str(program))
    found = bitflips(path, "--stride", 8 * path.stat().st_size // 4, code=1)[0]
    assert (found["detected"], found["harmless"]) == (0, 0)
    assert [flip["changes"] for flip in found["harmful"]] == [[f"rnntool: {reason}"]] * found["flips"]


def test_a_file_that_is_not_valid_is_not_flipped(tmp_path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(b"no model")
    assert bitflips(path, code=2) == []
