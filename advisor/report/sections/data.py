"""Tables of what the answer rests on: assumptions, prices, fund lists, provenance and the independent check."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

from advisor.format import EN_DASH, bps, cents, fine_bps, interval, iso, listing, money, number, percent, plural, years
from advisor.market.data import MarketData, Sourced
from advisor.optimize.tolerances import DUAL_RESIDUAL, GAP, VIOLATION
from advisor.portfolio.model import Portfolio
from advisor.rebalance.model import RebalancePlan
from advisor.report.model import Cell, Column, Row, Table
from advisor.report.parts import dollars, merged, pairs, row, security_name

_AS_GOOD = 5e-8  # of household value a year: half a thousandth of a basis point
_BRANCH_WORDS = {
    "net_gain": "the year ends with a net gain",
    "net_loss": "the year ends with a net loss",
    "long_loss": "the year ends with a net gain, but a long-term loss",
}


def assumption_facts(plan: RebalancePlan, portfolio: Portfolio, market: MarketData) -> Table:
    """The few numbers that steer the answer, with their origin."""
    wanted = portfolio.preferences
    implied = wanted.risk_aversion is None
    aversion = (
        "implied: the value at which US stocks earn the equity premium in your mix"
        if implied
        else "stated in the portfolio file"
    )
    rows = [
        row("Risk-free rate, a year", f"{percent(plan.risk_free, 2)} ({_origin(market.risk_free)})"),
        row(
            "Equity premium over it, a year",
            f"{percent(plan.equity_premium, 2)} for US stocks: an assumption, not an estimate from data",
        ),
        row(
            "Size premium of small companies",
            "none assumed: small-cap funds earn what your mix implies, but for what views say",
        ),
        row("Risk aversion", f"{number(plan.risk_aversion, 2)} ({aversion})"),
        row(
            "Covariance inflation",
            f"{number(wanted.covariance_inflation, 2)} of the variance there would be if all securities moved "
            "together, on top of the estimated one",
        ),
        row("Expected returns", "implied by your own mix, not a forecast; views move them"),
        row("Shares of one company that count as chosen", f"{percent(wanted.company_share)} of the household"),
        row("Horizon", f"{years(plan.horizon_years)}; tax and trading cost are spread over {years(plan.cost_years)}"),
        row(
            "Doubt of expected returns",
            f"{percent(plan.return_uncertainty, 2)} a year on what is sold without a loss: what a sale must outweigh",
        ),
        row(
            "Smallest gain worth trading for beyond the limits",
            f"{money(dollars(plan.plans.least_gain, plan.before))} a year: the lesser of "
            f"{bps(wanted.min_gain)} and {money(wanted.min_gain_usd)}",
        ),
        row("Short-term gains kept", f"where they turn long-term within {plural(wanted.wait_days, 'day')}"),
        row("Tax of the trades", "kept as cash" if wanted.reserve_tax else "not kept as cash"),
        row("May be bought", listing(wanted.buy, 8) or "nothing"),
    ]
    return pairs("What steers the answer", ("Assumption", "Value and origin"), rows)


def assumptions_table(plan: RebalancePlan, market: MarketData) -> Table | None:
    """Expected return, volatility and beta of each security."""
    if not plan.assumptions:
        return None
    columns = (
        Column("Security", "text"),
        Column("Expected return"),
        Column("After fee"),
        Column("Volatility"),
        Column("Beta"),
        Column("Origin", "text"),
    )
    rows = tuple(
        row(
            Cell(line.symbol, aside=security_name(market, line.symbol)),
            percent(line.expected_return),
            _after_fee(line.symbol, line.expected_return, market),
            percent(line.volatility),
            number(line.beta, 2),
            line.origin,
        )
        for line in plan.assumptions
    )
    notes = (
        "A year, before tax; after fee is less the fund's expenses, which the proposal pays. Beta is to the market "
        "portfolio. Expected returns are assumptions, not forecasts.",
    )
    return Table("Assumed return and risk of each security", columns, rows, notes)


def _after_fee(symbol: str, expected_return: float, market: MarketData) -> str:
    security = market.securities[symbol]
    if security.is_fund and security.expense_ratio is None:
        return "fee not known"
    return percent(expected_return - (security.expense_ratio.value if security.expense_ratio else 0.0))


def prices_table(plan: RebalancePlan, market: MarketData, as_of: date) -> Table | None:
    """Close, spread and expenses of every security held or bought, with date or source; None where there is none."""
    columns = (
        Column("Security", "text"),
        Column("Close"),
        Column("Close date", "word"),
        Column("Half spread"),
        Column("Expense ratio"),
        Column("Dates and sources", "text"),
    )
    rows = tuple(_price_row(symbol, market, as_of) for symbol in merged(plan.before.weights, plan.after.weights))
    return Table("Prices, spreads and expenses", columns, rows) if rows else None


def constituents_table(plan: RebalancePlan, as_of: date) -> Table | None:
    """Each fund's list: date, coverage, basis, source and note; None where no fund is held."""
    funds = {fund.symbol: fund for fund in (*plan.after.exposure.funds, *plan.before.exposure.funds)}
    if not funds:
        return None
    columns = (
        Column("Fund", "word"),
        Column("List of", "word"),
        Column("Covers"),
        Column("Seven inside it"),
        Column("Basis and source", "text"),
    )
    rows = tuple(
        row(
            fund.symbol,
            _dated(fund.as_of, as_of),
            percent(fund.coverage, 0),
            interval(*fund.seven_in_fund),
            Cell(
                "; ".join(filter(None, (fund.basis, f"list of {fund.proxy}" if fund.proxy else "", fund.source))),
                lines=(*filter(None, (fund.note,)), *_digest(fund.sha256)),
            ),
        )
        for fund in funds.values()
    )
    return Table("What is known of each fund's companies", columns, rows)


