from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from conftest import FIXTURES
from program import needs_program, run
from rnnh5.__main__ import main

GOLDEN = sorted((FIXTURES / "golden").glob("*.h5"))
GOOD = str(FIXTURES / "golden" / "lstm.h5")
BAD = str(FIXTURES / "hostile" / "name_control_characters.h5")


def test_valid_file_is_zero(capsys) -> None:
    assert main(["validate", GOOD]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(r".*/lstm\.h5: valid \(proof, proof met to .*e-0\d nats\)", last)
    assert main(["validate", "--level", "structure", "--quiet", GOOD]) == 0
    assert capsys.readouterr().out == f"{GOOD}: valid (structure)\n"


def test_invalid_file_is_one_and_cannot_speak_to_the_terminal(capsys) -> None:
    assert main(["validate", BAD]) == 1
    assert "\x1b" not in capsys.readouterr().out
    assert main(["validate", "--json", GOOD, BAD]) == 1
    text = capsys.readouterr().out
    assert "\x1b" not in text
    good, bad = json.loads(text)
    assert (good["valid"], bad["valid"]) == (True, False)
    assert "parameters.unused" in {finding["rule"] for finding in bad["findings"]}
    assert main(["inspect", BAD]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "\x1b" not in captured.err


@pytest.mark.parametrize("command", ["inspect", "validate"])
def test_missing_file_is_two(command: str, capsys, tmp_path) -> None:
    assert main([command, str(tmp_path / "none.h5")]) == 2
    assert main([command, str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 2


def test_the_other_files_still_get_their_answer(capsys, tmp_path) -> None:
    assert main(["validate", "--json", str(tmp_path / "none.h5"), BAD, GOOD]) == 2
    captured = capsys.readouterr()
    assert [report["valid"] for report in json.loads(captured.out)] == [None, False, True]
    assert "none.h5" in captured.err


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["validate"],
        ["validate", "--rules", GOOD],
        ["validate", "--level", "all", GOOD],
        ["inspect"],
        ["list", GOOD],
    ],
)
def test_wrong_usage_is_sixty_four(wrong: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 64
    assert capsys.readouterr().out == ""


def test_inspect_shows_the_parts_that_are_asked_for(capsys) -> None:
    assert main(["inspect", GOOD]) == 0
    brief = capsys.readouterr().out
    assert "884 parameters (float32)" in brief
    assert "lstm_1/bias" not in brief
    assert main(["inspect", GOOD, "--tensors", "--history", "--metadata"]) == 0
    full = capsys.readouterr().out
    assert full.startswith(brief[:-1])
    assert "lstm_1/bias" in full and "no history" in full and '"title": "Golden model: lstm"' in full


def test_the_module_is_a_command_and_ends_with_its_exit_code() -> None:
    done = subprocess.run([sys.executable, "-m", "rnnh5", "validate", BAD], capture_output=True)
    assert done.returncode == 1
    assert done.stdout.endswith(b"NOT valid\n")


@needs_program
def test_inspect_tells_programs_what_the_program_tells(capsys) -> None:
    for path in GOLDEN:
        assert main(["inspect", "--json", str(path)]) == 0
        mine, theirs = json.loads(capsys.readouterr().out), json.loads(run("inspect", "--json", path))
        # The program says more, of tensors too.
        tensors = [{key: value for key, value in tensor.items() if key in mine["tensors"][0]} for tensor in theirs["tensors"]]
        assert mine == {key: value for key, value in theirs.items() if key in mine} | {"tensors": tensors}


@needs_program
def test_validate_tells_programs_what_the_program_tells(capsys) -> None:
    files = [GOOD, BAD, str(FIXTURES / "hostile" / "version_newer_major.h5"), str(FIXTURES / "hostile" / "not_hdf5.h5")]
    main(["validate", "--json", *files])
    mine, theirs = json.loads(capsys.readouterr().out), json.loads(run("validate", "--json", *files, code=1))
    for ours, other in zip(mine, theirs):
        assert ours.keys() == other.keys()
        for key in ("file", "valid", "level", "model_id"):
            assert ours[key] == other[key]
        assert (ours["proof_difference"] is None) == (other["proof_difference"] is None)
        assert all(a.keys() == b.keys() for a, b in zip(ours["findings"], other["findings"]))
    main(["validate", "--rules", "--json"])
    assert json.loads(capsys.readouterr().out) == json.loads(run("validate", "--rules", "--json"))
