"""Orders by account and lot from shares sold and bought, with cash to the cent."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from advisor.dates import is_long_term
from advisor.market.data import MarketData
from advisor.optimize.inputs import AllocationInputs
from advisor.optimize.quantities import Quantities
from advisor.portfolio.model import Account, Lot, Portfolio
from advisor.rebalance.model import LotSale, Trade
from advisor.units import to_cents


def orders(
    quantities: Quantities, inputs: AllocationInputs, portfolio: Portfolio, market: MarketData
) -> tuple[Trade, ...]:
    """Sales first, then buys, each in the order of the file; `why` is still empty."""
    sales = _sales(quantities, inputs, portfolio, market)
    return (*sales, *_purchases(quantities, inputs, portfolio, market))


def _sales(
    quantities: Quantities, inputs: AllocationInputs, portfolio: Portfolio, market: MarketData
) -> Iterable[Trade]:
    sold: dict[tuple[int, int], list[LotSale]] = {}
    for key, shares in zip(inputs.lots.keys, quantities.sold, strict=True):
        if shares > 0:
            account = portfolio.accounts[key.account]
            position = account.positions[key.position]
            price = market.securities[position.symbol].close_usd
            sale = lot_sale(account, position.lots[key.lot], shares, price, portfolio)
            sold.setdefault((key.account, key.position), []).append(sale)
    for (a, p), lots in sold.items():
        account = portfolio.accounts[a]
        total = sum((lot.shares for lot in lots), Decimal(0))
        yield order(account.name, account.positions[p].symbol, "sell", total, tuple(lots), market)


def lot_sale(account: Account, lot: Lot, shares: Decimal, price_usd: Decimal, portfolio: Portfolio) -> LotSale:
    """The sale of `shares` of `lot`."""
    if not account.is_taxable or lot.cost_per_share_usd is None or lot.acquired is None:
        return LotSale(shares, lot.acquired, lot.cost_per_share_usd, None, None)
    gain = to_cents(shares * (price_usd - lot.cost_per_share_usd))
    term = "long" if is_long_term(lot.acquired, portfolio.as_of) else "short"
    return LotSale(shares, lot.acquired, lot.cost_per_share_usd, gain, term)


def _purchases(
    quantities: Quantities, inputs: AllocationInputs, portfolio: Portfolio, market: MarketData
) -> Iterable[Trade]:
    for a, security, shares in zip(inputs.buys.account, inputs.buys.security, quantities.bought, strict=True):
        if shares > 0:
            yield order(portfolio.accounts[a].name, inputs.symbols[security], "buy", shares, (), market)


def order(
    account: str, symbol: str, side: str, shares: Decimal, lots: tuple[LotSale, ...], market: MarketData
) -> Trade:
    """One order at the market's price and spread; `why` is still empty."""
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
