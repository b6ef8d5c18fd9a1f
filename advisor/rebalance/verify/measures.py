"""The measures, the gain and the assumptions of a record, held against those of the raw tables."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np

from advisor.market.data import MarketData
from advisor.portfolio.model import MAGNIFICENT_SEVEN, AccountType, Limit, Portfolio
from advisor.rebalance.verify.book import MARKET_PORTFOLIO, Book, book_of, covariance
from advisor.rebalance.verify.defaults import bounds_of
from advisor.rebalance.verify.frame import Frame, expected_return, frame_of, origins_of
from advisor.rebalance.verify.later import carried_worth, cost_years, later_saved
from advisor.rebalance.verify.ledger import Ledger, Order, SoldLot, pennies
from advisor.rebalance.verify.limits import TOLERANCE, excess
from advisor.rebalance.verify.past_months import deepest_fall, episode_return, worst_months
from advisor.rebalance.verify.rules import Form, measure, rule_of
from advisor.rebalance.verify.shape import is_older
from advisor.rebalance.verify.taxes import realized, schedule_d
from advisor.rebalance.verify.views import view_faults

ZERO = Decimal(0)


def check_measures(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Every measure of both sides, within `TOLERANCE`; a record without a side before claims nothing of it."""
    faults, frame = [], frame_of(portfolio, market)
    for side in ("before", "after") if "before" in record else ("after",):
        book, stated = book_of(side, ledger, portfolio, market), record[side]
        faults += compare(f"{side}.weights", stated["weights"], book.weights)
        low, high = book.seven()
        expected = {
            "cash_weight": book.cash,
            "small_cap_weight": book.small_caps(),
            "volatility": book.deviation(),
            "tracking_error": book.deviation(portfolio.preferences.benchmark),
            "beta": book.beta(portfolio.preferences.benchmark),
            "expense_ratio": book.expense_ratio(),
            **({} if is_older(record) else {"expected_return": expected_return(book, frame)}),
        }
        faults += compare(side, {name: stated[name] for name in expected}, expected)
        seven = stated["magnificent_seven"]
        faults += compare(
            f"{side}.magnificent_seven", {"low": seven["low"], "high": seven["high"]}, {"low": low, "high": high}
        )
        faults += _scenario_faults(side, stated, book)
        if seven["companies"].keys() != set(MAGNIFICENT_SEVEN):
            faults.append(f"{side}.magnificent_seven.companies: not the seven")
        for company, claim in seven["companies"].items():
            low, high = book.company(company)
            direct = sum(w for symbol, w in book.weights.items() if market.securities[symbol].company == company)
            worked_out = {"direct": direct, "through_funds": low - direct, "low": low, "high": high}
            faults += compare(f"{side}.{company}", claim, worked_out)
    return faults


def _scenario_faults(side: str, stated: dict[str, Any], book: Book) -> list[str]:
    """Losses over the scenario months; none may be stated where the market data have no months."""
    names = ("cvar_95", "max_drawdown")
    if not book.market.past_months.symbols:
        return [f"{side}.{name}: stated without scenarios" for name in names if stated[name] is not None]
    expected = dict(zip(names, (worst_months(book), deepest_fall(book)), strict=True))
    return compare(side, {name: float(stated[name]) for name in names}, expected)


def compare(where: str, stated: dict[str, float], expected: dict[str, float]) -> list[str]:
    """Figures that are on one side only, or further apart than `TOLERANCE`."""
    if stated.keys() != expected.keys():
        return [f"{where}: {sorted(stated.keys() ^ expected.keys())} on one side only"]
    return [
        f"{where}.{name}: {stated[name]} stated, {value} worked out"
        for name, value in expected.items()
        if not abs(stated[name] - value) <= TOLERANCE
    ]


