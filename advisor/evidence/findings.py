"""What each test says of its claim: one function for each, whose verdict follows from the figures by a stated rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from advisor.evidence.facts import Forecast, case_figures, forecasts, rows
from advisor.evidence.funds import BROAD, GAINS, LARGE, SCREENED, TAX_RATE, TWIN, switch_years
from advisor.evidence.model import Verdict
from advisor.evidence.quality import CRASH
from advisor.evidence.rate_cuts import BY_CYCLE, EVERY, FIRST, EventStudy, HorizonResult
from advisor.evidence.results import Results
from advisor.evidence.valuation import (
    FORWARD,
    IncomparableValuationsError,
    earnings_yield_gap,
    price_of_growth,
    treatment_note,
)
from advisor.evidence.words import bare_points, listed, number, percent, points, signed_percent
from advisor.market.fact_tables import Row
from advisor.market.valuations import Valuation, all_valuations

HEADLINE = 12  # months after a cut that a sentence gives; the table has all
QUARTER = 13  # weeks after a streak
STANDARD_ERRORS = 2.0
NEAR = 0.02  # of a share that is said in words
SP_500, RUSSELL_2000, SP_600 = "S&P 500", "Russell 2000", "S&P SmallCap 600"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a test gave. `part` names the part of the results that it is of, empty where no prices test the claim."""

    found: str
    verdict: Verdict
    verdict_words: str
    part: str = ""
    data_to: date | None = None
    count: int | None = None
    contrary: int | None = None
    against: str = ""
    view_words: str = ""


def finding(row: Row, results: Results) -> Finding:
    """The finding of one row of the claims; untested where the results do not hold what its test needs."""
    test = _TESTS.get(row["key"])
    tested = test(results) if test else None
    return tested or _untested(row, _KNOWN.get(row["key"], _nothing)(results))


def _untested(row: Row, known: str) -> Finding:
    needed = f"Needed: {row['needs']}." if row["needs"] else "The prices at hand do not tell it."
    return Finding(
        " ".join(filter(None, [known, f"Not tested. {needed}"])),
        Verdict.UNTESTED,
        "Nothing at hand tests it.",
        against=_other_forecasts() if row["key"] == "growth" else "",
    )


def _nothing(results: Results) -> str:
    del results
    return ""


def _valuation(results: Results) -> Finding:
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
    is_cheaper = bool(gaps) and min(gaps) > 0.0
    is_whole = is_cheaper and len(gaps) == len((SP_600, RUSSELL_2000))
    return Finding(
        " ".join([*told, *refused, _growth_prices()]),
        Verdict.HOLDS if is_whole else Verdict.PARTLY if is_cheaper else Verdict.FAILS,
        "Cheaper wherever two ratios compare; not every pair does." if is_cheaper else "Not where two ratios compare.",
        part="since_cheap",
        data_to=results.since_cheap.last if results.since_cheap else None,
        against=" ".join(filter(None, [_two_treatments(), _since_cheap(results)])),
    )


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


def _rate_cuts(results: Results) -> Finding:
    long, funds = results.long_study, results.fund_study
    every, first, cycles = (long.of(key, HEADLINE) for key in (EVERY, FIRST, BY_CYCLE))
    told = f"{HEADLINE} months, {long.small} against {long.large}: {_counted(long)}."
    told += f" One vote a cycle: {points(cycles.mean)}, ahead in {cycles.wins} of {cycles.count}."
    any_month = long.baseline(HEADLINE)
    told += f" After any month: {points(any_month.mean)}, ahead in {any_month.wins} of {any_month.count}."
    if funds is not None:
        told += f" {funds.small} against {funds.large} since {funds.first:%Y-%m}: {_counted(funds)}."
    words = f"{points(every.mean)} after every cut, {points(first.mean)} after the first of a cycle"
    most = max(long.cycles, key=lambda cycle: cycle.cuts)
    crowd = f"{most.cuts} of {sum(cycle.cuts for cycle in long.cycles)} cuts are of {most.cycle}"
    return Finding(
        told,
        _cut_verdict(every, first),
        f"The sign depends on the counting: {words}; {crowd}.",
        part="fund_study",
        data_to=long.last,
        count=every.count,
        contrary=every.count - every.wins,
        view_words=f"No view: {words} over {HEADLINE} months.",
    )


