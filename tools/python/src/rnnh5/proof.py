"""Numbers that every correct reader gets from a file."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .network import Network

STEPS = 16
LARGEST_SELECTION = 256


MAXIMUM_STEPS = 4096
"""A proof with more steps would take a reader too long."""

LARGEST_TOLERANCE = 1e-2
"""A proof that allows a reader in float32 more than this proves nothing."""

LARGEST_TOLERANCE_FLOAT64 = 1e-4
"""The same for float64."""


@dataclass
class Proof:
    """``inputs`` uint32 ``[steps]``, ``tokens`` uint32 ``[columns]``, ``log_probabilities`` float64 ``[steps, columns]``.

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
        # The same infinity on both sides is no difference.
        differences = np.where(computed == self.log_probabilities, 0.0, np.abs(computed - self.log_probabilities))
        return float(differences.max(initial=0.0))


def recorded_by(network: Network, program: str) -> Proof:
    """The customary proof: 16 steps, and up to 256 tokens."""
    size = network.size
    # floor(size * frac((i + 1) / golden ratio)): spread over all tokens, without a random number.
    inputs = [math.floor(size * math.modf((i + 1) * 0.6180339887498949)[0]) for i in range(STEPS)]
    columns = min(size, LARGEST_SELECTION)
    tokens = [j * size // columns for j in range(columns)]
    return Proof(
        np.array(inputs, "<u4"),
        np.array(tokens, "<u4"),
        network.log_probabilities(inputs)[:, tokens],
        program,
    )
