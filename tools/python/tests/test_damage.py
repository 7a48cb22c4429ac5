"""A file that was changed after it was written is not used, and never gets new hashes that would call it whole."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import rnnh5
import small_files
from program import RNNTOOL, needs_program
from rnnh5.architecture import tensor_rules

sys.path.insert(0, str(small_files.FIXTURES))
from layers import architecture, elman, linear, one_hot, random_parameters  # noqa: E402

pytestmark = needs_program
TRAINING = ["--hidden", "9", "--batch", "2", "--length", "8", "--vocabulary", "characters", "--seed", "1", "--quiet"]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([RNNTOOL, *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("damage")
    (folder / "text").write_bytes(small_files.TEXT * 4)
    done = run("train", folder / "text", "-o", folder / "model.h5", "--steps", "6", "--keep-state", *TRAINING)
    assert done.returncode == 0, done.stderr
    return folder / "model.h5"


def text(path: str) -> Callable[[h5py.File], None]:
    """Changes a letter of a document: JSON of the same length."""

    def change(file: h5py.File) -> None:
        old = file[path][()]
        new = old.replace(b"rnntool", b"rnntoal", 1)
        assert new != old
        file[path][()] = new

    return change


def number(path: str, index: object = 0) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        values = file[path][...]
        values[index] = values[index] + values.dtype.type(1)
        file[path][...] = values

    return change


def token(file: h5py.File) -> None:
    """Another letter that is no token yet."""
    values = file["/vocabulary/bytes"][...]
    values[-1] = next(value for value in range(97, 127) if value not in values)
    file["/vocabulary/bytes"][...] = values


MODEL = {"vocabulary": token, "parameters": number("/parameters/output/bias")}
CHANGES = MODEL | {
    "metadata": text("/metadata"),
    "lineage": text("/lineage"),
    "history": number("/history/valid_loss"),
    "proof": number("/proof/log_probabilities", (0, 0)),
    "training state": number("/training_state/slots/first_moment"),
}


def damaged(model: Path, tmp_path: Path, what: str) -> Path:
    path = tmp_path / "damaged.h5"
    shutil.copy(model, path)
    with h5py.File(path, "r+") as file:
        CHANGES[what](file)
    return path


@pytest.mark.parametrize("what", CHANGES)
def test_it_is_not_written_anew(what: str, model: Path, tmp_path) -> None:
    path = damaged(model, tmp_path, what)
    before = path.read_bytes()
    commands: list[list[object]] = [
        ["convert", path, tmp_path / "copy.h5"],
        ["convert", path, tmp_path / "copy.safetensors"],
        ["convert", path, tmp_path / "half.h5", "--dtype", "float16"],
        ["train", "--resume", path, "--steps", "12", "--quiet"],
    ]
    for command in commands:
        done = run(*command)
        assert done.returncode == 1, (command, done.stderr)
        assert "not what was written" in done.stderr or "not those that were written" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["damaged.h5"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("what", ["metadata", "vocabulary", "proof"])
def test_an_old_one_is_not_migrated(what: str, tmp_path) -> None:
    path = tmp_path / "old.h5"
    shutil.copy(small_files.FIXTURES / "golden" / "lstm_two_layers_dropout.h5", path)
    changes = dict(CHANGES, metadata=number_in_metadata)
    with h5py.File(path, "r+") as file:
        changes[what](file)
    before = path.read_bytes()
    assert run("migrate", "--in-place", path).returncode == 1
    assert path.read_bytes() == before


def number_in_metadata(file: h5py.File) -> None:
    old = file["/metadata"][()]
    new = old.replace(b"1", b"2", 1) if b"1" in old else old.replace(b"a", b"b", 1)
    assert new != old
    file["/metadata"][()] = new


@pytest.mark.parametrize("what", MODEL)
@pytest.mark.parametrize("command", ["evaluate", "sample"])
def test_it_is_not_used(what: str, command: str, model: Path, tmp_path) -> None:
    path = damaged(model, tmp_path, what)
    arguments = [model.parent / "text"] if command == "evaluate" else ["--length", "3"]
    done = run(command, path, *arguments)
    assert done.returncode == 1
    assert "written" in done.stderr


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
def test_a_model_changed_on_the_way_is_refused(suffix: str, model: Path, tmp_path) -> None:
    flat = tmp_path / f"flat.{suffix}"
    assert run("convert", model, flat).returncode == 0
    if suffix == "npz":
        arrays = dict(np.load(flat))
        arrays["output.bias"][0] += 1e-6
        np.savez(flat, **arrays)
    else:
        data = bytearray(flat.read_bytes())
        start = 8 + int.from_bytes(data[:8], "little")
        first, _ = json.loads(data[8:start])["output.bias"]["data_offsets"]
        data[start + first] ^= 1
        flat.write_bytes(data)
    done = run("convert", flat, tmp_path / "back.h5")
    assert done.returncode == 1
    assert "not the one that was written" in done.stderr
    assert not (tmp_path / "back.h5").exists()


def with_notes(path: Path, version: str | None = None) -> None:
    """Adds what the format does not name, as a program of a later version might, and makes the file whole again."""
    with h5py.File(path, "r+") as file:
        file["/notes/thesis"] = np.arange(3, dtype="<i8")
        file.attrs.create("curator", np.bytes_("Ada"))
        if version:
            file.attrs.modify("format_version", np.bytes_(version))
    make_whole(path)


def make_whole(path: Path) -> None:
    with rnnh5.container.Container(path) as container:
        identity = rnnh5.identity.content_id(container)
    with h5py.File(path, "r+") as file:
        file.attrs.modify("content_id", np.bytes_(identity))


def test_what_has_no_name_is_said_to_be_left_behind(model: Path, tmp_path) -> None:
    path = tmp_path / "noted.h5"
    assert run("convert", model, path).returncode == 0
    with_notes(path)
    assert json.loads(run("validate", "--json", path).stdout)[0]["valid"]
    done = run("convert", path, tmp_path / "copy.h5", "--json")
    assert done.returncode == 0, done.stderr
    lost = ["/@curator", "/notes", "/notes/thesis"]
    assert sorted(json.loads(done.stdout)["lost"]) == lost
    with rnnh5.open(tmp_path / "copy.h5") as opened:
        assert sorted(opened.lineage[-1]["lost"]) == lost


def test_migrating_loses_nothing(tmp_path) -> None:
    old = tmp_path / "old.h5"
    shutil.copy(small_files.FIXTURES / "golden" / "lstm_two_layers_dropout.h5", old)
    with_notes(old)
    before = old.read_bytes()
    done = run("migrate", "--in-place", old)
    assert done.returncode == 1
    assert "/notes/thesis" in done.stderr
    assert old.read_bytes() == before


def test_a_newer_file_is_not_taken_back(model: Path, tmp_path) -> None:
    newer = tmp_path / "newer.h5"
    assert run("convert", model, newer).returncode == 0
    with_notes(newer, "1.9")
    before = newer.read_bytes()
    done = run("migrate", "--in-place", newer)
    assert done.returncode == 0
    assert "1.9" in done.stdout
    assert newer.read_bytes() == before


def test_a_signed_file_is_not_migrated_by_accident(tmp_path) -> None:
    old = tmp_path / "old.h5"
    shutil.copy(small_files.FIXTURES / "golden" / "lstm_two_layers_dropout.h5", old)
    assert run("sign", "--new-key", tmp_path / "me.pem").returncode == 0
    assert run("sign", old, "--key", tmp_path / "me.pem").returncode == 0
    done = run("migrate", "--in-place", old)
    assert done.returncode == 1
    assert "signature" in done.stderr
    assert run("verify", old, "--key", tmp_path / "me.pub.pem").returncode == 0
    assert run("migrate", "--in-place", "--force", old).returncode == 0
    assert run("verify", old, "--key", tmp_path / "me.pub.pem").returncode == 1


def test_a_model_cannot_drive_the_terminal(tmp_path) -> None:
    model = architecture(2, one_hot(2), elman("elman_1", 2, 3), linear(3, 2))
    vocabulary = rnnh5.Vocabulary([b"a", b"\x1b"], "bytes")
    rnnh5.write(tmp_path / "escape.h5", model, random_parameters(model, 1), vocabulary)
    command = [RNNTOOL, "sample", str(tmp_path / "escape.h5"), "--length", "40", "--seed", "1"]
    assert b"\x1b" in subprocess.run(command, capture_output=True).stdout
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    shown = b""
    # The terminal's other end is gone when the process is.
    with contextlib.suppress(OSError):
        while part := os.read(ours, 4096):
            shown += part
    os.close(ours)
    assert process.wait() == 0
    assert b"\\u{1b}" in shown
    assert b"\x1b" not in shown


@pytest.mark.parametrize("named", ["/dev/zero", "-", "fifo"])
def test_resuming_opens_no_device_that_the_file_names(named: str, model: Path, tmp_path) -> None:
    path = tmp_path / "model.h5"
    shutil.copy(model, path)
    os.mkfifo(tmp_path / "fifo")
    with h5py.File(path, "r+") as file:
        progress = json.loads(file["/training_state/progress"][()])
        progress["recipe"]["text"]["files"] = [str(tmp_path / "fifo") if named == "fifo" else named]
        data = rnnh5.canonical.canonical(progress)
        del file["/training_state/progress"]
        file["/training_state/progress"] = np.bytes_(data)
    make_whole(path)
    assert run("inspect", path).returncode == 0
    command = [RNNTOOL, "train", "--resume", str(path), "--steps", "12", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20)
    assert done.returncode == 1
    assert "not an ordinary file" in done.stderr


def test_the_smallest_number_is_out_of_range_like_any_other(model: Path, tmp_path) -> None:
    for flag in ("--weight-drop", "--temporal-penalty"):
        done = run("train", model.parent / "text", "-o", tmp_path / "new.h5", f"{flag}=-9223372036854775808", *TRAINING)
        assert done.returncode == 64
        assert "has to be" in done.stderr


def test_a_sparse_file_has_no_more_means(tmp_path) -> None:
    path = tmp_path / "sparse.h5"
    shutil.copy(small_files.FIXTURES / "golden" / "lstm.h5", path)
    os.truncate(path, 1 << 36)
    if os.stat(path).st_blocks * 512 > 1 << 30:
        pytest.skip("this file system has no sparse files")
    done = run("validate", "--untrusted", path)
    assert done.returncode == 0, done.stderr
    assert "at most 25" in done.stderr and " MB and 10 s" in done.stderr


def test_a_text_that_is_measured_on_is_not_written_over(model: Path, tmp_path) -> None:
    shutil.copy(model.parent / "text", tmp_path / "text.h5")
    before = (tmp_path / "text.h5").read_bytes()
    done = run("convert", model, tmp_path / "text.h5", "--dtype", "float16", "--measure", tmp_path / "text.h5", "--force")
    assert done.returncode in (1, 2, 64)
    assert (tmp_path / "text.h5").read_bytes() == before


def test_a_file_that_states_another_content_is_not_verified(model: Path, tmp_path) -> None:
    path = tmp_path / "model.h5"
    shutil.copy(model, path)
    assert run("sign", "--new-key", tmp_path / "me.pem").returncode == 0
    assert run("sign", path, "--key", tmp_path / "me.pem").returncode == 0
    with h5py.File(path, "r+") as file:
        file.attrs.modify("content_id", np.bytes_(b"0" * 64))
    assert run("verify", path, "--key", tmp_path / "me.pub.pem").returncode == 1


def test_a_proof_may_not_take_hours() -> None:
    model = architecture(9000, one_hot(9000), elman("elman_1", 9000, 9000), linear(9000, 9000))
    steps = (1 << 34) // sum(int(np.prod(rule.shape)) for rule in tensor_rules(model))

    def violation(steps: int) -> str | None:
        inputs, tokens = np.zeros(steps, "<u4"), np.zeros(1, "<u4")
        proof = rnnh5.Proof(inputs, tokens, np.zeros((steps, 1)), "nobody", 1e-3, 1e-9)
        return rnnh5.validation._proof_violation(proof, model)

    assert steps > 16
    assert violation(steps) is None
    assert "too long" in (violation(steps + 1) or "")


def test_a_compressed_copy_has_the_same_signature(model: Path, tmp_path) -> None:
    path = tmp_path / "plain.h5"
    assert run("convert", model, path).returncode == 0
    assert run("sign", "--new-key", tmp_path / "me.pem").returncode == 0
    assert run("sign", path, "--key", tmp_path / "me.pem").returncode == 0
    assert run("convert", path, tmp_path / "packed.h5", "--compress").returncode == 0
    signature = tmp_path / "plain.h5.sig"
    done = run("verify", tmp_path / "packed.h5", "--key", tmp_path / "me.pub.pem", "--signature", signature)
    assert done.returncode == 0, done.stdout + done.stderr
