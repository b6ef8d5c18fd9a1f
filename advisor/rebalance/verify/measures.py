"""The measures, the gain and the assumptions of a record, held against those of the raw tables."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np

from advisor.market.data import MarketData
from advisor.portfolio.model import MAGNIFICENT_SEVEN, Limit, Portfolio
from advisor.rebalance.verify.book import MARKET_PORTFOLIO, Book, book_of, covariance, origins_of, security_returns
from advisor.rebalance.verify.ledger import Ledger
from advisor.rebalance.verify.limits import TOLERANCE, excess
from advisor.rebalance.verify.past_months import deepest_fall, episode_return, worst_months
from advisor.rebalance.verify.rules import Form, measure, rule_of
from advisor.rebalance.verify.shape import FIRST_SCHEMA
from advisor.rebalance.verify.taxes import realized, schedule_d
from advisor.rebalance.verify.views import view_faults

LEAST_AVERSION, MOST_AVERSION = 0.5, 10.0


def check_measures(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Every measure of both sides, within `TOLERANCE`; a record without a side before claims nothing of it."""
    faults = []
    for side in ("before", "after") if "before" in record else ("after",):
        book, stated = book_of(side, ledger, portfolio, market), record[side]
        faults += _compare(f"{side}.weights", stated["weights"], book.weights)
        low, high = book.seven()
        expected = {
            "cash_weight": book.cash,
            "small_cap_weight": book.small_caps(),
            "volatility": book.deviation(),
            "tracking_error": book.deviation(portfolio.preferences.benchmark),
            "beta": book.beta(portfolio.preferences.benchmark),
            "expense_ratio": book.expense_ratio(),
            "expected_return": book.expected_return(),
        }
        faults += _compare(side, {name: stated[name] for name in expected}, expected)
        seven = stated["magnificent_seven"]
        faults += _compare(
            f"{side}.magnificent_seven", {"low": seven["low"], "high": seven["high"]}, {"low": low, "high": high}
        )
        faults += _scenario_faults(side, stated, book)
        if seven["companies"].keys() != set(MAGNIFICENT_SEVEN):
            faults.append(f"{side}.magnificent_seven.companies: not the seven")
        for company, claim in seven["companies"].items():
            low, high = book.company(company)
            direct = sum(w for symbol, w in book.weights.items() if market.securities[symbol].company == company)
            worked_out = {"direct": direct, "through_funds": low - direct, "low": low, "high": high}
            faults += _compare(f"{side}.{company}", claim, worked_out)
    return faults


def _scenario_faults(side: str, stated: dict[str, Any], book: Book) -> list[str]:
    """Losses over the scenario months; none may be stated where the market data have no months."""
    names = ("cvar_95", "max_drawdown")
    if not book.market.past_months.symbols:
        return [f"{side}.{name}: stated without scenarios" for name in names if stated[name] is not None]
    expected = dict(zip(names, (worst_months(book), deepest_fall(book)), strict=True))
    return _compare(side, {name: float(stated[name]) for name in names}, expected)


def _compare(where: str, stated: dict[str, float], expected: dict[str, float]) -> list[str]:
    if stated.keys() != expected.keys():
        return [f"{where}: {sorted(stated.keys() ^ expected.keys())} on one side only"]
    return [
        f"{where}.{name}: {stated[name]} stated, {value} worked out"
        for name, value in expected.items()
        if not abs(stated[name] - value) <= TOLERANCE
    ]


def risk_aversion(portfolio: Portfolio, market: MarketData, ledger: Ledger) -> float:
    """The user's, or the one at which today's market exposure is the best."""
    if portfolio.preferences.risk_aversion is not None:
        return float(portfolio.preferences.risk_aversion)
    today = book_of("before", ledger, portfolio, market)
    variance = float(covariance(market, [MARKET_PORTFOLIO])[0, 0])
    exposure = today.beta(MARKET_PORTFOLIO) * variance
    premium = float(portfolio.preferences.equity_premium)
    if exposure * MOST_AVERSION <= premium:
        return MOST_AVERSION
    return max(LEAST_AVERSION, min(MOST_AVERSION, premium / exposure))


def gain_parts(ledger: Ledger, portfolio: Portfolio, market: MarketData) -> dict[str, float]:
    """What the orders add to the objective a year, in fractions of today's value, with the exact tax."""
    before, after = (book_of(side, ledger, portfolio, market) for side in ("before", "after"))
    start = before.value
    size = float(after.value / start)
    aversion = risk_aversion(portfolio, market, ledger)
    years = float(portfolio.preferences.horizon_years)
    short, long = realized(ledger, portfolio)
    owed, left = schedule_d(portfolio, short, long)
    owed_without, left_without = schedule_d(portfolio, Decimal(0), Decimal(0))
    kappa = float(portfolio.preferences.covariance_inflation)
    spread = sum((order.spread for order in ledger.orders), Decimal(0))
    sold = sum((order.amount for order in ledger.orders if not order.is_buy), Decimal(0))
    parts = {
        "expected_return": size * after.expected_return() - before.expected_return(),
        "risk": aversion / 2 * (_penalized(before, kappa) - size**2 * _penalized(after, kappa)),
        "trading_cost": -float(spread / start) / years,
        "tax": -float((owed - owed_without) / start) / years,
        "doubt": -float(portfolio.preferences.return_uncertainty * sold / start),
        "carryforward": float(portfolio.tax.carryforward_value * (left - left_without) / start) / years,
        "soft_limits": sum(
            _charge(limit, before, None, 1.0, start) - _charge(limit, after, ledger, size, start)
            for limit in portfolio.limits
            if limit.mode == "soft"
        ),
    }
    return parts | {"total": sum(parts.values())}


