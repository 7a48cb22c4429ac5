"""The validator: every rule of ``schemas/rules.json``, all findings at once."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from . import canonical, schema
from .architecture import TensorRule, chain_violations, features, outputs, takes_tokens, tensor_rules
from .container import Attribute, Container, Item, Refusal, decoded
from .hashing import sha256_of_values
from .identity import content_id, model_id
from .network import Network
from .proof import LARGEST_TOLERANCE, LARGEST_TOLERANCE_FLOAT64, MAXIMUM_STEPS, Proof
from .report import Report
from .resources import document, version_number
from .vocabulary import KINDS, NORMALISATIONS, Vocabulary, merged_tokens

VERSION = r"^[0-9]{1,9}\.[0-9]{1,9}$"
STATE_NAME = r"^[a-z][a-z0-9_]{0,63}$"
DEEPEST_STATE_NAME = 4
LEVELS = ("structure", "hashes", "proof")


def validate(path: str | os.PathLike[str], level: str = "proof") -> Report:
    """Checks a file. Raises ``OSError`` where the file cannot be read at all; everything else is a finding.

    Levels: ``structure`` (everything but hashes and numbers), ``hashes``, ``proof`` (everything).
    """
    if level not in LEVELS:
        raise ValueError(f"the level is one of {', '.join(LEVELS)}")
    try:
        container = Container(path)
    except Refusal as refusal:
        report = Report(level)
        report.add("hdf5.refused", refusal.path, refusal.reason)
        return report
    with container:
        return Validation(container, level).report


class Validation:
    """One run over an open container. What could be understood is there afterwards, else None."""

    def __init__(self, container: Container, level: str) -> None:
        self.report = Report(level)
        self.architecture: dict[str, Any] | None = None
        self.metadata: Any = None
        self.lineage: Any = None
        self.vocabulary: Vocabulary | None = None
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
        self._layout()
        self._documents()
        self._vocabulary()
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

    def _item(self, path: str, type: str) -> Item | None:
        """An item of the type and of the rank that the layout asks for; None where the layout rules have complained."""
        item = self._items.get(path)
        rank = 0 if type == "string" else _object_rule(path)["rank"]
        return item if item and item.type == type and len(item.shape) == rank else None

    # Who may read the file.

    def _versions(self) -> bool:
        if self._text("/", "format") != "rnn-h5":
            self._find("version.format", "/@format", "the file does not say that its format is 'rnn-h5'")
            return False
        readable = True
        needed = self._minimum_reader_version()
        if needed is not None and needed > version_number(document("layout.json")["version"]):
            self._find(
                "version.newer",
                "/@minimum_reader_version",
                f"a reader of version {'.'.join(map(str, needed))} is needed, "
                f"this one is {document('layout.json')['version']}",
            )
            readable = False
        for feature in sorted(self._required_features() - set(_features())):
            self._find("version.feature", "/@required_features", f"the feature '{feature}' is not known to this reader")
            readable = False
        return readable

    def _minimum_reader_version(self) -> tuple[int, ...] | None:
        text = self._text("/", "minimum_reader_version")
        return version_number(text) if text is not None and schema.matches(VERSION, text) else None

    def _required_features(self) -> set[str]:
        return {feature for feature in (self._text("/", "required_features") or "").split(" ") if feature}

    def _features(self) -> None:
        """What the file uses against what it says that it uses."""
        if "required_features" not in self._items["/"].attributes:
            return
        named = self._required_features()
        used = features(self.architecture) if self.architecture else set()
        if self._text("/vocabulary", "kind") == "bpe":
            used.add("bpe")
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
        unknown: set[str] = set()
        for path, item in sorted(self._items.items()):
            rule = _object_rule(path)
            if rule:
                self._layout_of(item, rule)
            elif path.startswith("/parameters/"):
                # What has no place among the parameters is reported there, with the architecture at hand.
                unknown.add(path)
            else:
                if path.rpartition("/")[0] not in unknown:
                    self._find("layout.unknown", path, "the format does not name this object")
                unknown.add(path)

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
                self._find("json.schema", item.path + "#" + where, message)
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
        offsets = bounds.read()
        if not len(offsets) or offsets[0] != 0 or offsets[-1] != data.shape[0] or np.any(offsets[1:] < offsets[:-1]):
            self._find("vocabulary.offsets", bounds.path, "they do not rise from 0 to the number of bytes")
            return
        if self.architecture and not takes_tokens(self.architecture):
            self._find("vocabulary.size", "/vocabulary", "the model takes features, and has no vocabulary")
            return
        size = self.architecture["input"]["size"] if self.architecture else None
        if len(offsets) == 1 or size is not None and len(offsets) != size + 1:
            self._find("vocabulary.size", bounds.path, f"{len(offsets)} offsets do not make {size} tokens")
        if counts and len(counts.read()) != len(offsets) - 1:
            self._find("vocabulary.size", counts.path, "there are not as many counts as tokens")
        group = self._items["/vocabulary"].attributes
        special = [group.get("unknown_id"), group.get("line_end_id")]
        if any(found is None or found.type != "int64" or found.shape != () for found in special):
            return
        kind, normalisation = self._text("/vocabulary", "kind"), self._text("/vocabulary", "normalisation")
        if kind not in KINDS or normalisation not in NORMALISATIONS:
            return
        unknown_id, line_end_id = (int(found.value) for found in special)
        vocabulary = Vocabulary.from_arrays(
            data.read().tobytes(), offsets, kind,
            normalisation=normalisation, unknown_id=unknown_id, line_end_id=line_end_id,
            counts=counts.read() if counts else None,
        )  # fmt: skip
        if (merges is not None) != (kind == "bpe"):
            self._find("vocabulary.merges", "/vocabulary", f"merges and the kind '{kind}' do not go together")
            return
        if merges is not None and not self._merges(vocabulary, merges):
            return
        for message in _kind_violations(vocabulary):
            self._find("vocabulary.kind", "/vocabulary", message)
        if len(set(vocabulary.tokens)) != len(vocabulary.tokens):
            self._find("vocabulary.duplicate", "/vocabulary", "a token occurs twice")
        if b"" in vocabulary.tokens:
            self._find("vocabulary.duplicate", "/vocabulary", "a token is empty")
        self.vocabulary = vocabulary

    def _merges(self, vocabulary: Vocabulary, item: Item) -> bool:
        """Whether the tokens are those that follow from the merges; takes the merges in then."""
        if item.shape != (len(vocabulary) - 256, 2):
            message = f"its shape is {list(item.shape)}, and there are {len(vocabulary)} tokens"
            self._find("vocabulary.merges", item.path, message)
            return False
        merges = item.read()
        try:
            if merged_tokens(merges) != vocabulary.tokens:
                raise ValueError("the tokens are not those that follow from the merges")
        except ValueError as error:
            self._find("vocabulary.merges", item.path, str(error))
            return False
        vocabulary.merges = merges
        return True

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
        if item.shape != rule.shape:
            self._find("parameters.shape", item.path, f"its shape is {list(item.shape)}, not {list(rule.shape)}")
        for name in ("axes", "gates"):
            text, expected = self._text(item.path, name), rule.attributes.get(name)
            if text != expected and not (name == "axes" and name not in item.attributes):
                self._find("parameters.axes", f"{item.path}@{name}", f"it is {_quoted(text)}, not {_quoted(expected)}")
        if (item.type == "uint16") != ("encoding" in item.attributes):
            self._find("parameters.encoding", item.path, f"a tensor of type {item.type} is marked otherwise")

    # History and proof.

    def _history(self) -> None:
        columns = [item for item in self._container.children("/history") if item.shape and len(item.shape) == 1]
        if len({item.shape[0] for item in columns}) > 1:
            self._find("history.length", "/history", "its columns differ in length")

    def _proof_arrays(self) -> None:
        if "/proof" not in self._items:
            self._find("proof.missing", "/proof", "the file does not carry a proof")
            return
        inputs, tokens = self._items.get("/proof/inputs"), self._item("/proof/tokens", "uint32")
        numbers = self._item("/proof/log_probabilities", "float64")
        if tokens is None or numbers is None or inputs is None or inputs.type not in _object_rule(inputs.path)["types"]:
            return
        architecture = self.architecture
        of_tokens = takes_tokens(architecture) if architecture else inputs.type == "uint32"
        expected = ("uint32", 1) if of_tokens else ("float64", 2)
        if (inputs.type, len(inputs.shape)) != expected:
            message = f"it is {inputs.type} with {len(inputs.shape)} axes, not {expected[0]} with {expected[1]}"
            self._find("proof.shape", inputs.path, message)
            return
        if not of_tokens and architecture and inputs.shape[1] != architecture["input"]["size"]:
            message = f"it holds {inputs.shape[1]} features, the model takes {architecture['input']['size']}"
            self._find("proof.shape", inputs.path, message)
            return
        if numbers.shape != (inputs.shape[0], *tokens.shape) or 0 in numbers.shape:
            self._find("proof.shape", numbers.path, f"its shape is {list(numbers.shape)}, not [steps, columns]")
            return
        attributes = self._items["/proof"].attributes
        tolerances = [attributes.get(name) for name in ("tolerance", "tolerance_float64")]
        if any(found is None or found.type != "float64" or found.shape != () for found in tolerances):
            return
        bounds = {"tolerance": LARGEST_TOLERANCE, "tolerance_float64": LARGEST_TOLERANCE_FLOAT64}
        for (name, bound), found in zip(bounds.items(), tolerances):
            if not 0 <= found.value <= bound:
                self._find("layout.value", f"/proof@{name}", f"it is {found.value}, not between 0 and {bound}")
                return
        if inputs.shape[0] > MAXIMUM_STEPS:
            self._find("proof.shape", inputs.path, f"it has more than {MAXIMUM_STEPS} steps")
            return
        proof = Proof(
            inputs.read(), tokens.read(), numbers.read(), self._text("/proof", "computed_by") or "",
            *(float(found.value) for found in tolerances),
        )  # fmt: skip
        fits = True
        if np.any(proof.tokens[1:] <= proof.tokens[:-1]):
            self._find("proof.shape", tokens.path, "the tokens do not rise strictly")
            fits = False
        bounds = [(proof.tokens, tokens, outputs(architecture))] if architecture else []
        if of_tokens and architecture:
            bounds.append((proof.inputs, inputs, architecture["input"]["size"]))
        for ids, item, bound in bounds:
            if ids.size and ids.max() >= bound:
                self._find("proof.shape", item.path, f"it holds a number that is not below {bound}")
                fits = False
        if not of_tokens and not _all_finite(proof.inputs):
            self._find("proof.shape", inputs.path, "a feature is infinite, not a number, or too large for float32")
            fits = False
        self.proof = proof if fits else None

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
            if path.startswith("/training_state/") and item.type in _object_rule(path).get("types", ()):
                if self._text(path, "sha256") not in (None, sha256_of_values(item.blocks())):
                    self._find("training_state.hash", path, "its bytes do not have the sha256 beside them")

    # Hashes and numbers.

    def _hashes(self, identify: bool) -> None:
        self._state_hashes()
        digests = {}
        for path, (_, item) in self.tensors.items():
            digests[path] = sha256_of_values(item.blocks())
            if self._text(item.path, "sha256") not in (None, digests[path]):
                self._find("parameters.hash", item.path, "its bytes do not have the sha256 beside them")
            if not all(_all_finite(block) for block in item.blocks()):
                self._find(
                    "parameters.finite", item.path, "a value is infinite, not a number, or too large for float32"
                )
        if identify:
            tensors = [(path, tensor_type(item), item.shape, digests[path]) for path, (_, item) in self.tensors.items()]
            if self._text("/", "model_id") != model_id(self._texts["/architecture"], self.vocabulary, tensors):
                self._find("identity.model_id", "/@model_id", "it is not the hash of the model")
        if self._text("/", "content_id") not in (None, content_id(self._container)):
            self._find("identity.content_id", "/@content_id", "it is not the hash of the content")

    def _proof_numbers(self) -> None:
        if self.proof is None:
            return
        with np.errstate(all="ignore"):
            network = Network(
                self.architecture, {path: tensor_values(item) for path, (_, item) in self.tensors.items()}
            )
            difference = self.proof.largest_difference(network)
        if not difference <= self.proof.tolerance_float64:
            self._find(
                "proof.numbers",
                "/proof/log_probabilities",
                f"the largest difference is {difference:.3g} nats, {self.proof.tolerance_float64:.3g} are allowed",
            )


def tensor_type(item: Item) -> str:
    """``float64``, ``float32``, ``float16`` or ``bfloat16``."""
    return "bfloat16" if item.type == "uint16" else item.type


def tensor_values(item: Item) -> np.ndarray:
    """A tensor's values in its own type; bfloat16 as float32."""
    stored = item.read()
    return widened(stored) if item.type == "uint16" else stored


