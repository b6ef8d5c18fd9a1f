"""What a list says of itself, checked: its count of rows, the sum of its weights, and each weight by its value.

A list that was cut, or put together of two, gives itself away by one of the three.
"""

from __future__ import annotations

from collections import Counter

from advisor.market.holdings.faults import Faults
from advisor.market.holdings.model import HoldingRow, Listing, RowKind

TOLERANCE = 0.005  # weights sum to 99.5 to 100.5 percent
LEAST_OF_STOCKS = 0.95  # of a list that leaves cash out by design, and says how many rows it has
LEAST_OF_NET_ASSETS, MOST_OF_NET_ASSETS = 0.5, 2.0  # bond funds buy forward: 103.9 percent in a filing of 2023
ROUNDING = 1e-9
AGAIN = "the list is cut or was edited: download it again"


def check(listing: Listing, faults: Faults) -> tuple[str, ...]:
    """Notes on a list that holds together; faults of one that does not."""
    if listing.stated_count is not None and listing.stated_count != len(listing.rows):
        faults.add(
            f"{len(listing.rows):,} of {listing.stated_count:,} holdings are in the file",
            hint="it is one page of several: take the whole list, or the issuer's CSV export",
        )
    if not any(row.kind in (RowKind.SHARE, RowKind.SWAP) for row in listing.rows):
        faults.add("no shares of companies in the list", hint="a fund without shares needs no holdings file")
    faults.tell()
    notes = (*_totals(listing, faults), *_repeated(listing), *_swaps(listing))
    faults.tell()
    return (*listing.notes, *notes)


def total_usd(listing: Listing) -> float | None:
    """What the market values are parts of, in dollars; None where the file has no values."""
    if any(row.value_usd is None for row in listing.rows):
        return None
    return listing.net_assets_usd or sum(row.value_usd or 0.0 for row in listing.rows)


def _totals(listing: Listing, faults: Faults) -> tuple[str, ...]:
    printed = sum(row.weight or 0.0 for row in listing.rows)
    total = total_usd(listing)
    if total is None:
        _in_range(printed, 1.0 - TOLERANCE, 1.0 + TOLERANCE, "the weights", faults)
        return ()
    if total <= 0.0:
        faults.stop(f"the market values sum to {total:,.2f}", hint=AGAIN)
    by_value = [(row, (row.value_usd or 0.0) / total) for row in listing.rows]
    if listing.stocks_alone:
        _in_range(printed, LEAST_OF_STOCKS, 1.0 + TOLERANCE, "the weights", faults)
    elif listing.net_assets_usd is not None:
        listed = sum(weight for _, weight in by_value)
        _in_range(listed, LEAST_OF_NET_ASSETS, MOST_OF_NET_ASSETS, "the market values, of net assets,", faults)
    expected = sum(_rounded(weight, listing.weight_unit) for _, weight in by_value)
    if abs(printed - expected) > TOLERANCE:
        faults.add(
            f"the weights sum to {100 * printed:.2f}%, where the market values would print as {100 * expected:.2f}%",
            hint=AGAIN,
        )
    return (*_rest(listing, printed), *_worst(by_value, listing.weight_unit))


def _in_range(value: float, low: float, high: float, what: str, faults: Faults) -> None:
    if not low <= value <= high:
        faults.add(f"{what} sum to {100 * value:.2f}%, not {100 * low:g} to {100 * high:g}%", hint=AGAIN)


def _rounded(weight: float, unit: float) -> float:
    return round(weight / unit) * unit if unit else weight


def _rest(listing: Listing, printed: float) -> tuple[str, ...]:
    if listing.net_assets_usd is None or abs(1.0 - printed) < ROUNDING:
        return ()
    return (f"the positions are {100 * printed:.2f}% of net assets; the rest is cash, receivables and payables",)


def _worst(by_value: list[tuple[HoldingRow, float]], unit: float) -> tuple[str, ...]:
    """The row whose printed weight is furthest from its value's, where rounding does not explain it."""
    row, weight = max(by_value, key=lambda pair: abs((pair[0].weight or 0.0) - pair[1]))
    if abs((row.weight or 0.0) - weight) <= 0.5 * unit + max(ROUNDING, 1e-6 * abs(weight)):
        return ()
    return (
        f"{row.name} (line {row.line}) is printed as {100 * (row.weight or 0.0):.3f}%, and is {100 * weight:.3f}% by "
        "its market value, which counts",
    )


def _repeated(listing: Listing) -> tuple[str, ...]:
    counts = Counter(row.key for row in listing.rows if row.is_share)
    repeated = [f"{key} ({count} times)" for key, count in counts.items() if count > 1]
    return (f"rows of one security are added: {', '.join(repeated[:10])}",) if repeated else ()


def _swaps(listing: Listing) -> tuple[str, ...]:
    total = total_usd(listing)
    amounts = [row.notional_usd for row in listing.rows if row.kind is RowKind.SWAP]
    if not amounts or not total:
        return ()
    weight = 100 * sum(amounts) / total
    return (f"{len(amounts)} swaps on shares count with their notional amount, {weight:.2f}% of the fund",)
