"""The result of one check; by itself, so that the checker need not import the answer's own types."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the independent check."""

    name: str
    passed: bool
    detail: str
