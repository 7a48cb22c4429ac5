"""A file that rnnh5 writes is there whole or not at all, where it was meant and for whom, and nothing is left beside it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import rnnh5
from conftest import FIXTURES
from fault import KINDS, REASONS, STRIDE, Program, leftovers
from program import needs_program, run
from rnnh5 import atomic_file, writer

posix = pytest.mark.skipif(os.name == "nt", reason="permissions and signals are of POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc and LD_PRELOAD are of Linux")
UNFINISHED = re.compile(r"\.rnntool\.([0-9]+)-[0-9]+@([0-9a-f]{12})\.partial")
GOLDEN = FIXTURES / "golden"
COPY = """
import sys, rnnh5
with rnnh5.open(sys.argv[1]) as model:
    values = {name: tensor.read() for name, tensor in model.parameters.items()}
    rnnh5.write(sys.argv[2], model.architecture, values, model.vocabulary, proof=model.proof, embed=False)
"""
HALTING = """
import sys, time, rnnh5.writer
def halt(path):
    print(path, flush=True)
    time.sleep(600)
rnnh5.writer._write_content_id = halt
"""


def script(code: str) -> list[str]:
    """A command that writes no other files than its code does."""
    return [sys.executable, "-B", "-c", code]


@pytest.fixture
def halted(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has begun to write `m.h5`, and never ends."""
    command = [*script(HALTING + COPY), str(GOLDEN / "lstm.h5"), str(tmp_path / "m.h5")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip()
            yield process
        finally:
            process.kill()


@posix
def test_what_a_killed_process_left_the_next_write_removes(tiny, halted, tmp_path: Path) -> None:
    (left,) = leftovers(tmp_path)
    found = UNFINISHED.fullmatch(left)
    assert found and found.groups() == (str(halted.pid), atomic_file.place())
    rnnh5.write(tmp_path / "other.h5", *tiny)
    # As long as the process lives, the file is its own.
    assert leftovers(tmp_path) == [left]
    assert (tmp_path / left).stat().st_size > 0
    halted.kill()
    halted.wait()
    assert leftovers(tmp_path) == [left]
    rnnh5.write(tmp_path / "m.h5", *tiny)
    assert sorted(os.listdir(tmp_path)) == ["m.h5", "other.h5"]
    assert rnnh5.validate(tmp_path / "m.h5").valid


def test_an_old_file_is_whole_when_the_writer_is_killed(tiny, tmp_path: Path) -> None:
    target = tmp_path / "m.h5"
    rnnh5.write(target, *tiny)
    old = target.read_bytes()
    command = [*script(HALTING + COPY), str(GOLDEN / "lstm.h5"), str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        begun = Path(os.fsdecode(process.stdout.readline().rstrip(b"\n")))
        assert begun.parent == target.parent.resolve() and begun.stat().st_size > len(old) / 10
        process.kill()
    assert target.read_bytes() == old


@linux
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_leaves_the_old_file_or_the_new(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    target = folder / "m.h5"
    program = Program(tmp_path, script(COPY))
    every = program.points(kind, GOLDEN / "lstm.h5", target, every=True)
    # Each kind of fault at other places, and after the last.
    points = every if STRIDE == 1 else [*every[KINDS.index(kind) : -1 : len(KINDS)], every[-1]]
    new = target.read_bytes()
    shutil.copyfile(GOLDEN / "gru_reset_before.h5", target)
    old, done = target.read_bytes(), 0
    for at in points:
        target.write_bytes(old)
        ended = program.run(GOLDEN / "lstm.h5", target, at=at, kind=kind)
        where = f"{kind} at call {at}: {ended.stderr.decode()}"
        now = target.read_bytes()
        assert now in (old, new), where
        # Of a disk that fails while it writes, the HDF5 library may die.
        assert ended.returncode in ((0, 1, -signal.SIGSEGV) if kind in REASONS else (0, -signal.SIGKILL)), where
        if kind in REASONS:
            assert (now == old) is (ended.returncode != 0), where
        assert len(leftovers(folder)) <= (1 if kind == "eio" or ended.returncode < 0 else 0), where
        done += now == new
        # What is left is removed before anything is written.
        atomic_file.remove_abandoned(str(folder))
        assert os.listdir(folder) == ["m.h5"], where
    assert 1 <= done < len(points)
    print(f"rnnh5.write, {kind}: {len(points)} points of {points[-1] - 1} calls, {done} too late to matter")


@linux
def test_the_place_is_the_host_its_start_and_its_numbers_of_processes() -> None:
    # By other programs.
    command = 'printf "%s\\n%s\\n%s" "$(uname -n)" "$(cat /proc/sys/kernel/random/boot_id)" "$(readlink /proc/self/ns/pid)"'
    text = subprocess.run(["sh", "-c", command], capture_output=True, check=True).stdout
    assert text.count(b"\n") == 2 and len(text) > 40
    assert atomic_file.place() == hashlib.sha256(text).hexdigest()[:12]


def test_without_proc_the_place_is_the_host(monkeypatch) -> None:
    def missing(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(atomic_file.socket, "gethostname", lambda: "räksmörgås")
    monkeypatch.setattr(atomic_file.Path, "read_text", missing)
    monkeypatch.setattr(atomic_file.os, "readlink", missing)
    assert atomic_file.place() == hashlib.sha256("räksmörgås\n\n".encode()).hexdigest()[:12]


@posix
def test_only_what_is_abandoned_is_removed(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-S", "-c", ""])
    dead.wait()
    here, elsewhere, day = atomic_file.place(), "0" * 12, 24 * 60 * 60
    young, old = day - 60, day + 60
    stays, goes = True, False
    files = [
        # Here, the process decides, whatever the age.
        (f"{dead.pid}-1@{here}.partial", 0, goes),
        (f"{dead.pid}-2@{here}.partial", old, goes),
        (f"{dead.pid}-3@{here}.partial.x7Zq2A", 0, goes),
        (f"{os.getpid()}-1@{here}.partial", old, stays),
        (f"1-1@{here}.partial", old, stays),
        (f"9999999999-1@{here}.partial", old, stays),
        # Elsewhere, the age, whatever the process.
        (f"{dead.pid}-1@{elsewhere}.partial", young, stays),
        (f"{dead.pid}-2@{elsewhere}.partial", old, goes),
        (f"{os.getpid()}-2@{elsewhere}.partial", old, goes),
        # And where it is not known.
        (f"{dead.pid}-1.partial", young, stays),
        (f"{dead.pid}-2.partial", old, goes),
        (f"{os.getpid()}-3.partial", old, goes),
        (f"{dead.pid}-3.partial.x7Zq2A", old, goes),
        # From the future.
        (f"{dead.pid}-4.partial", -day, stays),
        # Not ours.
        (f"{dead.pid}.partial", old, stays),
        (f"{dead.pid}-1@{here}", old, stays),
        (f"{dead.pid}-1@{here[:-1]}.partial", old, stays),
        (f"x{dead.pid}-1@{here}.partial", old, stays),
        ("partial", old, stays),
    ]
    now = time.time()
    for name, age, _ in files:
        path = tmp_path / f".rnntool.{name}"
        path.write_bytes(b"x")
        os.utime(path, (now - age, now - age))
    (tmp_path / f".rnntool.{dead.pid}-9@{here}.partial").mkdir()
    atomic_file.remove_abandoned(str(tmp_path))
    expected = {f".rnntool.{name}" for name, _, is_left in files if is_left} | {f".rnntool.{dead.pid}-9@{here}.partial"}
    assert set(os.listdir(tmp_path)) == expected


def test_a_folder_that_cannot_be_listed_stops_nothing(tmp_path: Path) -> None:
    atomic_file.remove_abandoned(str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError), atomic_file.replacing(tmp_path / "none" / "m.h5"):
        pass


@posix
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_followed(exists: bool, tiny, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "links").mkdir()
    real, link, first = tmp_path / "real" / "m.h5", tmp_path / "links" / "m.h5", tmp_path / "links" / "first"
    link.symlink_to("../real/m.h5")
    first.symlink_to(link)
    if exists:
        real.write_bytes(b"old")
    folders, identify = [], writer._write_content_id
    monkeypatch.setattr(writer, "_write_content_id", lambda path: (folders.append(Path(path).parent), identify(path)))
    rnnh5.write(first, *tiny)
    assert folders == [real.parent.resolve()]
    assert link.is_symlink() and first.is_symlink() and not real.is_symlink()
    assert rnnh5.validate(real).valid
    assert sorted(os.listdir(tmp_path / "links")) == ["first", "m.h5"]
    assert os.listdir(tmp_path / "real") == ["m.h5"]


@posix
def test_a_link_to_itself_is_refused(tiny, tmp_path: Path) -> None:
    (tmp_path / "m.h5").symlink_to("m.h5")
    with pytest.raises(OSError, match="symbolic links"):
        rnnh5.write(tmp_path / "m.h5", *tiny)
    assert os.listdir(tmp_path) == ["m.h5"] and (tmp_path / "m.h5").is_symlink()


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o755])
def test_a_replaced_file_keeps_its_permissions(mode: int, tiny, tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    path.write_bytes(b"old")
    path.chmod(mode)
    with atomic_file.replacing(path) as temporary:
        # Nobody reads the new one who could not read the old one.
        assert stat.S_IMODE(os.stat(temporary).st_mode) == 0o600
    rnnh5.write(path, *tiny)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert rnnh5.validate(path).valid


@posix
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_permissions_of_new_files(mask: int, mode: int, tiny, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        rnnh5.write(tmp_path / "m.h5", *tiny)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "m.h5").stat().st_mode) == mode


@posix
def test_only_files_are_replaced(tiny, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(IsADirectoryError):
        rnnh5.write(tmp_path / "folder", *tiny)
    with pytest.raises(OSError, match="not a regular file"):
        rnnh5.write(tmp_path / "pipe", *tiny)
    assert sorted(os.listdir(tmp_path)) == ["folder", "pipe"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_several_threads_write_into_one_folder(tmp_path: Path) -> None:
    def write(index: int) -> None:
        for round in range(20):
            with atomic_file.replacing(tmp_path / f"{index % 2}") as temporary:
                Path(temporary).write_text(f"{index} {round}")

    threads = [threading.Thread(target=write, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(os.listdir(tmp_path)) == ["0", "1"]
    assert {(tmp_path / name).read_text().split()[1] for name in "01"} == {"19"}


@posix
@needs_program
def test_the_program_removes_what_python_left(halted, tmp_path: Path) -> None:
    halted.kill()
    halted.wait()
    assert len(leftovers(tmp_path)) == 1
    run("convert", GOLDEN / "lstm.h5", tmp_path / "m.h5", "--quiet")
    assert leftovers(tmp_path) == []
