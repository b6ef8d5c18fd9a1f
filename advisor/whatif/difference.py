"""What changed between two recommendations, and which input caused it.

Inputs are switched from the old to the new ones, one group after another, and the problem is solved after each: the
day, then the market data (prices, fund lists, risk, the rest), then what the household holds and has done, then tax,
preferences, views and limits. A step's movement is that of the answer, so it belongs to the inputs switched before as
well: another order would share the movement differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from advisor.errors import MarketDataError
from advisor.market.data import FactorCovariance, MarketData, Security
from advisor.market.resolve import needed_symbols, resolve
from advisor.portfolio.model import Portfolio
from advisor.portfolio.written import plain_text
from advisor.whatif.changes import Key, changes, with_part
from advisor.whatif.model import Change, Outcome
from advisor.whatif.outcomes import distance, solved, unanswered

ORDER = ("as_of", "accounts", "securities", "history", "identical", "tax", "preferences", "views", "limits")
TOLD = 3  # prices that are named


@dataclass(frozen=True, slots=True)
class Inputs:
    """What one recommendation was made of."""

    portfolio: Portfolio
    market: MarketData


@dataclass(frozen=True, slots=True)
class Step:
    """One group of inputs switched, the answer after it, and how far it moved; None where either has no answer."""

    change: Change
    outcome: Outcome
    moved: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """The old answer, and each step to the new one, which is the last step's outcome."""

    start: Outcome
    steps: tuple[Step, ...]


def difference(old: Inputs, new: Inputs) -> Difference:
    """The steps from the old inputs to the new ones; inputs that are the same are no step."""
    start = previous = _solved(old)
    steps = []
    for change, inputs in _switched(old, new):
        outcome = _solved(inputs)
        moved = None
        if previous.after is not None and outcome.after is not None:
            moved = distance(previous.after, outcome.after)
        steps.append(Step(change, outcome, moved))
        previous = outcome
    return Difference(start, tuple(steps))


def _solved(inputs: Inputs) -> Outcome:
    try:
        market = resolve(inputs.market, inputs.portfolio)
    except MarketDataError as error:
        return unanswered("", error)
    return solved("", inputs.portfolio, market)


def _switched(old: Inputs, new: Inputs) -> Iterator[tuple[Change, Inputs]]:
    """Each group that differs, with the inputs once it is switched."""
    made = changes(old.portfolio, new.portfolio)
    portfolio, market = old.portfolio, old.market
    for section in ORDER:
        for keys, change in _groups(section, made):
            for key in keys:
                portfolio = with_part(portfolio, new.portfolio, key)
            yield change, Inputs(portfolio, market)
        if section == "as_of":
            for change, switched in _markets(old, new):
                market = switched
                yield change, Inputs(portfolio, market)


def _groups(section: str, made: dict[Key, Change]) -> Iterator[tuple[tuple[Key, ...], Change]]:
    """Parts of a section that are switched together: the tax as a whole, everything else by itself."""
    own = {key: change for key, change in made.items() if key[0] == section}
    if section == "tax" and own:
        names = [change.path.removeprefix("tax.") for change in own.values()]
        before = ", ".join(f"{name} {change.before}" for name, change in zip(names, own.values(), strict=True))
        after = ", ".join(f"{name} {change.after}" for name, change in zip(names, own.values(), strict=True))
        yield tuple(own), Change("tax", before, after)
        return
    for key, change in own.items():
        yield (key,), change


def _markets(old: Inputs, new: Inputs) -> Iterator[tuple[Change, MarketData]]:
    """Market data with one part after another as the new ones have it, or at once where they lack a symbol."""
    market, target = old.market, new.market
    if market.sha256 == target.sha256 and market.accepted == target.accepted:
        return
    parts: tuple[tuple[str, Callable[[MarketData, MarketData], MarketData]], ...] = (
        ("prices", _with_prices),
        ("fund lists", _with_lists),
        ("risk", _with_risk),
        ("other facts", lambda _, found: found),
    )
    if not set(needed_symbols(old.portfolio)) <= target.securities.keys():
        parts = (("market data", lambda _, found: found),)
    for name, switch in parts:
        switched = switch(market, target)
        if not _is_same(switched, market):
            words = market_words(old.market), market_words(target)
            if name == "prices":
                words = _price_words(market, target, needed_symbols(old.portfolio))
            yield Change(name, *words), switched
        market = switched


def market_words(market: MarketData) -> str:
    """The market data by their name and date."""
    return f"{market.id} of {market.as_of.isoformat()}"


def _price_words(old: MarketData, new: MarketData, symbols: Iterable[str]) -> tuple[str, str]:
    """The prices that changed most, old and new; the market data by name where no price of the household's did."""
    prices = {s: (old.securities[s].close_usd, new.securities[s].close_usd) for s in symbols if s in old.securities}
    changed = {s: pair for s, pair in prices.items() if pair[0] != pair[1]}
    if not changed:
        return market_words(old), market_words(new)
    most = sorted(changed, key=lambda s: -abs(float(changed[s][1] / changed[s][0]) - 1))[:TOLD]
    more = f" and {len(changed) - len(most)} more" if len(changed) > len(most) else ""
    before, after = (", ".join(f"{s} {plain_text(changed[s][end])}" for s in most) + more for end in (0, 1))
    return before, after


def _with_prices(market: MarketData, new: MarketData) -> MarketData:
    def priced(symbol: str, security: Security) -> Security:
        found = new.securities.get(symbol)
        if found is None:
            return security
        return replace(security, close_usd=found.close_usd, close_date=found.close_date, origin=found.origin)

    securities = {symbol: priced(symbol, security) for symbol, security in market.securities.items()}
    return replace(market, securities=MappingProxyType(securities))


def _with_lists(market: MarketData, new: MarketData) -> MarketData:
    return replace(market, constituents=new.constituents, overlaps=new.overlaps)


def _with_risk(market: MarketData, new: MarketData) -> MarketData:
    covered = set(market.securities) & set(new.securities)
    kept = {symbol: security for symbol, security in market.securities.items() if symbol in covered}
    return replace(
        market,
        securities=MappingProxyType(kept),
        covariance=new.covariance,
        past_months=new.past_months,
        episodes=new.episodes,
        risk_free=new.risk_free,
        long_run=new.long_run,
        long_run_start=new.long_run_start,
    )


def _is_same(one: MarketData, other: MarketData) -> bool:
    """Whether everything that an answer depends on is equal."""
    return (
        _facts(one.securities) == _facts(other.securities)
        and dict(one.constituents) == dict(other.constituents)
        and _is_same_covariance(one.covariance, other.covariance)
        and one.episodes == other.episodes
        and one.risk_free.value == other.risk_free.value
        and one.past_months.symbols == other.past_months.symbols
        and np.array_equal(one.past_months.returns, other.past_months.returns)
        and dict(one.indexes) == dict(other.indexes)
    )


def _facts(securities: Mapping[str, Security]) -> dict[str, Security]:
    """Securities without the place that a price comes from."""
    return {symbol: replace(security, origin=None) for symbol, security in securities.items()}


def _is_same_covariance(one: FactorCovariance, other: FactorCovariance) -> bool:
    return (
        one.symbols == other.symbols
        and np.array_equal(one.loadings, other.loadings)
        and np.array_equal(one.idiosyncratic, other.idiosyncratic)
    )
