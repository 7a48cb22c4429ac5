"""Windows, pooling, numbers for tokens, plain values: what they mean, by other means than the network's own."""

from __future__ import annotations

from typing import Any

import layers
import numpy as np
import pytest
import rnnh5
from conftest import random_architecture, random_inputs
from rnnh5.architecture import chain_violations, has_one_output
from rnnh5.proof import computed_steps, is_quick


def network(model: dict[str, Any], seed: int = 1) -> rnnh5.Network:
    return rnnh5.Network(model, layers.random_parameters(model, seed, 0.1))


def generator(context: Any, **options: Any) -> dict[str, Any]:
    """A language model of four tokens."""
    stack = (layers.embedding(4, 3), layers.lstm("lstm_1", 3, 2), layers.linear(2, 4))
    return layers.architecture(4, *stack, context=context, **options)


EMBEDDED = layers.embedding(4, 3)
POOL, LAST = layers.attention("pool", 3), layers.linear(3, 4)
LATE = layers.gru("late", 3, 3)
IDS = np.array([3, 0, 2, 2, 1, 0, 3])


@pytest.mark.parametrize("length", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("padding", [None, 2])
def test_a_window_is_a_stream_from_its_beginning(length: int, padding: int | None) -> None:
    stream = network(generator("stream"))
    found = network(generator(layers.window(length, padding))).log_probabilities(IDS)
    assert found.shape == (7, 4)
    for step in range(7):
        window = IDS[max(0, step + 1 - length) : step + 1]
        if padding is not None:
            window = np.concatenate([np.full(length - len(window), padding), window])
        assert np.array_equal(found[step], stream.log_probabilities(window)[-1])


def test_a_window_forgets_what_came_before_it() -> None:
    windows = network(generator(layers.window(3, None)))
    other = IDS.copy()
    other[0] = 1
    same = (windows.log_probabilities(IDS) == windows.log_probabilities(other)).all(axis=1)
    assert same.tolist() == [False, False, False, True, True, True, True]


def test_a_window_of_all_that_came_is_the_stream() -> None:
    found = network(generator(layers.window(7, None))).log_probabilities(IDS)
    assert np.allclose(found, network(generator("stream")).log_probabilities(IDS), rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(60))
def test_a_row_is_the_output_of_what_came_so_far(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = random_architecture(random)
    if not has_one_output(model):
        return
    runs = network(model, seed)
    inputs = random_inputs(model, random, 8)
    whole = runs.log_probabilities(inputs)
    assert whole.shape == (8, runs.outputs)
    for count in range(1, 9):
        assert np.array_equal(runs.log_probabilities(inputs[:count]), whole[:count])


def test_pooling_is_what_the_specification_says() -> None:
    values = np.random.default_rng(1).normal(size=(5, 3))
    weights = np.array([0.5, -1.0, 2.0])
    pooled = layers.architecture(
        3, layers.attention("attention", 3), context="sequence", input="features", output="values"
    )
    (found,) = rnnh5.Network(pooled, {"attention/weights": weights}).log_probabilities(values)[-1:]
    shares = [np.exp(weights @ row) for row in values]
    assert np.allclose(found, sum(share * row for share, row in zip(shares, values)) / sum(shares), rtol=0, atol=1e-12)
    for direction, step in (("forward", -1), ("backward", 0)):
        cell = layers.gru("gru_1", 3, 2, direction=direction)
        options: dict[str, Any] = {"context": "sequence", "input": "features", "output": "values"}
        steps = network(layers.architecture(3, cell, **options)).log_probabilities(values)
        final = network(layers.architecture(3, cell, layers.final("end", "gru_1"), **options)).log_probabilities(values)
        assert np.array_equal(final[-1], steps[step])


def test_a_token_comes_in_as_a_number_and_values_go_out() -> None:
    model = layers.architecture(10, layers.scalar(10, -0.5), layers.activation("relu", "hard_tanh"), output="values")
    assert rnnh5.Network(model, {}).log_probabilities([0, 1, 9]).tolist() == [[0.0], [-0.5], [-1.0]]


def test_values_far_from_zero_are_compared_by_their_size() -> None:
    model = layers.architecture(2, layers.scalar(2, 1e6), output="values")
    runs = rnnh5.Network(model, {})
    proof = rnnh5.Proof(np.array([1, 0], "<u4"), np.array([0], "<u4"), np.array([[1e6 + 1], [1e-3]]), "a test")
    assert proof.largest_difference(runs) == pytest.approx(1e-3)
    proof.log_probabilities = np.array([[1e6 + 1], [0]])
    assert proof.largest_difference(runs) == pytest.approx(1e-6)


@pytest.mark.parametrize(
    ("context", "count", "steps"),
    [
        ("stream", 16, 16),
        ("sequence", 16, 16),
        (layers.window(40, 0), 16, 640),
        (layers.window(40, None), 16, 136),
        (layers.window(4, None), 6, 1 + 2 + 3 + 4 + 4 + 4),
        (layers.window(4096, 0), 1, 4096),
    ],
)
def test_a_step_counts_as_often_as_it_is_computed(context: Any, count: int, steps: int) -> None:
    assert computed_steps(count, generator(context)) == steps


def test_a_proof_is_as_long_as_a_reader_has_time() -> None:
    lengths = {}
    for length in (1, 40, 256, 257, 1000, 4096):
        model = generator(layers.window(length, 1))
        lengths[length] = max(count for count in range(1, 17) if is_quick(count, model, 100))
    assert lengths == {1: 16, 40: 16, 256: 16, 257: 15, 1000: 4, 4096: 1}
    pooled = layers.architecture(4, EMBEDDED, POOL, LAST, context="sequence")
    assert computed_steps(5, pooled) == 15
    # Of a model with 2^32 parameters, a reader computes 16 steps; one input there may always be.
    assert [is_quick(count, generator("stream"), 2**32) for count in (1, 16, 17)] == [True, True, False]
    assert [is_quick(count, generator(layers.window(5, 1)), 2**32) for count in (1, 3, 4)] == [True, True, False]
    assert is_quick(1, generator(layers.window(4096, 1)), 2**32)


def test_a_proof_that_takes_too_long_is_refused(tmp_path) -> None:
    model = generator(layers.window(4096, 1))
    parameters = layers.random_parameters(model, 1)
    rnnh5.write(tmp_path / "model.h5", model, parameters)
    with rnnh5.open(tmp_path / "model.h5", "proof") as opened:
        assert len(opened.proof.inputs) == 1
    long = rnnh5.Proof(np.array([1, 2], "<u4"), np.array([0], "<u4"), np.zeros((2, 1)), "a test")
    with pytest.raises(rnnh5.InvalidFile, match="proof.shape"):
        rnnh5.write(tmp_path / "model.h5", model, parameters, proof=long)


REFUSED = {
    "a pool in a stream": ("stream", [EMBEDDED, POOL, LAST]),
    "pooled twice": ("sequence", [EMBEDDED, POOL, layers.final("again", "pool"), LAST]),
    "recurrent after pooling": ("sequence", [EMBEDDED, POOL, LATE, LAST]),
    "one step and many": ("sequence", [EMBEDDED, POOL, layers.sum_of("both", "pool", "embedding"), LAST]),
    "the end of a later layer": ("sequence", [EMBEDDED, layers.final("pool", "output"), LAST]),
    "the end of itself": ("sequence", [EMBEDDED, layers.final("pool", "pool"), LAST]),
    "a padding that is no token": (layers.window(3, 4), [EMBEDDED, LAST]),
    "no linear layer": (layers.window(3, None), [EMBEDDED, layers.gru("late", 3, 4)]),
    "a number that is taken for a vector": (layers.window(3, None), [layers.scalar(4, 0.5), LAST]),
    "a number in the midst": (layers.window(3, None), [EMBEDDED, layers.scalar(3, 0.5), layers.linear(1, 4)]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused(name: str) -> None:
    context, stack = REFUSED[name]
    assert len(list(chain_violations(layers.architecture(4, *stack, context=context)))) == 1


def test_what_can_be_is_not_refused() -> None:
    # Two ends side by side, each of its own branch.
    stack = [
        EMBEDDED,
        LATE,
        layers.sum_of("again", "embedding"),
        layers.gru("back", 3, 2, direction="backward"),
        layers.final("first", "late"),
        layers.final("second", "back"),
        layers.concatenation("both", "first", "second"),
        layers.layer_norm("norm", 5),
        layers.linear(5, 4),
    ]
    for context in ("sequence", layers.window(1, None), layers.window(4096, 3)):
        assert list(chain_violations(layers.architecture(4, *stack, context=context))) == []
