"""What a training needs, beside the model, to go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class TrainingState:
    """``progress`` is any JSON object; ``arrays`` float32 and ``words`` uint64, 1-D, by names like ``slots/momentum``."""

    progress: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    words: dict[str, np.ndarray] = field(default_factory=dict)
