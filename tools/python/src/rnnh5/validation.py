"""The validator: every rule of ``schemas/rules.json``, all findings at once."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import canonical, schema
from .architecture import (
    TensorRule,
    chain_violations,
    features,
    is_language_model,
    is_ngram_model,
    outputs,
    takes_tokens,
    tensor_rules,
)
from .container import LABELS, Attribute, Container, Item, Refusal, decoded
from .hashing import OTHER_BYTES, sha256_of_values
from .identity import content_id, model_id
from .labels import Labels, stored_names, stored_violation
from .network import Network
from .ngram import NGramTable
from .proof import LARGEST_TOLERANCE, LARGEST_TOLERANCE_FLOAT64, MAXIMUM_STEPS, Proof, is_quick
from .report import Report
from .resources import document, version_number
from .stored_vocabulary import StoredVocabulary
from .vocabulary import KINDS, NORMALISATIONS, Vocabulary

VERSION = r"^[0-9]{1,9}\.[0-9]{1,9}$"
STATE_NAME = r"^[a-z][a-z0-9_]{0,63}$"
DEEPEST_STATE_NAME = 4
LEVELS = ("structure", "hashes", "proof")
OTHER_MODEL = "it is not the hash of the model"


def validate(path: str | os.PathLike[str], level: str = "proof") -> Report:
    """Checks a file. Raises ``OSError`` where the file cannot be read at all; everything else is a finding.

    Levels: ``structure`` (everything but hashes and numbers), ``hashes``, ``proof`` (everything).
    """
    if level not in LEVELS:
        raise ValueError(f"the level is one of {', '.join(LEVELS)}")
    try:
        container = Container(path)
    except Refusal as refusal:
        report = Report(level, os.fspath(path))
        report.add("hdf5.refused", refusal.path, refusal.reason)
        return report
    with container:
        return Validation(container, level).report


class Validation:
    """One run over an open container. What could be understood is there afterwards, else None."""

    def __init__(self, container: Container, level: str) -> None:
        self.report = Report(level, container.path)
        self.architecture: dict[str, Any] | None = None
        self.metadata: Any = None
        self.lineage: Any = None
        self.vocabulary: Vocabulary | None = None
        self.labels: Labels | None = None
        self.proof: Proof | None = None
        self.tensors: dict[str, tuple[TensorRule, Item]] = {}
        self._container = container
        self._items = container.items
        self._texts: dict[str, bytes] = {}
        try:
            self._run(LEVELS.index(level))
        except Refusal as refusal:
            self._refuse(refusal)

    def _run(self, level: int) -> None:
        for refusal in self._container.refusals:
            self._refuse(refusal)
        readable = self._versions()
        if self._container.refusals or not readable:
            return
        self.report.model_id = self._text("/", "model_id") or ""
        self._layout()
        self._documents()
        self._vocabulary()
        self._labels()
        self._features()
        self._parameters()
        self._history()
        self._proof_arrays()
        self._training_state()
        if "/specification" not in self._items:
            self.report.add("specification.missing", "/specification", "the file does not carry its specification")
        # A model that breaks a rule has no identity and no numbers; its tensors and the file still have hashes.
        if level >= 1:
            self._hashes(identify=self.report.valid)
        if level >= 2 and self.report.valid:
            self._proof_numbers()

    def _refuse(self, refusal: Refusal) -> None:
        self.report.add("hdf5.refused", refusal.path, refusal.reason)

    def _find(self, rule: str, path: str, message: str) -> None:
        self.report.add(rule, path, message)

    def _text(self, path: str, attribute: str) -> str | None:
        found = self._items[path].attributes.get(attribute) if path in self._items else None
        return found.text if found else None

    def _scalar(self, path: str, attribute: str, type: str) -> Any:
        """The number of an attribute of the type; None where the layout rules have complained."""
        found = self._items[path].attributes.get(attribute)
        if found is None or found.value is None or (found.type, found.shape) != (type, ()):
            return None
        return found.value.item()

    def _item(self, path: str, type: str) -> Item | None:
        """An item of the type and of the rank that the layout asks for; None where the layout rules have complained."""
        item = self._items.get(path)
        rank = 0 if type == "string" else _object_rule(path).get("rank")
        return item if item and item.type == type and len(item.shape) == rank else None

    # Who may read the file.

    def _versions(self) -> bool:
        if self._text("/", "format") != "rnn-h5":
            self._find("version.format", "/@format", "the file does not say that its format is 'rnn-h5'")
            return False
        needed = self._minimum_reader_version()
        if needed is not None and needed > version_number(document("layout.json")["version"]):
            self._find(
                "version.newer",
                "/@minimum_reader_version",
                f"a reader of version {'.'.join(map(str, needed))} is needed, "
                f"this one is {document('layout.json')['version']}",
            )
            return False
        unknown = sorted(self._required_features() - set(_features()))
        for feature in unknown:
            self._find("version.feature", "/@required_features", f"the feature '{feature}' is not known to this reader")
        return not unknown

    def _minimum_reader_version(self) -> tuple[int, ...] | None:
        text = self._text("/", "minimum_reader_version")
        return version_number(text) if text is not None and schema.matches(VERSION, text) else None

    def _required_features(self) -> set[str]:
        return {feature for feature in (self._text("/", "required_features") or "").split(" ") if feature}

    def _features(self) -> None:
        """What the file uses against what it says that it uses."""
        if self._text("/", "required_features") is None:
            return
        named = self._required_features()
        used = features(self.architecture) if self.architecture else set()
        if self._text("/vocabulary", "kind") == "bpe":
            used.add("bpe")
        if "/vocabulary/specials" in self._items:
            used.add("special-tokens")
        if "/labels" in self._items and self._items["/labels"].is_group:
            used.add("labels")
        for feature in sorted(used - named):
            self._find("features.missing", "/@required_features", f"the model uses '{feature}', and it is not named")
        needed = self._minimum_reader_version()
        for feature in sorted(named & set(_features())):
            if needed is not None and needed < version_number(_features()[feature]["since"]):
                self._find(
                    "features.version", "/@minimum_reader_version", f"'{feature}' came with a version after this one"
                )

    # What layout.json states.

    def _layout(self) -> None:
        for rule in document("layout.json")["objects"]:
            path, parent = rule["path"], rule["path"].rpartition("/")[0] or "/"
            if rule["required"] and path not in self._items and parent in self._items:
                self._find("layout.missing", path, f"the {rule['kind']} is missing")
        for path, item in sorted(self._items.items()):
            rule = _object_rule(path)
            if rule:
                self._layout_of(item, rule)
            else:
                self._find("layout.unknown", path, "the format does not name this object")

    def _layout_of(self, item: Item, rule: dict[str, Any]) -> None:
        kind = "group" if item.is_group else "string" if item.type == "string" else "dataset"
        if rule["kind"] == "tree" and kind != "string":
            # Groups have no attributes; the rest of the rule is for the datasets.
            rule = {**rule, "kind": kind, "attributes": rule["attributes"] if kind == "dataset" else []}
        if kind != rule["kind"]:
            self._find("layout.kind", item.path, f"it is a {kind}, not a {rule['kind']}")
            return
        if kind == "dataset" and item.type not in rule.get("types", [item.type]):
            self._find("layout.type", item.path, f"its type is {item.type}, not {' or '.join(rule['types'])}")
        rank = 0 if kind == "string" else rule.get("rank")
        if kind != "group" and rank is not None and len(item.shape) != rank:
            self._find("layout.shape", item.path, f"it has {len(item.shape)} axes, not {rank}")
        elif kind == "string" and not _is_json(rule) and decoded(item.bytes()) is None:
            # Documents with a schema are judged as JSON.
            self._find("layout.value", item.path, "it is not UTF-8 without NUL")
        known = {attribute["name"]: attribute for attribute in rule.get("attributes", ())}
        for name, attribute in item.attributes.items():
            if name in known:
                self._attribute(f"{item.path}@{name}", attribute, known[name])
            else:
                self._find("layout.unknown", f"{item.path}@{name}", "the format does not name this attribute")
        for name, attribute in known.items():
            if attribute["required"] and name not in item.attributes:
                self._find("layout.missing", f"{item.path}@{name}", "the attribute is missing")

    def _attribute(self, path: str, attribute: Attribute, rule: dict[str, Any]) -> None:
        if attribute.type != rule["type"]:
            self._find("layout.type", path, f"its type is {attribute.type}, not {rule['type']}")
        elif len(attribute.shape) != rule.get("rank", 0):
            self._find("layout.shape", path, f"it has {len(attribute.shape)} axes, not {rule.get('rank', 0)}")
        elif rule["name"] == LABELS:
            self._find("layout.labels", path, "no hash covers these texts, and programs that read them can be led astray")
        elif attribute.type == "string" and attribute.value is not None:
            for value in attribute.value.reshape(-1):
                text = decoded(bytes(value))
                if text is None:
                    self._find("layout.value", path, "it is not UTF-8 without NUL")
                elif not _allowed(text, rule):
                    self._find("layout.value", path, f"'{text[:80]}' is not allowed here")

    # The JSON documents.

    def _documents(self) -> None:
        for rule in document("layout.json")["objects"]:
            item = self._item(rule["path"], "string") if _is_json(rule) else None
            if item is None:
                continue
            stored = item.bytes()
            try:
                value = canonical.parse(stored)
                text = canonical.canonical(value)
            except canonical.JSONError as error:
                self._find("json.syntax", item.path, str(error))
                continue
            if text != stored:
                self._find("json.canonical", item.path, "it is not in its canonical form")
            if "schema" not in rule:
                continue
            problems = list(schema.violations(value, document(rule["schema"])))
            for where, message in problems:
                self._find("json.schema", item.path + where, message)
            if not problems:
                self._texts[item.path] = text
                setattr(self, item.path[1:], value)
        if self.architecture:
            self._architecture(self.architecture)

    def _architecture(self, architecture: dict[str, Any]) -> None:
        names = [layer["name"] for layer in architecture["layers"]]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._find("architecture.names", "/architecture", f"more than one layer is called '{name}'")
        for message in chain_violations(architecture):
            self._find("architecture.chain", "/architecture", message)
        if any(rule.startswith("architecture.") for rule in self.report.rules):
            # Its layers do not follow from one another: nothing else can be held against it.
            self.architecture = None

    # The vocabulary.

    def _vocabulary(self) -> None:
        if "/vocabulary" not in self._items:
            return
        data, bounds = self._item("/vocabulary/bytes", "uint8"), self._item("/vocabulary/offsets", "uint64")
        counts, merges = self._item("/vocabulary/counts", "uint64"), self._item("/vocabulary/merges", "uint32")
        if data is None or bounds is None or counts is None and "/vocabulary/counts" in self._items:
            return
        if merges is None and "/vocabulary/merges" in self._items:
            return
        specials = self._item("/vocabulary/specials", "uint32")
        if specials is None and "/vocabulary/specials" in self._items:
            return
        if merges is not None and merges.shape[1] != 2:
            self._find("vocabulary.merges", merges.path, f"its rows have {merges.shape[1]} tokens, not 2")
            return
        unknown_id, line_end_id = (self._scalar("/vocabulary", name, "int64") for name in ("unknown_id", "line_end_id"))
        kind, normalisation = self._text("/vocabulary", "kind"), self._text("/vocabulary", "normalisation")
        if kind not in KINDS or normalisation not in NORMALISATIONS or unknown_id is None or line_end_id is None:
            return
        stored = StoredVocabulary(
            kind, normalisation, unknown_id, line_end_id, data.read().tobytes(), bounds.read(),
            counts.read() if counts else None, merges.read() if merges else None,
            specials.read() if specials else None,
        )  # fmt: skip
        rule, message = stored.violation() or self._vocabulary_size(len(stored)) or (None, "")
        if rule is not None:
            self._find(rule, "/vocabulary", message)
        if rule not in ("vocabulary.offsets", "vocabulary.merges", "vocabulary.specials") and self._takes_tokens:
            self.vocabulary = stored.vocabulary()

    @property
    def _takes_tokens(self) -> bool:
        """Also where it is not known."""
        return self.architecture is None or takes_tokens(self.architecture)

    def _vocabulary_size(self, tokens: int) -> tuple[str, str] | None:
        if not self._takes_tokens:
            return "vocabulary.size", "the model takes features, and has no vocabulary"
        if self.architecture is not None and tokens != self.architecture["input"]["size"]:
            return "vocabulary.size", f"there are {tokens} tokens, the model takes {self.architecture['input']['size']}"
        return None

    # The names of the outputs.

    def _labels(self) -> None:
        data, bounds = self._item("/labels/bytes", "uint8"), self._item("/labels/offsets", "uint64")
        if data is None or bounds is None:
            return
        found, offsets = data.read().tobytes(), bounds.read()
        violation = stored_violation(found, offsets)
        if violation is None:
            self.labels = Labels(stored_names(found, offsets))
            violation = self._labels_size(len(self.labels))
        if violation is not None:
            self._find(violation[0], "/labels", violation[1])

    def _labels_size(self, labels: int) -> tuple[str, str] | None:
        if self.architecture is None:
            return None
        if is_language_model(self.architecture):
            return "labels.size", "the outputs of a language model are its tokens, and have no other names"
        if labels != outputs(self.architecture):
            return "labels.size", f"there are {labels} labels for {outputs(self.architecture)} outputs"
        return None

    # The parameters.

    def _parameters(self) -> None:
        if self.architecture is None:
            return
        rules = {"/parameters/" + rule.path: rule for rule in tensor_rules(self.architecture)}
        layers = {path.rpartition("/")[0] for path in rules}
        for path, rule in rules.items():
            item = self._items.get(path)
            if item is None:
                self._find("parameters.missing", path, "the architecture has this tensor, the file does not")
            elif item.type in _object_rule(path)["types"]:
                self._tensor(item, rule)
                self.tensors[rule.path] = (rule, item)
        for path in self._items:
            if path.startswith("/parameters/") and path not in rules and path not in layers:
                self._find("parameters.unused", path, "the architecture does not have it")

    def _tensor(self, item: Item, rule: TensorRule) -> None:
        if (item.type != rule.type) if rule.type else item.type in ("uint32", "uint64"):
            self._find("parameters.type", item.path, f"its type is {item.type}, not {rule.type or 'one of floats'}")
        if item.shape != rule.shape:
            self._find("parameters.shape", item.path, f"its shape is {list(item.shape)}, not {list(rule.shape)}")
        for name in ("axes", "gates"):
            text, expected = self._text(item.path, name), rule.attributes.get(name)
            is_there = name in item.attributes
            # Axes that are missing are reported with the layout.
            if text != expected and (is_there or name != "axes") or is_there and expected is None:
                self._find("parameters.axes", f"{item.path}@{name}", f"it is {_quoted(text)}, not {_quoted(expected)}")
        if (item.type == "uint16") != ("encoding" in item.attributes):
            self._find("parameters.encoding", item.path, f"a tensor of type {item.type} is marked otherwise")

    # History and proof.

    def _history(self) -> None:
        columns = [item for item in self._container.children("/history") if len(item.shape) == 1]
        if len({item.shape[0] for item in columns}) > 1:
            self._find("history.length", "/history", "its columns differ in length")

    def _proof_arrays(self) -> None:
        if "/proof" not in self._items:
            self._find("proof.missing", "/proof", "the file does not carry a proof")
            return
        names = ("inputs", "tokens", "log_probabilities")
        arrays = [self._items.get(f"/proof/{name}") or Item(name) for name in names]
        inputs, tokens, numbers = arrays
        if any(item.is_group for item in arrays) or (len(tokens.shape), len(numbers.shape)) != (1, 2):
            return
        if inputs.type not in _object_rule(inputs.path)["types"]:
            return
        if (inputs.type, len(inputs.shape)) not in (("uint32", 1), ("float64", 2)):
            self._find("proof.shape", inputs.path, f"it is {inputs.type} with {len(inputs.shape)} axes")
            return
        if (tokens.type, numbers.type) != ("uint32", "float64"):
            return
        computed_by = self._text("/proof", "computed_by")
        tolerance, tolerance_float64 = (
            self._scalar("/proof", name, "float64") for name in ("tolerance", "tolerance_float64")
        )
        if computed_by is None or tolerance is None or tolerance_float64 is None:
            return
        if numbers.shape != (inputs.shape[0], *tokens.shape):
            self._find("proof.shape", "/proof", "its arrays do not fit together")
            return
        proof = Proof(inputs.read(), tokens.read(), numbers.read(), computed_by, tolerance, tolerance_float64)
        for name, value, bound in (
            ("tolerance", tolerance, LARGEST_TOLERANCE),
            ("tolerance_float64", tolerance_float64, LARGEST_TOLERANCE_FLOAT64),
        ):
            if not 0 <= value <= bound:
                self._find("layout.value", f"/proof@{name}", f"it is {value}, not between 0 and {bound}")
                return
        violation = _proof_violation(proof, self.architecture)
        if violation is None:
            self.proof = proof
        else:
            self._find("proof.shape", "/proof", violation)

    # The state of a training.

    def _training_state(self) -> None:
        for path in sorted(self._items):
            if not path.startswith("/training_state/"):
                continue
            names = path.split("/")[2:]
            if len(names) > DEEPEST_STATE_NAME or not all(schema.matches(STATE_NAME, name) for name in names):
                self._find("training_state.names", path, "its name is not one that the state of a training can have")

    def _state_hashes(self) -> None:
        for path, item in sorted(self._items.items()):
            # Also of numbers of a type that has no place there; what is of another kind has been reported as that.
            if path.startswith("/training_state/") and not item.is_group and item.type != "string":
                if self._text(path, "sha256") not in (None, sha256_of_values(item.blocks())):
                    self._find("training_state.hash", path, OTHER_BYTES)

    # Hashes and numbers.

    def _hashes(self, identify: bool) -> None:
        self._state_hashes()
        digests = {}
        for path, (_, item) in self.tensors.items():
            digests[path] = sha256_of_values(item.blocks())
            if self._text(item.path, "sha256") not in (None, digests[path]):
                self._find("parameters.hash", item.path, OTHER_BYTES)
            if not all(_all_finite(block) for block in item.blocks()):
                self._find(
                    "parameters.finite", item.path, "a value is infinite, not a number, or too large for float32"
                )
        if identify and self.architecture is not None and is_ngram_model(self.architecture):
            layer = self.architecture["layers"][0]
            try:
                NGramTable(layer, {path.partition("/")[2]: tensor_values(item) for path, (_, item) in self.tensors.items()})
            except ValueError as error:
                self._find("parameters.ngrams", f"/parameters/{layer['name']}", str(error))
        if identify and self._text("/", "model_id") != self.identity(digests):
            self._find("identity.model_id", "/@model_id", OTHER_MODEL)
        if self._text("/", "content_id") not in (None, content_id(self._container)):
            self._find("identity.content_id", "/@content_id", "it is not the hash of the content")

    def identity(self, digests: Mapping[str, str]) -> str:
        """The ``model_id`` that follows from a file without errors whose tensors, by ``layer/name``, have these hashes."""
        tensors = [(path, tensor_type(item), item.shape, digests[path]) for path, (_, item) in self.tensors.items()]
        return model_id(self._texts["/architecture"], self.vocabulary, tensors, self.labels)

    def _proof_numbers(self) -> None:
        if self.proof is None or self.architecture is None:
            return
        with np.errstate(all="ignore"):
            values = {path: tensor_values(item) for path, (_, item) in self.tensors.items()}
            network = Network(self.architecture, values)
            difference = self.proof.largest_difference(network)
        self.report.proof_difference = difference if math.isfinite(difference) else None
        if not difference <= self.proof.tolerance_float64:
            self._find(
                "proof.numbers",
                "/proof/log_probabilities",
                f"the largest difference is {difference:.3g} nats, {self.proof.tolerance_float64:.3g} are allowed",
            )


def tensor_type(item: Item) -> str:
    """``float64``, ``float32``, ``float16``, ``bfloat16``, ``uint32`` or ``uint64``."""
    return "bfloat16" if item.type == "uint16" else item.type


def tensor_values(item: Item) -> np.ndarray:
    """A tensor's values in its own type; bfloat16 as float32."""
    return values_of(item, item.read())


