"""What stands beside every proposal: doing nothing, half the move, and other funds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from advisor.errors import UnverifiedAnswerError
from advisor.market.data import MarketData
from advisor.portfolio.model import Account, Lot, Portfolio
from advisor.portfolio.preferences import UnsoldGains
from advisor.rebalance.candidates import SurveyedHousehold
from advisor.rebalance.model import HouseholdState, LotSale, RebalancePlan, Trade
from advisor.rebalance.plan import question_of, survey
from advisor.rebalance.trades import cash_after, lot_sale, order
from advisor.units import SHARE_STEP
from advisor.whatif.causes import with_causes
from advisor.whatif.model import Outcome
from advisor.whatif.outcomes import measured, solved, unanswered

HELD, HELD_YEARS = "held_until_death", Decimal(20)  # years where the file does not say
MENUS = {"ijr_only": ("IJR",), "russell_2000_only": ("IWM", "VTWO")}
HALF = Decimal("0.5")


def alternatives(portfolio: Portfolio, market: MarketData, plan: RebalancePlan | None) -> tuple[Outcome, ...]:
    """Do nothing, half the move, IJR only, Russell 2000 only, and gains held until death; `market` is that of `plan`.

    Without a plan, because the file's limits conflict, there is no half of it. The last is left out where no gain could
    be held, or the file says itself that it is.
    """
    household, _ = question_of(portfolio, market)
    base = plan.after if plan else None
    return (
        *_unsolved(household, plan),
        *(_with_menu(name, household, base) for name in MENUS),
        *([_held_until_death(household)] if has_gains_to_hold(portfolio, market) else []),
    )


def has_gains_to_hold(portfolio: Portfolio, market: MarketData) -> bool:
    """Whether a taxable lot has a gain that the file does not hold until death already."""
    return portfolio.preferences.unsold_gains.sold > 0 and any(
        lot.cost_per_share_usd is not None and lot.cost_per_share_usd < market.securities[position.symbol].close_usd
        for account in portfolio.accounts
        if account.is_taxable
        for position in account.positions
        for lot in position.lots
    )


def _held_until_death(household: SurveyedHousehold) -> Outcome:
    """The answer if gains are never taxed, and the cost of a sale is spread over the years until death.

    Its title says what is changed; what each of the two keys does by itself would take two more answers.
    """
    portfolio, years = household.portfolio, household.portfolio.preferences.held_years
    gains = UnsoldGains(sold=Decimal(0), held_until_death=Decimal(1))
    preferences = replace(portfolio.preferences, unsold_gains=gains, held_years=HELD_YEARS if years is None else years)
    changed = replace(portfolio, preferences=preferences)
    return solved(HELD, changed, household.market)


def unsolved(portfolio: Portfolio, market: MarketData, plan: RebalancePlan) -> tuple[Outcome, ...]:
    """The first two of `alternatives`, which take no solving."""
    return _unsolved(survey(portfolio, market), plan)


def _unsolved(household: SurveyedHousehold, plan: RebalancePlan | None) -> tuple[Outcome, ...]:
    halved = None if plan is None else measured("half", household, half(plan.trades, household))
    return (
        measured("do_nothing", household, ()),
        halved or unanswered("half", UnverifiedAnswerError("There is no proposal to halve.")),
    )


def _with_menu(name: str, household: SurveyedHousehold, base: HouseholdState | None) -> Outcome:
    portfolio = household.portfolio
    changed = replace(portfolio, preferences=replace(portfolio.preferences, buy=MENUS[name]))
    return with_causes(solved(name, changed, household.market), household, changed, base)


def half(trades: tuple[Trade, ...], household: SurveyedHousehold) -> tuple[Trade, ...]:
    """Half of each order, lots in proportion, rounded down to what its account trades in.

    Where rounding the sales down leaves an account short of cash, its purchases are cut, the last one first.
    """
    sales = [found for trade in trades if trade.side == "sell" for found in _half_sale(trade, household)]
    cash = cash_after(household.portfolio, tuple(sales))
    purchases = []
    for trade in trades:
        if trade.side == "buy":
            for found in _half_purchase(trade, household, cash[trade.account]):
                purchases.append(found)
                cash[trade.account] -= found.amount_usd + found.spread_usd
    return (*sales, *purchases)


def _half_sale(trade: Trade, household: SurveyedHousehold) -> Iterator[Trade]:
    account = _account(trade, household.portfolio)
    step = _step(household.portfolio, account, trade.symbol)
    price = trade.price_usd
    lots: list[LotSale] = []
    for lot in trade.lots:
        shares = _down(lot.shares * HALF, step)
        if shares:
            held = Lot(lot.shares, lot.cost_per_share_usd, lot.acquired)
            lots.append(lot_sale(account, held, shares, price, household.portfolio))
    if lots:
        total = sum((lot.shares for lot in lots), Decimal(0))
        yield order(account.name, trade.symbol, "sell", total, tuple(lots), household.market)


def _half_purchase(trade: Trade, household: SurveyedHousehold, cash_usd: Decimal) -> Iterator[Trade]:
    """Half of a purchase, or the largest part of the half that leaves the account's least cash."""
    account = _account(trade, household.portfolio)
    step = _step(household.portfolio, account, trade.symbol)
    least_usd = min(account.min_cash_usd, account.cash_usd)
    shares = _down(trade.shares * HALF, step)
    while shares > 0:
        found = order(account.name, trade.symbol, "buy", shares, (), household.market)
        short_usd = found.amount_usd + found.spread_usd - (cash_usd - least_usd)
        if short_usd <= 0:
            yield found
            return
        shares -= max(step, _down(short_usd / trade.price_usd, step))


def _account(trade: Trade, portfolio: Portfolio) -> Account:
    return next(account for account in portfolio.accounts if account.name == trade.account)


def _step(portfolio: Portfolio, account: Account, symbol: str) -> Decimal:
    return SHARE_STEP if portfolio.may_trade_fractions(account, symbol) else Decimal(1)


def _down(shares: Decimal, step: Decimal) -> Decimal:
    return shares // step * step
