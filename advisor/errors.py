"""Every error a user can meet, and who can mend it.

::

    AdvisorError
    ├── InputError             3  the portfolio file is wrong          the user mends the file
    ├── MarketDataError        4  prices or fund data are missing      the user supplies them
    ├── LimitsConflictError    5  no portfolio meets the limits        the user relaxes a limit
    ├── UnverifiedAnswerError  6  no answer passed the checks          nobody trades on it; report it
    └── OutputError            7  a file could not be written          the user frees space or rights

The number is the exit code of the command line.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

EXCERPT = 100  # characters of a user's line shown with a fault


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in the user's file; line and column count from 1."""

    line: int
    column: int = 1
    width: int = 1


@dataclass(frozen=True, slots=True)
class Issue:
    """One fault of the user's file: what, where, and the way out."""

    message: str
    where: Location | None = None
    hint: str | None = None

    def render(self, file: str, source_lines: tuple[str, ...] = ()) -> str:
        """Text of the form ``file:line:col: message`` with the line, a caret and the hint."""
        file = printable(file)
        if self.where is None:
            return f"{file}: {self.message}" + (f"\n    {self.hint}" if self.hint else "")
        text = f"{file}:{self.where.line}:{self.where.column}: {self.message}"
        if 0 < self.where.line <= len(source_lines):
            line, caret = _excerpt(source_lines[self.where.line - 1], self.where)
            text += f"\n    {line}\n    {caret}" + (f" {self.hint}" if self.hint else "")
        elif self.hint:
            text += f"\n    {self.hint}"
        return text


def _excerpt(line: str, where: Location) -> tuple[str, str]:
    """The line, cut around the place if it is long, and the caret to print below it."""
    start = where.column - 1
    left = max(0, start - EXCERPT // 2) if len(line) > EXCERPT else 0
    right = left + EXCERPT
    before, after = "…" if left else "", "…" if right < len(line) else ""
    margin = len(before) + _columns(line[left:start])
    marked = _columns(line[start : min(start + where.width, right)])
    return before + printable(line[left:right]) + after, " " * margin + "^" * max(1, marked)


def printable(text: str) -> str:
    """Text in which nothing steers a terminal, of the same length."""
    return "".join(character if character.isprintable() else "·" for character in text)


def _columns(text: str) -> int:
    """Columns of a terminal that a text takes: East Asian characters two, combining ones none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


class AdvisorError(Exception):
    """Base of all errors that a user's situation can cause."""

    exit_code: ClassVar[int] = 1


class InputError(AdvisorError):
    """The portfolio file is wrong; all its faults are in `issues`. The user can mend the file."""

    exit_code = 3

    def __init__(self, issues: tuple[Issue, ...], file: str, source: str = "") -> None:
        self.issues = tuple(sorted(issues, key=lambda issue: issue.where or Location(0)))
        self.file = file
        self.source_lines = tuple(source.split("\n"))  # a reader counts lines by LF alone
        super().__init__(self.render())

    def render(self) -> str:
        """All faults, in the order of the file."""
        return "\n".join(issue.render(self.file, self.source_lines) for issue in self.issues)


class MarketDataError(AdvisorError):
    """Prices or fund data are missing or unusable. The user can supply them as the message says."""

    exit_code = 4


class LimitsConflictError(AdvisorError):
    """No portfolio meets these limits together, proved in plain arithmetic from the solver's dual vector.

    `limits` are the names, as in the YAML, of the limits in conflict. `details` says the same as the message, for a
    program: conflicts, reasons, the cheapest repair, and what relaxing each limit alone would take.
    """

    exit_code = 5

    def __init__(self, message: str, limits: tuple[str, ...], details: Mapping[str, Any] | None = None) -> None:
        self.limits = limits
        self.details = dict(details or {})
        super().__init__(message)


class UnverifiedAnswerError(AdvisorError):
    """The solver or the independent check did not confirm an answer; retrying with equal input will not help."""

    exit_code = 6


class OutputError(AdvisorError):
    """An output file could not be written; what stood there before is unchanged."""

    exit_code = 7
