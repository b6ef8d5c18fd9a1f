"""Checks on a fund's facts, part by part: what cannot be right is left out, so that what was known before stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from advisor.market.data import BILLS, Constituents, MarketData, MarketWarning
from advisor.market.history import SecurityFacts
from advisor.market.holdings.identifiers import seven_of
from advisor.market.symbols import canonical_symbol

ROUNDING = 0.001  # of a sum of weights
HIGHEST_FEE = 0.05  # a year; leveraged funds charge 1 %
HIGHEST_YIELD = 0.30  # a year; covered-call funds pay out 12 %
RATES_MOVE = 0.04  # of short rates, since the snapshot
MOVED = 0.10  # weight of the Magnificent Seven in a fund, since the list known before


def checked_facts(
    facts: Mapping[str, SecurityFacts], base: MarketData
) -> tuple[dict[str, SecurityFacts], tuple[MarketWarning, ...]]:
    """Facts without the parts in doubt, and a warning for each symbol that has lost some."""
    sound: dict[str, SecurityFacts] = {}
    warnings = []
    for symbol, said in facts.items():
        sound[symbol], doubts = _checked(said, base.constituents.get(symbol), _usual_yield(symbol, base))
        if doubts:
            text = f"{symbol}: not taken from {said.source}, which cannot be right: {'; '.join(doubts)}."
            warnings.append(MarketWarning("facts_in_doubt", (symbol,), text))
    return sound, tuple(warnings)


def _usual_yield(symbol: str, base: MarketData) -> tuple[float, float]:
    """What a yield has to lie between; that of Treasury bills is the risk-free rate, on which all returns stand."""
    if symbol != BILLS:
        return (0.0, HIGHEST_YIELD)
    return (max(0.0, base.risk_free.value - RATES_MOVE), base.risk_free.value + RATES_MOVE)


def _checked(
    facts: SecurityFacts, known: Constituents | None, usual: tuple[float, float]
) -> tuple[SecurityFacts, list[str]]:
    doubts = []
    if doubt := _of_holdings(facts, known):
        doubts.append(f"the largest holdings ({doubt})")
        facts = replace(facts, top_holdings=())
    total = sum(facts.sectors.values())
    if total > 1.0 + len(facts.sectors) * ROUNDING:
        doubts.append(f"sector weights (they add up to {total:.0%})")
        facts = replace(facts, sectors=MappingProxyType({}))
    if facts.expense_ratio is not None and facts.expense_ratio > HIGHEST_FEE:
        doubts.append(f"an expense ratio of {facts.expense_ratio:.1%}")
        facts = replace(facts, expense_ratio=None)
    if facts.dividend_yield is not None and not usual[0] <= facts.dividend_yield <= usual[1]:
        doubts.append(f"a yield of {facts.dividend_yield:.1%}")
        facts = replace(facts, dividend_yield=None)
    return facts, doubts


def _of_holdings(facts: SecurityFacts, known: Constituents | None) -> str:
    """What is wrong with the list of the largest holdings; empty if nothing is."""
    listed = sum(weight for _, _, weight in facts.top_holdings)
    if listed > 1.0 + ROUNDING:
        return f"their weights add up to {listed:.0%}"
    weights: dict[str, float] = {}
    for symbol, _, weight in facts.top_holdings:
        if symbol and weights.setdefault(canonical_symbol(symbol), weight) != weight:
            return f"{symbol} is there twice"
    if not weights or known is None or known.as_of is None:
        return ""
    low, high = known.magnificent_seven
    seven = sum(seven_of(weights).values())
    if low - MOVED <= seven <= high + MOVED:
        return ""
    return f"{seven:.1%} in the Magnificent Seven, against {low:.1%} in the list of {known.as_of}"
