"""Issuers' own holdings files: iShares (two layouts), SSGA and Invesco.

1. Recognise the layout from the file's own first lines.
2. Read every row as text; numbers may carry thousands separators, signs, parentheses or a dash for "none".
3. Mark which rows are shares of a company: cash, collateral, futures and swaps are not.
4. Weigh by market value over the whole fund where the file has values, else by the file's weights, because
   rounded weights print 259 of 1,929 rows of a small-cap fund as 0.00.

Rows are matched to companies by exact ticker alone: XTSLA is a cash fund, APLE is a hotel trust, MSFUT is
collateral, and none of the three is one of the Magnificent Seven.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

from advisor.errors import MarketDataError
from advisor.market.holdings.model import HoldingRow, HoldingsFile
from advisor.market.holdings.xlsx import read_rows
from advisor.market.symbols import canonical_symbol

NONE = ("", "-", "--", "N/A")
NOT_SHARES = ("CASH", "CURRENCY", "FUTURE", "SWAP", "MONEY MARKET", "COLLATERAL")


def read_holdings_file(path: Path) -> HoldingsFile:
    """Read one file, named ``<issuer>_<FUND>_<date>`` with a suffix ``.csv`` or ``.xlsx``.

    Raises
    ------
    MarketDataError
        Unknown layout, a date that differs from the name's, a list given twice, or no shares at all.
    """
    fund = _fund_of(path)
    lines = read_rows(path) if path.suffix == ".xlsx" else _csv_rows(path)
    first = lines[0][0] if lines and lines[0] else ""
    if first.startswith("iShares"):
        holdings = _ishares(lines, fund, path)
    elif first == "Fund Name:":
        holdings = _ssga(lines, fund, path)
    elif first == "Fund Ticker":
        holdings = _invesco(lines, fund, path)
    else:
        raise MarketDataError(f"{path.name}: not a holdings file of iShares, SSGA or Invesco")
    if holdings.as_of.isoformat() not in path.stem:
        raise MarketDataError(f"{path.name}: the list is of {holdings.as_of}, the name says otherwise")
    if not any(row.is_share for row in holdings.rows):
        raise MarketDataError(f"{path.name}: no shares in the list")
    return holdings


def share_weights(holdings: HoldingsFile) -> dict[str, float]:
    """Weight of each ticker in the whole fund, cash included in the total; rows of one ticker are added."""
    if all(row.value_usd is not None for row in holdings.rows):
        total = sum(row.value_usd or 0.0 for row in holdings.rows)
        parts = [(row, (row.value_usd or 0.0) / total) for row in holdings.rows]
    else:
        parts = [(row, row.weight or 0.0) for row in holdings.rows]
    weights: dict[str, float] = {}
    for row, weight in parts:
        if row.is_share and weight > 0.0:
            key = row.ticker or row.name
            weights[key] = weights.get(key, 0.0) + weight
    return weights


def sector_weights(holdings: HoldingsFile) -> dict[str, float]:
    """Weight of each sector as the file names it, shares alone; empty where the file names no sectors."""
    weights = share_weights(holdings)
    sectors: dict[str, float] = {}
    seen: set[str] = set()
    for row in holdings.rows:
        key = row.ticker or row.name
        if row.is_share and key in weights and key not in seen and row.sector not in NONE:
            seen.add(key)
            sectors[row.sector] = sectors.get(row.sector, 0.0) + weights[key]
    return sectors


def _fund_of(path: Path) -> str:
    parts = path.stem.split("_")
    if len(parts) != 3:
        raise MarketDataError(f"{path.name}: expected a name of the form issuer_FUND_date")
    return parts[1]


def _csv_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return [[cell.strip() for cell in row] for row in csv.reader(handle)]


def _ishares(lines: list[list[str]], fund: str, path: Path) -> HoldingsFile:
    as_of = _date_after(lines, "Fund Holdings as of", "%b %d, %Y", path)
    source = f"iShares holdings file {as_of}"
    weight_column = "Weight (%)" if any("Weight (%)" in line for line in lines) else "Market Weight"
    rows = tuple(
        HoldingRow(
            ticker=_ticker(cells["Ticker"]),
            name=cells["Name"],
            sector=cells["Sector"],
            is_share=cells["Asset Class"] == "Equity" and cells.get("Type", "EQUITY") == "EQUITY",
            value_usd=_number(cells["Market Value"], path),
            weight=_percent(cells[weight_column], path),
        )
        for cells in _table(lines, "Ticker", path)
    )
    return HoldingsFile(fund, as_of, source, rows)


def _ssga(lines: list[list[str]], fund: str, path: Path) -> HoldingsFile:
    as_of = _date_after(lines, "Holdings:", "As of %d-%b-%Y", path)
    rows = tuple(
        HoldingRow(
            ticker=_ticker(cells["Ticker"]),
            name=cells["Name"],
            sector=cells["Sector"],
            is_share=cells["Ticker"] not in NONE,
            value_usd=None,
            weight=_percent(cells["Weight"], path),
        )
        for cells in _table(lines, "Name", path)
    )
    return HoldingsFile(fund, as_of, f"SSGA holdings file {as_of}", rows)


def _invesco(lines: list[list[str]], fund: str, path: Path) -> HoldingsFile:
    table = list(_table(lines, "Fund Ticker", path))
    dates = {datetime.strptime(cells["Date"], "%m/%d/%Y").date() for cells in table}  # noqa: DTZ007
    if len(dates) != 1 or {cells["Fund Ticker"] for cells in table} != {fund}:
        raise MarketDataError(f"{path.name}: more than one fund or date")
    as_of = dates.pop()
    rows = tuple(
        HoldingRow(
            ticker=_ticker(cells["Holding Ticker"]),
            name=cells["Name"],
            sector=cells["Sector"],
            is_share=not any(word in cells["Class of Shares"].upper() for word in NOT_SHARES),
            value_usd=_number(cells["MarketValue"], path),
            weight=_percent(cells["Weight"], path),
        )
        for cells in table
    )
    return HoldingsFile(fund, as_of, f"Invesco holdings file {as_of}", rows)


def _table(lines: Iterable[list[str]], first_column: str, path: Path) -> Iterator[dict[str, str]]:
    """Rows below the header as mappings; the first line too short to be a row ends the table.

    Funds with several share classes can return the document twice, which would double every weight.
    """
    lines = list(lines)
    starts = [place for place, line in enumerate(lines) if len(line) > 4 and line[0] == first_column]
    if len(starts) != 1:
        raise MarketDataError(f"{path.name}: {len(starts)} header lines where one is expected")
    header = lines[starts[0]]
    for line in lines[starts[0] + 1 :]:
        if len([cell for cell in line if cell]) < 4:
            return
        yield dict(zip(header, line, strict=False))


def _date_after(lines: list[list[str]], label: str, layout: str, path: Path) -> date:
    for line in lines:
        if len(line) > 1 and line[0] == label:
            return datetime.strptime(line[1], layout).date()  # noqa: DTZ007 - a date without a time
    raise MarketDataError(f"{path.name}: no line {label!r}")


def _ticker(text: str) -> str:
    return "" if text in NONE else canonical_symbol(text)


def _percent(text: str, path: Path) -> float:
    return _number(text, path) / 100.0


def _number(text: str, path: Path) -> float:
    if text in NONE:
        return 0.0
    plain = text.replace(",", "").replace("$", "")
    if plain.startswith("(") and plain.endswith(")"):
        plain = "-" + plain[1:-1]
    try:
        return float(plain)
    except ValueError as error:
        raise MarketDataError(f"{path.name}: {text!r} is not a number") from error
