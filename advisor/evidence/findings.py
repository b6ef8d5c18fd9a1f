"""What each test says of its claim: one function for each, whose verdict follows from the figures by a stated rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from advisor.evidence.facts import case_figures, rows
from advisor.evidence.finding import Finding
from advisor.evidence.funds import BROAD, LARGE, SCREENED
from advisor.evidence.judge import critical_t, cycle_verdict, fact, history, share_verdict, untested
from advisor.evidence.model import Judgment, JudgmentKind, Verdict
from advisor.evidence.momentum import CalendarYears, Momentum
from advisor.evidence.published import growth_known, manufacturing_known, other_forecasts, seven, valuation, ways_in
from advisor.evidence.quality import CRASH
from advisor.evidence.rate_study import BY_CYCLE, EVERY, FIRST, EventStudy, RateHorizon
from advisor.evidence.results import Results
from advisor.evidence.words import bare_points, listed, percent, points, signed_percent
from advisor.format import number
from advisor.market.fact_tables import Row, split_list

HEADLINE = 12  # months after a cut that a sentence gives; the table has all
QUARTER = 13  # weeks after a streak


def finding(row: Row, results: Results) -> Finding:
    """The finding of one row of the claims; untested where the results do not hold what its test needs."""
    test = _TESTS.get(row["key"])
    tested = test(results) if test else None
    return tested or _untested(row, _KNOWN.get(row["key"], _nothing)(results))


def _untested(row: Row, known: str) -> Finding:
    needed = f"It would take {row['needs']}." if row["needs"] else "The prices at hand do not tell."
    return Finding(
        " ".join(filter(None, [known, f"Not tested. {needed}"])),
        tuple(untested(JudgmentKind(kind), "Nothing at hand tests it.") for kind in split_list(row["kinds"])),
        against=other_forecasts() if row["key"] == "growth" else "",
    )


def _nothing(results: Results) -> str:
    del results
    return ""


def _rate_cuts(results: Results) -> Finding:
    long, funds = results.long_study, results.fund_study
    every, first, cycles = (long.of(key, HEADLINE) for key in (EVERY, FIRST, BY_CYCLE))
    any_month = long.baseline(HEADLINE)
    told = [
        f"{HEADLINE} months after a cut, {long.small} against {long.large}: {_counted(long)}.",
        f"One vote a cycle: {points(cycles.mean)}, ahead in {cycles.wins} of {cycles.count}.",
        f"After any month: {points(any_month.mean)}, ahead in {any_month.wins} of {any_month.count}.",
        f"{HEADLINE} months after a rise: {_counted(results.long_rises)}.",
    ]
    if funds is not None:
        told.append(f"{funds.small} against {funds.large} since {funds.first:%Y-%m}, after a cut: {_counted(funds)}.")
    words = f"{points(every.mean)} after every cut, {points(first.mean)} after the first of a cycle"
    return Finding(
        " ".join(told),
        (_cut_history(long), _cut_forecast(long)),
        part="fund_study",
        data_to=long.last,
        count=every.count,
        contrary=every.count - every.wins,
        view_words=f"No view: {words} over {HEADLINE} months.",
    )


def _cut_history(study: EventStudy) -> Judgment:
    """Whether small companies were ahead over each of the claimed months, on average over every cut."""
    means = [study.of(EVERY, found.months).mean for found in study.any_month]
    ahead = sum(mean is not None and mean > 0.0 for mean in means)
    first = study.of(FIRST, HEADLINE)
    most = max(study.cycles, key=lambda cycle: cycle.changes)
    crowd = f"{most.changes} of {sum(cycle.changes for cycle in study.cycles)} cuts are from {most.cycle}"
    counting = f"Ahead over {ahead} of {len(means)} horizons if every cut counts as one case; {crowd}"
    return history(f"{counting}. After the first cut of a cycle: {points(first.mean)}.", is_so=ahead == len(means))


def _cut_forecast(study: EventStudy) -> Judgment:
    """Whether the next cut tells anything: by one vote a cycle, over all horizons together."""
    votes = [study.of(BY_CYCLE, found.months) for found in study.any_month]
    verdict = cycle_verdict(votes)
    t = [vote.naive_t for vote in votes if vote.naive_t is not None]
    if not t:
        return Judgment(JudgmentKind.FORECAST, verdict, "Too few cycles tell.")
    least = min(critical_t(vote.count, len(votes)) for vote in votes if vote.naive_t is not None)
    words = f"One vote a cycle gives t from {number(min(t))} to {number(max(t))} over {len(votes)} horizons"
    return Judgment(JudgmentKind.FORECAST, verdict, f"{words}; chance gives up to {number(least)}.")


def _counted(study: EventStudy) -> str:
    """Mean, interval and count after every change and after the first of each cycle."""
    named = ((f"every {study.direction}", EVERY), ("first of a cycle", FIRST))
    return "; ".join(
        f"{name} {points(result.mean)}{_interval(result)}, ahead in {result.wins} of {result.count}"
        for name, key in named
        if (result := study.of(key, HEADLINE)).count
    )


def _interval(result: RateHorizon) -> str:
    if result.low is None or result.high is None:
        return ""
    return f" ({bare_points(result.low)} to {bare_points(result.high)})"


def _momentum(results: Results) -> Finding | None:
    known = results.momentum
    after = next((after for after in known.after if after.weeks == QUARTER), None) if known else None
    if known is None or known.streak_ended is None or after is None:
        return None
    weeks = int(case_figures()["weeks_won"]["value"])
    chance = after.any_wins / after.any_count
    compared = f"ahead in {after.wins} of {after.count}, against {percent(chance, 0)} after any week"
    told = [
        f"{known.small} beat {known.large} in {known.streak} straight weeks, to {known.streak_ended}.",
        f"{QUARTER} weeks after each of the {after.count} streaks of {weeks} weeks since {known.first} it was "
        f"{compared}; {points(after.mean)} on average, against {points(after.any_mean)}.",
        f"On {known.last}: {known.streak_now} weeks won in a row; over twelve months {known.small} "
        f"{signed_percent(known.small_year)}, {known.large} {signed_percent(known.large_year)}; from their highs "
        f"{percent(known.small_from_high)} and {percent(known.large_from_high)}.",
    ]
    verdict = share_verdict(after.wins, after.count, chance)
    more = "More" if verdict is Verdict.SUPPORTED else "No more"
    return Finding(
        " ".join(told),
        (
            fact(f"{known.streak} straight weeks won, to {known.streak_ended}.", is_true=known.streak >= weeks),
            Judgment(JudgmentKind.FORECAST, verdict, f"{more} gains followed such weeks than any others: {compared}."),
        ),
        part="momentum",
        data_to=known.last,
        count=after.count,
        contrary=after.count - after.wins,
        against=_worst_after(known),
        view_words="No view: a few weeks do not tell a year."
        if verdict is Verdict.SUPPORTED
        else f"No view: {compared}.",
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
    told = [_since_words(symbol, by_year) for symbol, by_year in won.items()]
    if known.begun is not None:
        returns = zip(known.symbols, known.begun.returns, strict=True)
        told.append(f"{known.begun.year} to {known.last}: {', '.join(f'{s} {signed_percent(r)}' for s, r in returns)}.")
    wins_in = {year for by_year in won.values() for year, is_won in by_year.items() if is_won}
    return Finding(
        " ".join([*told, *(_all_years_words(known, symbol) for symbol in won)]),
        (*(_years_history(results, symbol, by_year) for symbol, by_year in won.items()), _due(known)),
        part="years",
        data_to=known.last,
        count=len(won[BROAD]),
        contrary=len(wins_in),
        view_words="No view: years without a win do not say when one comes.",
    )


def _since_words(symbol: str, won: Mapping[int, bool]) -> str:
    ahead = [str(year) for year, is_won in won.items() if is_won]
    behind = len(won) - len(ahead)
    words = f"{symbol} lagged {LARGE} in {behind} of the {len(won)} years {min(won)} to {max(won)}"
    return f"{words}, and led in {listed(ahead)}." if ahead else f"{words}."


def _all_years_words(known: CalendarYears, symbol: str) -> str:
    won = known.won(symbol, LARGE, after=0, until=known.last.year)
    return f"{symbol} led in {sum(won.values())} of all {len(won)} years since {min(won)}." if won else ""


def _years_history(results: Results, symbol: str, won: Mapping[int, bool]) -> Judgment:
    """No win of one fund since the year that was named."""
    ahead = [str(year) for year, is_won in won.items() if is_won]
    index = results.funds.of(symbol).index
    if ahead:
        return history(f"{index}: {symbol} led in {listed(ahead)}.", is_so=False)
    return history(f"{index}: {symbol} did not lead in {min(won)} to {max(won)}.", is_so=True)


def _due(known: CalendarYears) -> Judgment:
    """Whether a year behind is followed by one ahead more often than any year is."""
    won = known.won(BROAD, LARGE, after=0, until=known.last.year)
    pairs = [(won[year], won[year + 1]) for year in won if year + 1 in won]
    after = [ahead for before, ahead in pairs if not before]
    if not after:
        return untested(JudgmentKind.FORECAST, "No year behind with a year after it is at hand.")
    every = [ahead for _, ahead in pairs]
    verdict = share_verdict(sum(after), len(after), sum(every) / len(every))
    words = f"After a year behind, {BROAD} led the next in {sum(after)} of {len(after)}"
    return Judgment(JudgmentKind.FORECAST, verdict, f"{words}; after any year in {sum(every)} of {len(every)}.")


def _quality(results: Results) -> Finding | None:
    risk = results.risk
    if risk is None:
        return None
    screened, broad = risk.symbol(SCREENED), risk.symbol(BROAD)
    measures = {
        "volatility": (screened.volatility, broad.volatility),
        "deepest fall": (screened.max_drawdown, broad.max_drawdown),
    }
    if screened.crash_drawdown is not None and broad.crash_drawdown is not None:
        measures[f"deepest fall in {CRASH}"] = (screened.crash_drawdown, broad.crash_drawdown)
    told = [f"{name} {percent(mine)} against {percent(other)}" for name, (mine, other) in measures.items()]
    calmer = {name: mine < other for name, (mine, other) in measures.items()}
    broad_facts, screened_facts = results.funds.of(BROAD), results.funds.of(SCREENED)
    return Finding(
        f"{SCREENED} against {BROAD}, {risk.days:,} days from {risk.first} to {risk.last}: {'; '.join(told)}. "
        f"They share {percent(results.funds.overlap.value)} by weight; fees "
        f"{percent(screened_facts.fee.value if screened_facts.fee else None, 2)} and "
        f"{percent(broad_facts.fee.value if broad_facts.fee else None, 2)} a year. {_unprofitable_words()}",
        (history(_calm_words(calmer), is_so=calmer["volatility"]),),
        part="risk",
        data_to=risk.last,
        view_words="No view: a difference in risk, which the covariance holds.",
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
