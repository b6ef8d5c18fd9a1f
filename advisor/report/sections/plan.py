"""Tables of the proposal itself: holdings, measures, orders, gain, tax and stress losses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from advisor.format import (
    EN_DASH,
    ROUGH_USD,
    apportioned,
    cents,
    change_in_points,
    change_of_interval,
    interval,
    iso,
    listing,
    money,
    number,
    percent,
    rough_money,
    shares,
    shown,
    signed,
    signed_bps,
    signed_cents,
    signed_money,
    signed_percent,
    years,
)
from advisor.market.data import MarketData
from advisor.portfolio.model import Account, Portfolio
from advisor.rebalance.model import HouseholdState, LotSale, RebalancePlan, StressLoss, Trade
from advisor.report.model import Cell, Column, Row, Table
from advisor.report.parts import (
    CASH,
    GROUPS,
    dollars,
    group_of,
    group_weights,
    is_trade,
    merged,
    pairs,
    row,
    security_name,
    table,
    tone_of,
)
from advisor.report.sections.exposure import ACCOUNT_WORDS, ends_of
from advisor.units import to_cents

_STATUS_WORDS = {
    "single": "single",
    "married_joint": "married, filing jointly",
    "married_separate": "married, filing separately",
    "head_of_household": "head of household",
}

_SCENARIO_NOTE = (
    "Losses over past months are hypothetical: these weights applied to what the securities returned, before tax and "
    "trading cost; the largest fall is that of a household that holds them unchanged throughout.",
)


def holdings_table(plan: RebalancePlan, market: MarketData) -> Table:
    """Every symbol under its group's subtotal: weight and value today and proposed."""
    before, after = plan.before, plan.after
    columns = (
        Column("Holding", "text"),
        Column("Weight"),
        Column("Value"),
        Column("Proposed weight", is_proposed=True),
        Column("Proposed value", is_proposed=True),
        Column("Change", is_proposed=True),
    )
    first, second = _shown_holdings(before, market), _shown_holdings(after, market)
    symbols = merged(before.weights, after.weights)
    held = [group_weights(state, market) for state in (before, after)]
    rows = []
    for group in (name for name in GROUPS if name in held[0] or name in held[1]):
        members = [symbol for symbol in symbols if group_of(symbol, market) == group]
        label = Cell(group, aside=security_name(market, group)) if members == [group] else Cell(group)
        rows.append(_holding_row(label, first.get(group), second.get(group), "group"))
        if members != [group] and group != CASH:
            named = ((Cell(symbol, aside=security_name(market, symbol)), symbol) for symbol in members)
            rows += [_holding_row(cell, first.get(symbol), second.get(symbol), "plain") for cell, symbol in named]
    whole = [_Held(Decimal(1), state.value_usd) for state in (before, after)]
    rows.append(_holding_row(Cell("Household"), whole[0], whole[1], "total"))
    notes = ("Value after the trades is net of their spread; tax is owed later and not deducted.",)
    return table("Holdings, all accounts together", columns, rows, plan, notes if is_trade(plan) else ())


def measures_table(plan: RebalancePlan) -> Table:
    """Risk, return and cost of the household today and proposed."""
    before, after = plan.before, plan.after
    columns = (
        Column("Measure", "text"),
        Column("Today"),
        Column("Proposed", is_proposed=True),
        Column("Change", is_proposed=True),
    )

    def share(label: str, first: float, second: float, decimals: int = 1) -> Row:
        return row(
            label, percent(first, decimals), percent(second, decimals), change_in_points(first, second, decimals)
        )

    def fees(state: HouseholdState) -> Decimal:
        return dollars(state.expense_ratio, state)

    rows = [
        share("Volatility, a year", before.volatility, after.volatility),
        share(f"Tracking error against {plan.benchmark}, a year", before.tracking_error, after.tracking_error),
        row(
            f"Beta against {plan.benchmark}",
            number(before.beta, 2),
            number(after.beta, 2),
            signed(shown(after.beta, 2) - shown(before.beta, 2), 2),
        ),
        share(
            "Expected return, a year, after fund expenses, before tax",
            before.expected_return,
            after.expected_return,
        ),
        share("Fund expenses, a year", before.expense_ratio, after.expense_ratio, 3),
        row(
            "Fund expenses in dollars, a year",
            rough_money(fees(before)),
            rough_money(fees(after)),
            _change_in_fees(fees(before), fees(after)),
        ),
        *_month_rows(plan, share),
        share("Small-cap funds", before.small_cap_weight, after.small_cap_weight),
        row(
            "Magnificent Seven, funds looked through",
            interval(before.exposure.seven.low, before.exposure.seven.high),
            interval(after.exposure.seven.low, after.exposure.seven.high),
            change_of_interval(ends_of(before.exposure.seven), ends_of(after.exposure.seven)),
        ),
    ]
    return table("Measures of the household", columns, rows, plan, _SCENARIO_NOTE if before.cvar_95 is not None else ())