def data_facts(
    plan: RebalancePlan,
    portfolio: Portfolio,
    market: MarketData,
    file: tuple[str, str],
    versions: Mapping[str, str],
) -> Table:
    """Where every number comes from: file, snapshot, covariance, program."""
    covariance = market.covariance
    rows = [
        row("Portfolio file", Cell(file[0], lines=(f"sha256 {file[1]}",))),
        row("Decision date", iso(portfolio.as_of)),
        row(
            "Market data",
            Cell(
                f"{market.id} ({market.source}), closes of {iso(market.as_of)}",
                lines=(f"sha256 {market.sha256}",),
            ),
        ),
        row("Covariance", f"{covariance.method.rstrip('.')}; {iso(covariance.start)} to {iso(covariance.end)}"),
        row("Shorter price histories", _short_histories(plan, market)),
        row("Risk-free rate", _origin(market.risk_free)),
        row("Solver", plan.certificate.solver),
        row("Program", ", ".join(f"{name} {version}" for name, version in versions.items())),
    ]
    return pairs("Origin of the figures", ("Item", "Origin"), rows)


def certificate_words(plan: RebalancePlan) -> str:
    """Verdict of the independent check in one sentence, with what the solver reported."""
    certificate = plan.certificate
    failed = [check for check in certificate.checks if not check.passed]
    count = plural(len(certificate.checks), "check")
    if certificate.passed:
        verdict = (
            f"All {count} passed: code that shares nothing with the optimizer worked the plan out again "
            "from the portfolio file, the market data and the orders."
        )
    elif failed:
        verdict = f"{len(failed)} of {count} failed: do not place these orders."
    else:
        verdict = "No check was made: do not place these orders."
    return f"{verdict} Largest breach of a limit by the orders: {_tiny(certificate.max_violation)} of household value."


