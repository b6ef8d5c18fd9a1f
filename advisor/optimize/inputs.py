"""The one place where the household's Decimals become the optimizer's floats.

Everything is a fraction of household value V (cash included): dollar values make interior-point solvers call
feasible problems infeasible. The order of securities, accounts, lots and buys is fixed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from advisor.dates import is_long_term
from advisor.market.data import MarketData
from advisor.optimize.held_back import barred_identities, held_back, wash_identities
from advisor.optimize.later_tax import LaterTax, carried_loss_value, later_tax
from advisor.portfolio.model import Account, Lot, Portfolio
from advisor.portfolio.preferences import TaxSituation
from advisor.risk.covariance import RiskModel
from advisor.risk.expected_returns import ExpectedReturns
from advisor.units import Vector

Indices = NDArray[np.intp]
Masks = tuple[NDArray[np.bool_], NDArray[np.bool_]]  # lots (l,), and purchases (b,)


@dataclass(frozen=True, slots=True)
class LotKey:
    """Where a lot stands in the portfolio: indices into accounts, positions and lots."""

    account: int
    position: int
    lot: int


@dataclass(frozen=True, slots=True)
class Lots:
    """Every lot of the household, shape (l,) each, as fractions of V.

    gain: gain for each dollar sold, 0 in a sheltered account; sellable: what may be sold, 0 where locked; identity:
    the number of what each lot is a lot of for wash sales (`held_back.wash_identities`); share_value: of one share;
    whole: whether it is sold in whole shares.
    """

    keys: tuple[LotKey, ...]
    account: Indices
    security: Indices
    identity: Indices
    shares: tuple[Decimal, ...]
    share_value: Vector
    whole: NDArray[np.bool_]
    value: Vector
    sellable: Vector
    gain: Vector
    long_term: NDArray[np.bool_]
    taxable: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Buys:
    """Every (account, fund) that may be bought, shape (b,) each; the rest as in `Lots`."""

    account: Indices
    security: Indices
    identity: Indices
    share_value: Vector
    whole: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TaxRates:
    """Rates with the state's added, and this year's gains so far net of carryforwards, as fractions of V."""

    short_term: float
    long_term: float
    loss_deduction: float  # the yearly deduction of a net loss from ordinary income
    short_so_far: float
    long_so_far: float
    carryforward_value: float = 0.0  # today, of a dollar of loss carried forward


@dataclass(frozen=True, slots=True)
class AllocationInputs:
    """All numbers of one allocation problem; n securities, a accounts, l lots, b buys."""

    symbols: tuple[str, ...]
    weights: Vector  # (n,) today
    cash: Vector  # (a,) today
    min_cash: Vector  # (a,)
    taxable_accounts: NDArray[np.bool_]  # (a,)
    account_names: tuple[str, ...]
    lots: Lots
    buys: Buys
    half_spread: Vector  # (n,)
    expected_return: Vector  # (n,) a year, before fees
    implied_return: Vector  # (n,) the same without views: what the reference portfolio implies
    expense_ratio: Vector  # (n,) a year
    risk_free: float
    model: RiskModel
    risk_aversion: float
    covariance_inflation: float  # weight of (vol'w)^2 beside w'Sigma w
    return_uncertainty: float  # a year, on each dollar sold without a loss
    horizon_years: float
    rates: TaxRates
    later: LaterTax
    reserve_tax: bool
    min_trade: float  # smallest order, fraction of value
    least_rest: float  # smallest part of a position that a sale leaves
    value_usd: Decimal

    @property
    def net_return(self) -> Vector:
        """Expected return less expense ratio, a year (n,)."""
        return self.expected_return - self.expense_ratio

    @property
    def doubt(self) -> Vector:
        """Charge a year on each dollar sold of each lot, shape (l,): none on a loss, which relies on tax law alone."""
        at_a_loss = self.lots.taxable & (self.lots.gain < 0.0)
        return np.where(at_a_loss, 0.0, self.return_uncertainty)

    @property
    def cost_years(self) -> float:
        """Years over which what is paid once is spread."""
        return self.later.cost_years(self.horizon_years)

    @property
    def later_tax_saved(self) -> float:
        """Value today of the later tax that a dollar of gain realized now saves."""
        return self.later.saved(self.horizon_years)


def holdings(portfolio: Portfolio, market: MarketData, model: RiskModel) -> tuple[Vector, Vector]:
    """What is held of each security, and what of it may be sold, as fractions of household value, shape (n,) each."""
    lots = _lots(portfolio, market, model, household_value_usd(portfolio, market))
    return _by_security(lots, lots.value, model), _by_security(lots, lots.sellable, model)


def own_mix(portfolio: Portfolio, market: MarketData) -> float:
    """By how much today's weights are larger in the mix that the household has chosen: new money is no part of it."""
    value_usd = household_value_usd(portfolio, market)
    before_usd = value_usd - portfolio.deposit_usd
    return float(value_usd / before_usd) if before_usd > 0 else 1.0


