"""Facts besides prices, from the source's answer."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.market.prices.history import FaultCause, SecurityFacts, SecurityKind
from advisor.market.yahoo.faults import Fault
from advisor.market.yahoo.summary import facts_of
from tests.yahoo_server import NOW, fund_facts, stock_facts


def read(modules: dict[str, Any], ticker: str = "IWM") -> SecurityFacts:
    return facts_of({"quoteSummary": {"result": [modules], "error": None}}, ticker, ticker, NOW)


def test_a_fund_has_cost_yield_category_holdings_and_sectors() -> None:
    facts = read(fund_facts("IWM"))
    assert (facts.name, facts.kind, facts.category, facts.sector) == ("IWM Fund", SecurityKind.ETF, "Small Blend", None)
    assert (facts.expense_ratio, facts.dividend_yield) == (0.0019, 0.0125)
    assert facts.top_holdings == (("AAPL", "Apple Inc", 0.07), ("MSFT", "Microsoft Corp", 0.06), ("", "Cash", 0.02))
    assert dict(facts.sectors) == {"technology": 0.4, "healthcare": 0.6}
    assert SecurityFacts.from_bytes(facts.to_bytes()) == facts


def test_a_stock_has_its_sector_and_nothing_of_a_fund() -> None:
    facts = read(stock_facts("NVDA"), "NVDA")
    assert (facts.kind, facts.sector, facts.category) == (SecurityKind.STOCK, "Technology", None)
    assert (facts.expense_ratio, facts.price_to_earnings, facts.top_holdings) == (None, None, ())
    assert facts.dividend_yield == 0.004


@pytest.mark.parametrize(
    ("given", "ratio"), [(0.055, 18.18), (18.2, 18.2), ({"raw": 0.05}, 20.0), (0.0, None), (None, None), (-3.0, None)]
)
def test_a_price_to_earnings_below_one_is_the_earnings_yield(given: object, ratio: float | None) -> None:
    facts = read(fund_facts("IWM", topHoldings={"equityHoldings": {"priceToEarnings": given}}))
    assert facts.price_to_earnings == (ratio if ratio is None else pytest.approx(ratio, abs=0.005))


@pytest.mark.parametrize("value", ["0.0019", None, True, float("nan"), float("inf"), -0.1, 19.0, [0.0019], {}])
def test_what_is_no_fraction_is_unknown(value: object) -> None:
    facts = read(
        fund_facts(
            "IWM",
            summaryDetail={"yield": value},
            fundProfile={"feesExpensesInvestment": {"annualReportExpenseRatio": value}, "categoryName": value},
        )
    )
    assert (facts.dividend_yield, facts.expense_ratio) == (None, None)


@pytest.mark.parametrize("missing", ["summaryDetail", "fundProfile", "topHoldings"])
@pytest.mark.parametrize("value", [None, "text", []])
def test_a_module_that_is_missing_leaves_the_rest(missing: str, value: object) -> None:
    facts = read(fund_facts("IWM", **{missing: value}))
    known = [facts.dividend_yield, facts.expense_ratio, facts.price_to_earnings]
    assert known.count(None) == 1
    assert facts.name == "IWM Fund"


def test_holdings_that_cannot_be_read_are_left_out_and_at_most_ten_are_kept() -> None:
    rows = [{"symbol": f"S{place}", "holdingName": "x", "holdingPercent": 0.01} for place in range(12)]
    broken: list[Any] = [None, "AAPL", {"symbol": "AAPL"}, {"symbol": 5, "holdingName": None, "holdingPercent": 0.5}]
    facts = read(fund_facts("IWM", topHoldings={"holdings": broken + rows, "sectorWeightings": [{"a": "0.1"}, 3]}))
    assert facts.top_holdings[0] == ("", "", 0.5)
    assert len(facts.top_holdings) == 10
    assert dict(facts.sectors) == {}


@pytest.mark.parametrize(
    ("modules", "cause"),
    [
        (fund_facts("IWM", quoteType={"symbol": "SPAM", "quoteType": "ETF"}), FaultCause.WRONG_INSTRUMENT),
        (fund_facts("IWM", quoteType={"symbol": "IWM", "quoteType": "CRYPTOCURRENCY"}), FaultCause.WRONG_INSTRUMENT),
        (fund_facts("IWM", quoteType=None), FaultCause.BAD_ANSWER),
        ([], FaultCause.BAD_ANSWER),
        (None, FaultCause.BAD_ANSWER),
    ],
)
def test_facts_of_something_else_are_refused(modules: Any, cause: FaultCause) -> None:
    with pytest.raises(Fault) as caught:
        read(modules)
    assert caught.value.cause is cause


def test_text_of_the_source_cannot_steer_a_terminal() -> None:
    facts = read(fund_facts("IWM", quoteType={"symbol": "IWM", "quoteType": "ETF", "longName": "\x1b[31mred" * 50}))
    assert facts.name is not None
    assert facts.name.startswith("·[31mred")
    assert len(facts.name) == 100
