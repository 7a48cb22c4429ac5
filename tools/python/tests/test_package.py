"""The package as others get it: types, documentation, data, the wheel, and what it does without PyTorch and Keras."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import os
import pkgutil
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import rnnh5
from conftest import FIXTURES
from rnnh5.resources import SCHEMAS, document, specification

PACKAGE = Path(__file__).resolve().parents[1]
REPOSITORY = PACKAGE.parents[1]
OPTIONAL = {"torch_cells": "torch", "torch_network": "torch", "keras_model": "keras"}


def test_types_are_sound() -> None:
    pytest.importorskip("mypy", reason="mypy is not installed: pip install 'rnnh5[test]'")
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--cache-dir", os.devnull, "src/rnnh5"]
    done = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def modules() -> Iterator[ModuleType]:
    yield rnnh5
    for found in pkgutil.iter_modules(rnnh5.__path__):
        needs = OPTIONAL.get(found.name)
        if needs is None or importlib.util.find_spec(needs):
            yield importlib.import_module(f"rnnh5.{found.name}")


def undocumented(owner: object, name: str) -> Iterator[str]:
    """Public names below a module or class that say nothing; what only repeats a base class may be silent."""
    for key, value in vars(owner).items():
        function = (
            value.func if hasattr(value, "func") else getattr(value, "fget", None) or getattr(value, "__func__", value)
        )
        module = value.__module__ if inspect.isclass(value) else getattr(function, "__module__", None)
        if key.startswith("_") or module is None or not module.startswith("rnnh5"):
            continue
        if (
            not (inspect.isclass(value) or inspect.isfunction(function))
            or getattr(function, "__name__", "") == "<lambda>"
        ):
            continue
        inherited = inspect.isclass(owner) and any(hasattr(base, key) for base in owner.__bases__)
        if not (function.__doc__ or inherited):
            yield f"{name}.{key}"
        if inspect.isclass(value) and value.__module__ == getattr(owner, "__name__", None):
            yield from undocumented(value, f"{name}.{key}")


def test_every_public_name_is_documented() -> None:
    assert [found for module in modules() for found in undocumented(module, module.__name__)] == []
    assert [module.__name__ for module in modules() if not module.__doc__] in ([], ["rnnh5.__main__"])
    assert sorted(rnnh5.__all__) == rnnh5.__all__
    assert all(hasattr(rnnh5, name) for name in rnnh5.__all__)


def test_the_data_are_those_of_the_repository() -> None:
    assert specification() == (REPOSITORY / "docs" / "FORMAT.md").read_text("utf-8")
    schemas = {path.name: json.loads(path.read_text("utf-8")) for path in (REPOSITORY / "schemas").glob("*.json")}
    assert sorted(schemas) == sorted(SCHEMAS)
    for name, value in schemas.items():
        assert document(name) == value
    # Where links can be, there is one text and not two.
    assert (PACKAGE / "src" / "rnnh5" / "FORMAT.md").is_symlink() or os.name == "nt"
    assert (PACKAGE / "src" / "rnnh5" / "schemas").is_symlink() or os.name == "nt"


def test_what_needs_pytorch_or_keras_says_so() -> None:
    code = """
import sys
sys.modules["torch"] = sys.modules["keras"] = None  # what an interpreter that lacks them does when they are imported
import rnnh5
with rnnh5.open(sys.argv[1]) as model:
    for name, give in (("torch", model.to_torch), ("keras", model.to_keras)):
        try:
            give()
        except rnnh5.MissingExtra as error:
            assert error.extra == name and f"pip install 'rnnh5[{name}]'" in str(error)
        else:
            raise SystemExit("it was not refused")
assert not any(name.startswith(("rnnh5.torch", "rnnh5.keras")) for name in sys.modules)
"""
    path = FIXTURES / "golden" / "lstm.h5"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_package_itself_imports_neither() -> None:
    code = "import rnnh5, sys; sys.exit(any(name in sys.modules for name in ('torch', 'keras')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_wheel_is_whole_and_works_with_numpy_and_h5py_alone(tmp_path) -> None:
    def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=tmp_path)

    # A copy with its links: building leaves files beside the source, and takes in what older builds have left there.
    source = tmp_path / "source"
    for folder in ("tools/python", "docs", "schemas"):
        ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
        shutil.copytree(REPOSITORY / folder, source / folder, symlinks=True, ignore=ignored)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    built = run(*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, source / "tools" / "python")
    if built.returncode and "No matching distribution found for setuptools" in built.stderr:
        pytest.skip("the package index cannot be reached, and building needs setuptools")
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("rnnh5/FORMAT.md") == (REPOSITORY / "docs" / "FORMAT.md").read_bytes()
        for name in SCHEMAS:
            assert archive.read(f"rnnh5/schemas/{name}") == (REPOSITORY / "schemas" / name).read_bytes()
        assert "rnnh5/py.typed" in archive.namelist()
        assert not [name for name in archive.namelist() if "test" in name]

    assert run(sys.executable, "-m", "venv", "fresh").returncode == 0
    python = tmp_path / "fresh" / ("Scripts" if os.name == "nt" else "bin") / "python"
    installed = run(python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", wheel)
    if installed.returncode and "No matching distribution found" in installed.stderr:
        pytest.skip("the package index cannot be reached, and a fresh environment needs numpy and h5py")
    assert installed.returncode == 0, installed.stderr
    listed = {line["name"].lower() for line in json.loads(run(python, "-m", "pip", "list", "--format", "json").stdout)}
    assert listed - {"pip", "setuptools", "wheel"} == {"rnnh5", "numpy", "h5py"}
    good, bad = FIXTURES / "golden" / "lstm.h5", FIXTURES / "hostile" / "parameter_nan.h5"
    assert run(python, "-m", "rnnh5", "validate", good).returncode == 0
    assert run(tmp_path / "fresh" / python.parent.name / "rnnh5", "validate", bad).returncode == 1
    code = f"""
import rnnh5
with rnnh5.open({str(good)!r}) as model:
    values = {{name: tensor.read() for name, tensor in model.parameters.items()}}
    rnnh5.write("copy.h5", model.architecture, values, model.vocabulary)
    with rnnh5.open("copy.h5", "proof") as copy:
        assert copy.model_id == model.model_id
    try:
        model.to_torch()
    except rnnh5.MissingExtra:
        print("as it should be")
"""
    done = run(python, "-c", code)
    assert done.stdout == "as it should be\n", done.stderr