def _by_security(lots: Lots, amounts: Vector, model: RiskModel) -> Vector:
    return np.asarray(np.bincount(lots.security, weights=amounts, minlength=len(model.symbols)), dtype=float)


def allocation_inputs(
    portfolio: Portfolio,
    market: MarketData,
    model: RiskModel,
    returns: ExpectedReturns,
    *,
    risk_aversion: float,
) -> AllocationInputs:
    """Collect the numbers of `portfolio`; every symbol of it must be in `model`."""
    value_usd = household_value_usd(portfolio, market)
    lots = _lots(portfolio, market, model, value_usd)
    return AllocationInputs(
        symbols=model.symbols,
        weights=_by_security(lots, lots.value, model),
        cash=np.array([float(account.cash_usd / value_usd) for account in portfolio.accounts]),
        min_cash=np.array([float(account.min_cash_usd / value_usd) for account in portfolio.accounts]),
        taxable_accounts=np.array([account.is_taxable for account in portfolio.accounts]),
        account_names=tuple(account.name for account in portfolio.accounts),
        lots=lots,
        buys=_buys(portfolio, market, model, value_usd),
        half_spread=np.array([market.securities[symbol].half_spread.value for symbol in model.symbols]),
        expected_return=returns.annual,
        implied_return=returns.implied,
        expense_ratio=expense_ratios(market, model.symbols),
        risk_free=returns.risk_free,
        model=model,
        risk_aversion=risk_aversion,
        covariance_inflation=float(portfolio.preferences.covariance_inflation),
        return_uncertainty=float(portfolio.preferences.return_uncertainty),
        horizon_years=float(portfolio.preferences.horizon_years),
        rates=_tax_rates(portfolio.tax, value_usd, carried_loss_value(portfolio, returns.risk_free)),
        later=later_tax(portfolio, returns.risk_free),
        reserve_tax=portfolio.preferences.reserve_tax,
        min_trade=float(portfolio.preferences.smallest_order_usd / value_usd),
        least_rest=float(portfolio.preferences.least_trade_usd(value_usd) / value_usd),
        value_usd=value_usd,
    )


def household_value_usd(portfolio: Portfolio, market: MarketData) -> Decimal:
    """Cash plus every position at its price."""
    cash = sum((account.cash_usd for account in portfolio.accounts), Decimal(0))
    positions = (position for account in portfolio.accounts for position in account.positions)
    return cash + sum((p.shares * market.securities[p.symbol].close_usd for p in positions), Decimal(0))


def expense_ratios(market: MarketData, symbols: tuple[str, ...]) -> Vector:
    """Expense ratios a year, shape (n,). A fund's unknown one counts 0 here; `rebalance.plan` warns of it by name."""
    known = (market.securities[symbol].expense_ratio for symbol in symbols)
    return np.array([ratio.value if ratio else 0.0 for ratio in known])


