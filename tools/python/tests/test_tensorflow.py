"""Checkpoints that TensorFlow writes now: the program makes models of them that compute what TensorFlow does."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rnnh5
from program import needs_program, run

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

try:
    import tensorflow

    v1 = tensorflow.compat.v1
    cells = v1.nn.rnn_cell
except (ImportError, AttributeError) as error:
    pytest.skip(
        f"there is no TensorFlow with rnn_cell: pip install 'tensorflow-cpu<2.16' ({error})", allow_module_level=True
    )

pytestmark = [needs_program, pytest.mark.filterwarnings("ignore")]
TOLERANCE = 1e-5


def drawn_cell(random: np.random.Generator, kind: str, facts: dict[str, Any]) -> Any:
    units = int(random.integers(1, 6))
    if kind == "basic_lstm":
        return cells.BasicLSTMCell(units, forget_bias=facts["forget_bias"])
    if kind == "lstm":
        projection = int(random.integers(1, 5)) if random.random() < 0.5 else None
        return cells.LSTMCell(
            units,
            use_peepholes=bool(random.integers(2)),
            num_proj=projection,
            forget_bias=facts["forget_bias"],
            cell_clip=facts.get("cell_clip"),
            proj_clip=facts.get("projection_clip") if projection else None,
        )
    return cells.GRUCell(units) if kind == "gru" else cells.BasicRNNCell(units)


@pytest.mark.parametrize("seed", range(24))
def test_random_models_of_tensorflow(seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    kind = ["basic_lstm", "lstm", "gru", "rnn"][seed % 4]
    tokens, steps = int(random.integers(6, 12)), 7
    facts: dict[str, Any] = {"forget_bias": float(random.choice([0.0, 0.5, 1.0]))}
    if kind == "lstm" and random.random() < 0.5:
        facts |= {"cell_clip": 0.4, "projection_clip": 0.3}
    ids = random.integers(0, tokens, steps)
    # The first version does not make the folder.
    (tmp_path / "saved").mkdir()
    graph = v1.Graph()
    with graph.as_default():
        if random.random() < 0.6:
            embedding = v1.get_variable("embedding", (tokens, int(random.integers(1, 6))))
            x = v1.nn.embedding_lookup(embedding, ids[None])
        else:
            x = v1.one_hot(ids[None], tokens)
        stack = [drawn_cell(random, kind, facts) for _ in range(int(random.integers(1, 4)))]
        partitioner = v1.fixed_size_partitioner(2) if kind != "lstm" and random.random() < 0.3 else None
        with v1.variable_scope("model", partitioner=partitioner):
            out, _ = v1.nn.dynamic_rnn(cells.MultiRNNCell(stack), x, dtype=v1.float32)
            width = int(out.shape[-1])
            weights = v1.get_variable("softmax_w", (width, tokens))
            logits = v1.matmul(v1.reshape(out, [-1, width]), weights) + v1.get_variable("softmax_b", (tokens,))
            loss = v1.reduce_sum(v1.nn.log_softmax(logits)[:, 0])
            v1.train.AdamOptimizer().minimize(loss, global_step=v1.train.get_or_create_global_step())
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            for variable in v1.trainable_variables():
                session.run(variable.assign(random.uniform(-1, 1, variable.shape)))
            expected = session.run(v1.nn.log_softmax(logits))
            version = v1.train.SaverDef.V1 if random.random() < 0.4 else v1.train.SaverDef.V2
            saver = v1.train.Saver(write_version=version)
            saver.save(session, str(tmp_path / "saved" / "model.ckpt"), global_step=3, write_meta_graph=False)
    source = tmp_path / "saved" if random.random() < 0.5 else tmp_path / "saved" / "model.ckpt-3"
    options: list[str | Path] = ["--forget-bias", str(facts["forget_bias"])]
    if "cell_clip" in facts:
        (tmp_path / "architecture.json").write_text(json.dumps(facts))
        options += ["--architecture", tmp_path / "architecture.json"]
    run("convert", source, tmp_path / "model.h5", *options)
    with rnnh5.open(tmp_path / "model.h5") as model:
        assert np.abs(model.log_probabilities(ids) - expected).max() < TOLERANCE
