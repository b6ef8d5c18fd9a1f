"""The small-cap case as values: claims with their tests, and the tables behind them. No logic.

Figures are fractions (0.066 is 6.6 percentage points) unless a field says otherwise. What was not tested is said to be
so: a verdict is never missing, and a figure that is not known is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from advisor.evidence.results import Results


class JudgmentKind(StrEnum):
    """What a statement is of: a state of things on a day, the record of the past, or what is to come."""

    FACT = "fact"
    HISTORY = "history"
    FORECAST = "forecast"


class Verdict(StrEnum):
    """What a test made of a statement: facts are true or false, history and forecasts supported or not.

    A forecast is refuted where enough separate cases show nothing, or the opposite; where fewer show nothing beyond
    chance it is not supported (`judge`).
    """

    TRUE = "true"
    FALSE = "false"
    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    REFUTED = "refuted"
    UNTESTED = "untested"


@dataclass(frozen=True, slots=True)
class Judgment:
    """The verdict on one statement of a claim; `words` say why. A claim may hold a fact and a forecast."""

    kind: JudgmentKind
    verdict: Verdict
    words: str


@dataclass(frozen=True, slots=True)
class DatedFigure:
    """One figure of a day, in words with its unit: "IWM +15.6%, SPY +14.2%: a lead of 1.4 points"."""

    words: str
    as_of: date
    source: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a claim stands on the day of the decision: the newest figures that are not of a later day.

    `figures` are the newest of each kind of figure; `before` are older ones of other sign or size, and `has_turned` is
    whether there are any. `words` say all of it.
    """

    words: str
    figures: tuple[DatedFigure, ...] = ()
    before: tuple[DatedFigure, ...] = ()

    @property
    def has_turned(self) -> bool:
        """Whether an older figure had another sign, or another size."""
        return bool(self.before)


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of the case, with who said it and what its test gave.

    `said` is the statement with its figures, in the words of the provider's treatment; `said_on` a day or a month.
    `test` says how it was tested and `found` what the test gave, in words with figures; `count` is the number of
    observations behind that and `contrary` how many of them went the other way (None where nothing is counted).
    `judgments` are the verdicts, one for each statement that the claim holds. `standing` is how it stands on the day
    of the decision. `against` is the strongest contrary evidence, empty where none is known. `data_to` is the last day
    of the test's data, None where it was not tested. `view` names the view of the set `small-caps-2026` that the claim
    became, or is empty, and then `view_words` says why it became none. `age_words` says which prices the test is of
    and how old it is, empty for a claim that no prices test.
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
    judgments: tuple[Judgment, ...]
    standing: Standing
    source: str  # of the data of the test
    data_to: date | None
    view: str = ""
    view_words: str = ""
    age_words: str = ""

    @property
    def is_untested(self) -> bool:
        """Whether no statement of the claim was tested."""
        return all(judgment.verdict is Verdict.UNTESTED for judgment in self.judgments)


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

    `premium_words` is what small size earned in all, and stands above the claims. `age_words` says how old the prices
    are on the day the case is shown for. `results` are the figures behind the words.
    """

    premium_words: str
    claims: tuple[Claim, ...]
    tables: tuple[EvidenceTable, ...]
    results_to: date
    source: str
    results: Results
    is_recomputed: bool  # from prices at hand; otherwise the dated results that the program carries
    age_words: str = ""
