"""What published figures say of a claim: ratios, holdings, fees and forecasts, which prices of funds do not renew."""

from __future__ import annotations

import calendar
from datetime import date

from advisor.evidence.facts import Forecast, case_figures, forecasts, rows
from advisor.evidence.finding import Finding
from advisor.evidence.funds import BROAD, GAINS, LARGE, SCREENED, TAX_RATE, TWIN, switch_years
from advisor.evidence.judge import fact, untested
from advisor.evidence.model import Judgment, JudgmentKind
from advisor.evidence.results import Results
from advisor.evidence.valuation import (
    FORWARD,
    IncomparableValuationsError,
    earnings_yield_gap,
    price_of_growth,
    treatment_note,
)
from advisor.evidence.words import listed, percent, points, signed_percent
from advisor.format import number
from advisor.market.valuations import Valuation, all_valuations

NEAR = 0.02  # of a share that is said in words
SP_500, RUSSELL_2000, SP_600 = "S&P 500", "Russell 2000", "S&P SmallCap 600"


def valuation(results: Results) -> Finding:
    """Earnings yields of the pairs of ratios that compare; in part where not every pair does, untested where none."""
    now = {found.index: found for found in _said("trailing P/E")}
    gaps: list[float] = []
    told, refused = [], []
    for index in (SP_600, RUSSELL_2000):
        try:
            gap = earnings_yield_gap(now[index], now[SP_500])
        except IncomparableValuationsError as error:
            refused.append(f"Refused: {error}.")
            continue
        gaps.append(gap)
        ratios = f"{index} at {now[index].value:g} against {SP_500} at {now[SP_500].value:g}"
        gap_words = [f"{ratios}: gap of earnings yields {points(gap)}", treatment_note(now[index], now[SP_500])]
        told.append(f"{'; '.join(filter(None, gap_words))}.")
    return Finding(
        " ".join([*told, *refused, _growth_prices()]),
        (_cheap(gaps, is_whole=not refused), _cheap_forecast(results)),
        part="since_cheap",
        data_to=_month_end(case_figures()["sp500_pe"]["said_on"]),
        against=" ".join(filter(None, [_two_treatments(), _since_cheap(results)])),
    )


def _cheap(gaps: list[float], *, is_whole: bool) -> Judgment:
    """Verdict on gaps of earnings yields; `is_whole` where no pair was refused."""
    if not gaps:
        return untested(JudgmentKind.FACT, "No two ratios compare.")
    if min(gaps) <= 0.0:
        return fact("Not cheaper wherever two ratios compare.", is_true=False)
    refused = "" if is_whole else " One pair of ratios does not compare."
    return fact(f"Cheaper wherever two ratios compare.{refused}", is_true=True)


def _cheap_forecast(results: Results) -> Judgment:
    """That what is cheaper earns more: one dated case tests nothing, and which way it went is said."""
    since = results.since_cheap
    if since is None:
        return untested(JudgmentKind.FORECAST, "Whether the cheaper companies earn more is not tested.")
    way = "bore it out" if since.small_return > since.large_return else "went the other way"
    words = f"Whether the cheaper companies earn more is not tested: the one dated case, from {since.start}, {way}."
    return untested(JudgmentKind.FORECAST, words)


def _month_end(month: str) -> date:
    """The last day of a month written ``2025-12``."""
    first = date.fromisoformat(f"{month}-01")
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _said(measure: str) -> list[Valuation]:
    """The ratios of the article."""
    figure = case_figures()["sp500_pe"]
    return [
        found
        for found in all_valuations()
        if (found.measure, found.provider, found.as_of) == (measure, figure["provider"], figure["said_on"])
    ]


def _growth_prices() -> str:
    """The price of growth of each index of which forward ratio and forecast are known; which are not is said."""
    known = {found.index: found for found in _said(FORWARD)}
    told = [
        f"{forecast.companies} {number(price_of_growth(known[forecast.companies], forecast.growth), 2)} (forward "
        f"{known[forecast.companies].value:g}, growth {percent(forecast.growth, 0)} by {forecast.provider}, "
        f"{forecast.said_on})"
        for forecast in forecasts()
        if forecast.companies in known
    ]
    lacking = [] if SP_500 in known else [f"of the {SP_500} no forward ratio is at hand to compare with"]
    return f"Price for each point of profit growth: {'; '.join([*told, *lacking])}."


