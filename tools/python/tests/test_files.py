from __future__ import annotations

import hashlib
import os

import h5py
import layers
import numpy as np
import pytest
import rnnh5
from conftest import oldest_version, random_architecture, random_inputs, random_vocabulary
from rnnh5.architecture import features
from rnnh5.resources import SCHEMAS, specification


@pytest.mark.parametrize("seed", range(80))
def test_random_model_comes_back_as_it_was_written(seed: int, tmp_path) -> None:
    random = np.random.default_rng(seed)
    model = random_architecture(random)
    kind = str(random.choice(["<f2", "<f4", "<f8"]))
    parameters = {name: values.astype(kind) for name, values in layers.random_parameters(model, seed, 0.1).items()}
    vocabulary = random_vocabulary(model["input"]["size"], random) if model["input"]["kind"] == "tokens" else None
    history = {"step": np.arange(3), "valid_loss": random.normal(size=3)}
    metadata = {"title": "Räksmörgås 😀", "hyper_parameters": {"rate": 0.1, "big": 1e300}}
    path = tmp_path / "model.h5"
    rnnh5.write(
        path, model, parameters, vocabulary, history=history, metadata=metadata, compress=bool(random.integers(2))
    )
    assert rnnh5.validate(path).findings == []
    with rnnh5.open(path) as opened:
        assert opened.architecture == model
        used = features(model) | ({"special-tokens"} if vocabulary is not None and len(vocabulary.specials) else set())
        assert opened.required_features == sorted(used)
        assert opened.minimum_reader_version == oldest_version(used)
        assert opened.metadata == metadata
        assert list(opened.parameters) == list(parameters)
        for name, values in parameters.items():
            assert opened.parameters[name].read().tobytes() == values.tobytes()
        assert (opened.vocabulary and opened.vocabulary.tokens) == (vocabulary and vocabulary.tokens)
        assert opened.history["step"].tolist() == [0, 1, 2]
        assert opened.lineage[0]["model_id"] == opened.model_id
        assert opened.proof.largest_difference(opened.network) == 0


def test_the_same_model_is_the_same_bytes(tiny, tmp_path) -> None:
    for options in ({}, {"compress": True}):
        for name in ("a.h5", "b.h5"):
            rnnh5.write(tmp_path / name, *tiny, **options)
        assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_compression_changes_neither_identity(tiny, tmp_path) -> None:
    identities = set()
    for compress in (False, True):
        rnnh5.write(tmp_path / "model.h5", *tiny, compress=compress)
        with rnnh5.open(tmp_path / "model.h5", "hashes") as model:
            identities.add((model.model_id, model.content_id))
    assert len(identities) == 1


def test_metadata_changes_content_id_only(tiny, tmp_path) -> None:
    found = []
    for title in ("a", "b"):
        rnnh5.write(tmp_path / "model.h5", *tiny, metadata={"title": title})
        with rnnh5.open(tmp_path / "model.h5") as model:
            found.append((model.model_id, model.content_id))
    assert found[0][0] == found[1][0]
    assert found[0][1] != found[1][1]