def _counted(study: EventStudy) -> str:
    """Mean, interval and count of every cut and of first cuts."""
    return "; ".join(
        f"{name} {points(result.mean)}{_interval(result)}, ahead in {result.wins} of {result.count}"
        for name, result in (("every cut", study.of(EVERY, HEADLINE)), ("first of a cycle", study.of(FIRST, HEADLINE)))
        if result.count
    )


def _interval(result: HorizonResult) -> str:
    if result.low is None or result.high is None:
        return ""
    return f" ({bare_points(result.low)} to {bare_points(result.high)})"


def _cut_verdict(every: HorizonResult, first: HorizonResult) -> Verdict:
    """Holds where both ways of counting give a gain beyond their interval; in part where every cut gives a gain."""
    if every.mean is None or first.mean is None:
        return Verdict.UNTESTED
    if all(result.low is not None and result.low > 0.0 for result in (every, first)):
        return Verdict.HOLDS
    return Verdict.PARTLY if every.mean > 0.0 else Verdict.FAILS


def _momentum(results: Results) -> Finding | None:
    known = results.momentum
    after = next((after for after in known.after if after.weeks == QUARTER), None) if known else None
    if known is None or after is None:
        return None
    weeks = int(case_figures()["weeks_won"]["value"])
    streak = f"{known.streak} straight weeks to {known.streak_ended}." if known.streak_ended else ""
    streaks = f"After each of {after.count} streaks of {weeks} weeks since {known.first}, {QUARTER} weeks on"
    share, chance = after.wins / after.count, after.any_wins / after.any_count
    error = math.sqrt(chance * (1.0 - chance) / after.count)
    compared = f"ahead in {after.wins} of {after.count}, against {percent(chance, 0)} after any week"
    told = [
        streak,
        f"{streaks}: {compared}; {points(after.mean)} on average, against {points(after.any_mean)}.",
        f"{known.last}: {known.streak_now} weeks in a row; twelve months {known.small} "
        f"{signed_percent(known.small_year)}, {known.large} {signed_percent(known.large_year)}; from their highs "
        f"{percent(known.small_from_high)} and {percent(known.large_from_high)}.",
    ]
    has_followed = share - chance > STANDARD_ERRORS * error
    is_true = known.streak_ended is None or known.streak >= weeks
    won = "These prices do not hold the weeks" if known.streak_ended is None else "The weeks were won"
    return Finding(
        " ".join(filter(None, told)),
        Verdict.FAILS if not is_true else Verdict.HOLDS if has_followed else Verdict.PARTLY,
        f"{won if is_true else 'The weeks were not won'}; "
        f"{'more' if has_followed else 'no more'} followed such weeks than any others.",
        part="momentum",
        data_to=known.last,
        count=after.count,
        contrary=after.count - after.wins,
        view_words=f"No view: {compared}." if not has_followed else "No view: weeks do not tell a year.",
    )


def _calendar_years(results: Results) -> Finding | None:
    known, figure = results.years, case_figures()["last_win"]
    if known is None:
        return None
    until = int(figure["said_on"][:4])
    won = {symbol: known.won(symbol, LARGE, after=int(figure["value"]), until=until) for symbol in (BROAD, SCREENED)}
    if not all(won.values()):
        return None
    told = []
    for symbol, by_year in won.items():
        ahead = [str(year) for year, is_won in by_year.items() if is_won]
        years = f"{symbol} lagged {LARGE} in {len(by_year) - len(ahead)} of {len(by_year)} whole years"
        told.append(f"{years} {min(by_year)} to {max(by_year)}" + (f", and led in {listed(ahead)}." if ahead else "."))
    if known.begun is not None:
        returns = zip(known.symbols, known.begun.returns, strict=True)
        told.append(f"{known.begun.year} to {known.last}: {', '.join(f'{s} {signed_percent(r)}' for s, r in returns)}.")
    wins = {symbol: sum(by_year.values()) for symbol, by_year in won.items()}
    wins_in = {year for by_year in won.values() for year, is_won in by_year.items() if is_won}
    both = not wins_in
    return Finding(
        " ".join(told),
        Verdict.HOLDS if both else Verdict.FAILS if wins[BROAD] else Verdict.PARTLY,
        "For both indexes." if both else "For the Russell 2000 alone." if not wins[BROAD] else "They did win.",
        part="years",
        data_to=known.last,
        count=len(won[BROAD]),
        contrary=len(wins_in),
        view_words="No view: years without a win do not say when one comes.",
    )