def widened(stored: np.ndarray) -> np.ndarray:
    """float32 from bfloat16 in uint16: its upper half."""
    return (stored.astype(np.uint32) << np.uint32(16)).view(np.float32)


def _all_finite(block: np.ndarray) -> bool:
    values = widened(block) if block.dtype.kind == "u" else block
    return bool((np.abs(values.astype(np.float64)) <= np.finfo(np.float32).max).all())


def _object_rule(path: str) -> dict[str, Any] | None:
    parts = path.split("/")
    for rule in document("layout.json")["objects"]:
        pattern = rule["path"].split("/")
        if pattern[-1] == "**":
            # Everything below.
            if len(parts) >= len(pattern) and parts[: len(pattern) - 1] == pattern[:-1]:
                return rule
        elif len(parts) == len(pattern) and all(p in ("*", part) for p, part in zip(pattern, parts)):
            return rule
    return None


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


def _kind_violations(vocabulary: Vocabulary) -> list[str]:
    problems = []
    size = len(vocabulary)
    if not -1 <= vocabulary.unknown_id < size:
        problems.append(f"unknown_id {vocabulary.unknown_id} is neither a token nor -1")
    if vocabulary.normalisation == "whitespace":
        if vocabulary.kind != "words":
            problems.append(f"the normalisation 'whitespace' does not fit the kind '{vocabulary.kind}'")
        if not 0 <= vocabulary.line_end_id < size:
            problems.append(f"line_end_id {vocabulary.line_end_id} is not a token")
    elif vocabulary.line_end_id != -1:
        problems.append(f"line_end_id is {vocabulary.line_end_id}, and the normalisation is 'none'")
    if vocabulary.unknown_id == vocabulary.line_end_id != -1:
        problems.append("unknown_id and line_end_id are the same token")
    if vocabulary.kind == "bpe" and vocabulary.unknown_id != -1:
        problems.append("byte pairs encode every text, and unknown_id is a token")
    special = (vocabulary.unknown_id, vocabulary.line_end_id)
    if any(
        token and index not in special and not vocabulary.can_occur(token)
        for index, token in enumerate(vocabulary.tokens)
    ):
        problems.append(f"a token cannot occur in a text of the kind '{vocabulary.kind}'")
    return problems
