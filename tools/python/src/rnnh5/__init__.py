"""rnn-h5: one HDF5 file, one recurrent language model. Read it, run it, validate it, write it."""

from .container import FileClosed, Refusal
from .extras import MissingExtra, NotExpressible
from .identity import content_id, model_id
from .model import Model, open
from .network import Network
from .proof import Proof
from .report import Finding, InvalidFile, Report
from .tensor import NotMappable, Tensor
from .training_state import TrainingState
from .validation import validate
from .vocabulary import UnknownSymbol, Vocabulary
from .writer import BFloat16, write

__version__ = "1.1.0"
__all__ = [
    "BFloat16",
    "FileClosed",
    "Finding",
    "InvalidFile",
    "MissingExtra",
    "Model",
    "Network",
    "NotExpressible",
    "NotMappable",
    "Proof",
    "Refusal",
    "Report",
    "Tensor",
    "TrainingState",
    "UnknownSymbol",
    "Vocabulary",
    "content_id",
    "model_id",
    "open",
    "validate",
    "write",
]
