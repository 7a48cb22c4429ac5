"""A model in a file: what it is at once, its tensors when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .canonical import parse
from .container import Container, Refusal
from .extras import needed
from .network import Network, State
from .proof import Proof
from .report import Report
from .tensor import Tensor, Tensors
from .training_state import TrainingState
from .validation import LEVELS, Validation
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    import keras
    import torch

    from .torch_network import TorchNetwork


class InvalidFile(ValueError):
    """The file is not a valid rnn-h5 file; ``report`` has all findings."""

    def __init__(self, path: str, report: Report) -> None:
        errors = [str(finding) for finding in report.findings if finding.severity == "error"]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{path}: {errors[0]}{more}")
        self.report = report


class Model:
    """A valid file that is open for reading. A context manager."""

    def __init__(self, path: str | os.PathLike[str], level: str = "structure") -> None:
        """Validates the file at ``level`` first. Raises ``InvalidFile``, or ``OSError`` for what cannot be read."""
        if level not in LEVELS:
            raise ValueError(f"the level is one of {', '.join(LEVELS)}")
        self.path = os.fspath(path)
        try:
            self._container = Container(path)
        except Refusal as refusal:
            report = Report(level, self.path)
            report.add("hdf5.refused", refusal.path, refusal.reason)
            raise InvalidFile(self.path, report) from None
        validation = Validation(self._container, level)
        if not validation.report.valid:
            self._container.close()
            raise InvalidFile(self.path, validation.report)
        texts = {name: found.text or "" for name, found in self._container.items["/"].attributes.items()}
        self.size = self._container.size
        """The bytes of the file."""
        self.architecture: dict[str, Any] = validation.architecture or {}
        """As section 4 of the specification describes it."""
        self.vocabulary: Vocabulary | None = validation.vocabulary
        self.metadata: dict[str, Any] = validation.metadata
        self.lineage: list[dict[str, Any]] = validation.lineage
        self.proof: Proof | None = validation.proof
        self.parameters = Tensors({path: Tensor(rule, item) for path, (rule, item) in validation.tensors.items()})
        self.model_id: str = texts["model_id"]
        self.content_id: str = texts["content_id"]
        self.generator: str = texts["generator"]
        self.format_version: str = texts["format_version"]
        self.minimum_reader_version: str = texts["minimum_reader_version"]
        self.required_features: list[str] = texts["required_features"].split()

    def close(self) -> None:
        """Closes the file. Tensors that were not read can no longer be."""
        self._container.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def history(self) -> dict[str, np.ndarray]:
        """The columns by name, each ``[rows]``; int64 or float64."""
        return {item.path.rpartition("/")[2]: item.read() for item in self._container.children("/history")}

    @cached_property
    def training_state(self) -> TrainingState | None:
        """What a training needs to go on; None for a model that carries nothing of the kind. Reads all of it."""
        state, prefix = TrainingState(), "/training_state/"
        if prefix[:-1] not in self._container.items:
            return None
        for path, item in self._container.items.items():
            if path == prefix + "progress":
                state.progress = parse(item.bytes())
            elif path.startswith(prefix) and not item.is_group:
                (state.words if item.type == "uint64" else state.arrays)[path.removeprefix(prefix)] = item.read()
        return state

    @cached_property
    def network(self) -> Network:
        """The forward pass in float64. The first use reads all tensors."""
        return Network(self.architecture, self._values())

    def _values(self) -> dict[str, np.ndarray]:
        return {path: tensor.read() for path, tensor in self.parameters.items()}

    def to_torch(self, dtype: torch.dtype | None = None) -> TorchNetwork:
        """The model as a live ``torch.nn.Module``, in evaluation mode: ``logits, state = module(tokens, state)``.

        ``dtype`` is ``torch.float32``, if not given, or ``torch.float64``. Every option of the format is there, and every
        parameter can be trained; ``module.stored()`` gives them back as ``rnnh5.write`` takes them. Raises
        ``MissingExtra`` without PyTorch.
        """
        with needed("to_torch", "torch", "torch"):
            from .torch_network import TorchNetwork
        return TorchNetwork(self.architecture, self._values(), *(() if dtype is None else (dtype,)))

    def to_keras(self, states: bool = False) -> keras.Model:
        """The model as a live ``keras.Model`` from ``[batch, steps]`` tokens, or ``[batch, steps, size]`` features, to logits.

        Each call starts from the initial state. With ``states``, the model takes and gives dictionaries instead, ``Inputs``
        and ``Logits`` beside the states ``Hidden_<layer>`` and ``Cell_<layer>`` ``[batch, width]`` of a stream, and of those
        layers of a sequence whose initial state is given. Numbers are float32:
        Keras multiplies in nothing wider.

        Two biases that Keras has as one, and the constant of a forget gate, become one bias. Raises ``NotExpressible`` for
        a layer that Keras does not have, naming the layer and the option; ``MissingExtra`` without Keras.
        """
        with needed("to_keras", "keras", "keras"):
            from .keras_model import keras_model
        return keras_model(self.architecture, self._values(), states)

    def log_probabilities(self, inputs: Sequence[Any] | np.ndarray, state: State | None = None) -> np.ndarray:
        """ln p of every output after each of ``inputs``, float64 ``[steps, outputs]``: see ``Network``.

        To feed a stream in pieces, pass the same dictionary, empty at first, as ``state`` each time.
        """
        return self.network.log_probabilities(inputs, state)


def open(path: str | os.PathLike[str], level: str = "structure") -> Model:
    """Opens a file for reading, after validating it at ``level``: ``structure``, ``hashes`` or ``proof``."""
    return Model(path, level)
