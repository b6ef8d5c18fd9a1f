"""Checks on a fund's facts, part by part: what cannot be right is left out, so that what was known before stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from advisor.market.data import BILLS, Constituents, MarketData, MarketWarning, Security
from advisor.market.fact_tables import fund_table
from advisor.market.holdings.identifiers import seven_of
from advisor.market.prices.history import SecurityFacts
from advisor.market.symbols import canonical_symbol

ROUNDING = 0.001  # of a sum of weights
HIGHEST_FEE = 0.05  # a year; leveraged funds charge 1%
FEE_GREW = 5.0  # times the fee known before
FEE_OF_NOTE = 0.005  # a year; a smaller fee may grow as it likes
FEE_TO_MISS = 0.003  # a year; a smaller one may be waived
HIGHEST_YIELD = 0.30  # a year; covered-call funds pay out 12%
RATES_MOVE = 0.04  # of short rates, since the snapshot
LOWEST_RATE = 0.0001  # a year
NEAR_ZERO = 0.005  # a year; short rates from below which they may have fallen to 0
WITH_LIST = ("list", "file")  # methods of the team's table by which a fund's largest holdings are read at all
MOVED = 0.10  # weight of the Magnificent Seven in a fund, since the list known before


def checked_facts(
    facts: Mapping[str, SecurityFacts], base: MarketData
) -> tuple[dict[str, SecurityFacts], tuple[MarketWarning, ...]]:
    """Facts without the parts in doubt, and a warning for each symbol that has lost some."""
    sound: dict[str, SecurityFacts] = {}
    warnings = []
    table = fund_table()
    for symbol, said in facts.items():
        used = symbol not in table or table[symbol]["method"] in WITH_LIST
        known = base.constituents.get(symbol) if used else None
        sound[symbol], doubts = _checked(said, known, base.securities.get(symbol), _usual_yield(symbol, base))
        if doubts:
            text = f"{symbol}: not taken from {said.source}, which cannot be right: {'; '.join(doubts)}."
            warnings.append(MarketWarning("facts_in_doubt", (symbol,), text))
    return sound, tuple(warnings)


def _usual_yield(symbol: str, base: MarketData) -> tuple[float, float]:
    """What a yield has to lie between; that of Treasury bills is the risk-free rate, on which all returns stand."""
    if symbol != BILLS:
        return (0.0, HIGHEST_YIELD)
    known = base.risk_free.value
    lowest = 0.0 if known < NEAR_ZERO else LOWEST_RATE  # sources say 0 where they know of none
    return (max(lowest, known - RATES_MOVE), known + RATES_MOVE)


def _checked(
    facts: SecurityFacts, known: Constituents | None, security: Security | None, usual: tuple[float, float]
) -> tuple[SecurityFacts, list[str]]:
    doubts = []
    if doubt := _of_holdings(facts, known):
        doubts.append(f"the largest holdings ({doubt})")
        facts = replace(facts, top_holdings=())
    total = sum(facts.sectors.values())
    if total > 1.0 + len(facts.sectors) * ROUNDING:
        doubts.append(f"sector weights (they add up to {total:.0%})")
        facts = replace(facts, sectors=MappingProxyType({}))
    if doubt := _of_fee(facts.expense_ratio, security):
        doubts.append(f"an expense ratio of {doubt}")
        facts = replace(facts, expense_ratio=None)
    if facts.dividend_yield is not None and not usual[0] <= facts.dividend_yield <= usual[1]:
        doubts.append(f"a yield of {facts.dividend_yield:.1%}")
        facts = replace(facts, dividend_yield=None)
    return facts, doubts


def _of_fee(fee: float | None, known: Security | None) -> str:
    """A fee that cannot be right, in words; empty if it can, or none is given."""
    if fee is None:
        return ""
    if fee > HIGHEST_FEE:
        return f"{fee:.1%}"
    if known is None or known.expense_ratio is None:
        return ""
    before = known.expense_ratio.value
    grew, vanished = fee > max(FEE_GREW * before, FEE_OF_NOTE), fee == 0.0 and before > FEE_TO_MISS
    return f"{fee:.2%}, against {before:.2%} known" if grew or vanished else ""


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
