"""SEC Form N-PORT: every position of a fund on one date, as XML, published 60 days after each quarter.

Tickers are often absent, so the Magnificent Seven are found by CUSIP and ISIN. `repPdDate` is the date of the list,
`repPdEnd` the end of the fiscal year. Percentages are of net assets, from which the positions differ by what the
fund owes and is owed.

Source: EDGAR Form N-PORT XML Technical Specification (eis_NPORT_Filer.xsd).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from advisor.market.holdings.cells import day, number, percent
from advisor.market.holdings.faults import Faults
from advisor.market.holdings.identifiers import Identifiers, symbol_of
from advisor.market.holdings.model import HoldingRow, Listing, RowKind
from advisor.market.holdings.tables import MAX_LINES

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # the type alone; what is parsed goes through defusedxml

MAX_ELEMENTS, MAX_LEVEL = 2_000_000, 64
POSITION = "invstOrSec"
SHARES = ("EC", "EP")  # common and preferred equity
EQUITY_DERIVATIVE = "DE"
FUNDS = ("RF", "PF")  # issuers that are funds themselves: registered, private
NO_COMPANIES = {
    "STIV": "cash", "RA": "repurchase agreement", "DBT": "bond", "LON": "loan", "ABS-MBS": "bond", "ABS-APCP": "bond",
    "ABS-CBDO": "bond", "ABS-O": "bond", "SN": "structured note", "DFE": "currency derivative",
    "DIR": "interest-rate derivative", "DCR": "credit derivative", "DCO": "commodity derivative",
    "COMM": "commodity", "RE": "real estate",
}  # fmt: skip
NO_IDENTIFIER = ("", "N/A", "000000000")


def read(content: bytes, faults: Faults) -> Listing:
    """All positions of a filing, whatever their kind; an entry's number stands for its line."""
    facts: dict[str, str] = {}
    rows: list[HoldingRow] = []
    number_of_entries = 0
    for name, element in _elements(content, faults):
        if name == POSITION:
            number_of_entries += 1
            if number_of_entries > MAX_LINES:
                faults.stop(f"has more than {MAX_LINES:,} positions: no fund's list is that long")
            try:
                rows.append(_row(element, number_of_entries))
            except ValueError as error:
                faults.add(f"entry {number_of_entries} ({_child(element, 'name')[:40]}): {error}")
        else:
            facts.setdefault(name, (element.text or "").strip())
    return Listing(
        issuer="N-PORT",
        fund=None,
        as_of=_day(facts, faults),
        rows=tuple(rows),
        weight_unit=0.0,
        net_assets_usd=_net_assets(facts, faults),
        notes=(f"the filing is of {facts.get('seriesName') or facts.get('regName') or 'a fund it does not name'}",),
    )


