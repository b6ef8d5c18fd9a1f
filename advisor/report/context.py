"""From a plan to what the template prints.

1. Sentences (`sentences`, `*_words`), tables (`*_tables`, `limits`) and drawings (`drawings`, `trade_off`) are made
   from the plan's figures.
2. Nothing is solved here: a figure is a field of the plan or the trade-off, its dollar view, or a sum of such figures.
3. The template arranges; it neither computes nor formats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from advisor.evidence.case import dated_case
from advisor.evidence.model import Evidence
from advisor.evidence.results import Results
from advisor.format import css_string, day, iso, plural
from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.concentration import CODE
from advisor.rebalance.model import RebalancePlan
from advisor.report.limits import broken_sentence, broken_today, limits_table
from advisor.report.model import (
    Answer,
    Assumptions,
    Closing,
    ComparisonTables,
    Data,
    Figure,
    Header,
    Proof,
    ReportContext,
    Risks,
    SmallCapCase,
    TaxAndCost,
    TradeOffs,
    Trades,
    Why,
)
from advisor.report.sections.answer import age_line, answer, cards, reasons
from advisor.report.sections.comparison import funds_table, overlap_table, sector_table, size_table, valuation_table
from advisor.report.sections.data import (
    assumption_facts,
    assumptions_table,
    certificate_words,
    checks_table,
    constituents_table,
    data_facts,
    prices_table,
    proof_table,
)
from advisor.report.sections.disclosures import IMPORTANT, data_dates, disclosures, fund_days
from advisor.report.sections.drawbacks import drawbacks, stress_words
from advisor.report.sections.drawings import allocation_chart, seven_chart, stress_chart, waterfall_chart
from advisor.report.sections.exposure import account_table, company_table, concentration, fund_table
from advisor.report.sections.frame import choices, choices_note, defaults_table, held_words, least_cost_words
from advisor.report.sections.glossary import GLOSSARY
from advisor.report.sections.least_cost import cost_chart
from advisor.report.sections.marginal_values import HOW_TO_READ, marginal_values_table
from advisor.report.sections.plan import (
    gain_table,
    holdings_table,
    measures_table,
    order_tables,
    rates_table,
    stress_table,
    tax_table,
)
from advisor.report.sections.risk import losses_table, shocks_table
from advisor.report.sections.small_cap_case import (
    case_words,
    claims_table,
    no_stability_words,
    no_views_words,
    rate_chart,
    rate_table,
    stability_table,
    stability_words,
    view_audit_table,
)
from advisor.report.sections.small_cap_history import relative_chart, years_table
from advisor.report.sections.trade_off import alternatives_table, frontier_chart, sensitivity_table
from advisor.report.sections.why import break_even_words, funds_words, horizon_words, horizons_table, orders_words
from advisor.whatif.model import TradeOff

NO_TRADE_OFF = TradeOff((), None, None, ())
_TOLD_ELSEWHERE = ("stale_prices", CODE)  # in the header, and in the answer
_MOST_BROKEN = 5  # lines on the first page
_HEADER_LETTERS = 60  # of the household's name in the running page header


@dataclass(frozen=True, slots=True)
class Sources:
    """The file a report is made from, and the programs that took part, ``advisor`` among them."""

    portfolio_file: str
    portfolio_sha256: str  # of the file's bytes
    versions: Mapping[str, str]


def report_context(
    plan: RebalancePlan,
    portfolio: Portfolio,
    market: MarketData,
    sources: Sources,
    trade_off: TradeOff = NO_TRADE_OFF,
    evidence: Evidence | None = None,
) -> ReportContext:
    """View model of one recommendation; without `evidence` the dated one is told.

    Raises ValueError if a figure is not finite.
    """
    case = evidence or dated_case(portfolio.as_of)
    return ReportContext(
        status=plan.status,
        header=header_of(portfolio, market, sources),
        answer=_answer(plan, market),
        why=_why(plan, portfolio, market, trade_off),
        comparison=ComparisonTables(
            measures=measures_table(plan),
            holdings=holdings_table(plan, market),
            sizes=size_table(plan, market),
            sectors=sector_table(plan, market),
            funds=funds_table(plan, market),
            valuations=valuation_table(plan, market),
            overlap=overlap_table(plan, market),
        ),
        trade_off=_trade_offs(plan, portfolio, trade_off),
        small_caps=_small_caps(portfolio, trade_off, case),
        risks=_risks(plan, case.results, portfolio.as_of),
        trades=_trades(plan, portfolio, market),
        tax=TaxAndCost(break_even_words(plan), tax_table(plan), rates_table(plan, portfolio)),
        assumptions=Assumptions(
            words=tuple(filter(None, (horizon_words(plan),))),
            horizons=horizons_table(plan),
            sensitivities=sensitivity_table(trade_off),
            facts=assumption_facts(plan, portfolio, market),
            securities=assumptions_table(plan, market),
        ),
        data=Data(
            facts=data_facts(
                plan, portfolio, market, (sources.portfolio_file, sources.portfolio_sha256), sources.versions
            ),
            notes=market.notes,
            prices=prices_table(plan, market, portfolio.as_of),
            constituents=constituents_table(plan, portfolio.as_of),
        ),
        proof=Proof(certificate_words(plan), proof_table(plan, sources.versions), checks_table(plan)),
        closing=_closing(plan, portfolio, market),
    )


def header_of(
    portfolio: Portfolio, market: MarketData, sources: Sources, title: str = "Rebalancing proposal"
) -> Header:
    """Whose page, of which day, on which data; `title` begins the running header of printed pages."""
    return Header(
        household=portfolio.name,
        decision_date=day(portfolio.as_of),
        decision_iso=iso(portfolio.as_of),
        data_line=_data_line(portfolio, market),
        age_line=age_line(portfolio, market),
        program=f"advisor {sources.versions['advisor']}",
        page_header=css_string(_page_header(title, portfolio)),
    )


def _data_line(portfolio: Portfolio, market: MarketData) -> str:
    age = (portfolio.as_of - market.as_of).days
    when = "on the decision day" if age == 0 else f"{plural(age, 'day')} before the decision"
    return (
        f"{day(market.as_of)}, {when}" if age >= 0 else f"{day(market.as_of)}, {plural(-age, 'day')} after the decision"
    )


def _page_header(title: str, portfolio: Portfolio) -> str:
    name = portfolio.name
    short = name if len(name) <= _HEADER_LETTERS else name[: _HEADER_LETTERS - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
    return f"{title} \N{MIDDLE DOT} {short} \N{MIDDLE DOT} {iso(portfolio.as_of)}"


def _answer(plan: RebalancePlan, market: MarketData) -> Answer:
    return Answer(
        sentence=answer(plan),
        cards=cards(plan),
        warnings=tuple(warned.message for warned in plan.warnings if warned.code not in _TOLD_ELSEWHERE),
        broken=_broken(plan),
        no_broken=_no_broken(plan),
        figures=(
            Figure("Magnificent Seven, funds looked through", seven_chart(plan)),
            Figure("Allocation", allocation_chart(plan, market)),
        ),
    )


def _why(plan: RebalancePlan, portfolio: Portfolio, market: MarketData, trade_off: TradeOff) -> Why:
    beside = (least_cost_words(plan, trade_off.least_cost), held_words(portfolio, trade_off))
    return Why(
        reasons=tuple(filter(None, (*reasons(plan), *beside))),
        choices=choices(portfolio, trade_off.more_room),
        choices_note=choices_note(trade_off.more_room),
        defaults=defaults_table(plan),
        drawbacks=drawbacks(plan, portfolio),
        limits=limits_table(plan),
        gain=gain_table(plan),
        by_company=company_table(plan, market),
        by_fund=fund_table(plan),
        by_account=account_table(plan),
        concentration=concentration(plan),
    )


def _broken(plan: RebalancePlan) -> tuple[str, ...]:
    """One line for each broken limit, as long as the charts have their place on the first page."""
    broken = broken_today(plan)
    shown = broken if len(broken) <= _MOST_BROKEN else broken[: _MOST_BROKEN - 1]
    lines = tuple(broken_sentence(limit, plan) for limit in shown)
    left = len(broken) - len(shown)
    return (*lines, f"{plural(left, 'further limit')}: see Your limits.") if left else lines


def _no_broken(plan: RebalancePlan) -> str:
    if broken_today(plan):
        return ""
    if not plan.limits:
        return "No limit is set."
    return f"No limit is broken; {plural(len(plan.limits), 'limit is', 'limits are')} set."


def _trade_offs(plan: RebalancePlan, portfolio: Portfolio, trade_off: TradeOff) -> TradeOffs:
    drawn = (
        ("Hypothetical: least cost of each level of the seven", cost_chart(plan, trade_off.least_cost)),
        ("Hypothetical: return and risk within the limits", frontier_chart(plan, trade_off)),
    )
    return TradeOffs(
        figures=tuple(Figure(caption, chart) for caption, chart in drawn if chart),
        alternatives=alternatives_table(plan, trade_off),
        words=tuple(filter(None, (funds_words(plan, portfolio), trade_off.note))),
    )


def _small_caps(portfolio: Portfolio, trade_off: TradeOff, evidence: Evidence) -> SmallCapCase:
    cuts, rises = evidence.results.long_study, evidence.results.long_rises
    return SmallCapCase(
        words=case_words(evidence, portfolio.as_of),
        claims=claims_table(evidence),
        rate_cut_figure=Figure("After rate cuts", rate_chart(cuts)),
        rate_cuts=rate_table(cuts),
        rate_rise_figure=Figure("After rate rises", rate_chart(rises)),
        rate_rises=rate_table(rises),
        views=view_audit_table(trade_off),
        no_views=no_views_words(portfolio, trade_off),
        stability=stability_table(trade_off),
        stability_words=stability_words(trade_off),
        no_stability=no_stability_words(portfolio, trade_off),
    )


def _risks(plan: RebalancePlan, known: Results, as_of: date) -> Risks:
    drawn = stress_chart(plan)
    history = relative_chart(known.relative, as_of) if known.relative else None
    years = years_table(known.years, as_of) if known.years else None
    return Risks(
        stress=stress_table(plan),
        stress_figure=Figure("Hypothetical returns in past episodes", drawn) if drawn else None,
        stress_words=stress_words(plan),
        shocks=shocks_table(plan),
        losses=losses_table(plan),
        history=Figure("Small companies against large ones", history) if history else None,
        years=years,
    )


def _trades(plan: RebalancePlan, portfolio: Portfolio, market: MarketData) -> Trades:
    drawn = waterfall_chart(plan, market)
    return Trades(
        words=orders_words(plan, portfolio),
        orders=order_tables(plan, portfolio, market),
        figure=Figure("What each order does to the seven", drawn) if drawn else None,
        how_to_read=HOW_TO_READ,
        price_book=marginal_values_table(plan, portfolio, market),
    )


def _closing(plan: RebalancePlan, portfolio: Portfolio, market: MarketData) -> Closing:
    dates = data_dates(iso(market.as_of), iso(market.risk_free.as_of), fund_days(plan.before, plan.after))
    return Closing(IMPORTANT, disclosures(portfolio, dates), GLOSSARY)