def _change_in_fees(first: Decimal, second: Decimal) -> str:
    """The change between two amounts as `rough_money` prints them, in cents where either has them."""
    ends = [to_cents(fee) if fee < ROUGH_USD else fee.quantize(Decimal(1)) for fee in (first, second)]
    return (signed_cents if min(first, second) < ROUGH_USD else signed_money)(ends[1] - ends[0])


def _month_rows(plan: RebalancePlan, share: Callable[[str, float, float], Row]) -> list[Row]:
    """Losses over the scenario months, where the market data have any."""
    pairs_of = (
        ("Average loss of the worst 5% of past months", plan.before.cvar_95, plan.after.cvar_95),
        ("Largest fall from a peak over those months", plan.before.max_drawdown, plan.after.max_drawdown),
    )
    return [
        share(label, first, second) for label, first, second in pairs_of if first is not None and second is not None
    ]


def order_tables(plan: RebalancePlan, portfolio: Portfolio, market: MarketData) -> tuple[Table, ...]:
    """Orders by account in the order of the file, sells before buys; accounts without orders are left out."""
    tables = []
    for account in portfolio.accounts:
        trades = [trade for trade in plan.trades if trade.account == account.name]
        if trades:
            ordered = sorted(trades, key=lambda trade: trade.side != "sell")
            tables.append(_orders_table(ordered, account, plan, market))
    return tuple(tables)


def gain_table(plan: RebalancePlan) -> Table | None:
    """The objective against doing nothing, part by part; None where no trade was worth weighing."""
    gain = plan.net_benefit
    parts = (
        ("Expected return, after fund expenses", gain.expected_return),
        ("Risk, at the risk aversion used", gain.risk),
        ("Trading cost, spread over the horizon", gain.trading_cost),
        ("Tax, spread over the horizon", gain.tax),
        *(("Later tax that gains realized now save, spread over the horizon", v) for v in [gain.later_tax] if v),
        ("Doubt: the error of expected returns that a sale must outweigh", gain.doubt),
        *(("Value of the losses carried forward, spread over the horizon", v) for v in [gain.carryforward] if v),
        *(("Charge of the soft limits that are exceeded", v) for v in [gain.soft_limits] if v),
        *(("Charge of the default bounds that are exceeded", v) for v in [gain.default_bounds] if v),
    )
    if not any(value for _, value in parts):
        return None
    values = [value for _, value in parts]
    points_a_year = apportioned([value * 10_000 for value in values], 1)
    usd = apportioned([dollars(value, plan.before) for value in values], 0)
    rows = [
        row(label, signed_bps(of / 10_000), signed_money(amount))
        for (label, _), of, amount in zip(parts, points_a_year, usd, strict=True)
    ]
    together = signed_bps(sum(points_a_year, Decimal(0)) / 10_000), signed_money(sum(usd, Decimal(0)))
    rows.append(row("Together", *together, kind="total"))
    what = "The proposal against doing nothing" if is_trade(plan) else "The best trades found, against doing nothing"
    columns = (Column("Part", "text"), Column("A year"), Column("In dollars a year"))
    return Table(what, columns, tuple(rows))


def tax_table(plan: RebalancePlan) -> Table | None:
    """What this year's tax becomes; None where nothing is traded."""
    if not is_trade(plan):
        return None
    tax = plan.tax
    rows = [
        row("Short-term gain realized by these trades", signed_cents(tax.short_term_gain_usd)),
        row("Long-term gain realized by these trades", signed_cents(tax.long_term_gain_usd)),
        row("This year's tax on gains without these trades", cents(tax.year_tax_before_usd)),
        row("This year's tax on gains with these trades", cents(tax.year_tax_after_usd)),
        row("Loss carried to later years, with these trades", cents(tax.carried_forward_usd)),
        row("Tax of these trades", cents(tax.tax_usd), kind="total"),
        row("Trading cost (half the bid-ask spread on each order)", cents(plan.spread_usd), kind="total"),
    ]
    return Table("Tax and cost of the trades", (Column("Item", "text"), Column("Amount")), tuple(rows))


