"""The program and this package judge every file alike: the same rules, the same severities, the same places.

Four exceptions:

- Of a file outside the HDF5 profile, the program names the first thing that is refused, this package all of them, and the
  program gives the group where this package gives the name that cannot be one.
- Where ``/proof`` is no group, the program warns also that there is none.
- Of what is no array in a training state, the program may say also that its hash is wrong.
- Where the text of an attribute is no text, the program may refuse it as HDF5 too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import mutations
import numpy as np
import pytest
import rnnh5
from conftest import FIXTURES
from program import needs_program, reports

pytestmark = needs_program

GOLDEN = sorted((FIXTURES / "golden").glob("*.h5"))
HOSTILE = sorted((FIXTURES / "hostile").glob("*.h5"))
MUTATIONS = 300

Verdict = set[tuple[str, str, str]]


def difference(path: Path, level: str, theirs: dict[str, Any]) -> tuple[list[Any], list[Any]] | None:
    """What only the program and what only this package says of a file; None where they agree."""
    mine = rnnh5.validate(path, level)
    assert mine.valid == all(finding.severity == "warning" for finding in mine.findings)
    a: Verdict = {(finding["rule"], finding["severity"], finding["place"]) for finding in theirs["findings"]}
    b: Verdict = {(finding.rule, finding.severity, finding.place) for finding in mine.findings}
    if ("layout.kind", "error", "/proof") in a:
        a -= {("proof.missing", "warning", "/proof")}
    a -= {("training_state.hash", "error", place) for rule, _, place in a if rule == "layout.kind"}
    a -= {("hdf5.refused", "error", place) for rule, _, place in a if rule == "layout.value"}
    theirs_refused, mine_refused = ({place for rule, _, place in found if rule == "hdf5.refused"} for found in (a, b))
    if theirs_refused and mine_refused:
        starts = tuple(start for place in theirs_refused for start in (place.rstrip("/") + "/", place + "@"))
        if theirs_refused & mine_refused or any(place.startswith(starts) for place in mine_refused):
            a, b = ({finding for finding in found if finding[0] != "hdf5.refused"} for found in (a, b))
    return None if a == b and theirs["valid"] == mine.valid else (sorted(a - b), sorted(b - a))


@pytest.mark.parametrize("level", ["structure", "hashes", "proof"])
def test_both_find_the_same_in_every_fixture(level: str) -> None:
    files = GOLDEN + HOSTILE
    found = {path.name: difference(path, level, theirs) for path, theirs in zip(files, reports(files, level))}
    assert {name: differs for name, differs in found.items() if differs} == {}


def test_both_find_the_same_in_changed_files(tmp_path: Path) -> None:
    files, changes = [], {}
    for seed in range(MUTATIONS):
        random = np.random.default_rng(seed)
        files.append(tmp_path / f"{seed}.h5")
        source = GOLDEN[int(random.integers(len(GOLDEN)))]
        changes[files[-1]] = (source.stem, mutations.mutated_copy(source, files[-1], random))
    different, valid = {}, 0
    for level in ("structure", "proof"):
        for path, theirs in zip(files, reports(files, level)):
            valid += theirs["valid"]
            if found := difference(path, level, theirs):
                different[path.stem, level] = (changes[path], *found)
    assert different == {}
    assert 0.05 < valid / len(files) / 2 < 0.5


def nested(file: h5py.File, depth: int) -> None:
    file["/" + "/".join(["g"] * depth)] = np.float32(1)


def two_spellings(file: h5py.File) -> None:
    for name in ("caf\u00e9", "cafe\u0301"):
        file[f"/notes_{name}"] = np.float32(len(name))
        file["/"].attrs[name] = np.float64(len(name))


def newer_with_features(file: h5py.File) -> None:
    mutations.put_text(file, "minimum_reader_version", b"2.0")
    mutations.put_text(file, "required_features", b"unheard-of")


def several_features(file: h5py.File) -> None:
    mutations.put_text(file, "required_features", b"unheard-of  never-heard-of ")


def no_text(path: str, name: str, text: bytes = b"\xff\xfe") -> Any:
    return lambda file: mutations.put_text(file[path], name, text)


def state(file: h5py.File, values: np.ndarray, sha256: bytes) -> None:
    file["/training_state/a"] = values
    mutations.put_text(file["/training_state/a"], "sha256", sha256)


def document(path: str, text: str) -> Any:
    def change(file: h5py.File) -> None:
        mutations.replace(file, path, np.array(text.encode()))

    return change


def metadata(text: str) -> Any:
    return document("/metadata", text)


EDGES: dict[str, Any] = {
    "keys in two spellings": metadata('{"extra":{"\u00e9":1,"e\u0301":2}}'),
    "keys in two spellings of ASCII": metadata('{"extra":{"K":1,"\u212a":2}}'),
    "keys by UTF-16": metadata('{"extra":{"\U0001f600":1,"\ufb33":2}}'),
    "keys by scalars": metadata('{"extra":{"\ufb33":2,"\U0001f600":1}}'),
    "a NUL in JSON": metadata('{"title":"a\\u0000b"}'),
    "no characters": metadata('{"title":"\uffff\U0010ffff\u2028\x7f"}'),
    "a control character": metadata('{"title":"\x01"}'),
    "an escape too many": metadata('{"title":"\\/"}'),
    "a pair of surrogates": metadata('{"title":"\\ud83d\\ude00"}'),
    "a byte order mark": metadata("\ufeff{}"),
    "a number that vanishes": metadata('{"extra":{"a":1e-400}}'),
    "a minus before zero": metadata('{"extra":{"a":-0}}'),
    "the smallest number": metadata('{"extra":{"a":5e-324}}'),
    "the largest number": metadata('{"extra":{"a":1.7976931348623157e+308}}'),
    "a number beyond all": metadata('{"extra":{"a":1e309}}'),
    "an integer beyond 2^53": metadata('{"extra":{"a":9007199254740993}}'),
    "1e20": metadata('{"extra":{"a":100000000000000000000}}'),
    "1e21": metadata('{"extra":{"a":1e+21}}'),
    "digits of another script": metadata('{"created":"\u0662026-01-01T00:00:00Z"}'),
    "a line end after the time": metadata('{"created":"2026-01-01T00:00:00Z\\n"}'),
    "nested 64 deep in JSON": metadata('{"extra":{"a":' + "[" * 62 + "]" * 62 + "}}"),
    "nested 65 deep in JSON": metadata('{"extra":{"a":' + "[" * 63 + "]" * 63 + "}}"),
    "no layers": document("/architecture", '{"context":{"kind":"stream"},"input":{"kind":"tokens","size":1},"layers":[],"output":{"activation":"softmax"}}'),
    "nested 63 deep": lambda file: nested(file, 63),
    "nested 64 deep": lambda file: nested(file, 64),
    "nested 66 deep": lambda file: nested(file, 66),
    "two spellings": two_spellings,
    "newer with features": newer_with_features,
    "several features": several_features,
    "kind is no text": no_text("/vocabulary", "kind"),
    "computed_by is no text": no_text("/proof", "computed_by"),
    "kind holds NUL": no_text("/vocabulary", "kind", b"by\0tes"),
    "kind is empty": no_text("/vocabulary", "kind", b""),
    "computed_by holds NUL": no_text("/proof", "computed_by", b"a\0b"),
    "axes are no text": no_text("/parameters/output/weights", "axes"),
    "a hash is no text": no_text("/parameters/output/weights", "sha256"),
    "generator is no text": no_text("/", "generator"),
    "format is no text": no_text("/", "format"),
    "a name of 1024 bytes": lambda file: file.create_group("x" * 1024),
    "an attribute's name of 1025 bytes": lambda file: file.attrs.__setitem__("x" * 1025, 1),
    "an attribute's name with a slash": lambda file: file["/proof"].attrs.__setitem__("a/b", 1),
    "an attribute's name is ..": lambda file: file["/proof"].attrs.__setitem__("..", 1),
    "an empty unknown dataset": lambda file: file.create_dataset("/nothing", (0,), "<f4"),
    "an unknown chunked dataset": lambda file: file.create_dataset("/much", (10**6,), "<f4", chunks=(10,)),
    "an unknown compressed dataset": lambda file: file.create_dataset("/much", data=np.zeros(10**6, "<f4"), compression=9),
    "gates of the wrong type": lambda file: file["/parameters/output/bias"].attrs.__setitem__("gates", 1),
    "features of the wrong type": lambda file: file.attrs.__setitem__("required_features", 1),
    "an id far away": lambda file: file["/vocabulary"].attrs.__setitem__("unknown_id", np.int64(2**62)),
    "a state of integers": lambda file: state(file, np.zeros(2, "<i4"), b"0" * 64),
    "a state of text": lambda file: state(file, np.array([b"a", b"b"]), b"0" * 64),
    "a state with two axes": lambda file: state(file, np.zeros((2, 2), "<f4"), b"0" * 64),
    "a state with another hash": lambda file: state(file, np.zeros(2, "<f4"), b"0" * 64),
    "a state with no hash": lambda file: state(file, np.zeros(2, "<f4"), b"none"),
}  # fmt: skip


@pytest.mark.parametrize("level", ["structure", "proof"])
def test_both_find_the_same_at_the_edges(level: str, tmp_path: Path) -> None:
    files = []
    for index, change in enumerate(EDGES.values()):
        files.append(tmp_path / f"{index}.h5")
        files[-1].write_bytes((FIXTURES / "golden" / "lstm.h5").read_bytes())
        with h5py.File(files[-1], "r+") as file:
            change(file)
    found = {name: difference(path, level, theirs) for name, path, theirs in zip(EDGES, files, reports(files, level))}
    assert {name: differs for name, differs in found.items() if differs} == {}
