"""The small-cap case as values: claims with their tests, and the tables behind them. No logic.

Figures are fractions (0.066 is 6.6 percentage points) unless a field says otherwise. What was not tested is said to be
so: a verdict is never missing, and a figure that is not known is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Verdict(StrEnum):
    """What a test made of a claim."""

    HOLDS = "holds"
    PARTLY = "holds in part"
    FAILS = "does not hold"
    UNTESTED = "untested"


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of the case, with who said it and what its test gave.

    `said` is the statement with its figures, in the words of the provider's treatment; `said_on` a day or a month.
    `test` says how it was tested and `found` what the test gave, in words with figures; `count` is the number of
    observations behind that and `contrary` how many of them went the other way (None where nothing is counted).
    `against` is the strongest contrary evidence, empty where none is known. `data_to` is the last day of the test's
    data, None where it was not tested. `view` names the view of the set `small-caps-2026` that the claim became, or is
    empty, and then `view_words` says why it became none. `age_words` says which prices the test is of and how old it
    is, empty for a claim that no prices test.
    """

    key: str  # stable, for programs: "valuation", "rate_cuts", "growth", "momentum", ...
    title: str  # for people: "Small companies are cheaper"
    said: str
    provider: str
    said_on: str
    test: str
    found: str
    count: int | None
    contrary: int | None
    against: str
    verdict: Verdict
    verdict_words: str
    source: str  # of the data of the test
    data_to: date | None
    view: str = ""
    view_words: str = ""
    age_words: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """Figures behind the claims, as text: a program reads them in the JSON document beside it."""

    key: str  # "rate_cuts", "calendar_years", "valuations", "funds", ...
    title: str
    columns: tuple[str, ...]  # the first is of words, the others of figures
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The whole case. `results_to` is the last day of the prices behind it; `source` says which prices they are.

    `age_words` says how old they are on the day the case is shown for.
    """

    claims: tuple[Claim, ...]
    tables: tuple[EvidenceTable, ...]
    results_to: date
    source: str
    is_recomputed: bool  # from prices at hand; otherwise the dated results that the program carries
    age_words: str = ""
