"""Numbers that every correct reader gets from a file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .architecture import has_one_output, takes_tokens, tensor_rules
from .network import Network

STEPS = 16
LARGEST_SELECTION = 256
GOLDEN_RATIO = 0.6180339887498949

# With more than 16 steps, so many steps times parameters.
LARGEST_WORK = 1 << 34
USUAL_STEPS = 16
MAXIMUM_STEPS = 4096
"""A proof with more steps would take a reader too long."""

LARGEST_TOLERANCE = 1e-2
"""A proof that allows a reader in float32 more than this proves nothing."""

LARGEST_TOLERANCE_FLOAT64 = 1e-4
"""The same for float64."""


@dataclass
class Proof:
    """``inputs`` uint32 ``[steps]`` or of features float64 ``[steps, size]``, ``tokens`` uint32 ``[columns]``,
    ``log_probabilities`` float64 ``[steps, columns]``.

    The tolerances are the largest absolute difference, in nats, that a reader in float32 or in float64 may have.
    """

    inputs: np.ndarray
    tokens: np.ndarray
    log_probabilities: np.ndarray
    computed_by: str
    tolerance: float = 1e-3
    tolerance_float64: float = 1e-9

    def largest_difference(self, network: Network) -> float:
        """What the network computes against what is recorded, in nats; NaN where either has no number."""
        computed = network.log_probabilities(self.inputs)[:, self.tokens]
        values = network.architecture["output"]["activation"] == "values"
        unit = np.maximum(1.0, np.abs(self.log_probabilities)) if values else 1.0
        # The same infinity on both sides is no difference.
        same = computed == self.log_probabilities
        differences = np.where(same, 0.0, np.abs(computed - self.log_probabilities) / unit)
        return float(differences.max(initial=0.0))


def recorded_by(network: Network, program: str) -> Proof:
    """The customary proof: 16 steps or as many as are quick, and up to 256 outputs."""
    size = network.size
    parameters = sum(math.prod(rule.shape) for rule in tensor_rules(network.architecture))
    steps = max(n for n in range(1, STEPS + 1) if is_quick(n, network.architecture, parameters))
    # Multiples of the golden ratio: spread over everything, without a random number.
    if takes_tokens(network.architecture):
        inputs = np.array([math.floor(size * _fraction(i + 1)) for i in range(steps)], "<u4")
    else:
        inputs = np.array([[2 * _fraction(i * size + j + 1) - 1 for j in range(size)] for i in range(steps)], "<f8")
    columns = min(network.outputs, LARGEST_SELECTION)
    tokens = [j * network.outputs // columns for j in range(columns)]
    return Proof(inputs, np.array(tokens, "<u4"), network.log_probabilities(inputs)[:, tokens], program)


def computed_steps(count: int, architecture: dict[str, Any]) -> int:
    """How many steps a reader computes for a proof of so many inputs: one as often as it is computed."""
    context = architecture["context"]
    if context["kind"] == "window":
        if context["padding"] is not None:
            return count * int(context["length"])
        return sum(min(i + 1, context["length"]) for i in range(count))
    if context["kind"] == "sequence" and has_one_output(architecture):
        return count * (count + 1) // 2
    return count


def is_quick(count: int, architecture: dict[str, Any], parameters: int) -> bool:
    """Whether a reader computes a proof of so many inputs in reasonable time; one there may always be."""
    if count <= 1:
        return True
    allowed = min(MAXIMUM_STEPS, max(USUAL_STEPS, LARGEST_WORK // max(1, parameters)))
    return computed_steps(count, architecture) <= allowed


def _fraction(multiple: int) -> float:
    return math.modf(multiple * GOLDEN_RATIO)[0]