def _quality(results: Results) -> Finding | None:
    risk = results.risk
    if risk is None:
        return None
    screened, broad = risk.symbol(SCREENED), risk.symbol(BROAD)
    measures = {
        "volatility": (screened.volatility, broad.volatility),
        "deepest fall": (-screened.max_drawdown, -broad.max_drawdown),
    }
    if screened.crash_drawdown is not None and broad.crash_drawdown is not None:
        measures[f"deepest fall in {CRASH}"] = (-screened.crash_drawdown, -broad.crash_drawdown)
    told = [f"{name} {percent(mine)} against {percent(other)}" for name, (mine, other) in measures.items()]
    calmer = [mine < other for mine, other in measures.values()]
    broad_facts, screened_facts = results.funds.of(BROAD), results.funds.of(SCREENED)
    premium = rows("size_premium", "from", "to", "annual_mean", "t")
    sizes = [
        f"{row['from'][:4]} to {row['to'][:4]} {percent(float(row['annual_mean']), 2)} a year (t {float(row['t']):.2f})"
        for row in premium
        if row["from"][:4] in ("1926", "1982") and row["to"] == premium[0]["to"]
    ]
    return Finding(
        f"{SCREENED} against {BROAD}, {risk.days:,} days from {risk.first} to {risk.last}: {'; '.join(told)}. "
        f"They share {percent(results.funds.overlap.value)} by weight; fees "
        f"{percent(screened_facts.fee.value if screened_facts.fee else None, 2)} and "
        f"{percent(broad_facts.fee.value if broad_facts.fee else None, 2)} a year.",
        Verdict.HOLDS if all(calmer) else Verdict.PARTLY if calmer[0] else Verdict.FAILS,
        "Calmer by every measure." if all(calmer) else "A little calmer, and not in every fall.",
        part="risk",
        data_to=risk.last,
        against=f"Premium of small size: {'; '.join(sizes)}.",
        view_words=f"No view: a difference in risk, which the covariance holds; the premium of size, {sizes[-1]}.",
    )


def _ways_in(results: Results) -> Finding:
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
        f"switch from {BROAD}, with gains taxed at {percent(TAX_RATE, 0)}, after {listed(years)}. "
        "For a wash sale the two count as identical.",
        Verdict.HOLDS if is_one else Verdict.FAILS,
        "Two ways, of which the broad one has two funds." if is_one else "They are not two ways.",
        data_to=funds.overlap.as_of,
    )


def _seven(results: Results) -> Finding:
    said = float(case_figures()["seven_share"]["value"])
    low, high = results.funds.seven_low, results.funds.seven_high
    is_near = abs((low.value + high.value) / 2.0 - said) <= NEAR
    ends = percent(low.value) if low.value == high.value else f"{percent(low.value)} to {percent(high.value)}"
    return Finding(
        f"{ends} of {LARGE} on {low.as_of} ({low.source}).",
        Verdict.HOLDS if is_near else Verdict.FAILS,
        "So it was on that day." if is_near else "Not on that day.",
        data_to=low.as_of,
    )


def _growth_known(results: Results) -> str:
    del results
    return f"Forecasts of growth: {'; '.join(_forecast_words(forecast) for forecast in forecasts())}."


def _other_forecasts() -> str:
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


def _manufacturing_known(results: Results) -> str:
    shares = [
        f"{fund.symbol} {percent(fund.industrials.value)} on {fund.industrials.as_of}"
        for fund in results.funds.funds
        if fund.industrials
    ]
    return f"Share of industrial companies: {', '.join(shares)}."


_TESTS: Mapping[str, Callable[[Results], Finding | None]] = {
    "valuation": _valuation,
    "rate_cuts": _rate_cuts,
    "momentum": _momentum,
    "calendar_years": _calendar_years,
    "quality": _quality,
    "seven": _seven,
    "ways_in": _ways_in,
}
_KNOWN: Mapping[str, Callable[[Results], str]] = {"growth": _growth_known, "manufacturing": _manufacturing_known}
