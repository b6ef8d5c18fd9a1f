"""Which security a row is: by exact ticker, CUSIP or ISIN, never by a likeness of names.

XTSLA is a cash fund, APLE a hotel trust, MSFUT collateral. Identifiers are known for the share classes of the
Magnificent Seven alone, beside this module: filings often leave their tickers out.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from advisor.market.holdings.cells import NONE
from advisor.market.symbols import canonical_symbol
from advisor.portfolio.model import MAGNIFICENT_SEVEN

_TABLE = Path(__file__).resolve().parent / "identifiers.csv"
_ISSUE_AND_CLASS = 8  # a CUSIP without its check digit, as some files have it


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What a row gives to be recognised by; "" for what it does not give."""

    ticker: str = ""
    cusip: str = ""
    isin: str = ""
    is_local: bool = True  # listed in the United States, where the ticker means what it means here


def symbol_of(row: Identifiers) -> str:
    """Symbol of a row, "" if it has none that means something here.

    Raises ValueError where the ticker names one security and the CUSIP or ISIN another.
    """
    ticker = "" if row.ticker in NONE else canonical_symbol(row.ticker)
    known = {symbol for symbol in (_by_cusip(row.cusip), _known().get(row.isin.upper(), "")) if symbol}
    if len(known) > 1 or (ticker and row.is_local and known - {ticker}):
        said = ", ".join(part for part in (row.ticker, row.cusip, row.isin) if part)
        raise ValueError(f"{said[:60]} name different securities")
    return known.pop() if known else ticker if row.is_local else ""


def _by_cusip(cusip: str) -> str:
    found = _known().get(cusip.upper(), "")
    return found or (_known().get(f"{cusip.upper()}*", "") if len(cusip) == _ISSUE_AND_CLASS else "")


def seven_of(weights: Mapping[str, float]) -> dict[str, float]:
    """Weight of each company of the Magnificent Seven in a fund, from the weights by symbol, 0 for none."""
    companies = {row["symbol"]: row["company"] for row in _table()}
    seven = dict.fromkeys(MAGNIFICENT_SEVEN, 0.0)
    for symbol, company in companies.items():
        seven[company] += weights.get(symbol, 0.0)
    return seven


@cache
def _known() -> Mapping[str, str]:
    """Symbol by ISIN, by CUSIP, and by the CUSIP's first eight characters with a star."""
    return {
        key: row["symbol"]
        for row in _table()
        for key in (row["isin"], row["cusip"], f"{row['cusip'][:_ISSUE_AND_CLASS]}*")
    }


@cache
def _table() -> tuple[dict[str, str], ...]:
    with _TABLE.open(encoding="utf-8", newline="") as handle:
        return tuple(csv.DictReader(handle, strict=True))
