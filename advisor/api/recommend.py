"""The main job: resolve, plan, verify, compare, and lay out or write the files."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.api.plain import read_path
from advisor.api.recorded import MARKET_FILE
from advisor.api.versions import versions
from advisor.errors import MarketDataError, OutputError, UnverifiedAnswerError
from advisor.evidence.case import case_from_prices
from advisor.evidence.model import Evidence
from advisor.evidence.recompute import SYMBOLS
from advisor.files import replaced
from advisor.format import NO_BREAK
from advisor.market.data import MarketData
from advisor.market.estimate.returns import panel_of
from advisor.market.prices.history import PriceHistory
from advisor.market.resolve import resolve
from advisor.market.sources import MarketInput
from advisor.portfolio.model import Portfolio
from advisor.rebalance.model import RebalancePlan, Trade
from advisor.rebalance.orders_file import orders_csv
from advisor.rebalance.plan import rebalance
from advisor.rebalance.record import PortfolioFile, Record, record, to_json
from advisor.rebalance.verify import verify
from advisor.report.context import NO_TRADE_OFF, Sources, report_context
from advisor.report.page.pdf import PdfUnavailableError, pdf_engine, render_pdf
from advisor.report.page.render import render_html, render_svg
from advisor.report.sections.answer import answer, orders_note
from advisor.report.sections.drawings import seven_chart
from advisor.whatif.model import TradeOff
from advisor.whatif.record import trade_off_record
from advisor.whatif.trade_off import trade_off

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Page:
    """How the report is made: by which PDF engine, ``auto`` among them, and by whose template, None for the shipped."""

    engine: str = "auto"
    templates: Path | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A verified plan with the inputs it was made from, and what stands beside it where that was worked out."""

    plan: RebalancePlan
    portfolio: Portfolio
    market: MarketData
    file: PortfolioFile
    versions: dict[str, str]
    trade_off: TradeOff | None = None
    evidence: Evidence | None = None  # None: the dated results that come with the program
    market_document: bytes | None = None  # the market data as a file, where they are not the embedded snapshot

    def document(self) -> Record:
        """The record, as plain JSON values."""
        document = record(self.plan, self.portfolio, self.market, self.file, self.versions)
        return document if self.trade_off is None else {**document, "trade_off": trade_off_record(self.trade_off)}

    @property
    def json_text(self) -> str:
        """Text of the record."""
        return to_json(self.document())

    @property
    def answer(self) -> str:
        """The recommendation in one sentence."""
        return answer(self.plan).replace(NO_BREAK, " ")

    @property
    def orders(self) -> pd.DataFrame:
        """One row for each order, sales first: account, side, symbol, shares, price, amount and spread in USD, and why.

        Numbers are floats, for analysis; exact amounts are in `plan.trades` and in orders.csv.
        """
        import pandas as pd

        columns = ["account", "side", "symbol", "shares", "price_usd", "amount_usd", "spread_usd", "why"]
        rows = [(trade.account, trade.side, trade.symbol, *_floats(trade), trade.why) for trade in self.plan.trades]
        return pd.DataFrame(rows, columns=columns)

    @property
    def picture(self) -> str:
        """The Magnificent Seven today against proposed, with the limit: an SVG drawing."""
        return render_svg(seven_chart(self.plan))

    def write(self, folder: str | Path, *, pdf_engine: str = "auto") -> tuple[Path, ...]:
        """Write report.html, report.pdf, recommendation.json and orders.csv, all or none.

        Parameters
        ----------
        folder : str or Path
            Made where it is not there; files of these names in it are replaced.
        pdf_engine : str
            ``"plutoprint"``, ``"weasyprint"``, or ``"auto"``: the first that is installed.

        Returns
        -------
        tuple of Path
            The files. Without a PDF engine report.pdf is left out, with a warning.

        Raises
        ------
        OutputError
            The folder cannot be written to, or the named engine is not there.
        """
        place = read_path(folder, "write")
        require_engine(pdf_engine)
        files = report_files(self, lambda text: warnings.warn(text, stacklevel=3), Page(pdf_engine))
        with replaced(place, files) as written:
            return written

    def _repr_html_(self) -> str:
        shown = self.orders.drop(columns="spread_usd").to_html(index=False, float_format=lambda value: f"{value:,.2f}")
        return f"<p><b>{escape(self.answer)}</b></p>{shown}<p>A proposal, not executed.</p>"


def _floats(trade: Trade) -> tuple[float, float, float, float]:
    return float(trade.shares), float(trade.price_usd), float(trade.amount_usd), float(trade.spread_usd)


def proposal(
    portfolio: Portfolio, found: MarketInput, file: PortfolioFile, compare: Callable[[], None] = lambda: None
) -> Recommendation:
    """The whole of the main job but its files: plan, check, what stands beside it, and the evidence.

    `compare` is called when the plan is made and comparing begins. Raises as `recommend`.
    """
    made = recommend(portfolio, found.market, file.name, file.text, versions())
    compare()
    made = replace(with_trade_off(made), market_document=found.document)
    return with_evidence(made, found.histories)


def recommend(
    portfolio: Portfolio, market: MarketData, name: str, text: str, versions: dict[str, str]
) -> Recommendation:
    """Plan and check. Raises `UnverifiedAnswerError` where a check fails; its amounts are in the note, not the text."""
    resolved = resolve(market, portfolio)
    made = Recommendation(rebalance(portfolio, resolved), portfolio, resolved, PortfolioFile(name, text), versions)
    return _checked(made)


def with_trade_off(made: Recommendation) -> Recommendation:
    """The same with everything that stands beside the proposal, in the record and checked too."""
    return _checked(replace(made, trade_off=trade_off(made.portfolio, made.market, made.plan)))


def with_evidence(made: Recommendation, histories: Mapping[str, PriceHistory]) -> Recommendation:
    """The same with the small-cap case computed anew as far as these prices tell it; without them it stays dated."""
    at_hand = [histories[symbol] for symbol in SYMBOLS if symbol in histories]
    try:
        return replace(made, evidence=case_from_prices(panel_of(at_hand), made.portfolio.as_of)) if at_hand else made
    except MarketDataError:  # too few prices to tell any of it
        return made


def _checked(made: Recommendation) -> Recommendation:
    checks = verify(made.document(), made.portfolio, made.market)
    failed = [check for check in checks if not check.passed]
    if failed:
        names = "".join(f"\n  {check.name}" for check in failed)
        error = UnverifiedAnswerError(f"the independent check refused the answer (--debug shows the amounts):{names}")
        error.add_note("\n".join(f"{check.name}: {check.detail}" for check in failed))
        raise error
    return replace(made, plan=replace(made.plan, certificate=replace(made.plan.certificate, checks=checks)))


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
        recommendation.trade_off or NO_TRADE_OFF,
        recommendation.evidence,
    )
    html = render_html(context, page.templates)
    files = {
        "report.html": html.encode(),
        "recommendation.json": recommendation.json_text.encode(),
        "orders.csv": orders_csv(recommendation.plan.trades, orders_note(recommendation.plan)).encode(),
    }
    if recommendation.market_document is not None:
        files[MARKET_FILE] = recommendation.market_document
    try:
        files["report.pdf"] = render_pdf(html, title=portfolio.name, as_of=portfolio.as_of, engine=page.engine)
    except PdfUnavailableError as error:
        note(f"report.pdf is not written, and one in the folder is of an earlier run: {error}")
    return files
