"""``advisor data compare-risk``: what the way of estimating risk changes, for one household."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.options import Run, common_options, portfolio_argument
from advisor.cli.output import emit, emit_json, note
from advisor.errors import LimitsConflictError, MarketDataError, UnverifiedAnswerError

if TYPE_CHECKING:
    from advisor.market.data import MarketData
    from advisor.portfolio.model import Portfolio
    from advisor.portfolio.preferences import CovarianceChoice

TWINS = ("IWM", "VTWO")  # two funds of one index: what they differ by shows what a method makes up


@dataclass(frozen=True, slots=True)
class RiskProposal:
    """What `advisor rebalance` would propose; weights and turnover as fractions, volatility a year."""

    status: str  # "trade" | "do_nothing"
    small_cap_weight: float
    magnificent_seven: tuple[float, float]
    turnover: float
    volatility: float


@dataclass(frozen=True, slots=True)
class RiskRow:
    """Risk of today's household by one choice, and the proposal; None, with the `reason`, for what is not there."""

    choice: CovarianceChoice
    volatility: float | None = None
    tracking_error: float | None = None
    beta: float | None = None
    twins_tracking_error: float | None = None
    proposal: RiskProposal | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()


@click.command("compare-risk", short_help="What each way of estimating risk would change.")
@portfolio_argument
@common_options
def compare_risk(
    *,
    file: Path,
    run: Run,
) -> None:
    """Compare the ways of estimating risk from price history: four methods with daily, weekly and monthly returns.

    For each: the risk of today's household, and what would be proposed. Needs prices: --market yahoo, or a folder
    with prices.csv. The years are those of preferences.covariance, or five.

    \b
    Example:
      advisor data compare-risk tech-employee.yaml --market yahoo
    """
    from advisor.market.sources import load_markets
    from advisor.portfolio.preferences import CovarianceChoice

    portfolio, _ = run.read(file)
    request = run.request()
    market_by, kept = load_markets(request, portfolio, run.watch())
    own = portfolio.preferences.covariance or CovarianceChoice()
    rows, data = compared(portfolio, market_by, own)
    if run.as_json:
        emit_json(_document(rows, own, portfolio, data))
    else:
        emit(_text(rows, own, portfolio, data))
    for text in () if run.quiet else kept:
        note(text)


def compared(
    portfolio: Portfolio, market_by: Callable[[CovarianceChoice], MarketData], own: CovarianceChoice
) -> tuple[list[RiskRow], MarketData]:
    """One row for each method and period, and market data as of one of them.

    Raises `MarketDataError` where none can be estimated.
    """
    rows: list[RiskRow] = []
    data = None
    for choice in _choices(own.years):
        try:
            data = market_by(choice)
            rows.append(_row(portfolio, data, choice))
        except MarketDataError as error:
            rows.append(RiskRow(choice, reason=str(error)))
    if data is None:
        raise MarketDataError(next(row.reason for row in rows if row.choice == own))
    return rows, data


def _choices(years: int) -> Iterator[CovarianceChoice]:
    from advisor.portfolio.preferences import CovarianceChoice, CovarianceMethod, ReturnPeriod

    for method in CovarianceMethod:
        for period in ReturnPeriod:
            yield CovarianceChoice(method, period, years)


def _row(portfolio: Portfolio, market: MarketData, choice: CovarianceChoice) -> RiskRow:
    from advisor.market.resolve import resolve
    from advisor.rebalance.plan import rebalance, survey
    from advisor.risk.measures import tracking_error, weight_vector

    resolved = resolve(market, portfolio)
    household = survey(portfolio, resolved)
    model, before = household.measurer.model, household.before
    has_twins = set(TWINS) <= set(model.symbols)
    twins = tracking_error(model, weight_vector(model, {TWINS[0]: 1.0}), TWINS[1]) if has_twins else None
    proposal, reason = None, None
    try:
        plan = rebalance(portfolio, resolved)
    except (LimitsConflictError, UnverifiedAnswerError) as error:
        reason = str(error)
    else:
        after = plan.after
        traded = sum((trade.amount_usd for trade in plan.trades), Decimal(0))
        proposal = RiskProposal(
            status=plan.status,
            small_cap_weight=after.small_cap_weight,
            magnificent_seven=(after.exposure.seven.low, after.exposure.seven.high),
            turnover=float(traded / before.value_usd / 2),
            volatility=after.volatility,
        )
    return RiskRow(
        choice,
        before.volatility,
        before.tracking_error,
        before.beta,
        twins,
        proposal,
        reason,
        resolved.covariance.notes,
    )


