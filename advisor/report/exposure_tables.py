"""Look-through tables: the seven by company, by fund and by account."""

from __future__ import annotations

from advisor.exposure.lookthrough import CompanyExposure, Exposure, FundExposure
from advisor.portfolio.model import MAGNIFICENT_SEVEN
from advisor.rebalance.model import RebalancePlan
from advisor.report.format import count_interval, interval, iso, money, number, percent
from advisor.report.model import Cell, Column, Row, Table
from advisor.report.parts import is_trade, row, table

NONE_KNOWN = "none known"
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


def company_table(plan: RebalancePlan) -> Table:
    """Each of the seven: direct, through funds, known and upper end, today and proposed."""
    before, after = plan.before.exposure, plan.after.exposure
    held, left = company_index(before.companies), company_index(after.companies)
    columns = (
        Column("Company", "text"),
        Column("Direct"),
        Column("Through funds"),
        Column("Known"),
        Column("Upper end"),
        Column("Proposed, known", is_proposed=True),
        Column("Proposed, upper end", is_proposed=True),
    )
    rows = [_company_row(company, held.get(company), left.get(company)) for company in seven_companies(plan)]
    seven, then = before.seven, after.seven
    rows.append(
        row(
            "All seven",
            *map(percent, (seven.direct, seven.through_funds, seven.low, seven.high, then.low, then.high)),
            kind="total",
        )
    )
    notes = (
        "Percent of household value, cash included. GOOG and GOOGL are one company. Known: directly held "
        "plus what the funds' lists name; upper end: plus what the lists cannot rule out.",
        "The upper end of all seven can be below the sum of the companies' upper ends, because one "
        "unlisted remainder cannot be seven companies at once.",
    )
    return table("The Magnificent Seven by company", columns, rows, plan, notes)


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
        Column("Proposed", is_proposed=True),
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
        Column("Proposed", is_proposed=True),
    )
    rows = [
        row(
            Cell(account.name, lines=(ACCOUNT_WORDS.get(account.type, account.type),)),
            money(account.value_usd),
            percent(account.weight),
            interval(account.seven_low, account.seven_high),
            interval(then[account.name].seven_low, then[account.name].seven_high) if account.name in then else "–",
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
        return "No company is known by name, so the concentration over companies is not measured."
    text = f"The household is as concentrated as {today}"
    then = _concentration_words(plan.after.exposure) if is_trade(plan) else ""
    return f"{text}; with the proposal as {then}." if then else f"{text}."


def _concentration_words(exposure: Exposure) -> str:
    count = count_interval(exposure.effective_companies, 1)
    index = " to ".join(dict.fromkeys(number(end, 4) for end in exposure.hhi))
    return f"{count} companies of equal weight (Herfindahl index {index})" if count else ""


def _company_row(company: str, before: CompanyExposure | None, after: CompanyExposure | None) -> Row:
    today = (
        ("–", "–", NONE_KNOWN, "–")
        if before is None
        else tuple(map(percent, (before.direct, before.through_funds, before.low, before.high)))
    )
    then = (NONE_KNOWN, "–") if after is None else (percent(after.low), percent(after.high))
    return row(company, *today, *then)


def _fund_row(symbol: str, before: FundExposure | None, after: FundExposure | None) -> Row:
    known = before or after
    if known is None:
        raise ValueError(f"fund {symbol} is in neither household state")
    source = f"{known.basis}, {iso(known.as_of)}, covers {percent(known.coverage, 0)}"
    if known.proxy is not None and known.proxy not in known.basis:
        source += f"; list of {known.proxy}"
    return row(
        symbol,
        percent(before.weight) if before else "–",
        percent(after.weight) if after else "–",
        interval(*known.seven_in_fund),
        interval(before.seven_low, before.seven_high) if before else "–",
        interval(after.seven_low, after.seven_high) if after else "–",
        source,
    )
