"""KenLM reads the ARPA file that our n-gram models write, and gives its sentences the scores that we give them.

`Tests/NGramTests/GoldenTests.swift` holds the library to the same files.
"""

from __future__ import annotations

import json

import pytest
from conftest import FIXTURES

kenlm = pytest.importorskip("kenlm", reason="kenlm is not installed: pip install kenlm")

NGRAM = FIXTURES / "ngram"


def test_kenlm_reads_what_we_write_and_scores_as_we_do() -> None:
    model = kenlm.Model(str(NGRAM / "written.arpa"))
    assert model.order == 3
    expected = json.loads((NGRAM / "scores.json").read_text())
    sentences = (NGRAM / "held_out.txt").read_text().splitlines()
    assert [model.score(sentence) for sentence in sentences] == pytest.approx(expected, rel=0, abs=1e-4)


@pytest.mark.parametrize("name", ["large", "pruned", "small"])
def test_the_stored_scores_are_those_of_this_kenlm(name: str) -> None:
    model = kenlm.Model(str(NGRAM / f"lmplz_{name}.arpa"))
    expected = json.loads((NGRAM / "kenlm_scores.json").read_text())[name]
    sentences = (NGRAM / "held_out.txt").read_text().splitlines()
    assert [model.score(sentence) for sentence in sentences] == pytest.approx(expected, rel=0, abs=1e-5)
