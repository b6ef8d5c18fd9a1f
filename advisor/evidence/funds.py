"""What decides between two funds of one index: fee, spread, the tax of a switch, and that they count as identical."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from advisor.errors import MarketDataError
from advisor.market.data import MarketData, Sourced

BROAD, TWIN, SCREENED, LARGE = "IWM", "VTWO", "IJR", "SPY"
LARGE_LISTED = "IVV"  # the same index as SPY; its list names sectors
SECTOR = "Industrials"
GAINS = (0.0, 0.1, 0.25, 0.5)  # parts of a sale that are gain, to show what tax does to a switch
TAX_RATE = 0.15  # on long-term gains, as the portfolio file assumes where it says none


@dataclass(frozen=True, slots=True)
class FundFigure:
    """A fraction with its day and source; `as_of` None where the source gives none."""

    value: float
    as_of: date | None
    source: str


@dataclass(frozen=True, slots=True)
class FundFacts:
    """One fund; `half_spread` is paid on each dollar bought or sold, None is not known."""

    symbol: str
    index: str
    fee: FundFigure | None
    half_spread: FundFigure
    dividend_yield: FundFigure | None
    industrials: FundFigure | None


@dataclass(frozen=True, slots=True)
class FundsRecord:
    """The funds of the case, what the two indexes share by weight, and the seven in the large one (low, high)."""

    funds: tuple[FundFacts, ...]
    overlap: FundFigure
    seven_low: FundFigure
    seven_high: FundFigure

    def of(self, symbol: str) -> FundFacts:
        """Facts of one fund."""
        return next(fund for fund in self.funds if fund.symbol == symbol)


def funds_record(market: MarketData) -> FundsRecord:
    """Facts of the funds of the case. Raises `MarketDataError` where the market data lack one."""
    pair = (SCREENED, BROAD)
    lists = market.constituents
    lacking = [symbol for symbol in (BROAD, TWIN, SCREENED, LARGE) if symbol not in market.securities]
    lacking += [f"the companies of {fund}" for fund in (LARGE, LARGE_LISTED) if fund not in lists]
    if lacking or pair not in market.overlaps:
        raise MarketDataError(f"the market data lack {', '.join(lacking) or 'the overlap of IJR and IWM'}")
    large = lists[LARGE]
    low, high = large.magnificent_seven
    return FundsRecord(
        tuple(_facts(market, symbol) for symbol in (BROAD, TWIN, SCREENED, LARGE)),
        _figure(market.overlaps[pair]),
        FundFigure(low, large.as_of, large.source),
        FundFigure(high, large.as_of, large.source),
    )


def _facts(market: MarketData, symbol: str) -> FundFacts:
    fund = market.securities[symbol]
    listed = market.constituents[LARGE_LISTED if symbol == LARGE else symbol]
    sectors = listed.sectors or {}
    return FundFacts(
        symbol,
        fund.index or symbol,
        _figure(fund.expense_ratio) if fund.expense_ratio else None,
        _figure(fund.half_spread),
        _figure(fund.dividend_yield) if fund.dividend_yield else None,
        FundFigure(sectors[SECTOR], listed.as_of, listed.source) if SECTOR in sectors else None,
    )


def _figure(known: Sourced) -> FundFigure:
    return FundFigure(known.value, known.as_of, known.source)


def switch_years(held: FundFacts, other: FundFacts, *, gain: float, tax_rate: float) -> float:
    """Years of lower fees that pay for a switch from `held` to `other`.

    `gain` is the part of the value sold that is taxed now at `tax_rate`. The tax counts in full, although a later sale
    would have owed some of it too: an upper bound.

    Raises ValueError where a fee is unknown or the switch saves none.
    """
    if held.fee is None or other.fee is None or held.fee.value <= other.fee.value:
        raise ValueError(f"{other.symbol} in place of {held.symbol} saves no fee that is known")
    cost = held.half_spread.value + other.half_spread.value + gain * tax_rate
    return cost / (held.fee.value - other.fee.value)
