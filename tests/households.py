"""Random households, made from a seed: accounts, lots, limits, tax and preferences of every kind."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from advisor.portfolio.limit_types import LIMIT_TYPES, LimitType, Side
from advisor.portfolio.model import (
    Account,
    AccountType,
    DoNotSell,
    Limit,
    LimitMode,
    Lot,
    PastTrade,
    Portfolio,
    Position,
)
from advisor.portfolio.preferences import SMALL_CAP_FUNDS, FilingStatus, Preferences, TaxSituation
from tests.samples import market
from tests.views import view

AS_OF = date(2026, 11, 20)
STOCKS = ("NVDA", "AAPL", "MSFT", "GOOG", "GOOGL", "AMZN", "META", "TSLA", "AVGO", "BRK.B", "JPM", "XOM")
LARGE_FUNDS = ("SPY", "VOO", "QQQ", "VTI", "VUG", "MGK", "XLK", "RSP", "VXUS", "BND", "SGOV", "VFIAX", "FXAIX")
FUNDS = (*LARGE_FUNDS, "IWM", "VTWO", "IJR", "VB", "SCHA")


def random_household(seed: int) -> Portfolio:
    """The same household for the same seed."""
    rng = np.random.default_rng(seed)
    accounts = tuple(_account(rng, number) for number in range(int(rng.integers(1, 5))))
    return Portfolio(
        name=f"Household {seed}",
        as_of=AS_OF,
        accounts=accounts,
        limits=_limits(rng),
        do_not_sell=_locks(rng, accounts),
        tax=_tax(rng),
        preferences=_preferences(rng),
        views=(view("IJR", "0.11", confidence="0.6"),) if rng.random() < 0.15 else (),
        history=_history(rng, accounts),
        identical=(("VTI", "SPY"), ("VB", "IJR")) if rng.random() < 0.15 else (),
    )


def _account(rng: np.random.Generator, number: int) -> Account:
    kind = AccountType(rng.choice(["taxable", "taxable", "traditional", "roth", "hsa"]))
    count = int(rng.integers(0, 6))
    symbols = rng.choice([*STOCKS, *FUNDS], size=count, replace=False)
    size = float(np.exp(rng.uniform(np.log(300), np.log(200_000))))
    cash = Decimal(f"{rng.exponential(size * 0.2):.2f}") if count and rng.random() < 0.8 else Decimal("2500.00")
    positions = tuple(_position(rng, str(symbol), kind, size) for symbol in symbols)
    least = (cash * Decimal("0.5")).quantize(Decimal("0.01")) if rng.random() < 0.15 else Decimal(0)
    buy = tuple(rng.choice(SMALL_CAP_FUNDS, size=2, replace=False).tolist()) if rng.random() < 0.15 else None
    return Account(f"Account {number}", kind, cash, positions, least, buy, fractional=bool(rng.random() < 0.2))


def _position(rng: np.random.Generator, symbol: str, kind: AccountType, size: float) -> Position:
    price = market().securities[symbol].close_usd
    return Position(symbol, tuple(_lot(rng, price, kind, size) for _ in range(int(rng.integers(1, 5)))))


def _lot(rng: np.random.Generator, price: Decimal, kind: AccountType, size: float) -> Lot:
    digits = int(rng.choice([0, 3, 6]))
    shares = max(Decimal(f"{rng.exponential(size / float(price)):.{digits}f}"), Decimal(1))
    if kind is not AccountType.TAXABLE and rng.random() < 0.7:
        return Lot(shares)
    cost = (price * Decimal(f"{rng.uniform(0.1, 1.4):.4f}")).quantize(Decimal("0.01"))
    return Lot(shares, cost, AS_OF - timedelta(days=int(rng.choice([5, 29, 30, 31, 200, 340, 365, 366, 367, 2000]))))


def _limits(rng: np.random.Generator) -> tuple[Limit, ...]:
    def number(low: float, high: float) -> Decimal:
        return Decimal(f"{rng.uniform(low, high):.4f}")

    menu = [
        Limit("magnificent_seven", Side.MAX, number(0.1, 0.6)),
        Limit("single_company", Side.MAX, number(0.08, 0.5)),
        Limit("small_caps", Side.MAX, number(0.15, 0.6)),
        Limit("small_caps", Side.MIN, number(0.0, 0.15)),
        Limit("funds.IWM", Side.MAX, number(0.05, 0.3)),
        Limit("funds.IJR", Side.MIN, number(0.0, 0.05)),
        Limit("volatility", Side.MAX, number(0.1, 0.4)),
        Limit("tracking_error", Side.MAX, number(0.02, 0.3), benchmark="SPY"),
        Limit("beta", Side.MAX, number(0.6, 1.8), benchmark="VTI"),
        Limit("turnover", Side.MAX, number(0.05, 0.9)),
        Limit("realized_gain", Side.MAX, Decimal(f"{rng.uniform(0, 100_000):.2f}")),
        Limit("cash", Side.MIN, number(0.0, 0.05)),
        Limit("cash", Side.MAX, number(0.1, 0.9)),
    ]
    rarer = [
        Limit("sectors.Information Technology", Side.MAX, number(0.2, 0.7)),
        Limit("sectors.Health Care", Side.MIN, number(0.0, 0.03)),
        Limit("cvar_95", Side.MAX, number(0.05, 0.15)),
        Limit("max_drawdown", Side.MAX, number(0.2, 0.7)),
        Limit("stress.covid_2020", Side.MAX, number(0.15, 0.6)),
        Limit("stress.inflation_2022", Side.MAX, number(0.15, 0.6)),
        Limit("expense_ratio", Side.MAX, number(0.0004, 0.003)),
    ]
    chosen = [*(limit for limit in menu if rng.random() < 0.35), *(limit for limit in rarer if rng.random() < 0.12)]
    known = {limit.type for limit in (*menu, *rarer)}
    newer = (kind for kind in LIMIT_TYPES.values() if kind not in known and rng.random() < 0.12)
    chosen += [Limit(_name(kind), kind.sides[0], number(0.0, 1.0)) for kind in newer]
    moded = [replace(limit, mode=_mode(rng), charge_bps_per_pp=_price(rng)) for limit in chosen]
    return tuple(limit for limit in moded if limit.type.may_be_soft or limit.mode is not LimitMode.SOFT)


def _name(kind: LimitType) -> str:
    """The limit that the example of its kind is on."""
    part = re.match(r"{(.+): {", kind.example)
    return f"{kind.name}.{part[1]}" if part else kind.name


def _mode(rng: np.random.Generator) -> LimitMode:
    return LimitMode(rng.choice([mode.value for mode in LimitMode], p=[0.7, 0.15, 0.15]))


def _price(rng: np.random.Generator) -> Decimal:
    return Decimal(str(rng.choice(["0.5", "3", "10", "50"])))


def _locks(rng: np.random.Generator, accounts: tuple[Account, ...]) -> tuple[DoNotSell, ...]:
    held = [(account.name, position.symbol) for account in accounts for position in account.positions]
    if not held or rng.random() < 0.7:
        return ()
    account, symbol = held[int(rng.integers(len(held)))]
    return (DoNotSell(symbol=symbol, account=account if rng.random() < 0.5 else None),)


def _tax(rng: np.random.Generator) -> TaxSituation:
    def dollars(scale: float) -> Decimal:
        return Decimal(f"{rng.exponential(scale):.2f}") if rng.random() < 0.3 else Decimal(0)

    long_rate = Decimal(str(rng.choice(["0", "0.15", "0.188", "0.238"])))
    return TaxSituation(
        filing_status=FilingStatus(rng.choice([status.value for status in FilingStatus])),
        short_term_rate=max(long_rate, Decimal(str(rng.choice(["0.12", "0.24", "0.358"])))),
        long_term_rate=long_rate,
        state_rate=Decimal(str(rng.choice(["0", "0.05", "0.093"]))),
        year_to_date_short_usd=dollars(5000) - dollars(5000),
        year_to_date_long_usd=dollars(20_000) - dollars(5000),
        carryforward_short_usd=dollars(5000),
        carryforward_long_usd=dollars(10_000),
        carryforward_value=Decimal(str(rng.choice(["0", "0", "0", "0.02", "0.1"]))),
        is_stated=True,
    )


def _preferences(rng: np.random.Generator) -> Preferences:
    return Preferences(
        horizon_years=Decimal(str(rng.choice(["0.5", "1", "3", "10", "30"]))),
        risk_aversion=Decimal(str(rng.choice(["1", "3", "8"]))) if rng.random() < 0.4 else None,
        min_trade_usd=Decimal(str(rng.choice(["0", "100", "500"]))),
        return_uncertainty=Decimal(str(rng.choice(["0", "0.005", "0.01"]))),
        reserve_tax=bool(rng.random() < 0.8),
        whole_shares=bool(rng.random() < 0.8),
        covariance_inflation=Decimal(str(rng.choice(["0", "0", "0.02", "0.5"]))),
    )


def _history(rng: np.random.Generator, accounts: tuple[Account, ...]) -> tuple[PastTrade, ...]:
    if rng.random() < 0.7:
        return ()
    day = AS_OF - timedelta(days=int(rng.integers(1, 45)))
    symbol = str(rng.choice(["IWM", "VTWO", "IJR", "VOO"]))
    side = str(rng.choice(["buy", "sell"]))
    gain = Decimal(-500) if side == "sell" else None
    return (PastTrade(day, accounts[0].name, symbol, side, Decimal(10), gain),)
