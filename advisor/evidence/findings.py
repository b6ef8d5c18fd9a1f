"""What each test says of its claim: one function for each, whose verdict follows from the figures by a stated rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from advisor.evidence.facts import case_figures, rows
from advisor.evidence.finding import Finding
from advisor.evidence.funds import BROAD, LARGE, SCREENED
from advisor.evidence.model import Verdict
from advisor.evidence.momentum import Momentum
from advisor.evidence.published import growth_known, manufacturing_known, other_forecasts, seven, valuation, ways_in
from advisor.evidence.quality import CRASH
from advisor.evidence.rate_cuts import BY_CYCLE, EVERY, FIRST, EventStudy, HorizonResult
from advisor.evidence.results import Results
from advisor.evidence.words import bare_points, listed, percent, points, signed_percent
from advisor.market.fact_tables import Row

HEADLINE = 12  # months after a cut that a sentence gives; the table has all
QUARTER = 13  # weeks after a streak
STANDARD_ERRORS = 2.0


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
        against=other_forecasts() if row["key"] == "growth" else "",
    )


def _nothing(results: Results) -> str:
    del results
    return ""


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
    verdict = _cut_verdict(long)
    return Finding(
        told,
        verdict,
        f"{_cut_words(verdict, every, first)}: {words}; {crowd}.",
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


def _cut_verdict(study: EventStudy) -> Verdict:
    """Holds where every cut and first cuts both give a gain beyond their interval, over each of the claimed months.

    In part where every cut does over some of them; not where it does over none.
    """
    every, first = ([study.of(key, found.months) for found in study.any_month] for key in (EVERY, FIRST))
    if not any(result.count for result in every):
        return Verdict.UNTESTED
    if all(map(_is_gain, (*every, *first))):
        return Verdict.HOLDS
    return Verdict.PARTLY if any(map(_is_gain, every)) else Verdict.FAILS


def _is_gain(result: HorizonResult) -> bool:
    """Whether the whole interval lies above zero."""
    return result.low is not None and result.low > 0.0


def _cut_words(verdict: Verdict, every: HorizonResult, first: HorizonResult) -> str:
    if verdict is Verdict.HOLDS:
        return "Ahead by both ways of counting"
    if every.mean is None or first.mean is None:
        return "Not known by both ways of counting"
    if (every.mean > 0.0) != (first.mean > 0.0):
        return "The sign depends on the counting"
    return "No more than chance may give" if verdict is Verdict.FAILS else "Beyond chance by one way of counting alone"


def _momentum(results: Results) -> Finding | None:
    known = results.momentum
    after = next((after for after in known.after if after.weeks == QUARTER), None) if known else None
    if known is None or known.streak_ended is None or after is None:
        return None
    weeks = int(case_figures()["weeks_won"]["value"])
    streaks = f"After each of {after.count} streaks of {weeks} weeks since {known.first}, {QUARTER} weeks on"
    share, chance = after.wins / after.count, after.any_wins / after.any_count
    error = math.sqrt(chance * (1.0 - chance) / after.count)
    compared = f"ahead in {after.wins} of {after.count}, against {percent(chance, 0)} after any week"
    told = [
        f"{known.streak} straight weeks to {known.streak_ended}.",
        f"{streaks}: {compared}; {points(after.mean)} on average, against {points(after.any_mean)}.",
        f"{known.last}: {known.streak_now} weeks in a row; twelve months {known.small} "
        f"{signed_percent(known.small_year)}, {known.large} {signed_percent(known.large_year)}; from their highs "
        f"{percent(known.small_from_high)} and {percent(known.large_from_high)}.",
    ]
    has_followed = share - chance > STANDARD_ERRORS * error
    is_true = known.streak >= weeks
    return Finding(
        " ".join(told),
        Verdict.FAILS if not is_true else Verdict.HOLDS if has_followed else Verdict.PARTLY,
        f"The weeks were {'' if is_true else 'not '}won; "
        f"{'more' if has_followed else 'no more'} followed such weeks than any others.",
        part="momentum",
        data_to=known.last,
        count=after.count,
        contrary=after.count - after.wins,
        against=_worst_after(known),
        view_words=f"No view: {compared}." if not has_followed else "No view: weeks do not tell a year.",
    )


def _worst_after(known: Momentum) -> str:
    """What followed over the weeks in which such streaks did worst against any week; empty where they did not."""
    worst = min(known.after, key=lambda after: after.mean - after.any_mean)
    if worst.mean >= worst.any_mean:
        return ""
    return (
        f"{worst.weeks} weeks on: {points(worst.mean)} on average, ahead in {worst.wins} of {worst.count}, against "
        f"{points(worst.any_mean)} after any week."
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
    calmer = {name: mine < other for name, (mine, other) in measures.items()}
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
        f"{percent(broad_facts.fee.value if broad_facts.fee else None, 2)} a year. {_unprofitable_words()}",
        Verdict.HOLDS if all(calmer.values()) else Verdict.PARTLY if calmer["volatility"] else Verdict.FAILS,
        _calm_words(calmer),
        part="risk",
        data_to=risk.last,
        against=f"Premium of small size: {'; '.join(sizes)}.",
        view_words=f"No view: a difference in risk, which the covariance holds; the premium of size, {sizes[-1]}.",
    )


def _calm_words(calmer: Mapping[str, bool]) -> str:
    """By which measures the fund was calmer, and by which it was not."""
    more = [name for name, is_calmer in calmer.items() if is_calmer]
    less = [name for name, is_calmer in calmer.items() if not is_calmer]
    if not less:
        return "Calmer by every measure."
    return f"Calmer by {listed(more)}, not by {listed(less)}." if more else "Calmer by no measure."


def _unprofitable_words() -> str:
    """Shares of companies without profit, as published."""
    known = rows("unprofitable", "index", "share", "as_of", "provider")
    told = [f"{row['index']} {row['share']} ({row['provider']}, {row['as_of']})" for row in known]
    return f"Companies without profit: {'; '.join(told)}."


_TESTS: Mapping[str, Callable[[Results], Finding | None]] = {
    "valuation": valuation,
    "rate_cuts": _rate_cuts,
    "momentum": _momentum,
    "calendar_years": _calendar_years,
    "quality": _quality,
    "seven": seven,
    "ways_in": ways_in,
}
_KNOWN: Mapping[str, Callable[[Results], str]] = {"growth": growth_known, "manufacturing": manufacturing_known}