def _fate_words(portfolio: Portfolio) -> str:
    """``sold at the horizon of 3 years``, or the parts of each."""
    gains, preferences = portfolio.preferences.unsold_gains, portfolio.preferences
    told = (
        (gains.sold, f"sold at the horizon of {years(float(preferences.horizon_years))}"),
        (gains.held_until_death, f"held until death, in {years(float(preferences.held_years or 0))}"),
        (gains.donated, "donated"),
    )
    parts = [(share, words) for share, words in told if share]
    return parts[0][1] if len(parts) == 1 else listing(tuple(f"{percent(share, 0)} {words}" for share, words in parts))


def rates_table(plan: RebalancePlan, portfolio: Portfolio) -> Table:
    """Rates the tax was figured with, and whether the user stated them."""
    tax = portfolio.tax
    origin = (
        "stated in the portfolio file"
        if tax.is_stated
        else "partly or wholly assumed: the portfolio file does not state both"
    )
    rows = [
        row("Rates", origin),
        row("Filing status", _STATUS_WORDS[tax.filing_status.value]),
        row("Federal rate on short-term gains", percent(tax.short_term_rate)),
        row("Federal rate on long-term gains", percent(tax.long_term_rate)),
        row("State rate, added to both", percent(tax.state_rate)),
        row(
            "Gains so far this year",
            f"{signed_cents(tax.year_to_date_short_usd)} short-term, "
            f"{signed_cents(tax.year_to_date_long_usd)} long-term",
        ),
        row(
            "Losses carried into this year",
            f"{cents(tax.carryforward_short_usd)} short-term, {cents(tax.carryforward_long_usd)} long-term",
        ),
        row("Value today of a dollar of loss left for later years", percent(plan.carryforward_value)),
        row("What becomes of gains that are not realized", _fate_words(portfolio)),
        row("Later tax that a dollar of gain realized now saves, today", percent(plan.later_tax_saved)),
        row("Years over which tax and cost are spread", years(plan.cost_years)),
    ]
    return pairs("Assumed tax situation", ("Item", "Used here"), rows)


def stress_table(plan: RebalancePlan) -> Table | None:
    """Each episode in percent and dollars, with the stand-ins named; None without episodes."""
    if not plan.before.stress:
        return None
    after = {episode.name: episode for episode in plan.after.stress}
    columns = (
        Column("Episode", "text"),
        Column("Today"),
        Column("Today in dollars"),
        Column("Proposed", is_proposed=True),
        Column("Proposed in dollars", is_proposed=True),
        Column("Difference", is_proposed=True),
    )
    rows = [_stress_row(episode, after[episode.name], plan) for episode in plan.before.stress if episode.name in after]
    notes = (
        "Hypothetical: these weights applied to past returns, before tax and trading cost. Nobody held "
        "these portfolios then.",
    )
    return table("Hypothetical returns in past episodes", columns, rows, plan, notes + _stand_in_note(plan))


def _stand_in_note(plan: RebalancePlan) -> tuple[str, ...]:
    """Which securities had no history of their own, by episode."""
    parts = []
    for episode in plan.before.stress:
        proposed = next((other.stand_ins for other in plan.after.stress if other.name == episode.name), ())
        names = tuple(dict.fromkeys([*episode.stand_ins, *proposed]))
        if names:
            parts.append(f"{episode.title}: {', '.join(names).replace(' %', '%')}")  # as older market data have it
    return (f"Without a history of their own, represented by others: {'; '.join(parts)}.",) if parts else ()


@dataclass(frozen=True, slots=True)
class _Held:
    """A holding as it is printed: rounded so that holdings add up to their group, and groups to the household."""

    weight: Decimal
    usd: Decimal


def _shown_holdings(state: HouseholdState, market: MarketData) -> dict[str, _Held]:
    """Groups and symbols that are held, by name; a group of one symbol has its name."""
    groups = group_weights(state, market)
    whole = _Held(Decimal(1), state.value_usd)
    found = dict(zip(groups, _apportioned(list(groups.values()), whole, state), strict=True))
    for group in groups.keys() - {CASH}:
        members = [symbol for symbol in state.weights if group_of(symbol, market) == group]
        weights = [state.weights[symbol] for symbol in members]
        found |= dict(zip(members, _apportioned(weights, found[group], state), strict=True))
    return found


