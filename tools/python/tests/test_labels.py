"""Names of outputs: written, read, refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import layers
import pytest
import rnnh5

NAMES = [b"O", "B-Ort \N{LATIN SMALL LETTER O WITH DIAERESIS}".encode(), b"\xff\x00"]
TAGGER = layers.architecture(
    4, layers.embedding(4, 3), layers.gru("gru_1", 3, 2), layers.linear(2, len(NAMES)), context="sequence"
)
LANGUAGE = layers.architecture(3, layers.embedding(3, 2), layers.linear(2, 3))


def write(path: Path, model: dict[str, Any] = TAGGER, labels: list[bytes] | None = NAMES) -> None:
    rnnh5.write(path, model, layers.random_parameters(model, 1), labels=labels)


def test_names_come_back_and_are_part_of_the_model(tmp_path: Path) -> None:
    found = []
    for index, labels in enumerate([NAMES, NAMES[::-1], None]):
        write(tmp_path / f"{index}.h5", labels=labels)
        with rnnh5.open(tmp_path / f"{index}.h5", level="proof") as model:
            assert model.labels == labels
            assert ("labels" in model.required_features) == (labels is not None)
            found.append(model.model_id)
    assert len(set(found)) == 3


@pytest.mark.parametrize(
    ("model", "labels", "rule"),
    [
        (TAGGER, NAMES[:2], "labels.size"),
        (TAGGER, [], "labels.size"),
        (TAGGER, [b"a", b"b", b"a"], "labels.duplicate"),
        (TAGGER, [b"a", b"", b"c"], "labels.duplicate"),
        (LANGUAGE, [b"a", b"b", b"c"], "labels.size"),
    ],
)
def test_what_is_no_name_is_not_written(
    tmp_path: Path, model: dict[str, Any], labels: list[bytes], rule: str
) -> None:
    with pytest.raises(rnnh5.InvalidFile) as caught:
        write(tmp_path / "model.h5", model, labels)
    assert rule in caught.value.report.rules
    assert not (tmp_path / "model.h5").exists()
