"""Look-through tables: the seven by company, by fund and by account."""

from __future__ import annotations

import math
from decimal import Decimal

from advisor.exposure.lookthrough import CompanyExposure, Exposure, FundExposure, SevenExposure
from advisor.format import EN_DASH, apportioned, count_interval, interval, iso, money, number, percent
from advisor.market.constituents import company_interval
from advisor.market.data import MarketData
from advisor.portfolio.model import MAGNIFICENT_SEVEN
from advisor.rebalance.model import RebalancePlan
from advisor.report.model import Cell, Column, Row, Table
from advisor.report.parts import is_trade, row, table

NONE_KNOWN = "none known"
_MOST_FUNDS = 3  # with a column of their own
ACCOUNT_WORDS = {
    "taxable": "taxable",
    "traditional": "traditional, untaxed now",
    "roth": "Roth, untaxed",
    "hsa": "HSA, untaxed",
}


def seven_companies(plan: RebalancePlan) -> tuple[str, ...]:
    """The seven by today's upper end, largest first; those not known to be held last."""
    held = company_index(plan.before.exposure.companies)
    return tuple(sorted(MAGNIFICENT_SEVEN, key=lambda name: (-held[name].high if name in held else 0.0, name)))


def company_index(companies: tuple[CompanyExposure, ...]) -> dict[str, CompanyExposure]:
    """Company exposures by name."""
    return {exposure.company: exposure for exposure in companies}


def company_table(plan: RebalancePlan, market: MarketData) -> Table:
    """Each of the seven: direct, through each of the largest funds, what the lists cannot rule out, and proposed."""
    before, after = plan.before.exposure, plan.after.exposure
    held, left = company_index(before.companies), company_index(after.companies)
    brings = sorted((fund for fund in before.funds if fund.seven_high > 0), key=lambda fund: -fund.seven_high)
    funds, rest = tuple(brings[:_MOST_FUNDS]), brings[_MOST_FUNDS:]
    columns = (
        Column("Company", "text"),
        Column("Direct"),
        *(Column(f"In {fund.symbol}") for fund in funds),
        *((Column("In other funds"),) if rest else ()),
        Column("Not ruled out"),
        Column("Today"),
        Column("Proposed", is_proposed=True),
    )
    names = seven_companies(plan)
    shown = (funds, bool(rest))
    totals = _totals(before, shown)
    parts = _apportioned([_parts(held.get(company), company, shown, market) for company in names], totals)
    rows = [
        row(company, *cells, _ends(held.get(company)), _ends(left.get(company)))
        for company, cells in zip(names, parts, strict=True)
    ]
    together = (interval(*ends_of(one.seven)) for one in (before, after))
    rows.append(row("All seven", *map(percent, totals), *together, kind="total"))
    notes = (
        "Percent of household value, cash included. GOOG and GOOGL are one company. In a fund: what its list names; "
        "not ruled out: what the lists leave open. The sum of the seven can be narrower than its parts, because one "
        "unlisted remainder cannot be seven companies at once.",
    )
    return table("The Magnificent Seven by company", columns, rows, plan, notes)


def _apportioned(parts: list[tuple[float, ...] | None], totals: tuple[float, ...]) -> list[tuple[str, ...]]:
    """Cells of each company, rounded so that each column adds up to its total; dashes for one not known to be held.

    What is not ruled out adds up to no total: one unlisted remainder cannot be seven companies at once.
    """
    known = [row for row in parts if row is not None]
    columns = [_column([row[place] for row in known], total) for place, total in enumerate(totals[:-1])]
    filled = iter(zip(*columns, [row[-1] for row in known], strict=True))
    return [(EN_DASH,) * len(totals) if row is None else tuple(map(percent, next(filled))) for row in parts]


def _column(parts: list[float], total: float) -> list[Decimal]:
    """Parts that add up to the printed total; by themselves where a list knows more of the seven than of each."""
    return apportioned(parts, 3, total if math.isclose(sum(parts), total, abs_tol=1e-9) else None)


def _parts(
    known: CompanyExposure | None, company: str, shown: tuple[tuple[FundExposure, ...], bool], market: MarketData
) -> tuple[float, ...] | None:
    """Direct, in each of the funds, in the others, and not ruled out; fractions of the household."""
    if known is None:
        return None
    funds, has_rest = shown
    through = [fund.weight * company_interval(market, fund.symbol, company)[0] for fund in funds]
    rest = (max(known.through_funds - sum(through), 0.0),) if has_rest else ()
    return (known.direct, *through, *rest, known.high - known.low)