def _lots(portfolio: Portfolio, market: MarketData, model: RiskModel, value_usd: Decimal) -> Lots:
    rows = [
        (LotKey(a, p, k), account, position.symbol, lot)
        for a, account in enumerate(portfolio.accounts)
        for p, position in enumerate(account.positions)
        for k, lot in enumerate(position.lots)
    ]
    prices = {symbol: market.securities[symbol].close_usd for _, _, symbol, _ in rows}
    value = np.array([float(lot.shares * prices[symbol] / value_usd) for _, _, symbol, lot in rows])
    kept = {(entry.account, entry.symbol, entry.lot) for entry in held_back(portfolio, market)}
    may_sell = np.array(
        [portfolio.may_sell(account.name, s) and (account.name, s, lot) not in kept for _, account, s, lot in rows],
        dtype=bool,
    )
    return Lots(
        keys=tuple(key for key, *_ in rows),
        account=np.array([key.account for key, *_ in rows], dtype=np.intp),
        security=np.array([model.index(symbol) for _, _, symbol, _ in rows], dtype=np.intp),
        identity=_identities(portfolio, market, model, [symbol for _, _, symbol, _ in rows]),
        shares=tuple(lot.shares for *_, lot in rows),
        share_value=np.array([float(prices[symbol] / value_usd) for _, _, symbol, _ in rows]),
        whole=np.array([not portfolio.may_trade_fractions(account, s) for _, account, s, _ in rows], dtype=bool),
        value=value,
        sellable=np.where(may_sell, value, 0.0),
        gain=np.array([_gain_per_dollar(account, lot, prices[symbol]) for _, account, symbol, lot in rows]),
        long_term=np.array([_is_long(lot, portfolio) for *_, lot in rows], dtype=bool),
        taxable=np.array([account.is_taxable for _, account, _, _ in rows], dtype=bool),
    )


def _gain_per_dollar(account: Account, lot: Lot, price_usd: Decimal) -> float:
    if not account.is_taxable or lot.cost_per_share_usd is None:
        return 0.0
    return float((price_usd - lot.cost_per_share_usd) / price_usd)


def _is_long(lot: Lot, portfolio: Portfolio) -> bool:
    return lot.acquired is not None and is_long_term(lot.acquired, portfolio.as_of)


def _identities(portfolio: Portfolio, market: MarketData, model: RiskModel, symbols: list[str]) -> Indices:
    """Number of each symbol's identity: the place of the first symbol of the model that has it."""
    identities = wash_identities(portfolio, market, model.symbols)
    first: dict[str, int] = {}
    for place, symbol in enumerate(model.symbols):
        first.setdefault(identities[symbol], place)
    return np.array([first[identities[symbol]] for symbol in symbols], dtype=np.intp)


def _buys(portfolio: Portfolio, market: MarketData, model: RiskModel, value_usd: Decimal) -> Buys:
    barred = barred_identities(portfolio, market)
    identities = wash_identities(portfolio, market, portfolio.preferences.buy)
    pairs = [
        (a, model.index(symbol))
        for a, account in enumerate(portfolio.accounts)
        for symbol in portfolio.preferences.buy
        if portfolio.may_buy(account, symbol) and identities[symbol] not in barred
    ]
    symbols = [model.symbols[i] for _, i in pairs]
    in_parts = (
        portfolio.may_trade_fractions(portfolio.accounts[a], s) for (a, _), s in zip(pairs, symbols, strict=True)
    )
    return Buys(
        account=np.array([a for a, _ in pairs], dtype=np.intp),
        security=np.array([i for _, i in pairs], dtype=np.intp),
        identity=_identities(portfolio, market, model, symbols),
        share_value=np.array([float(market.securities[symbol].close_usd / value_usd) for symbol in symbols]),
        whole=~np.array(list(in_parts), dtype=bool),
    )


def _tax_rates(tax: TaxSituation, value_usd: Decimal, carried: float) -> TaxRates:
    return TaxRates(
        short_term=float(tax.short_term_rate + tax.state_rate),
        long_term=float(tax.long_term_rate + tax.state_rate),
        loss_deduction=float(tax.loss_deduction_usd / value_usd),
        short_so_far=float((tax.year_to_date_short_usd - tax.carryforward_short_usd) / value_usd),
        long_so_far=float((tax.year_to_date_long_usd - tax.carryforward_long_usd) / value_usd),
        carryforward_value=carried,
    )


def same_orders(inputs: AllocationInputs) -> Iterator[Masks]:
    """Lots and purchases of one security in one account, where it has any."""
    lots, buys = inputs.lots, inputs.buys
    for account, security in zip(buys.account, buys.security, strict=True):
        of_lots = (lots.account == account) & (lots.security == security)
        if of_lots.any():
            yield of_lots, (buys.account == account) & (buys.security == security)


def wash_pairs(inputs: AllocationInputs) -> Iterator[Masks]:
    """Lots at a loss, and purchases of what counts as the same security, in any account."""
    lots, buys = inputs.lots, inputs.buys
    at_a_loss = lots.taxable & (lots.gain < 0) & (lots.sellable > 0)
    for twin in np.unique(buys.identity):
        if (at_a_loss & (lots.identity == twin)).any():
            yield at_a_loss & (lots.identity == twin), buys.identity == twin
