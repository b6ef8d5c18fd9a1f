"""From fractions of value to orders in thousandths of a share, by account and lot, with cash to the cent.

Sales are rounded up and buys down, so that no account runs short; a lot within a thousandth of its end is sold
whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from advisor.dates import is_long_term
from advisor.market.data import MarketData
from advisor.optimize.inputs import AllocationInputs
from advisor.optimize.solve import Allocation
from advisor.portfolio.model import Account, Lot, Portfolio
from advisor.rebalance.model import LotSale, Trade
from advisor.units import SHARE_STEP, to_cents


def orders(
    allocation: Allocation, inputs: AllocationInputs, portfolio: Portfolio, market: MarketData
) -> tuple[Trade, ...]:
    """Sales first, then buys, each in the order of the file; `why` is still empty."""
    sales = _sales(allocation, inputs, portfolio, market)
    return (*sales, *_purchases(allocation, inputs, portfolio, market))


def _sales(
    allocation: Allocation, inputs: AllocationInputs, portfolio: Portfolio, market: MarketData
) -> Iterable[Trade]:
    sold: dict[tuple[int, int], list[LotSale]] = {}
    for key, value, amount in zip(inputs.lots.keys, inputs.lots.value, allocation.sell, strict=True):
        if amount <= 0:
            continue
        account = portfolio.accounts[key.account]
        position = account.positions[key.position]
        lot = position.lots[key.lot]
        shares = _shares_sold(lot, Decimal(float(amount / value)))
        price = market.securities[position.symbol].close_usd
        sold.setdefault((key.account, key.position), []).append(_lot_sale(account, lot, shares, price, portfolio))
    for (a, p), lots in sold.items():
        account = portfolio.accounts[a]
        shares = sum((lot.shares for lot in lots), Decimal(0))
        yield _order(account.name, account.positions[p].symbol, "sell", shares, tuple(lots), market)


def _shares_sold(lot: Lot, fraction: Decimal) -> Decimal:
    wanted = (lot.shares * fraction).quantize(SHARE_STEP, rounding=ROUND_CEILING)
    return lot.shares if lot.shares - wanted < SHARE_STEP else wanted


def _lot_sale(account: Account, lot: Lot, shares: Decimal, price_usd: Decimal, portfolio: Portfolio) -> LotSale:
    if not account.is_taxable or lot.cost_per_share_usd is None or lot.acquired is None:
        return LotSale(shares, lot.acquired, lot.cost_per_share_usd, None, None)
    gain = to_cents(shares * (price_usd - lot.cost_per_share_usd))
    term = "long" if is_long_term(lot.acquired, portfolio.as_of) else "short"
    return LotSale(shares, lot.acquired, lot.cost_per_share_usd, gain, term)


def _purchases(
    allocation: Allocation, inputs: AllocationInputs, portfolio: Portfolio, market: MarketData
) -> Iterable[Trade]:
    for a, security, amount in zip(inputs.buys.account, inputs.buys.security, allocation.buy, strict=True):
        symbol = inputs.symbols[security]
        price = market.securities[symbol].close_usd
        spend = Decimal(float(amount)) * inputs.value_usd
        shares = (spend / price).quantize(SHARE_STEP, rounding=ROUND_FLOOR)
        if shares > 0:
            yield _order(portfolio.accounts[a].name, symbol, "buy", shares, (), market)


def _order(
    account: str, symbol: str, side: str, shares: Decimal, lots: tuple[LotSale, ...], market: MarketData
) -> Trade:
    security = market.securities[symbol]
    amount = to_cents(shares * security.close_usd)
    spread = to_cents(amount * Decimal(repr(security.half_spread.value)))
    return Trade(account, symbol, side, shares, security.close_usd, amount, spread, lots, why="")


def cash_after(portfolio: Portfolio, trades: tuple[Trade, ...]) -> dict[str, Decimal]:
    """Cash of each account once the trades are done, to the cent."""
    cash = {account.name: account.cash_usd for account in portfolio.accounts}
    for trade in trades:
        signed = trade.amount_usd if trade.side == "sell" else -trade.amount_usd
        cash[trade.account] += signed - trade.spread_usd
    return cash


def shares_after(portfolio: Portfolio, trades: tuple[Trade, ...]) -> dict[tuple[str, str], Decimal]:
    """Shares of each (account, symbol) once the trades are done; nothing left of a position drops out."""
    held = {
        (account.name, position.symbol): position.shares
        for account in portfolio.accounts
        for position in account.positions
    }
    for trade in trades:
        key = (trade.account, trade.symbol)
        held[key] = held.get(key, Decimal(0)) + (trade.shares if trade.side == "buy" else -trade.shares)
    return {key: shares for key, shares in held.items() if shares != 0}
