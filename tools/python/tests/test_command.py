from __future__ import annotations

import json

import pytest
from conftest import FIXTURES
from rnnh5.__main__ import main

GOOD = str(FIXTURES / "golden" / "lstm.h5")
BAD = str(FIXTURES / "hostile" / "name_control_characters.h5")


def test_valid_file_is_zero(capsys) -> None:
    assert main(["validate", GOOD]) == 0
    assert capsys.readouterr().out.endswith("\nvalid (proof)\n")


def test_invalid_file_is_one_and_cannot_speak_to_the_terminal(capsys) -> None:
    assert main(["validate", BAD]) == 1
    assert "\x1b" not in capsys.readouterr().out
    assert main(["validate", "--json", BAD]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["valid"] is False
    assert "parameters.unused" in {finding["rule"] for finding in found["findings"]}
    assert main(["list", BAD]) == 1


@pytest.mark.parametrize("command", ["list", "validate"])
def test_missing_file_is_two(command: str, capsys, tmp_path) -> None:
    assert main([command, str(tmp_path / "none.h5")]) == 2
    assert main([command, str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 2


def test_list_names_every_tensor(capsys) -> None:
    assert main(["list", "--json", GOOD]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [tensor["path"] for tensor in facts["tensors"]][:2] == ["embedding/weights", "lstm_1/input_weights"]
    assert main(["list", GOOD]) == 0
    assert "lstm_1/bias" in capsys.readouterr().out
