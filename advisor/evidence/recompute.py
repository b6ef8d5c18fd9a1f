"""The tests that prices of the funds allow, on a panel at hand; what a panel cannot tell is named with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from advisor.errors import MarketDataError
from advisor.evidence.facts import case_figures, rate_changes, rows
from advisor.evidence.funds import BROAD, LARGE, SCREENED
from advisor.evidence.momentum import AFTER, calendar_years, momentum_of, since
from advisor.evidence.quality import risk_of
from advisor.evidence.rate_study import EVERY, HORIZONS, Direction, event_study, pair_of_panel
from advisor.evidence.relative import relative_history
from advisor.evidence.results import Results
from advisor.market.estimate.returns import PricePanel

SYMBOLS = (LARGE, BROAD, SCREENED)
NEEDS = {  # part of the results -> the symbols it is computed from
    "fund_study": (BROAD, LARGE),
    "fund_rises": (BROAD, LARGE),
    "momentum": (BROAD, LARGE),
    "years": SYMBOLS,
    "relative": SYMBOLS,
    "risk": SYMBOLS,
    "since_cheap": (SCREENED, LARGE),
}


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Results with the last day of each part that is of these prices; `lacking` says why another is as it was."""

    results: Results
    days: Mapping[str, date]
    lacking: Mapping[str, str]

    @property
    def last(self) -> date:
        """Last day of the prices that anything was computed from."""
        return max(self.days.values())


def recomputed(dated: Results, panel: PricePanel, as_of: date) -> Recomputed:
    """`dated` with every part that the closes up to `as_of` tell computed anew.

    Raises `MarketDataError` where they tell none.
    """
    seen = panel.between(date.min, as_of)
    parts: dict[str, object] = {}
    days: dict[str, date] = {}
    lacking: dict[str, str] = {}
    for part, symbols in NEEDS.items():
        missing = [symbol for symbol in symbols if not _has_closes(seen, symbol)]
        if missing:
            lacking[part] = f"these prices have no {' and no '.join(missing)}"
            continue
        common = _common(seen, symbols)
        found = _part(part, seen, common) if len(common.days) > 1 else None
        if found is None:
            lacking[part] = "these prices are too short, end too early or are not daily"
        else:
            parts[part], days[part] = found, common.days[-1]
    if not parts:
        reasons = "; ".join(dict.fromkeys(lacking.values()))
        raise MarketDataError(
            f"no claim can be tested with these prices up to {as_of}: {reasons}; "
            f"give daily closes of {', '.join(SYMBOLS)}, or leave the prices out for the dated results"
        )
    return Recomputed(replace(dated, **parts), days, lacking)  # type: ignore[arg-type]


def _has_closes(panel: PricePanel, symbol: str) -> bool:
    return symbol in panel.symbols and bool(np.isfinite(panel.column(symbol)).any())


def _common(panel: PricePanel, symbols: tuple[str, ...]) -> PricePanel:
    """The days on which every one of `symbols` has a close."""
    columns = [panel.symbols.index(symbol) for symbol in symbols]
    prices = panel.prices[:, columns]
    kept = np.flatnonzero(np.isfinite(prices).all(axis=1))
    return PricePanel(symbols, tuple(panel.days[row] for row in kept), prices[kept])


def _part(part: str, seen: PricePanel, panel: PricePanel) -> object | None:
    """One part of the results, of the common days `panel` of `seen`; None where they are too few for what is said."""
    if part in ("fund_study", "fund_rises"):
        direction = Direction.CUT if part == "fund_study" else Direction.RISE
        study = event_study(pair_of_panel(panel, BROAD, LARGE), rate_changes(), direction)
        return study if study and study.of(EVERY, HORIZONS[-1]).count else None
    if part == "momentum":
        streak = case_figures()["weeks_won"]
        momentum = momentum_of(
            panel, BROAD, LARGE, streak_weeks=int(streak["value"]), streak_day=date.fromisoformat(streak["said_on"])
        )
        return momentum if momentum.streak_ended and len(momentum.after) == len(AFTER) else None
    if part == "years":
        years, claimed = calendar_years(panel, SYMBOLS), case_figures()["last_win"]
        asked = range(int(claimed["value"]) + 1, int(claimed["said_on"][:4]) + 1)
        return years if {year.year for year in years.years} >= set(asked) else None
    if part == "relative":
        return relative_history(panel, LARGE, (BROAD, SCREENED))
    if part == "risk":
        return risk_of(seen, SYMBOLS)
    return since(panel, SCREENED, LARGE, cheap_since())


def cheap_since() -> date:
    """The day on which small companies were last reported to be cheap against large ones, years ago."""
    found = [date.fromisoformat(row["as_of"]) for row in rows("relative_valuations", "pair", "as_of")]
    return min(found)
