"""How each claim stands on the day of the decision, by dated figures that are not of a later day.

The newest figure of each kind is told with its day and age. Older ones stand beside it where they had another sign, or
another size: at least twice, or at most half.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from advisor.evidence.facts import rows
from advisor.evidence.funds import BROAD, LARGE, SCREENED
from advisor.evidence.model import DatedFigure, Standing
from advisor.evidence.results import Results
from advisor.evidence.words import age, listed, percent, signed_percent
from advisor.format import number
from advisor.market.fact_tables import Row, day
from advisor.market.fact_tables import number as read_number

SIZE = 2.0  # times larger or smaller counts as another size
MOST_BEFORE = 3  # older figures that are told
NOT_KNOWN = "not known to us"


@dataclass(frozen=True, slots=True)
class _Dated:
    """One figure of a series; `value` None where it is a text, `short` as it stands among older ones."""

    series: str
    value: float | None
    short: str
    figure: DatedFigure


def standings(results: Results, as_of: date) -> dict[str, Standing]:
    """Standing of each claim that a dated figure up to `as_of` bears on, by the claim's key."""
    known: dict[str, list[_Dated]] = {}
    for claim, dated in (*_leads(results), *_published(), *_decisions(as_of), *_industrials(results)):
        if dated.figure.as_of <= as_of:
            known.setdefault(claim, []).append(dated)
    return {claim: _standing(found, as_of) for claim, found in known.items()}


def no_standing(as_of: date) -> Standing:
    """Standing of a claim that no dated figure bears on."""
    return Standing(f"No dated figure at hand up to {as_of}.")


def _standing(known: Iterable[_Dated], as_of: date) -> Standing:
    series: dict[str, list[_Dated]] = {}
    for dated in sorted(known, key=lambda dated: dated.figure.as_of):
        series.setdefault(dated.series, []).append(dated)
    told, newest, before = [], [], []
    for found in series.values():
        last = found[-1]
        turned = [dated for dated in found[:-1] if _is_other(dated.value, last.value)][-MOST_BEFORE:]
        newest.append(last.figure)
        before += [dated.figure for dated in turned]
        told.append(_told(last.figure, turned, as_of))
    return Standing(" ".join(told), tuple(newest), tuple(before))


def _told(newest: DatedFigure, turned: list[_Dated], as_of: date) -> str:
    words = f"{newest.as_of}, {age(newest.as_of, as_of)}: {newest.words}."
    if not turned:
        return words
    return f"{words} Before: {listed([f'{dated.short} on {dated.figure.as_of}' for dated in turned])}."


def _is_other(older: float | None, newest: float | None) -> bool:
    """Whether two figures differ in sign, or in size by a factor of `SIZE`."""
    if older is None or newest is None:
        return False
    if older * newest <= 0.0:
        return older != newest
    return not 1.0 / SIZE < older / newest < SIZE


def _leads(results: Results) -> Iterator[tuple[str, _Dated]]:
    """The year so far of each small fund against the large one, from the table and from the prices at hand."""
    table = "year_to_date.csv"
    for row in rows("year_to_date", "as_of", BROAD, SCREENED, LARGE):
        large = read_number(row[LARGE], table)
        for symbol in (BROAD, SCREENED):
            if row[symbol]:
                yield from _lead(
                    symbol, (read_number(row[symbol], table), large), day(row["as_of"], table), row["source"]
                )
    years = results.years
    if years is not None and years.begun is not None:
        returns = dict(zip(years.symbols, years.begun.returns, strict=True))
        large_return = returns[LARGE]
        for symbol in (BROAD, SCREENED):
            small = returns[symbol]
            if small is not None and large_return is not None:
                yield from _lead(symbol, (small, large_return), years.last, "the prices of the case")


def _lead(symbol: str, returns: tuple[float, float], of: date, source: str) -> Iterator[tuple[str, _Dated]]:
    """The difference is that of the returns as they are shown, so that it can be checked with a pencil."""
    small, large = (round(100.0 * value, 1) for value in returns)
    lead = round(small - large, 1)
    short = f"{number(abs(lead))} points {'ahead' if lead >= 0.0 else 'behind'}"
    shown = f"{symbol} {signed_percent(returns[0])}, {LARGE} {signed_percent(returns[1])}"
    figure = DatedFigure(f"{of.year} so far {shown}: {short}", of, source)
    dated = _Dated(f"{symbol} in {of.year}", lead, short, figure)
    if symbol == BROAD:
        yield "momentum", dated
    yield "calendar_years", dated


def _published() -> Iterator[tuple[str, _Dated]]:
    table = "standings.csv"
    for row in rows("standings", "claim", "series", "value", "words", "short", "as_of"):
        value = read_number(row["value"], table) if row["value"] else None
        figure = DatedFigure(row["words"], day(row["as_of"], table), row["source"])
        yield row["claim"], _Dated(row["series"], value, row["short"], figure)


def _decisions(as_of: date) -> Iterator[tuple[str, _Dated]]:
    """The last decision that is known, with meetings since then and the next one."""
    past, coming = decisions(as_of)
    known = [row for row in past if row["decision"] != NOT_KNOWN]
    if not known:
        return
    last = known[-1]
    since = [row["meeting"] for row in past if row["meeting"] > last["meeting"]]
    note = f" ({last['note']})" if last["note"] else ""
    words = [f"the Federal Reserve {last['decision']}{note}; the range is {last['range_pct']}%"]
    words += [f"the decision of {listed(since)} is {NOT_KNOWN}"] if since else []
    words += [f"the next meeting ends on {coming[0]['meeting']}"] if coming else []
    figure = DatedFigure("; ".join(words), day(last["meeting"], "rate_decisions.csv"), last["source"])
    yield "rate_cuts", _Dated("decision on the rate", None, "", figure)


def _industrials(results: Results) -> Iterator[tuple[str, _Dated]]:
    share = results.funds.of(BROAD).industrials
    if share is not None and share.as_of is not None:
        figure = DatedFigure(f"industrial companies are {percent(share.value)} of {BROAD}", share.as_of, share.source)
        yield "manufacturing", _Dated("industrial companies", share.value, percent(share.value), figure)


def decisions(as_of: date) -> tuple[list[Row], list[Row]]:
    """Meetings of the Federal Reserve up to `as_of`, and those after it without what they decided."""
    known = rows("rate_decisions", "meeting", "decision", "note", "range_pct")
    past = [row for row in known if day(row["meeting"], "rate_decisions.csv") <= as_of]
    return past, [{**row, "decision": "", "note": "", "range_pct": ""} for row in known[len(past) :]]
