"""Issuers' own holdings files: iShares (two layouts), SSGA, Invesco, Vanguard (two) and the SEC's N-PORT.

1. Recognise the layout from the content, never from the file's name.
2. Read every row as text; numbers may carry thousands separators, signs, parentheses or a dash for "none".
3. Say of each row what it is: shares of a company, a swap on them, companies not named, or no company at all.
4. Check the list against its own count, its own weights and its own values.
5. Weigh by market value over the whole fund where the file has values, else by the file's weights, because
   rounded weights print 259 of 1,929 rows of a small-cap fund as 0.00.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from advisor.market.holdings import invesco, ishares, nport, ssga, vanguard
from advisor.market.holdings.cells import is_symbol
from advisor.market.holdings.checks import check
from advisor.market.holdings.faults import Faults
from advisor.market.holdings.model import HoldingsFile, Listing, RowKind
from advisor.market.holdings.tables import MAX_BYTES, csv_lines, sheet_lines
from advisor.market.symbols import canonical_symbol

ISSUERS = "iShares, SSGA, Invesco, Vanguard, or an N-PORT filing of the SEC"
LARGEST_EXPONENT = 18
MAX_DOCUMENT_BYTES = 8 * 2**20  # objects take far more memory than their text


def read_holdings(content: bytes, *, name: str, fund: str | None = None) -> HoldingsFile:
    """Read one file, called `name` in messages; `fund` is its symbol, needed where the file does not say it.

    Raises
    ------
    HoldingsFaultsError
        A `MarketDataError`: unknown layout, no date, unreadable cells, a list that is cut or contradicts itself, no
        shares, no symbol or another one than `fund`. All faults that could be found, with line and way out.
    """
    faults = Faults(name)
    if len(content) > MAX_BYTES:
        faults.stop(f"is larger than {MAX_BYTES // 2**20} MiB: no fund's list is that large")
    listing = _listing(content, faults)
    symbol = _symbol(listing, fund, faults)
    faults.tell()
    notes = check(listing, faults)
    return HoldingsFile(
        fund=symbol,
        as_of=listing.as_of,
        source=f"{listing.issuer} holdings file {listing.as_of}",
        rows=listing.rows,
        net_assets_usd=listing.net_assets_usd,
        sha256=hashlib.sha256(content).hexdigest(),
        notes=notes,
    )


def share_weights(holdings: HoldingsFile) -> dict[str, float]:
    """Weight of each ticker in the whole fund, cash included in the total; rows of one ticker are added.

    Rows without a ticker are there by name. A swap on shares is exposure to them with its notional amount.
    """
    total = total_usd(holdings)
    weights: dict[str, float] = {}
    for row in holdings.rows:
        if row.kind is RowKind.SHARE:
            weight = (row.weight or 0.0) if total is None else (row.value_usd or 0.0) / total
        elif row.kind is RowKind.SWAP and total is not None:
            weight = row.notional_usd / total
        else:
            continue
        if weight > 0.0:
            weights[row.key] = weights.get(row.key, 0.0) + weight
    return weights


def sector_weights(holdings: HoldingsFile) -> dict[str, float]:
    """Weight of each sector as the file names it, shares alone; empty where the file names no sectors."""
    weights = share_weights(holdings)
    sectors: dict[str, float] = {}
    seen: set[str] = set()
    for row in holdings.rows:
        if row.kind in (RowKind.SHARE, RowKind.SWAP) and row.key in weights and row.key not in seen and row.sector:
            seen.add(row.key)
            sectors[row.sector] = sectors.get(row.sector, 0.0) + weights[row.key]
    return sectors


def unnamed_weights(holdings: HoldingsFile) -> dict[str, float]:
    """Exposure of each position in companies that the file does not name, by its ticker or name: futures, funds.

    Amounts count without their sign, for the direction of a derivative is not always there.
    """
    total = total_usd(holdings)
    weights: dict[str, float] = {}
    for row in holdings.rows:
        if row.kind is RowKind.UNNAMED:
            weight = abs((row.weight or 0.0) if total is None else row.notional_usd / total)
            weights[row.key] = weights.get(row.key, 0.0) + weight
    return {key: weight for key, weight in weights.items() if weight > 0.0}


def total_usd(holdings: HoldingsFile) -> float | None:
    """What the market values are parts of, in dollars: the whole fund; None where the file has weights alone."""
    if any(row.value_usd is None for row in holdings.rows):
        return None
    return holdings.net_assets_usd or sum(row.value_usd or 0.0 for row in holdings.rows)


def format_of(content: bytes) -> str:
    """What a file is by its first bytes: xlsx, json, xml, html, or csv for all else."""
    start = content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"PK\x03\x04"):
        return "xlsx"
    if start.startswith(b"{"):
        return "json"
    if start[:14].lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    return "xml" if start.startswith(b"<") else "csv"


def _listing(content: bytes, faults: Faults) -> Listing:
    match format_of(content):
        case "xlsx":
            lines = sheet_lines(content, faults)
            return ssga.read(lines, faults) if ssga.recognises(lines) else _unknown(faults)
        case "json":
            return vanguard.read_document(_document(content, faults), faults)
        case "xml":
            return nport.read(content, faults)
        case "html":
            faults.stop("is a web page, not a holdings file", hint="use the page's link to download the holdings")
    lines = csv_lines(content, faults)
    if ishares.recognises(lines):
        return ishares.read(lines, faults)
    if invesco.recognises(lines):
        return invesco.read(lines, faults)
    return vanguard.read(lines, faults) if vanguard.recognises(lines) else _unknown(faults)


def _unknown(faults: Faults) -> NoReturn:
    faults.stop(f"not a holdings file of {ISSUERS}", hint="take the issuer's own download, unchanged")


def _symbol(listing: Listing, fund: str | None, faults: Faults) -> str:
    said = canonical_symbol(listing.fund) if listing.fund else None
    given = canonical_symbol(fund) if fund else None
    if said and given and said != given:
        faults.stop(f"the file is of {said[:20]}, not of {given[:20]}", hint="leave --fund out, or give the right file")
    symbol = said or given
    if symbol is None:
        faults.stop("the file does not say the fund's symbol", hint="give it with --fund SYMBOL")
    if not is_symbol(symbol):
        faults.stop(f"{symbol[:20]!r} is not the symbol of a fund", hint="expected one like IWM")
    return symbol


def _document(content: bytes, faults: Faults) -> dict[str, Any]:
    """A JSON document whose numbers are text, since those of a holding are checked as text anyway."""
    if len(content) > MAX_DOCUMENT_BYTES:
        faults.stop(f"is larger than {MAX_DOCUMENT_BYTES // 2**20} MiB: no fund's list is that large")
    try:
        text = content.decode("utf-8-sig")
        document = json.loads(text, parse_float=_plain, parse_int=_plain, parse_constant=_refused)
    except (ValueError, InvalidOperation, RecursionError) as error:
        faults.stop(f"is not a JSON document that can be read: {str(error)[:80]}", hint="download it again")
    if not isinstance(document, dict):
        faults.stop(f"not a holdings file of {ISSUERS}")
    return document


def _plain(text: str) -> str:
    """A JSON number without an exponent, which some writers give large numbers."""
    if len(text) > 2 * LARGEST_EXPONENT + 4:
        raise ValueError("a number of that many digits")
    value = Decimal(text)
    if value and not -LARGEST_EXPONENT <= value.adjusted() <= LARGEST_EXPONENT:
        raise ValueError(f"{text} is no amount")
    return format(value, "f")


def _refused(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")
