"""The flow of the main job: resolve, plan, verify, and lay out the files. Nothing is written here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.errors import OutputError, UnverifiedAnswerError
from advisor.market.data import MarketData
from advisor.market.resolve import resolve
from advisor.portfolio.model import Portfolio
from advisor.rebalance.model import RebalancePlan
from advisor.rebalance.orders_file import orders_csv
from advisor.rebalance.plan import rebalance
from advisor.rebalance.record import PortfolioFile, record, to_json
from advisor.rebalance.verify import verify
from advisor.report.context import NO_TRADE_OFF, Sources, report_context
from advisor.report.pdf import PdfUnavailableError, pdf_engine, render_pdf
from advisor.report.render import render_html
from advisor.whatif.model import TradeOff
from advisor.whatif.record import trade_off_record
from advisor.whatif.trade_off import trade_off


@dataclass(frozen=True, slots=True)
class Page:
    """How the report is made: by which PDF engine, ``auto`` among them, and by whose template, None for the shipped."""

    engine: str = "auto"
    templates: Path | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A verified plan with the inputs it was made from."""

    plan: RebalancePlan
    portfolio: Portfolio
    market: MarketData
    file: PortfolioFile
    versions: dict[str, str]
    json_text: str
    trade_off: TradeOff = NO_TRADE_OFF


def recommend(
    portfolio: Portfolio, market: MarketData, name: str, text: str, versions: dict[str, str]
) -> Recommendation:
    """Plan and check. Raises `UnverifiedAnswerError` where a check fails; its amounts are in the note, not the text."""
    resolved = resolve(market, portfolio)
    file = PortfolioFile(name, text)
    plan = rebalance(portfolio, resolved)
    checks = verify(record(plan, portfolio, resolved, file, versions), portfolio, resolved)
    failed = [check for check in checks if not check.passed]
    if failed:
        names = "".join(f"\n  {check.name}" for check in failed)
        error = UnverifiedAnswerError(f"the independent check refused the answer (--debug shows the amounts):{names}")
        error.add_note("\n".join(f"{check.name}: {check.detail}" for check in failed))
        raise error
    plan = replace(plan, certificate=replace(plan.certificate, checks=checks))
    return Recommendation(
        plan, portfolio, resolved, file, versions, to_json(record(plan, portfolio, resolved, file, versions))
    )


def with_trade_off(made: Recommendation) -> Recommendation:
    """The same with everything that stands beside the proposal, in the record too."""
    found = trade_off(made.portfolio, made.market, made.plan)
    document = record(made.plan, made.portfolio, made.market, made.file, made.versions)
    return replace(made, trade_off=found, json_text=to_json({**document, "trade_off": trade_off_record(found)}))


def require_engine(engine: str) -> None:
    """Raise `OutputError` if the PDF engine was asked for by name and is not there."""
    try:
        if engine != "auto":
            pdf_engine(engine)
    except PdfUnavailableError as error:
        raise OutputError(f"cannot write report.pdf: {error}") from error


def report_files(recommendation: Recommendation, note: Callable[[str], None], page: Page = Page()) -> dict[str, bytes]:
    """Names and contents of the files; without any PDF engine the PDF is left out, and `note` says so."""
    portfolio, file = recommendation.portfolio, recommendation.file
    context = report_context(
        recommendation.plan,
        portfolio,
        recommendation.market,
        Sources(file.name, file.sha256, recommendation.versions),
        recommendation.trade_off,
    )
    html = render_html(context, page.templates)
    files = {
        "report.html": html.encode(),
        "recommendation.json": recommendation.json_text.encode(),
        "orders.csv": orders_csv(recommendation.plan.trades).encode(),
    }
    try:
        files["report.pdf"] = render_pdf(html, title=portfolio.name, as_of=portfolio.as_of, engine=page.engine)
    except PdfUnavailableError as error:
        note(f"report.pdf is not written, and one in the folder is of an earlier run: {error}")
    return files