def _two_treatments() -> str:
    """The two treatments of one month that lie nearest to each other: one index has two ratios."""
    pairs = [
        (one, other)
        for one in all_valuations()
        for other in all_valuations()
        if (one.index, one.measure, one.as_of) == (other.index, other.measure, other.as_of) and one.value < other.value
    ]
    if not pairs:
        return ""
    one, other = min(pairs, key=lambda pair: pair[1].value / pair[0].value)
    return (
        f"{one.index}, {one.as_of}: {one.value:g} with losses {one.losers} ({one.provider}), "
        f"{other.value:g} with losses {other.losers} ({other.provider})."
    )


def _since_cheap(results: Results) -> str:
    since = results.since_cheap
    if since is None:
        return ""
    row = next(row for row in rows("relative_valuations", "pair", "value", "as_of") if row["as_of"] == f"{since.start}")
    return (
        f"{row['pair']} stood at {row['value']} on {since.start}; from then to {since.last} {since.small} returned "
        f"{signed_percent(since.small_return)}, {since.large} {signed_percent(since.large_return)}."
    )


def ways_in(results: Results) -> Finding:
    """Whether two of the funds track one index and the third another, and when a switch between the two pays."""
    funds = results.funds
    broad, twin, screened = (funds.of(symbol) for symbol in (BROAD, TWIN, SCREENED))
    is_one = broad.index == twin.index != screened.index
    fees = [f"{fund.symbol} {percent(fund.fee.value, 2)}" for fund in (broad, twin, screened) if fund.fee]
    years = [
        f"{number(switch_years(broad, twin, gain=gain, tax_rate=TAX_RATE))} years where {percent(gain, 0)} of the sale "
        "is gain"
        for gain in GAINS[:3]
    ]
    return Finding(
        f"{BROAD} and {TWIN} track the {broad.index}, {SCREENED} the {screened.index}; {BROAD} and {SCREENED} hold "
        f"{percent(funds.overlap.value)} in common. Fees a year: {', '.join(fees)}. The lower fee of {TWIN} pays for a "
        f"switch from {BROAD}, with gains taxed at {percent(TAX_RATE, 0)}, after {listed(years)}."
        + (" As funds of one index the two count as identical for a wash sale." if broad.index == twin.index else ""),
        (fact("Two ways; the broad one has two funds." if is_one else "They are not two ways.", is_true=is_one),),
        data_to=funds.overlap.as_of,
    )


def seven(results: Results) -> Finding:
    """The share of the seven in the list of holdings, near what was said or not."""
    said = float(case_figures()["seven_share"]["value"])
    low, high = results.funds.seven_low, results.funds.seven_high
    is_near = abs((low.value + high.value) / 2.0 - said) <= NEAR
    ends = percent(low.value) if low.value == high.value else f"{percent(low.value)} to {percent(high.value)}"
    return Finding(
        f"{ends} of {LARGE} on {low.as_of} ({low.source}).",
        (fact(f"{ends} on {low.as_of}.", is_true=is_near),),
        data_to=low.as_of,
    )


def growth_known(results: Results) -> str:
    """Every forecast of growth."""
    del results
    return f"Forecasts of growth: {'; '.join(_forecast_words(forecast) for forecast in forecasts())}."


def other_forecasts() -> str:
    """The forecasts that differ from the one that was claimed; empty without one."""
    said, *others = forecasts()
    differing = [
        forecast
        for forecast in others
        if (forecast.growth, forecast.others_growth) != (said.growth, said.others_growth)
    ]
    return f"Also forecast: {'; '.join(_forecast_words(forecast) for forecast in differing)}." if differing else ""


def _forecast_words(forecast: Forecast) -> str:
    return (
        f"{forecast.companies} {percent(forecast.growth, 0)} against {percent(forecast.others_growth, 0)} in "
        f"{forecast.year} ({forecast.provider}, {forecast.said_on})"
    )


def manufacturing_known(results: Results) -> str:
    """Shares of industrial companies."""
    shares = [
        f"{fund.symbol} {percent(fund.industrials.value)} on {fund.industrials.as_of}"
        for fund in results.funds.funds
        if fund.industrials
    ]
    return f"Share of industrial companies: {', '.join(shares)}."
