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
        return f"{self.severity}: {self.rule}: {printable(self.place)}: {printable(self.message)}"


@dataclass
class Report:
    """All findings of one validation at ``level``: ``structure``, ``hashes`` or ``proof``."""

    level: str
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

    def as_json(self) -> dict[str, Any]:
        """``valid``, ``level`` and ``findings`` for machines."""
        findings = [{key: printable(value) for key, value in asdict(finding).items()} for finding in self.findings]
        return {"valid": self.valid, "level": self.level, "findings": findings}

    def __str__(self) -> str:
        verdict = f"valid ({self.level})" if self.valid else f"not valid ({self.level})"
        return "\n".join([*map(str, self.findings), verdict])


def printable(text: str) -> str:
    """Without characters that would act on a terminal: names in a file are anyone's choice."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