def values_of(item: Item, stored: np.ndarray) -> np.ndarray:
    """The same, of what was read."""
    return widened(stored) if item.type == "uint16" else stored


def widened(stored: np.ndarray) -> np.ndarray:
    """float32 from bfloat16 in uint16: its upper half."""
    return (stored.astype(np.uint32) << np.uint32(16)).view(np.float32)


def _proof_violation(proof: Proof, architecture: dict[str, Any] | None) -> str | None:
    """What is wrong with the arrays, whose shapes fit together; None if nothing is."""
    steps, of_tokens = len(proof.inputs), proof.inputs.dtype.kind == "u"
    if not proof.log_probabilities.size:
        return "it has no step, or no column"
    if steps > MAXIMUM_STEPS:
        return f"it has more than {MAXIMUM_STEPS} steps"
    if np.any(proof.tokens[1:] <= proof.tokens[:-1]):
        return "its tokens do not rise strictly"
    if not of_tokens and not _all_finite(proof.inputs):
        return "a feature is infinite, not a number, or too large for float32"
    if architecture is None:
        return None
    parameters = sum(math.prod(rule.shape) for rule in tensor_rules(architecture))
    if not is_quick(steps, architecture, parameters):
        return f"it has {steps} steps, which take too long with {parameters} parameters"
    if proof.tokens.max() >= outputs(architecture):
        return f"it holds an output that is not below {outputs(architecture)}"
    size = architecture["input"]["size"]
    if of_tokens != takes_tokens(architecture):
        return f"it is fed {'tokens' if of_tokens else 'features'}, and the model takes others"
    if of_tokens and proof.inputs.max() >= size:
        return f"it is fed a token that is not below {size}"
    if not of_tokens and proof.inputs.shape[1] != size:
        return f"it is fed {proof.inputs.shape[1]} features, the model takes {size}"
    return None