def _penalized(book: Book, kappa: float) -> float:
    """Variance a year, with `kappa` times the one of a household whose securities all move together."""
    together = book.deviation_together()
    return book.deviation() ** 2 + kappa * together * together


def _charge(limit: Limit, book: Book, ledger: Ledger | None, size: float, start: Decimal) -> float:
    """What a soft limit charges a year: so many hundredths of a percent for each percent of today's value beyond."""
    beyond = max(0.0, excess(limit, measure(limit, book, ledger)))
    rule = rule_of(limit.name)
    if rule.unit == "usd":
        beyond /= float(start)
    elif rule.form is not Form.TRADES:
        beyond *= size
    return float(limit.charge_bps_per_pp) / 10_000 * beyond * 100


def check_gain(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """The stated gain against doing nothing is the objective's, part by part."""
    stated = {name: value for name, value in record["gain"].items() if not name.startswith("months_")}
    return _compare("gain", stated, gain_parts(ledger, portfolio, market))


def check_assumptions(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """What the record says was taken as given, and what each stress episode would have returned."""
    preferences, stated = portfolio.preferences, record["assumptions"]
    expected = {
        "risk_aversion": risk_aversion(portfolio, market, ledger),
        "horizon_years": float(preferences.horizon_years),
        "return_uncertainty": float(preferences.return_uncertainty),
        "risk_free": market.risk_free.value,
        "equity_premium": float(preferences.equity_premium),
        "covariance_inflation": float(preferences.covariance_inflation),
        "carryforward_value": float(portfolio.tax.carryforward_value),
    }
    faults = _compare("assumptions", {name: stated[name] for name in expected}, expected)
    if record["schema"] != FIRST_SCHEMA:  # which does not say how its views count
        faults += view_faults(stated.get("views"), portfolio, market)
    if stated["benchmark"] != preferences.benchmark:
        faults.append(f"assumptions.benchmark: {stated['benchmark']!r}")
    book = book_of("before", ledger, portfolio, market)
    market_variance = float(covariance(market, [MARKET_PORTFOLIO])[0, 0])
    shown = {*book.weights, *book_of("after", ledger, portfolio, market).weights, *preferences.buy}
    if shown ^ stated["securities"].keys():
        faults.append(
            f"assumptions.securities: {', '.join(sorted(shown ^ stated['securities'].keys()))} on one side only"
        )
    returns = security_returns(shown, book)
    origins = origins_of(shown, book)
    for symbol, row in stated["securities"].items():
        if symbol not in shown:
            continue
        if row["origin"] != origins[symbol]:
            faults.append(f"assumptions.{symbol}: its return is {origins[symbol]}")
        pair = covariance(market, [symbol, MARKET_PORTFOLIO])
        claim = {name: row[name] for name in ("expected_return", "volatility", "beta")}
        worked_out = {
            "expected_return": returns[symbol],
            "volatility": float(np.sqrt(pair[0, 0])),
            "beta": float(pair[0, 1]) / market_variance,
        }
        faults += _compare(f"assumptions.{symbol}", claim, worked_out)
    return faults + check_stress(record, portfolio, market, ledger)


def check_stress(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Each episode in its order, with its days, its loss, and what stands in for what was not traded yet."""
    return [
        fault
        for side in ("before", "after")
        if side in record
        for fault in _stress_faults(side, record[side]["stress"], book_of(side, ledger, portfolio, market))
    ]


def _stress_faults(side: str, stated: list[dict[str, Any]], book: Book) -> list[str]:
    faults, episodes = [], book.market.episodes
    if [loss["name"] for loss in stated] != [episode.name for episode in episodes]:
        return [f"{side}.stress: not the episodes of the market data, each once and in their order"]
    for loss, episode in zip(stated, episodes, strict=True):
        where = f"{side}.stress.{episode.name}"
        if (loss["start"], loss["end"]) != (episode.start.isoformat(), episode.end.isoformat()):
            faults.append(f"{where}: its days are {episode.start} to {episode.end}")
        borrowed = [
            f"{symbol} by {episode.stand_ins[symbol]}" for symbol in sorted(book.weights) if symbol in episode.stand_ins
        ]
        if loss["stand_ins"] != borrowed:
            faults.append(f"{where}: the stand-ins are {', '.join(borrowed) or 'none'}")
        worked_out = {"household_return": episode_return(book, episode.name)}
        faults += _compare(where, {"household_return": loss["household_return"]}, worked_out)
    return faults
