"""A market small enough to reckon by hand: five stocks and four funds, with made-up figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np

from advisor.market.data import (
    Constituents,
    FactorCovariance,
    MarketData,
    PastMonths,
    Security,
    Sourced,
    StressEpisode,
)
from advisor.portfolio.model import Account, AccountType, Lot, Portfolio, Position

DAY = date(2026, 7, 13)
SPREAD = Sourced(0.0001, DAY, "made up")
STOCKS = {"NVDA": "Nvidia", "GOOG": "Alphabet", "GOOGL": "Alphabet", "JPM": "JPMorgan Chase", "BRK.B": "Berkshire"}
CLOSES = {
    "NVDA": "200", "GOOG": "100", "GOOGL": "100", "JPM": "300", "BRK.B": "500",
    "TEN": "50", "FULL": "40", "BOND": "80", "IWM": "250",
}  # fmt: skip


def _security(symbol: str) -> Security:
    company = STOCKS.get(symbol)
    return Security(
        symbol=symbol,
        name=symbol,
        is_fund=company is None,
        company=company,
        sector=None,
        close_usd=Decimal(CLOSES[symbol]),
        close_date=DAY,
        half_spread=SPREAD,
        index=None if company else f"index of {symbol}",
    )


def fund(symbol: str, companies: dict, *, others: float, seven: tuple, coverage: float, gross: float = 1.0):
    return Constituents(
        fund=symbol,
        as_of=DAY,
        source="made up",
        basis="full file" if coverage == 1.0 else "ten largest",
        coverage=coverage,
        companies=companies,
        others_high=others,
        magnificent_seven=seven,
        gross=gross,
    )


FUNDS = {
    # Names Nvidia and one class of Alphabet; the other class may weigh up to 0.03. JPMorgan is not named.
    "TEN": fund(
        "TEN",
        {"Nvidia": (0.10, 0.10), "Alphabet": (0.06, 0.09)},
        others=0.03,
        seven=(0.16, 0.19),
        coverage=0.40,
    ),
    "FULL": fund(
        "FULL",
        {"Nvidia": (0.20, 0.20), "JPMorgan Chase": (0.05, 0.05), "Alphabet": (0.0, 0.0), "Berkshire": (0.0, 0.0)},
        others=0.02,
        seven=(0.20, 0.20),
        coverage=1.0,
    ),
    "BOND": fund("BOND", {}, others=0.0, seven=(0.0, 0.0), coverage=1.0, gross=0.0),
    "IWM": fund("IWM", {"Nvidia": (0.0, 0.0), "Alphabet": (0.0, 0.0)}, others=0.01, seven=(0.0, 0.0), coverage=1.0),
}


def small_market() -> MarketData:
    symbols = tuple(sorted(CLOSES))
    loadings = np.linspace(0.1, 0.3, len(symbols)).reshape(-1, 1)
    return MarketData(
        source="test",
        id="small",
        as_of=DAY,
        sha256="0" * 64,
        securities={symbol: _security(symbol) for symbol in symbols},
        constituents=dict(FUNDS),
        covariance=FactorCovariance(
            symbols, ("market",), loadings, np.full(len(symbols), 0.01), "made up", DAY, DAY, {}
        ),
        episodes=(StressEpisode("fall", "A fall", DAY, DAY, dict.fromkeys(symbols, -0.2), {}),),
        overlaps={("FULL", "IWM"): Sourced(0.123, DAY, "made up")},
        risk_free=Sourced(0.04, DAY, "made up"),
        long_run={},
        long_run_start=DAY,
        past_months=PastMonths(
            symbols,
            (date(2026, 4, 30), date(2026, 5, 29), date(2026, 6, 30)),
            np.outer([1.0, -2.0, 0.5], np.linspace(0.01, 0.09, len(symbols))),
            {"TEN": "1 month as FULL"},
            "made up",
        ),
    )


def household(*accounts: tuple[str, str, dict[str, str]], **fields) -> Portfolio:
    """Accounts as (name, cash, {symbol: shares})."""
    return Portfolio(
        name="Test",
        as_of=DAY,
        accounts=tuple(
            Account(
                name,
                AccountType.ROTH,
                Decimal(cash),
                tuple(Position(symbol, (Lot(Decimal(shares)),)) for symbol, shares in positions.items()),
            )
            for name, cash, positions in accounts
        ),
        **fields,
    )
