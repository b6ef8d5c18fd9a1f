"""What a test gave of a claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from advisor.evidence.model import Judgment


@dataclass(frozen=True, slots=True)
class Finding:
    """What a test gave. `part` names the part of the results that it is of, empty where no prices test the claim."""

    found: str
    judgments: tuple[Judgment, ...]
    part: str = ""
    data_to: date | None = None
    count: int | None = None
    contrary: int | None = None
    against: str = ""
    view_words: str = ""