def _totals(exposure: Exposure, shown: tuple[tuple[FundExposure, ...], bool]) -> tuple[float, ...]:
    funds, has_rest = shown
    seven, through = exposure.seven, [fund.seven_low for fund in funds]
    rest = (max(seven.through_funds - sum(through), 0.0),) if has_rest else ()
    return (seven.direct, *through, *rest, seven.high - seven.low)


def _ends(known: CompanyExposure | None) -> str:
    return NONE_KNOWN if known is None else interval(known.low, known.high)


def ends_of(seven: SevenExposure) -> tuple[float, float]:
    """Lower and upper end of the seven together."""
    return seven.low, seven.high


def fund_table(plan: RebalancePlan) -> Table | None:
    """Each fund's part in the seven, with how it is known; None where no fund is held."""
    before, after = plan.before.exposure, plan.after.exposure
    held = {fund.symbol: fund for fund in before.funds}
    left = {fund.symbol: fund for fund in after.funds}
    if not held and not left:
        return None
    columns = (
        Column("Fund", "word"),
        Column("Weight"),
        Column("Proposed weight", is_proposed=True),
        Column("Seven inside it"),
        Column("Brings"),
        Column("Proposed brings", is_proposed=True),
        Column("Known from", "text"),
    )
    rows = [_fund_row(symbol, held.get(symbol), left.get(symbol)) for symbol in {**held, **left}]
    seven, then = before.seven, after.seven
    rows.append(
        row(
            "All funds",
            percent(sum(fund.weight for fund in before.funds)),
            percent(sum(fund.weight for fund in after.funds)),
            "",
            interval(seven.low - seven.direct, seven.high - seven.direct),
            interval(then.low - then.direct, then.high - then.direct),
            f"{percent(before.unnamed)} of the household sits in the unlisted part of funds",
            kind="total",
        )
    )
    return table("The Magnificent Seven by fund", columns, rows, plan)


def account_table(plan: RebalancePlan) -> Table:
    """Each account's value and its own share of the seven."""
    then = {account.name: account for account in plan.after.exposure.accounts}
    columns = (
        Column("Account", "text"),
        Column("Value"),
        Column("Of the household"),
        Column("Seven inside it"),
        Column("Seven proposed", is_proposed=True),
    )
    rows = [
        row(
            Cell(account.name, lines=(ACCOUNT_WORDS.get(account.type, account.type),)),
            money(account.value_usd),
            percent(account.weight),
            interval(account.seven_low, account.seven_high),
            interval(then[account.name].seven_low, then[account.name].seven_high) if account.name in then else EN_DASH,
        )
        for account in plan.before.exposure.accounts
    ]
    return table(
        "The Magnificent Seven by account",
        columns,
        rows,
        plan,
        ("Each account's share is of that account's own value.",),
    )


def concentration(plan: RebalancePlan) -> str:
    """Herfindahl index and effective number of companies in one sentence."""
    today = _concentration_words(plan.before.exposure)
    if not today:
        return "No company is held or known by name, so the concentration over companies is not measured."
    text = f"The household is as concentrated as {today}"
    then = _concentration_words(plan.after.exposure) if is_trade(plan) else ""
    return f"{text}; with the proposal as {then}." if then else f"{text}."


def _concentration_words(exposure: Exposure) -> str:
    if not exposure.hhi[1]:
        return ""
    count = count_interval(exposure.effective_companies, 1)
    index = " to ".join(dict.fromkeys(number(end, 4) for end in exposure.hhi))
    return f"{count} companies of equal weight (Herfindahl index {index})" if count else ""


def _fund_row(symbol: str, before: FundExposure | None, after: FundExposure | None) -> Row:
    known = before or after
    if known is None:
        raise ValueError(f"fund {symbol} is in neither household state")
    source = f"{known.basis}, {iso(known.as_of)}, covers {percent(known.coverage, 0)}"
    if known.proxy is not None and known.proxy not in known.basis:
        source += f"; list of {known.proxy}"
    return row(
        symbol,
        percent(before.weight) if before else EN_DASH,
        percent(after.weight) if after else EN_DASH,
        interval(*known.seven_in_fund),
        interval(before.seven_low, before.seven_high) if before else EN_DASH,
        interval(after.seven_low, after.seven_high) if after else EN_DASH,
        source,
    )
