"""Whatever stops the program while it writes, the file that was there is whole, or the new one is.

`fault.c` is preloaded into the program: it ends it, or lets the disk fail, at the N-th call that changes a file. The environment
variable CRASH_STRIDE says that only every so many of the writes are tried, and a fourth of the other calls (default: 97; 1: all).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import h5py
import pytest
import rnnh5
import small_files
from fault import ENVIRONMENT, KINDS, REASONS, STRIDE, Program, leftovers

RNNTOOL = os.environ.get("RNNTOOL", "")
pytestmark = [
    pytest.mark.skipif(not RNNTOOL, reason="RNNTOOL does not name the program rnntool"),
    pytest.mark.skipif(sys.platform != "linux", reason="LD_PRELOAD is of Linux"),
]
BRIEF = ["--hidden", "2", "--batch", "2", "--length", "4", "--threads", "1", "--quiet"]
TRAINING = [*BRIEF, "--steps", "4", "--validate-every", "2", "--checkpoint-every", "1", "--keep-state"]


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Program:
    return Program(tmp_path_factory.mktemp("fault"), [RNNTOOL])


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """A folder with a text and two models, which were trained from it."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "text").write_bytes(small_files.TEXT)
    rnntool("train", folder / "text", "-o", folder / "A.h5", *TRAINING)
    rnntool("train", folder / "text", "-o", folder / "B.h5", *TRAINING, "--seed", "2")
    return folder


