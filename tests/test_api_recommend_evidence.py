"""The small-cap case of a report with prices at hand, against a calendar year worked out from the same closes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.api.recommend import report_files, with_evidence
from tests.market_households import LAST, history
from tests.reports import whole

FUNDS = ("IWM", "IJR", "SPY")


def year_of(symbol: str, year: int) -> str:
    """The total return of a year as the report writes it, from the last closes of two years."""
    known = history(symbol)
    last = {day.year: float(close) for day, close in zip(known.days, known.adjusted, strict=True)}
    return f"{100 * (last[year] / last[year - 1] - 1):+.1f}".replace("-", "−")


def test_with_histories_of_the_funds_the_case_is_of_these_prices_and_without_them_dated() -> None:
    made = replace(whole("retiree-ira"))
    told = with_evidence(made, {symbol: history(symbol) for symbol in (*FUNDS, "NVDA")})
    assert told.evidence is not None
    assert told.evidence.is_recomputed
    assert told.evidence.results_to == LAST
    years = next(table for table in told.evidence.tables if table.key == "calendar_years")
    year = LAST.year - 1
    row = next(row for row in years.rows if row[0] == str(year))
    assert [cell.removesuffix("%") for cell in row[1:]] == [year_of(s, year) for s in ("SPY", "IWM", "IJR")]
    page = report_files(told, pytest.fail)["report.html"].decode()
    assert "prices given" in page
    assert "prices given" not in report_files(made, pytest.fail)["report.html"].decode()


def test_without_the_funds_or_with_too_few_days_the_case_stays_dated() -> None:
    made = whole("retiree-ira")
    assert with_evidence(made, {}).evidence is None
    assert with_evidence(made, {"NVDA": history("NVDA")}).evidence is None
    short = {}
    for symbol in FUNDS:
        known = history(symbol)
        short[symbol] = replace(
            known,
            days=known.days[-2:],
            closes=known.closes[-2:],
            adjusted=known.adjusted[-2:],
            volumes=known.volumes[-2:],
        )
    assert with_evidence(made, short).evidence is None