def _elements(content: bytes, faults: Faults) -> Iterator[tuple[str, Element]]:
    """Local name and element of each position and each fact, emptied afterwards so that memory stays bounded."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, iterparse

    wanted = (POSITION, "repPdDate", "netAssets", "seriesName", "regName")
    started, level, depth, root = 0, 0, 0, ""
    try:
        for event, element in iterparse(io.BytesIO(content.lstrip()), ("start", "end"), forbid_dtd=True):
            name = element.tag.rpartition("}")[2]
            if event == "start":
                root = root or name
                started, level, depth = started + 1, level + 1, depth + (name == POSITION)
                if root != "edgarSubmission" or started > MAX_ELEMENTS or level > MAX_LEVEL:
                    faults.stop(f"not an N-PORT filing: <{root[:40]}>, or more elements than any fund's positions need")
                continue
            level, depth = level - 1, depth - (name == POSITION)
            if depth == 0 and name in wanted:
                yield name, element
            if depth == 0:
                element.clear()
    except DefusedXmlException as error:
        faults.stop(f"has a document type or entities: {type(error).__name__}", hint="take the SEC's own file")
    except (ParseError, ValueError, LookupError) as error:
        faults.stop(f"is not an XML file that can be read: {error}", hint="download it again")


def _day(facts: dict[str, str], faults: Faults) -> date:
    try:
        return day(facts.get("repPdDate", ""))
    except ValueError as error:
        faults.stop(f"no date of the list: {error}", hint="expected repPdDate like 2022-12-31")


def _net_assets(facts: dict[str, str], faults: Faults) -> float:
    try:
        value = number(facts.get("netAssets", ""))
    except ValueError as error:
        faults.stop(f"netAssets: {error}")
    if value is None or value <= 0.0:
        faults.stop("no net assets, of which the weights are parts")
    return value


def _row(entry: Element, place: int) -> HoldingRow:
    value, weight = number(_child(entry, "valUSD")), percent(_child(entry, "pctVal"))
    kind, skipped, notional = _kind(entry, value)
    symbol = symbol_of(_identifiers(_instrument(entry) if kind is RowKind.SWAP else entry))
    name = _child(entry, "name") or _child(entry, "title")
    if kind is RowKind.SHARE and not symbol and name in NO_IDENTIFIER:
        kind, skipped = RowKind.UNNAMED, "no identifier"
    return HoldingRow(
        ticker=symbol if kind in (RowKind.SHARE, RowKind.SWAP) else "",
        name=name,
        sector="",
        kind=kind,
        value_usd=value or 0.0,
        weight=weight or 0.0,
        notional_usd=notional,
        line=place,
        skipped=skipped,
    )


def _kind(entry: Element, value: float | None) -> tuple[RowKind, str, float]:
    """What a position is, why it is not imported, and its exposure beyond its value."""
    category = _child(entry, "assetCat")
    if category in NO_COMPANIES:
        return RowKind.OTHER, NO_COMPANIES[category], 0.0
    if value is None:
        return RowKind.UNNAMED, "no value", 0.0
    if category == EQUITY_DERIVATIVE:
        return _derivative(entry, value)
    if category not in SHARES:
        return RowKind.UNNAMED, f"asset of kind {category or 'other'}"[:60], value
    if value < 0.0 or _child(entry, "payoffProfile") == "Short":
        return RowKind.OTHER, "short position", 0.0
    if _child(entry, "issuerCat") in FUNDS:
        return RowKind.UNNAMED, "another fund", value
    return RowKind.SHARE, "", 0.0


def _derivative(entry: Element, value: float) -> tuple[RowKind, str, float]:
    """A swap on one company's shares is exposure to them; all else is exposure to companies that are not named."""
    amount = _notional(entry)
    notional = abs(value if amount is None else amount)
    said = f"notional {notional:,.0f}" if amount is not None else f"value {value:,.0f}"
    swap = _first(entry, "swapDeriv")
    if swap is None or _first(swap, "otherRefInst") is None or _first(swap, "nestedDerivInfo") is not None:
        return RowKind.UNNAMED, f"equity derivative: {said}", notional
    if amount is None or amount < 0.0 or _child(entry, "payoffProfile") == "Short":
        return RowKind.UNNAMED, f"swap of unknown direction: {said}", notional
    return RowKind.SWAP, "", notional


def _notional(entry: Element) -> float | None:
    """Notional amount in dollars; None where there is none, or in a currency without a rate."""
    box = next((item for item in entry.iter() if _child(item, "notionalAmt")), None)
    text = "" if box is None else _child(box, "notionalAmt")
    amount = None if box is None or text == "XXXX" else number(text)  # kept confidential
    if box is None or amount is None:
        return None
    currency = _child(box, "curCd") or "USD"
    rate = _first(entry, "currencyConditional")  # units of the currency for one dollar
    if currency == "USD" or rate is None or rate.get("curCd") != currency:
        return amount if currency == "USD" else None
    per_dollar = number(rate.get("exchangeRt", ""))
    return amount / per_dollar if per_dollar else None


def _instrument(entry: Element) -> Element:
    found = _first(entry, "otherRefInst")
    return entry if found is None else found


def _identifiers(part: Element) -> Identifiers:
    """What an entry, or the instrument of a swap, is recognised by."""
    values = {
        item.tag.rpartition("}")[2]: item.get("value", "") for box in part if _is(box, "identifiers") for item in box
    }
    cusip = _child(part, "cusip") or values.get("cusip", "")
    cusip = "" if cusip in NO_IDENTIFIER else cusip
    isin = values.get("isin", "")
    return Identifiers(values.get("ticker", ""), cusip, isin, isin.startswith("US") or (not isin and bool(cusip)))


def _child(entry: Element, name: str) -> str:
    return next(((item.text or "").strip() for item in entry if _is(item, name)), "")


def _first(entry: Element, name: str) -> Element | None:
    return next(iter(_all(entry, name)), None)


def _all(entry: Element, name: str) -> list[Element]:
    return [item for item in entry.iter() if _is(item, name)]


def _is(element: Element, name: str) -> bool:
    tag = element.tag
    return isinstance(tag, str) and tag.rpartition("}")[2] == name