def _text(rows: Sequence[RiskRow], own: CovarianceChoice, portfolio: Portfolio, market: MarketData) -> str:
    from advisor.cli.summary import plain_table
    from advisor.errors import printable

    benchmark = portfolio.preferences.benchmark
    risk_heads = ("Today's risk", "", "volatility", "tracking error", f"beta to {benchmark}", " to ".join(TWINS))
    heads = ("Proposal", "", "answer", "small caps", "seven", "turnover", "volatility")
    lines = [
        f"{printable(portfolio.name)} - decision of {portfolio.as_of}, prices of {market.as_of}, {own.years} years",
        "",
        plain_table(risk_heads, [_aligned((*_named(row, own), *_risk(row)), risk_heads) for row in rows]),
        plain_table(heads, [_aligned((*_named(row, own), *_answer(row)), heads) for row in rows]),
        "* the choice of this file. Tracking errors are a year. The proposals are not checked independently, as those",
        "of advisor rebalance are.",
    ]
    for row in rows:
        words = " ".join(_named(row, own)).removesuffix(" *")
        lines += [f"{words}: {printable(text)}" for text in _remarks(row)]
    return "\n".join(lines) + "\n"


def _named(row: RiskRow, own: CovarianceChoice) -> tuple[str, str]:
    return str(row.choice.method), f"{row.choice.returns}{' *' if row.choice == own else ''}"


def _risk(row: RiskRow) -> tuple[str, ...]:
    from advisor.format import number, percent

    return (
        "" if row.volatility is None else percent(row.volatility),
        "" if row.tracking_error is None else percent(row.tracking_error, 2),
        "" if row.beta is None else number(row.beta, 2),
        "" if row.twins_tracking_error is None else percent(row.twins_tracking_error, 2),
    )


def _answer(row: RiskRow) -> tuple[str, ...]:
    from advisor.format import interval, percent

    if row.proposal is None:
        return ("not estimated" if row.volatility is None else "no answer", "", "", "", "")
    answer = row.proposal
    return (
        answer.status.replace("_", " "),
        percent(answer.small_cap_weight),
        interval(*answer.magnificent_seven),
        percent(answer.turnover),
        percent(answer.volatility),
    )


def _aligned(cells: Sequence[str], heads: Sequence[str]) -> list[str]:
    """Figures to the right under their heads; the first columns are words."""
    from advisor.format import NO_BREAK

    words = 3 if heads[0] == "Proposal" else 2
    plain = [cell.replace(NO_BREAK, " ") for cell in cells]
    return [*plain[:words], *(cell.rjust(len(head)) for cell, head in zip(plain[words:], heads[words:], strict=True))]


def _remarks(row: RiskRow) -> Iterator[str]:
    """Why there is no figure, in its first line, and what was noted of the estimate."""
    if row.reason is not None:
        yield row.reason.partition("\n")[0]
    yield from row.notes


def _document(
    rows: Sequence[RiskRow], own: CovarianceChoice, portfolio: Portfolio, market: MarketData
) -> dict[str, Any]:
    return {
        "schema": "advisor.compare-risk/1",
        "as_of": portfolio.as_of.isoformat(),
        "market": {
            "id": market.id,
            "as_of": market.as_of.isoformat(),
            "age_days": (portfolio.as_of - market.as_of).days,
        },
        "benchmark": portfolio.preferences.benchmark,
        "twins": list(TWINS),
        "rows": [{**asdict(row), "is_own": row.choice == own} for row in rows],
    }