def gain_parts(ledger: Ledger, portfolio: Portfolio, market: MarketData, frame: Frame) -> dict[str, float]:
    """What the orders add to the objective of `frame` a year, in fractions of today's value, with the exact tax."""
    before, after = (book_of(side, ledger, portfolio, market) for side in ("before", "after"))
    start = before.value
    size = float(after.value / start)
    years = cost_years(portfolio)
    short, long = realized(ledger, portfolio)
    owed, left = schedule_d(portfolio, short, long)
    owed_without, left_without = schedule_d(portfolio, Decimal(0), Decimal(0))
    kappa = float(portfolio.preferences.covariance_inflation)
    spread = sum((order.spread for order in ledger.orders), Decimal(0))
    carried = carried_worth(portfolio, market)
    parts = {
        "expected_return": size * expected_return(after, frame) - expected_return(before, frame),
        "risk": frame.aversion / 2 * (_penalized(before, kappa) - size**2 * _penalized(after, kappa)),
        "trading_cost": -float(spread / start) / years,
        "tax": -float((owed - owed_without) / start) / years,
        "doubt": -float(portfolio.preferences.return_uncertainty * _doubted(ledger) / start),
        "carryforward": carried * float((left - left_without) / start) / years,
        "soft_limits": sum(
            _charge(limit, before, None, 1.0, start) - _charge(limit, after, ledger, size, start)
            for limit in portfolio.limits
            if limit.mode == "soft"
        ),
        "later_tax": later_saved(portfolio, market) * float((short + long) / start) / years,
        "default_bounds": sum(
            one.charge * (max(0.0, one.before - one.bound) - one.beyond) for one in bounds_of(ledger, portfolio, market)
        ),
    }
    return parts | {"total": sum(parts.values())}


def _doubted(ledger: Ledger) -> Decimal:
    """Sales that rely on a return: all but those of lots at a loss."""
    total = Decimal(0)
    for order in ledger.orders:
        if not order.is_buy:
            total += (
                order.amount - sum((sold.shares for sold in order.sold if _is_lost(order, sold)), ZERO) * order.price
            )
    return total


def _is_lost(order: Order, sold: SoldLot) -> bool:
    """Whether a taxed lot is sold for less than it cost, to the cent."""
    if order.account.type is not AccountType.TAXABLE or sold.lot is None or sold.lot.cost_per_share_usd is None:
        return False
    return pennies(sold.shares * (order.price - sold.lot.cost_per_share_usd)) < 0


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
    """The stated gain against doing nothing is the best plan's objective's, part by part."""
    stated = {name: value for name, value in record["gain"].items() if not name.startswith("months_")}
    return compare("gain", stated, gain_parts(ledger, portfolio, market, frame_of(portfolio, market)))


def check_total(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """The stated gain is the sum of its parts, whatever was asked."""
    del portfolio, market, ledger
    parts = {name: value for name, value in record["gain"].items() if not name.startswith("months_")}
    return compare("gain", {"total": parts.pop("total")}, {"total": sum(parts.values())})


def check_assumptions(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """What the record says was taken as given, and what each stress episode would have returned."""
    preferences, stated = portfolio.preferences, record["assumptions"]
    frame = frame_of(portfolio, market)
    expected = {
        "risk_aversion": frame.aversion,
        "horizon_years": float(preferences.horizon_years),
        "return_uncertainty": float(preferences.return_uncertainty),
        "risk_free": market.risk_free.value,
        "equity_premium": float(preferences.equity_premium),
        "covariance_inflation": float(preferences.covariance_inflation),
        "carryforward_value": carried_worth(portfolio, market),
        "cost_years": cost_years(portfolio),
        "later_tax_saved": later_saved(portfolio, market),
    }
    faults = compare("assumptions", {name: stated[name] for name in expected}, expected)
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
    origins = origins_of(shown, frame, portfolio, market)
    for symbol, row in stated["securities"].items():
        if symbol not in shown:
            continue
        if row["origin"] != origins[symbol]:
            faults.append(f"assumptions.{symbol}: its return is {origins[symbol]}")
        pair = covariance(market, [symbol, MARKET_PORTFOLIO])
        claim = {name: row[name] for name in ("expected_return", "volatility", "beta")}
        worked_out = {
            "expected_return": frame.returns[symbol],
            "volatility": float(np.sqrt(pair[0, 0])),
            "beta": float(pair[0, 1]) / market_variance,
        }
        faults += compare(f"assumptions.{symbol}", claim, worked_out)
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
        faults += compare(where, {"household_return": loss["household_return"]}, worked_out)
    return faults