def _all_finite(block: np.ndarray) -> bool:
    values = widened(block) if block.dtype == np.uint16 else block
    return bool((np.abs(values.astype(np.float64)) <= np.finfo(np.float32).max).all())


def _object_rule(path: str) -> dict[str, Any]:
    """What ``layout.json`` states of an object; nothing of one that it does not name."""
    parts = path.split("/")
    rules: list[dict[str, Any]] = document("layout.json")["objects"]
    for rule in rules:
        pattern = rule["path"].split("/")
        if pattern[-1] == "**":
            # Everything below.
            if len(parts) >= len(pattern) and parts[: len(pattern) - 1] == pattern[:-1]:
                return rule
        elif len(parts) == len(pattern) and all(p in ("*", part) for p, part in zip(pattern, parts)):
            return rule
    return {}


def _is_json(rule: dict[str, Any]) -> bool:
    return "schema" in rule or rule.get("json", False)


def _features() -> dict[str, dict[str, str]]:
    return {feature["name"]: feature for feature in document("layout.json")["features"]}


def _allowed(text: str, rule: dict[str, Any]) -> bool:
    if "const" in rule and text != rule["const"] or "enum" in rule and text not in rule["enum"]:
        return False
    return "pattern" not in rule or schema.matches(rule["pattern"], text)


def _quoted(text: str | None) -> str:
    return "missing" if text is None else f"'{text[:80]}'"