def proof_table(plan: RebalancePlan, versions: Mapping[str, str]) -> Table:
    """What the solver's raw data prove of the optimum, with what is accepted, and the tax branches that were tried."""
    certificate = plan.certificate
    solver = ", ".join(f"{name} {versions[name]}" for name in ("cvxpy", "clarabel") if name in versions)
    rows = [
        row(what, _tiny(found), _tiny(accepted))
        for what, found, accepted in (
            ("Largest breach of a row, of household value", certificate.optimum_violation, VIOLATION),
            ("Largest dual residual, a year", certificate.dual_residual, DUAL_RESIDUAL),
            ("Gap to the proved bound, of household value a year", certificate.duality_gap, GAP),
        )
    ]
    rows += [row(f"Tax branch tried: {_BRANCH_WORDS[branch.branch]}", _behind(branch.behind), "")
             for branch in plan.explanation.branches]  # fmt: skip
    rows.append(row("Cases neither solved nor proved impossible", str(certificate.undecided), ""))
    columns = (Column("Of the optimum before rounding", "text"), Column("Found"), Column("Accepted up to"))
    note = f"Solver: {certificate.solver}{f' ({solver})' if solver else ''}."
    return Table("Proof of the optimum, worked out from the solver's raw data", columns, tuple(rows), (note,))


def _behind(loss: float | None) -> str:
    """How far a tax branch is behind the best one."""
    if loss is None:
        return "meets no limits"
    return "the best" if loss < _AS_GOOD else f"{fine_bps(loss)} a year behind"


def checks_table(plan: RebalancePlan) -> Table:
    """Each check with its verdict and detail."""
    columns = (Column("Check", "text"), Column("Verdict", "word"), Column("Detail", "text"))
    rows = tuple(
        row(
            check.name,
            Cell("passed" if check.passed else "FAILED", tone="better" if check.passed else "worse"),
            check.detail,
        )
        for check in plan.certificate.checks
    )
    return Table(
        "The independent check",
        columns,
        rows or (row("none", Cell("FAILED", tone="worse"), "no check was made"),),
    )


def _price_row(symbol: str, market: MarketData, as_of: date) -> Row:
    security = market.securities[symbol]
    sources = [f"spread: {_origin(security.half_spread)}"]
    if security.expense_ratio is not None:
        sources.append(f"expenses: {_origin(security.expense_ratio)}")
    if security.origin is not None:
        sources.insert(0, f"close: {security.origin.source}")
    if symbol in market.proxied:
        sources.append(f"risk and companies of {market.proxied[symbol]}, as the portfolio file says")
    digest = security.origin.sha256 if security.origin else None
    return row(
        symbol,
        cents(security.close_usd),
        _dated(security.close_date, as_of),
        bps(security.half_spread.value),
        percent(security.expense_ratio.value, 2) if security.expense_ratio else EN_DASH,
        Cell("; ".join(sources), lines=_digest(digest)),
    )


def _dated(day: date | None, as_of: date) -> Cell:
    """A day, and how long before the day of the decision it is."""
    if day is None:
        return Cell(iso(day))
    age = (as_of - day).days
    return Cell(iso(day), lines=(f"{plural(age, 'day')} old" if age >= 0 else f"{plural(-age, 'day')} later",))


def _digest(text: str | None) -> tuple[str, ...]:
    return (f"sha256 {text}",) if text else ()


def _tiny(value: float) -> str:
    """Figure near zero in scientific notation; raises ValueError unless finite."""
    if not math.isfinite(value):
        raise ValueError(f"a figure of the certificate is not finite: {value!r}")
    return f"{value:.1e}" if value else "0"


def _short_histories(plan: RebalancePlan, market: MarketData) -> str:
    held = merged(plan.before.weights, plan.after.weights)
    short = market.covariance.short_histories
    found = [f"{symbol} ({short[symbol]:,} returns)" for symbol in held if symbol in short]
    return ", ".join(found) if found else "none among the securities held or bought"


def _origin(figure: Sourced) -> str:
    return f"{figure.source}, {iso(figure.as_of)}"