def test_model_id_is_the_manifest_of_the_specification(tiny, tmp_path) -> None:
    # Written down a second time, from plain h5py.
    def sha(data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()

    rnnh5.write(tmp_path / "model.h5", *tiny)
    with h5py.File(tmp_path / "model.h5") as file:
        group = file["vocabulary"]
        vocabulary = (
            "rnn-h5 vocabulary 1\nkind bytes\nnormalisation none\nunknown -1\nline_end -1\ntokens 4\n"
            f"bytes {sha(group['bytes'][...].tobytes())}\noffsets {sha(group['offsets'][...].tobytes())}\n"
        )
        manifest = (
            f"rnn-h5 model 1\narchitecture {sha(file['architecture'][()])}\nvocabulary {sha(vocabulary.encode())}\n"
        )
        for name, shape in [
            ("embedding/weights", "4x3"), ("lstm_1/bias", "4x2"), ("lstm_1/input_weights", "4x2x3"),
            ("lstm_1/recurrent_weights", "4x2x2"), ("output/bias", "4"), ("output/weights", "4x2"),
        ]:  # fmt: skip
            manifest += f"tensor {name} float32 {shape} {sha(file['parameters'][name][...].tobytes())}\n"
        assert file.attrs["model_id"].decode() == sha(manifest.encode())


def test_content_id_is_the_manifest_of_the_specification(tiny, tmp_path) -> None:
    rnnh5.write(tmp_path / "model.h5", *tiny)
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        file["/parameters/output/weights"].dims[0].label = "output"
    lines: dict[str, list[str]] = {}
    skipped = {"content_id", "DIMENSION_LABELS"}

    def values(array: np.ndarray) -> str:
        array = np.asarray(array)
        texts = (
            [text if isinstance(text, bytes) else text.encode() for text in array.ravel()]
            if array.dtype.kind in "SO"
            else None
        )
        data = array.tobytes() if texts is None else b"".join(text + b"\0" for text in texts)
        kind = array.dtype.name if texts is None else "string"
        return f"{kind} {'x'.join(map(str, array.shape)) or 'scalar'} {hashlib.sha256(data).hexdigest()}"

    def visit(path: str, item: h5py.Group | h5py.Dataset) -> None:
        what = f'group "{path}"' if isinstance(item, h5py.Group) else f'dataset "{path}" {values(item[()])}'
        rows = [f'attribute {values(item.attrs[name])} "{name}"' for name in sorted(item.attrs) if name not in skipped]
        lines[path] = [what, *rows]

    with h5py.File(tmp_path / "model.h5") as file:
        visit("/", file)
        file.visititems(lambda name, item: visit("/" + name, item))
        manifest = ["rnn-h5 content 1", *(line for path in sorted(lines) for line in lines[path])]
        assert file.attrs["content_id"].decode() == hashlib.sha256(("\n".join(manifest) + "\n").encode()).hexdigest()


def test_bfloat16_is_the_upper_half_of_float32(tiny, tmp_path) -> None:
    model, parameters, vocabulary = tiny
    bits = {name: (values.view("<u4") >> 16).astype("<u2") for name, values in parameters.items()}
    rnnh5.write(tmp_path / "model.h5", model, {name: rnnh5.BFloat16(value) for name, value in bits.items()}, vocabulary)
    assert rnnh5.validate(tmp_path / "model.h5").valid
    with rnnh5.open(tmp_path / "model.h5") as opened:
        for name, tensor in opened.parameters.items():
            assert tensor.type == "bfloat16"
            assert (tensor.read().view("<u4") == bits[name].astype("<u4") << 16).all()


def test_the_file_carries_its_specification_and_schemas(tiny, tmp_path) -> None:
    rnnh5.write(tmp_path / "model.h5", *tiny)
    with h5py.File(tmp_path / "model.h5") as file:
        assert file["specification"][()].decode() == specification()
        assert sorted(file["schemas"]) == sorted(SCHEMAS)


def test_a_failed_write_leaves_what_was_there(tiny, tmp_path) -> None:
    model, parameters, vocabulary = tiny
    path = tmp_path / "model.h5"
    path.write_bytes(b"precious")
    infinite = parameters | {"output/bias": np.full(4, np.inf, "<f4")}
    wrong = rnnh5.Proof(np.array([0]), np.array([0]), np.array([[-9.0]]), "nobody")
    with pytest.raises(ValueError, match="output/bias has values that are not finite"):
        rnnh5.write(path, model, infinite, vocabulary)
    with pytest.raises(rnnh5.InvalidFile, match="vocabulary.duplicate"):
        rnnh5.write(path, model, parameters, rnnh5.Vocabulary([b"a"] * 4, "bytes"))
    with pytest.raises(rnnh5.InvalidFile, match="proof.numbers"):
        rnnh5.write(path, model, parameters, vocabulary, proof=wrong)
    with pytest.raises(ValueError, match="output/bias is missing"):
        rnnh5.write(path, model, {name: value for name, value in parameters.items() if name != "output/bias"})
    assert path.read_bytes() == b"precious"
    assert os.listdir(tmp_path) == ["model.h5"]


@pytest.mark.parametrize("seed", range(40))
def test_a_stream_in_pieces_is_the_stream(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = random_architecture(random)
    network = rnnh5.Network(model, layers.random_parameters(model, seed, 0.1))
    inputs = random_inputs(model, random, 20)
    whole = network.log_probabilities(inputs)
    assert whole.shape == (20, network.outputs)
    assert np.isfinite(whole).all()
    if model["output"]["activation"] == "softmax":
        assert np.allclose(np.exp(whole).sum(1), 1)
    state: dict[str, tuple[np.ndarray, ...]] = {}
    pieces = [network.log_probabilities(piece, state) for piece in (inputs[:1], inputs[1:7], inputs[7:7], inputs[7:])]
    if model["context"]["kind"] == "stream":
        assert np.allclose(np.concatenate(pieces), whole, rtol=0, atol=1e-12)
    else:
        # Each call is a sequence of its own.
        assert not state
        assert np.array_equal(pieces[0], network.log_probabilities(inputs[:1]))


def test_a_given_state_is_taken() -> None:
    model = layers.architecture(
        4,
        layers.embedding(4, 3),
        layers.lstm("lstm_1", 3, 2, initial_state="given"),
        layers.linear(2, 4),
        context="sequence",
    )
    network = rnnh5.Network(model, layers.random_parameters(model, 1))
    zero, state = np.zeros(2), {"lstm_1": (np.array([0.5, -0.5]), np.array([1.0, 2.0]))}
    usual, given = network.log_probabilities([1, 2]), network.log_probabilities([1, 2], state)
    assert np.abs(usual - given).max() > 1e-3
    assert np.array_equal(usual, network.log_probabilities([1, 2], {"lstm_1": (zero, zero)}))


def test_a_backward_layer_is_a_forward_layer_of_the_reversed_sequence() -> None:
    models = [
        layers.architecture(
            3,
            layers.gru("gru_1", 3, 4, direction=direction, initial_state="learned"),
            layers.linear(4, 2),
            context="sequence",
            input="features",
        )
        for direction in ("forward", "backward")
    ]
    parameters = layers.random_parameters(models[0], 1)
    values = np.random.default_rng(1).normal(size=(7, 3))
    forward, backward = (rnnh5.Network(model, parameters) for model in models)
    assert np.array_equal(forward.log_probabilities(values)[::-1], backward.log_probabilities(values[::-1]))


def test_the_training_state_comes_back(tiny, tmp_path) -> None:
    bits = np.random.default_rng(1).integers(0, 2**32, 50, np.uint32)
    state = rnnh5.TrainingState(
        {"step": 3, "plan": {"rate": 0.1}},
        {"parameters": bits.view("<f4"), "slots/a": np.zeros(0), "carried_state/lstm_1/hidden": np.ones(2)},
        {"random_state/order": np.array([2**64 - 1, 0], np.uint64)},
    )
    identities = []
    for given in (None, state):
        rnnh5.write(tmp_path / "model.h5", *tiny, training_state=given)
        assert rnnh5.validate(tmp_path / "model.h5").findings == []
        with rnnh5.open(tmp_path / "model.h5") as model:
            identities.append((model.model_id, model.content_id))
            found = model.training_state
    assert found.progress == state.progress
    assert {name: array.tobytes() for name, array in found.arrays.items()} == {
        name: np.asarray(array, "<f4").tobytes() for name, array in state.arrays.items()
    }
    assert found.words["random_state/order"].tolist() == [2**64 - 1, 0]
    assert identities[0][0] == identities[1][0]
    assert identities[0][1] != identities[1][1]
    with pytest.raises(rnnh5.InvalidFile, match="training_state.names"):
        rnnh5.write(tmp_path / "model.h5", *tiny, training_state=rnnh5.TrainingState(arrays={"Slots": np.ones(1)}))


def test_every_flipped_bit_outside_free_space_is_found(tiny, tmp_path) -> None:
    # A flip must be found, or change nothing that a reader sees.
    path = tmp_path / "model.h5"
    rnnh5.write(path, *tiny, embed=False)
    data = path.read_bytes()
    with rnnh5.open(path) as model:
        whole = model.content_id
    random = np.random.default_rng(1)
    for position in random.integers(0, len(data), 300).tolist():
        path.write_bytes(
            data[:position] + bytes([data[position] ^ 1 << int(random.integers(8))]) + data[position + 1 :]
        )
        if rnnh5.validate(path, "hashes").valid:
            with rnnh5.open(path) as model:
                assert model.content_id == whole


def test_unknown_objects_are_warned_of_and_ignored(tiny, tmp_path) -> None:
    path = tmp_path / "model.h5"
    rnnh5.write(path, *tiny)
    with h5py.File(path, "r+") as file:
        file.create_group("/notes").create_dataset("page", data=np.zeros(2, "<f4"))
        file.attrs["mood"] = np.int64(3)
    report = rnnh5.validate(path, "structure")
    assert report.valid
    assert [finding.place for finding in report.findings] == ["/@mood", "/notes", "/notes/page"]
    assert rnnh5.validate(path).rules == {"layout.unknown", "identity.content_id"}
