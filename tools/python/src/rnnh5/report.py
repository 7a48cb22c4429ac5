"""What a validation finds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from .resources import document


@dataclass(frozen=True)
class Finding:
    """A broken rule. ``place`` is where in the file: the path of an object, ``path@name`` for an attribute."""

    rule: str
    severity: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.severity}  {printable(self.place)}: {printable(self.message)} [{self.rule}]"


@dataclass
class Report:
    """All findings of one validation at ``level``: ``structure``, ``hashes`` or ``proof``.

    ``model_id`` is what the file says; None where it is not of this format, or refused. ``proof_difference`` is the largest
    difference from the proof in nats; None where it was not computed.
    """

    level: str
    file: str = ""
    model_id: str | None = None
    proof_difference: float | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        """Whether no rule of severity ``error`` is broken."""
        return all(finding.severity != "error" for finding in self.findings)

    @property
    def rules(self) -> set[str]:
        """The identifiers of the broken rules."""
        return {finding.rule for finding in self.findings}

    def add(self, rule: str, place: str, message: str) -> None:
        """Adds a finding with the severity that ``rules.json`` gives the rule."""
        self.findings.append(Finding(rule, document("rules.json")[rule]["severity"], place, message))

    @property
    def verdict(self) -> str:
        """Whether the file is valid, in words."""
        if not self.valid:
            return "NOT valid"
        proof = "" if self.proof_difference is None else f", proof met to {self.proof_difference:.4g} nats"
        return f"valid ({self.level}{proof})"

    def as_json(self) -> dict[str, Any]:
        """The report for programs, with the keys of ``rnntool validate --json``."""
        return {
            "file": self.file,
            "valid": self.valid,
            "level": self.level,
            "model_id": self.model_id,
            "proof_difference": self.proof_difference,
            "findings": [asdict(finding) for finding in self.findings],
        }

    def __str__(self) -> str:
        return "\n".join([*map(str, self.findings), self.verdict])


class InvalidFile(ValueError):
    """The file is not a valid rnn-h5 file; ``report`` has the findings."""

    def __init__(self, path: str, report: Report) -> None:
        errors = [str(finding) for finding in report.findings if finding.severity == "error"]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{path}: {errors[0]}{more}")
        self.report = report

    @classmethod
    def breaking(cls, rule: str, path: str, place: str, message: str, level: str = "hashes") -> InvalidFile:
        """For a file of which one broken rule is known, and that it was looked for at ``level``."""
        report = Report(level, path)
        report.add(rule, place, message)
        return cls(path, report)


def printable(text: str) -> str:
    """Without characters that would act on a terminal: names in a file are anyone's choice."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