def _apportioned(weights: list[float], total: _Held, state: HouseholdState) -> list[_Held]:
    shares_shown = apportioned(weights, 3, total.weight)
    usd_shown = apportioned([dollars(weight, state) for weight in weights], 0, total.usd)
    return [_Held(*pair) for pair in zip(shares_shown, usd_shown, strict=True)]


def _holding_row(label: Cell, before: _Held | None, after: _Held | None, kind: str) -> Row:
    first, second = (float(held.weight) if held else 0.0 for held in (before, after))
    change = "" if kind == "total" else change_in_points(first, second)
    return row(label, *_held(before), *_held(after), change, kind=kind)


def _held(held: _Held | None) -> tuple[str, str]:
    return (percent(held.weight), money(held.usd)) if held else (EN_DASH, EN_DASH)


def _orders_table(trades: list[Trade], account: Account, plan: RebalancePlan, market: MarketData) -> Table:
    columns = [Column("Order", "text"), Column("Shares"), Column("Price"), Column("Amount"), Column("Spread")]
    if account.is_taxable:
        columns.append(Column("Gain"))
    rows = []
    for trade in trades:
        fields = [
            Cell(
                f"{trade.side.capitalize()} {trade.symbol}",
                aside=security_name(market, trade.symbol),
                lines=_order_lines(trade),
            ),
            Cell(shares(trade.shares)),
            Cell(cents(trade.price_usd)),
            Cell(cents(trade.amount_usd)),
            Cell(cents(trade.spread_usd)),
        ]
        if account.is_taxable:
            fields.append(Cell(_gain_words(trade)))
        rows.append(row(*fields))
    caption = f"{account.name} ({ACCOUNT_WORDS[account.type.value]})"
    return Table(caption, tuple(columns), tuple(rows), (_cash_words(trades, account.name, plan),))


def _gain_words(trade: Trade) -> str:
    gains = [lot.gain_usd for lot in trade.lots if lot.gain_usd is not None]
    return signed_cents(sum(gains, Decimal(0))) if gains else EN_DASH


def _order_lines(trade: Trade) -> tuple[str, ...]:
    """Reason and, where they matter for tax, the lots."""
    lots = tuple(_lot_words(lot) for lot in trade.lots if lot.gain_usd is not None)
    return (trade.why, *lots)


def _lot_words(lot: LotSale) -> str:
    text = f"Lot {iso(lot.acquired)}: {shares(lot.shares)}"
    if lot.cost_per_share_usd is not None:
        text += f" at {cents(lot.cost_per_share_usd)}"
    if lot.gain_usd is not None:
        text += f", gain {signed_cents(lot.gain_usd)}"
    return f"{text}, {lot.term}-term" if lot.term else text


def _cash_words(trades: list[Trade], account: str, plan: RebalancePlan) -> str:
    """Cash of one account before and after, with what moves it."""
    sold = sum((trade.amount_usd for trade in trades if trade.side == "sell"), Decimal(0))
    bought = sum((trade.amount_usd for trade in trades if trade.side == "buy"), Decimal(0))
    spread = sum((trade.spread_usd for trade in trades), Decimal(0))
    before, after = plan.before.cash_usd[account], plan.after.cash_usd[account]
    return (
        f"Cash {cents(before)} before, {cents(after)} after: sells {cents(sold)}, buys {cents(bought)}, "
        f"spread {cents(spread)}."
    )


def _stress_row(before: StressLoss, after: StressLoss, plan: RebalancePlan) -> Row:
    change = change_in_points(before.household_return, after.household_return)
    tone = "" if change == EN_DASH else tone_of(after.household_return - before.household_return)
    return row(
        Cell(before.title, aside=f"{before.start:%Y-%m} to {before.end:%Y-%m}"),
        signed_percent(before.household_return),
        signed_money(dollars(before.household_return, plan.before)),
        signed_percent(after.household_return),
        signed_money(dollars(after.household_return, plan.after)),
        Cell(change + {"worse": ", worse", "better": ", better"}.get(tone, ""), tone=tone),
    )
