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
from .hashing import OTHER_BYTES, sha256_of_values
from .network import Network, State
from .proof import Proof
from .report import InvalidFile
from .tensor import Tensor, Tensors
from .training_state import TrainingState
from .validation import LEVELS, OTHER_MODEL, Validation
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    import keras
    import torch

    from .torch_network import TorchNetwork


class Model:
    """A valid file that is open for reading. A context manager.

    What was opened at level ``structure`` is compared with its hashes when it is used: each tensor when it is read as a
    whole, the state of a training with ``training_state``, and the model with its ``model_id`` before it computes anything
    or is given to PyTorch or Keras. Each of these raises ``InvalidFile`` where the file holds something else than was
    written, and looks at it once.
    """

    def __init__(self, path: str | os.PathLike[str], level: str = "structure") -> None:
        """Validates the file at ``level`` first. Raises ``InvalidFile``, or ``OSError`` for what cannot be read."""
        if level not in LEVELS:
            raise ValueError(f"the level is one of {', '.join(LEVELS)}")
        self.path = os.fspath(path)
        try:
            self._container = Container(path)
        except Refusal as refusal:
            raise InvalidFile.breaking("hdf5.refused", self.path, refusal.path, refusal.reason, level) from None
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
        self.labels: list[bytes] | None = None if validation.labels is None else validation.labels.names
        """The names of the outputs, where they are not tokens; None where they have none."""
        self.metadata: dict[str, Any] = validation.metadata
        self.lineage: list[dict[str, Any]] = validation.lineage
        self.proof: Proof | None = validation.proof
        self._validation = validation
        # Level ``hashes`` has compared everything already.
        self._is_compared = self._is_identified = level != "structure"
        self.parameters = Tensors(
            {
                path: Tensor(rule, item, self.path, self._is_compared)
                for path, (rule, item) in validation.tensors.items()
            }
        )
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
    def training_progress(self) -> dict[str, Any] | None:
        """How far a training has come whose state is in the file; None for a model that carries nothing of the kind.

        It is any JSON object, and empty for what is none.
        """
        item = self._container.items.get("/training_state/progress")
        if item is None:
            return None
        progress = parse(item.bytes())
        return progress if isinstance(progress, dict) else {}

    @cached_property
    def training_state(self) -> TrainingState | None:
        """What a training needs to go on; None for a model that carries nothing of the kind. Reads all of it.

        Raises ``InvalidFile`` where an array does not have the sha256 beside it. ``progress`` has none: level ``hashes``
        finds it changed, by ``content_id``.
        """
        progress, prefix = self.training_progress, "/training_state/"
        if progress is None:
            return None
        state = TrainingState(progress)
        for path, item in self._container.items.items():
            if not path.startswith(prefix) or item.is_group or item.type == "string":
                continue
            values = item.read()
            if not self._is_compared and sha256_of_values([values]) != item.attributes["sha256"].text:
                raise InvalidFile.breaking("training_state.hash", self.path, path, OTHER_BYTES)
            (state.words if item.type == "uint64" else state.arrays)[path.removeprefix(prefix)] = values
        return state

    @cached_property
    def network(self) -> Network:
        """The forward pass in float64. The first use reads all tensors.

        Raises ``InvalidFile`` where the file does not hold the model of its ``model_id``.
        """
        return Network(self.architecture, self._values())

    def _values(self) -> dict[str, np.ndarray]:
        values = {path: tensor.read() for path, tensor in self.parameters.items()}
        # By now every tensor has been found to have its sha256.
        self._check_identity()
        return values

    def _check_identity(self) -> None:
        """Raises ``InvalidFile`` unless architecture, vocabulary and tensors are those of the ``model_id``."""
        if self._is_identified:
            return
        stated = {path: tensor.sha256 for path, tensor in self.parameters.items()}
        if self._validation.identity(stated) != self.model_id:
            raise InvalidFile.breaking("identity.model_id", self.path, "/@model_id", OTHER_MODEL)
        self._is_identified = True

    def to_torch(self, dtype: torch.dtype | None = None) -> TorchNetwork:
        """The model as a live ``torch.nn.Module``, in evaluation mode: ``logits, state = module(tokens, state)``.

        ``dtype`` is ``torch.float32``, if not given, or ``torch.float64``. Every option of the format is there, and every
        parameter can be trained; ``module.stored()`` gives them back as ``rnnh5.write`` takes them. Raises
        ``InvalidFile`` where the file does not hold the model of its ``model_id``, ``MissingExtra`` without PyTorch.
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
        a layer that Keras does not have, naming the layer and the option; ``InvalidFile`` where the file does not hold the
        model of its ``model_id``; ``MissingExtra`` without Keras.
        """
        with needed("to_keras", "keras", "keras"):
            from .keras_model import keras_model
        return keras_model(self.architecture, self._values(), states)

    def log_probabilities(self, inputs: Sequence[Any] | np.ndarray, state: State | None = None) -> np.ndarray:
        """ln p of every output after each of ``inputs``, float64 ``[steps, outputs]``: see ``Network``.

        To feed a stream in pieces, pass the same dictionary, empty at first, as ``state`` each time. Raises
        ``InvalidFile`` where the file does not hold the model of its ``model_id``.
        """
        return self.network.log_probabilities(inputs, state)


def open(path: str | os.PathLike[str], level: str = "structure") -> Model:
    """Opens a file for reading, after validating it at ``level``: ``structure``, ``hashes`` or ``proof``.

    Raises ``InvalidFile``, or ``OSError`` for what cannot be read. After ``structure``, hashes are compared at use.
    """
    return Model(path, level)
