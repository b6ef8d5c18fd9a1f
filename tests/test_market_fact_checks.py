"""What a fund's facts lose where they cannot be right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.market.fact_checks import checked_facts
from advisor.market.prices.history import SecurityFacts
from tests.samples import market
from tests.test_market_prices_history import FACTS

MGK = replace(FACTS, symbol="MGK", name="Mega growth")
SEVEN = (("AAPL", "Apple", 0.13), ("MSFT", "Microsoft", 0.12), ("NVDA", "Nvidia", 0.14), ("AMZN", "Amazon", 0.09))


def checked(facts: SecurityFacts) -> tuple[SecurityFacts, list[str]]:
    found, warnings = checked_facts({facts.symbol: facts}, market())
    assert all((warned.code, warned.symbols) == ("facts_in_doubt", (facts.symbol,)) for warned in warnings)
    return found[facts.symbol], [warned.message for warned in warnings]


def test_facts_that_can_be_right_stay_as_they_are() -> None:
    """MGK's list in the snapshot has 59% in the seven; 48% or more in four names is no contradiction."""
    facts = replace(MGK, top_holdings=(*SEVEN, ("GOOGL", "Alphabet", 0.06)))
    assert checked(facts) == (facts, [])
    assert checked(FACTS) == (FACTS, [])


@pytest.mark.parametrize(
    ("change", "lost", "words"),
    [
        ({"top_holdings": (("AAPL", "Apple", 13.0),)}, "top_holdings", "add up to 1300%"),
        ({"top_holdings": (*SEVEN, ("AAPL", "Apple", 0.07))}, "top_holdings", "AAPL is there twice"),
        ({"top_holdings": (("XOM", "Exxon", 0.2),)}, "top_holdings", "0.0% in the Magnificent Seven, against"),
        ({"sectors": {"technology": 0.9, "energy": 0.4}}, "sectors", "they add up to 130%"),
        ({"expense_ratio": 0.19}, "expense_ratio", "an expense ratio of 19.0%"),
        ({"dividend_yield": 0.95}, "dividend_yield", "a yield of 95.0%"),
    ],
)
def test_a_part_that_cannot_be_right_is_left_out_and_named(change: dict, lost: str, words: str) -> None:
    """In percent where fractions are meant, a security twice, a list of another fund."""
    plain = replace(MGK, top_holdings=())
    found, messages = checked(replace(plain, **change))
    assert not getattr(found, lost)
    assert replace(found, **{lost: getattr(plain, lost)}) == plain
    assert len(messages) == 1
    assert words in messages[0]
    assert messages[0].startswith("MGK: not taken from Yahoo fund data, which cannot be right: ")


def test_a_small_cap_fund_does_not_turn_into_a_large_one() -> None:
    found, (message,) = checked(replace(FACTS, top_holdings=SEVEN))
    assert found.top_holdings == ()
    assert "48.0% in the Magnificent Seven, against 0.0% in the list of 2026-05-05" in message


def test_a_list_that_would_not_be_used_is_not_compared() -> None:
    """TQQQ is three times QQQ by the team's table, whatever shares it owns beside its swaps."""
    facts = replace(FACTS, symbol="TQQQ", top_holdings=SEVEN)
    assert market().constituents["TQQQ"].magnificent_seven[0] > 1.0
    assert checked(facts) == (facts, [])
    assert "is there twice" in checked(replace(facts, top_holdings=(*SEVEN, ("AAPL", "Apple", 0.07))))[1][0]


@pytest.mark.parametrize(
    ("symbol", "fee", "taken"),
    [
        ("SPY", 0.031, False),
        ("SPY", 0.0049, True),
        ("SPY", 0.0051, False),
        ("SPY", 0.0, True),
        ("TQQQ", 0.0, False),
        ("TQQQ", 0.03, True),
        ("TQQQ", 0.042, False),
    ],
)
def test_a_fee_is_near_what_it_was(symbol: str, fee: float, taken: bool) -> None:
    """SPY charges 0.0945% a year, TQQQ 0.82%: not five times as much, nor nothing where it was above 0.3%."""
    known = market().securities[symbol].expense_ratio
    assert known is not None
    assert known.value == pytest.approx({"SPY": 0.000945, "TQQQ": 0.0082}[symbol], abs=0.0003)
    found, messages = checked(replace(FACTS, symbol=symbol, top_holdings=(), expense_ratio=fee))
    assert (found.expense_ratio == fee) is taken
    assert len(messages) == (not taken)
    assert taken or f"{fee:.2%}, against {known.value:.2%} known" in messages[0]


def test_a_rate_of_zero_is_believed_where_it_was_near_zero() -> None:
    low = replace(market(), risk_free=replace(market().risk_free, value=0.004))
    facts = replace(FACTS, symbol="SGOV", top_holdings=(), dividend_yield=0.0)
    assert checked_facts({"SGOV": facts}, low) == ({"SGOV": facts}, ())


@pytest.mark.parametrize(
    ("rate", "taken"), [(0.0, False), (0.001, True), (0.041, True), (0.0798, True), (0.081, False), (0.41, False)]
)
def test_the_yield_of_treasury_bills_is_near_what_it_was(rate: float, taken: bool) -> None:
    """3.99% in the snapshot, give or take four points, but not 0: it is the risk-free rate."""
    found, messages = checked(replace(FACTS, symbol="SGOV", top_holdings=(), dividend_yield=rate))
    assert (found.dividend_yield == rate) is taken
    assert len(messages) == (not taken)
