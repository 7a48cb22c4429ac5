from __future__ import annotations

import copy

import layers
import numpy as np
import pytest
from conftest import random_architecture
from rnnh5.architecture import chain_violations
from rnnh5.resources import document
from rnnh5.schema import matches, violations

SCHEMA = document("architecture.schema.json")


LATER_KEYS = {"leak", "locked", "weights_of"}
"""They came after version 1.0, and are there only where they say something."""


@pytest.mark.parametrize("seed", range(50))
def test_random_architectures_satisfy_the_schema(seed: int) -> None:
    model = random_architecture(np.random.default_rng(seed))
    assert not list(violations(model, SCHEMA))
    assert not list(chain_violations(model))


@pytest.mark.parametrize("seed", range(10))
def test_every_key_of_an_architecture_is_required(seed: int) -> None:
    model = random_architecture(np.random.default_rng(seed))
    for index, layer in enumerate(model["layers"]):
        for key in set(layer) - LATER_KEYS:
            changed = copy.deepcopy(model)
            del changed["layers"][index][key]
            assert list(violations(changed, SCHEMA)), key


def test_true_is_not_one_and_zero_is_not_false() -> None:
    layer = layers.lstm("lstm_1", 2, 2)
    for key, value in {"inputs": True, "peepholes": 0, "bias": 1, "forget_bias": False}.items():
        model = layers.architecture(2, layers.embedding(2, 2), layer | {key: value}, layers.linear(2, 2))
        assert [where for where, _ in violations(model, SCHEMA)] == [f"/layers/1/{key}"]


def test_the_end_of_a_pattern_is_the_end_of_the_text() -> None:
    assert matches("^[a-z]+$", "abc")
    assert not matches("^[a-z]+$", "abc\n")


def test_an_unknown_keyword_is_not_passed_over() -> None:
    with pytest.raises(NotImplementedError):
        list(violations({}, {"minProperties": 1}))
