"""From a plan to what the template prints.

1. Sentences (`sentences`), tables (`*_tables`, `limits`) and drawings (`drawings`) are made from the plan's figures.
2. Nothing is measured here: a figure is a field of the plan, its dollar view, or a sum of figures on the page.
3. The template arranges; it neither computes nor formats.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.model import RebalancePlan
from advisor.report.data_tables import (
    assumption_facts,
    assumptions_table,
    certificate_words,
    checks_table,
    constituents_table,
    data_facts,
    prices_table,
    proof_table,
)
from advisor.report.disclosures import IMPORTANT, data_dates, disclosures, fund_days
from advisor.report.drawings import allocation_chart, seven_chart, stress_chart
from advisor.report.exposure_tables import account_table, company_table, concentration, fund_table
from advisor.report.format import css_string, day, iso, plural
from advisor.report.limits import broken_sentence, broken_today, limits_table
from advisor.report.model import ReportContext, Why
from advisor.report.plan_tables import (
    gain_table,
    holdings_table,
    measures_table,
    order_tables,
    rates_table,
    stress_table,
    tax_table,
)
from advisor.report.price_book import HOW_TO_READ, price_book_table
from advisor.report.sentences import age_line, answer, cards, drawbacks, reasons, stress_notes
from advisor.report.why_words import funds_words, horizon_words, horizons_table, orders_words

_HEADER_LETTERS = 60  # of the household's name in the running page header


def report_context(
    plan: RebalancePlan,
    portfolio: Portfolio,
    market: MarketData,
    *,
    portfolio_file: str,
    portfolio_sha256: str,
    versions: Mapping[str, str],
) -> ReportContext:
    """View model of one recommendation.

    `portfolio_sha256`: of the input's bytes; `versions`: the programs that took part, ``advisor`` among them.
    Raises ValueError if a figure of the plan is not finite.
    """
    dates = data_dates(iso(market.as_of), iso(market.risk_free.as_of), fund_days(plan))
    return ReportContext(
        household=portfolio.name,
        status=plan.status,
        decision_date=day(portfolio.as_of),
        decision_iso=iso(portfolio.as_of),
        data_line=_data_line(portfolio, market),
        age_line=age_line((portfolio.as_of - market.as_of).days, day(market.as_of)),
        program=f"advisor {versions['advisor']}",
        page_header=css_string(_page_header(portfolio)),
        answer=answer(plan, portfolio),
        cards=cards(plan),
        warnings=tuple(warned.message for warned in plan.warnings if warned.code != "stale_prices"),  # said by age_line
        broken=tuple(broken_sentence(limit, plan) for limit in broken_today(plan)),
        no_broken=_no_broken(plan),
        seven_chart=seven_chart(plan),
        allocation_chart=allocation_chart(plan, market),
        reasons=reasons(plan),
        drawbacks=drawbacks(plan, portfolio),
        gain=gain_table(plan),
        by_company=company_table(plan),
        by_fund=fund_table(plan),
        by_account=account_table(plan),
        concentration=concentration(plan),
        holdings=holdings_table(plan, market),
        measures=measures_table(plan),
        orders=order_tables(plan, portfolio, market),
        why=_why(plan, portfolio, market),
        tax=tax_table(plan),
        tax_rates=rates_table(plan, portfolio),
        limits=limits_table(plan),
        stress_chart=stress_chart(plan),
        stress=stress_table(plan),
        stress_notes=stress_notes(plan),
        assumption_facts=assumption_facts(plan, portfolio, market),
        assumptions=assumptions_table(plan, market),
        prices=prices_table(plan, market, portfolio.as_of),
        constituents=constituents_table(plan, portfolio.as_of),
        data_facts=data_facts(plan, portfolio, market, (portfolio_file, portfolio_sha256), versions),
        data_notes=market.notes,
        certificate=certificate_words(plan),
        proof=proof_table(plan, versions),
        checks=checks_table(plan),
        important=IMPORTANT,
        disclosures=disclosures(plan, portfolio, dates),
    )


def _why(plan: RebalancePlan, portfolio: Portfolio, market: MarketData) -> Why:
    return Why(
        orders=orders_words(plan, portfolio),
        how_to_read=HOW_TO_READ,
        price_book=price_book_table(plan, portfolio, market),
        words=tuple(filter(None, (funds_words(plan, portfolio), horizon_words(plan, portfolio)))),
        horizons=horizons_table(plan),
    )


def _data_line(portfolio: Portfolio, market: MarketData) -> str:
    age = (portfolio.as_of - market.as_of).days
    when = "on the decision day" if age == 0 else f"{plural(age, 'day')} before the decision"
    return (
        f"{day(market.as_of)}, {when}" if age >= 0 else f"{day(market.as_of)}, {plural(-age, 'day')} after the decision"
    )


def _page_header(portfolio: Portfolio) -> str:
    name = portfolio.name
    short = name if len(name) <= _HEADER_LETTERS else name[: _HEADER_LETTERS - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
    return f"Rebalancing proposal \N{MIDDLE DOT} {short} \N{MIDDLE DOT} {iso(portfolio.as_of)}"


def _no_broken(plan: RebalancePlan) -> str:
    if broken_today(plan):
        return ""
    if not plan.limits:
        return "No limit is set."
    return f"No limit is broken; {plural(len(plan.limits), 'limit is', 'limits are')} set."