def rnntool(*arguments: str | Path) -> None:
    done = subprocess.run([RNNTOOL, *map(str, arguments)], capture_output=True, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr.decode()


class Versions:
    """The contents that a file has been seen to have; each is validated once."""

    def __init__(self, old: bytes) -> None:
        self.known = {hashlib.sha256(old).digest()}

    def check(self, path: Path) -> None:
        digest = hashlib.sha256(path.read_bytes()).digest()
        if digest not in self.known:
            rnntool("validate", path, "--level", "proof")
            self.known.add(digest)


class Ends:
    """How the program ends with one kind of fault."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.count = self.done = 0
        self.unclear: list[str] = []
        """Messages that do not give the reason."""

    def check(self, done: subprocess.CompletedProcess[bytes], at: int = 0) -> bool:
        """Checks the exit code; returns whether the program did its work all the same."""
        self.count += 1
        where = f"{self.kind} at call {at}: {done.stderr.decode()!r}"
        assert done.returncode in ((0, 2) if self.kind in REASONS else (0, -9)), where
        if done.returncode == 2:
            message = done.stderr.decode()
            assert message.startswith("rnntool: ") and message.count("\n") == 1 and message.endswith(".\n"), where
            # The reason, and nothing of what the program is made of.
            if REASONS[self.kind] not in message.lower() or ".partial" in message or "errno" in message:
                self.unclear.append(where)
        self.done += done.returncode == 0
        return done.returncode == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["h5", "npz", "safetensors"])
def test_a_conversion_leaves_the_old_file_or_the_new(suffix: str, kind: str, program, models: Path, tmp_path) -> None:
    target, new = tmp_path / f"m.{suffix}", tmp_path / f"n.{suffix}"
    arguments = ["convert", models / "B.h5", target, "--force"]
    rnntool("convert", models / "B.h5", new)
    rnntool("convert", models / "A.h5", target)
    old = target.read_bytes()
    points = program.points(kind, *arguments)
    ends = Ends(kind)
    for at in points:
        target.write_bytes(old)
        is_done = ends.check(program.run(*arguments, at=at, kind=kind), at)
        now = target.read_bytes()
        assert now in (old, new.read_bytes()), f"{kind} at call {at}: neither the old file nor the new"
        if kind in REASONS:
            assert (now == old) is not is_done, f"{kind} at call {at}: the exit code says otherwise"
        if kind != "eio":
            # With eio, not even removing works.
            assert len(leftovers(tmp_path)) <= (1 if kind in ("kill", "half") else 0), f"{kind} at call {at}"
        rnntool(*arguments)
        assert leftovers(tmp_path) == [], f"{kind} at call {at}"
    assert 1 <= ends.done < ends.count
    report(
        f"convert to {suffix}, {kind}: {ends.count} points of {points[-1] - 1} calls, {ends.done} too late to matter"
    )


@pytest.mark.parametrize("kind", list(REASONS))
@pytest.mark.parametrize("suffix", ["h5", "npz", "safetensors"])
def test_a_failing_disk_is_the_reason_that_is_given(suffix: str, kind: str, program, models: Path, tmp_path) -> None:
    target, ends = tmp_path / f"m.{suffix}", Ends(kind)
    arguments = ["convert", models / "B.h5", target, "--force"]
    points = program.points(kind, *arguments, every=True)
    for at in sorted({*points[:6], *points[-14:]}):
        ends.check(program.run(*arguments, at=at, kind=kind), at)
    assert ends.count > ends.done
    assert ends.unclear == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_file_is_whole_or_not_there(kind: str, program, models: Path, tmp_path) -> None:
    target = tmp_path / "m.h5"
    arguments = ["convert", models / "B.h5", target]
    points = program.points(kind, *arguments)
    new, ends = target.read_bytes(), Ends(kind)
    for at in points:
        target.unlink(missing_ok=True)
        is_done = ends.check(program.run(*arguments, at=at, kind=kind), at)
        assert not is_done or target.exists()
        assert not target.exists() or target.read_bytes() == new, f"{kind} at call {at}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_leaves_a_valid_file_that_can_be_resumed(kind: str, program, models: Path, tmp_path) -> None:
    target = tmp_path / "m.h5"
    arguments = ["train", models / "text", "-o", target, "--force", *TRAINING]
    old = (models / "B.h5").read_bytes()
    points = program.points(kind, *arguments)
    wanted, versions, ends = identity(target), Versions(old), Ends(kind)
    resumed = 0
    for at in points:
        target.write_bytes(old)
        ends.check(program.run(*arguments, at=at, kind=kind), at)
        versions.check(target)
        if target.read_bytes() == old:
            continue
        # To the numbers that it would have reached without the fault.
        resume(target)
        assert identity(target) == wanted, f"{kind} at call {at}"
        assert leftovers(tmp_path) == [], f"{kind} at call {at}"
        resumed += 1
    rnntool(*arguments)
    assert leftovers(tmp_path) == []
    assert resumed
    report(
        f"train, {kind}: {len(points)} points of {points[-1] - 1} calls, {len(versions.known)} different files, all valid; "
        f"{resumed} resumed"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_resumed_training_leaves_a_valid_file(kind: str, program, models: Path, tmp_path) -> None:
    target = tmp_path / "m.h5"
    old = (models / "A.h5").read_bytes()
    target.write_bytes(old)
    arguments = ["train", "--resume", target, "--threads", "1", "--quiet", "--steps", "7"]
    arguments += ["--checkpoint-every", "1", "--keep-state"]
    points = program.points(kind, *arguments)
    wanted, versions, ends = identity(target), Versions(old), Ends(kind)
    for at in points:
        target.write_bytes(old)
        ends.check(program.run(*arguments, at=at, kind=kind), at)
        versions.check(target)
        resume(target, "--steps", "7")
        assert identity(target) == wanted, f"{kind} at call {at}"
        assert leftovers(tmp_path) == [], f"{kind} at call {at}"
    report(f"resume, {kind}: {len(points)} points of {points[-1] - 1} calls, {len(versions.known)} different files")


def identity(path: Path) -> tuple[str, int]:
    """The model, and the number of updates that led to it."""
    with rnnh5.open(path, "hashes") as model:
        state = model.training_state
        return model.model_id, state.progress["training"]["step"] if state else -1


def resume(path: Path, *options: str) -> None:
    """Takes a training to its end, unless the fault came after it."""
    arguments = ["train", "--resume", path, "--threads", "1", "--quiet", "--keep-state", *options]
    done = subprocess.run([RNNTOOL, *map(str, arguments)], capture_output=True, env=ENVIRONMENT)
    is_over = done.returncode == 1 and b"there is nothing left to do" in done.stderr
    assert done.returncode == 0 or is_over, done.stderr.decode()
    if is_over:
        # What was refused has cleaned nothing up.
        rnntool("convert", path, path.with_name("over.h5"), "--force")
        path.with_name("over.h5").unlink()


@pytest.mark.parametrize("kind", ["kill", "half", "enospc"])
def test_a_writer_that_is_not_atomic_is_caught(kind: str, tmp_path) -> None:
    # What all of these tests rest on: the faults reach a program, and do harm where nothing prevents it.
    target = tmp_path / "m.h5"
    careless = (
        "import os, sys; f = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC); os.write(f, b'new'); os.write(f, b'er')"
    )
    program = Program(tmp_path, [sys.executable, "-S", "-c", careless])
    found = set()
    for at in (1, 2, 3, 4):
        target.write_bytes(b"old")
        program.run(target, at=at, kind=kind)
        found.add(target.read_bytes())
    assert program.log.read_text().split() == ["open", "write", "write"]
    assert (
        found
        == {
            "kill": {b"old", b"", b"new", b"newer"},
            "half": {b"", b"n", b"newe", b"newer"},
            "enospc": {b"old", b"n", b"newe", b"newer"},
        }[kind]
    )


def test_a_reader_never_sees_half_a_file(models: Path, tmp_path) -> None:
    target = tmp_path / "m.h5"
    rnntool("convert", models / "A.h5", tmp_path / "a.h5")
    rnntool("convert", models / "B.h5", tmp_path / "b.h5")
    whole = {(tmp_path / name).read_bytes() for name in ("a.h5", "b.h5")}
    target.write_bytes((tmp_path / "a.h5").read_bytes())
    seen: Counter[bytes] = Counter()
    done = threading.Event()
    failures: list[str] = []

    def read() -> None:
        while not done.is_set():
            try:
                seen[target.read_bytes()] += 1
                with rnnh5.open(target, "hashes") as model:
                    seen[model.model_id.encode()] += 1
                with h5py.File(target, "r") as file:
                    seen[file.attrs["model_id"]] += 1
            except Exception as error:  # Whatever it is, it is a failure of this test.
                failures.append(repr(error))

    reader = threading.Thread(target=read)
    reader.start()
    times = 100
    try:
        for index in range(times):
            rnntool("convert", models / ("B.h5" if index % 2 else "A.h5"), target, "--force")
    finally:
        done.set()
        reader.join()
    contents = {content for content in seen if len(content) != 64}
    assert failures == []
    assert contents <= whole
    assert sum(seen[content] for content in contents) > 10
    assert len({content for content in seen if len(content) == 64}) <= 2
    report(f"{times} replacements, {sum(seen.values())} readings, all whole")


def test_a_full_disk_leaves_the_old_file(models: Path, tmp_path) -> None:
    command = ["unshare", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*command, "true"], capture_output=True).returncode != 0:
        pytest.skip("this system does not let a process mount a file system of its own")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=1m tmpfs '{disk}' || exit 77; exec \"$@\""
    command += ["sh", "-c", mount, "sh", sys.executable, __file__, str(disk), str(models)]
    done = subprocess.run(command, capture_output=True, env=ENVIRONMENT)
    if done.returncode == 77:
        pytest.skip("this system does not let a process mount a tmpfs")
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    # Some rooms were too small, some were not.
    assert found["refused"] and found["done"]
    report(f"tmpfs of 1 MiB: {found}")


def on_small_disk(disk: Path, models: Path) -> dict[str, int]:
    """What happens with less and less room on a disk that is as small as this."""
    target, filling = disk / "m.h5", disk / "filling"
    old = (models / "A.h5").read_bytes()
    counts: Counter[str] = Counter()
    ends = Ends("enospc")
    for room in range(0, 256 << 10, (1 if STRIDE == 1 else 8) << 12):
        for command in (
            ["convert", models / "B.h5", target, "--force"],
            ["train", models / "text", "-o", target, "--force", *TRAINING],
        ):
            filling.unlink(missing_ok=True)
            target.write_bytes(old)
            free = os.statvfs(disk)
            with filling.open("wb") as file:
                file.write(bytes(max(0, free.f_bavail * free.f_frsize - room)))
            done = subprocess.run([RNNTOOL, *map(str, command)], capture_output=True)
            ends.check(done, room)
            counts["done" if done.returncode == 0 else "refused"] += 1
            assert leftovers(disk) == [], (room, command)
            if target.read_bytes() != old:
                rnntool("validate", target, "--level", "proof")
                counts["new files"] += 1
            elif command[0] == "convert":
                assert done.returncode == 2, "it says that it is done"
    assert ends.unclear == []
    return dict(counts)


def report(line: str) -> None:
    """For the figures in the documentation: pytest -rP shows them."""
    print(line)


if __name__ == "__main__":
    print(json.dumps(on_small_disk(Path(sys.argv[1]), Path(sys.argv[2]))))
