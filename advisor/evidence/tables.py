"""The tables behind the claims, as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from advisor.evidence.facts import case_figures, forecasts, rate_changes, rows
from advisor.evidence.funds import BROAD, GAINS, TAX_RATE, TWIN, FundFigure, FundsRecord, switch_years
from advisor.evidence.model import EvidenceTable
from advisor.evidence.momentum import CalendarYears, Momentum
from advisor.evidence.quality import CRASH, Risk
from advisor.evidence.rate_study import (
    AFTER_A_PAUSE,
    AFTER_A_RISE,
    BY_CYCLE,
    EVERY,
    FEWEST_CHANGES,
    FIRST,
    LEVEL,
    EventStudy,
    RateHorizon,
)
from advisor.evidence.results import Results
from advisor.evidence.standing import decisions
from advisor.evidence.words import UNKNOWN, bare_points, percent, signed_percent
from advisor.format import number, signed
from advisor.market.valuations import all_valuations

SET_WORDS = {
    FIRST: "First of each cycle",
    AFTER_A_RISE: "First after a rise",
    AFTER_A_PAUSE: "First in half a year",
    BY_CYCLE: "One vote a cycle",
}
T_WORDS = {EVERY: "  naive t, not valid", BY_CYCLE: "  t of the cycles"}

LONG_WORDS = (
    "Fifths by market value, between limits set by the New York Stock Exchange (Kenneth French library). The "
    "smallest fifth is left out: most funds are too large for it. Prices of funds do not renew this history."
)

Ages = Mapping[str, str]


def tables(results: Results, ages: Ages, as_of: date) -> tuple[EvidenceTable, ...]:
    """Every table that the results have figures for; `ages` says of each part of the results how old it is.

    Decisions of the Federal Reserve are those up to `as_of`.
    """
    found = [
        _size_premium(),
        _case(),
        _valuations(),
        _relative(),
        _forecasts(),
        _study("rate_cuts", results.long_study, LONG_WORDS),
        _cycles("cycles", results.long_study),
        _study("rate_rises", results.long_rises, LONG_WORDS),
        _cycles("rise_cycles", results.long_rises),
        _first_cuts(),
        _decisions(as_of),
    ]
    if results.fund_study is not None:
        found.append(_study("rate_cuts_funds", results.fund_study, _sentence(ages["fund_study"])))
    if results.fund_rises is not None:
        found.append(_study("rate_rises_funds", results.fund_rises, _sentence(ages["fund_rises"])))
    if results.momentum is not None:
        found.append(_streaks(results.momentum, ages["momentum"]))
    if results.years is not None:
        found.append(_years(results.years, ages["years"]))
    if results.risk is not None:
        found.append(_risk(results.risk, ages["risk"]))
    return (*found, _unprofitable(), _funds(results.funds), _switch(results.funds))


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _case() -> EvidenceTable:
    lines = tuple(
        (row["what"], _case_figure(row["value"], row["unit"]), row["said_on"], row["provider"])
        for row in case_figures().values()
    )
    sources = sorted({row["source"] for row in case_figures().values()})
    columns = ("Said", "Figure", "Of", "Provider")
    return EvidenceTable("case", "The case as it was made", columns, lines, (f"Source: {'; '.join(sources)}.",))


def _case_figure(value: str, unit: str) -> str:
    if unit == "percent":
        return percent(float(value) / 100.0, 0)
    return percent(float(value)) if unit == "share" else value if unit == "year" else f"{value} {unit}"


def _valuations() -> EvidenceTable:
    lines = tuple(
        (f"{found.index}, {found.measure}", f"{found.value:g}", found.as_of, found.losers, found.provider)
        for found in all_valuations()
    )
    notes = (
        "Two ratios compare only where measure, month and the treatment of companies with a loss agree.",
        f"Sources: {'; '.join(dict.fromkeys(found.source for found in all_valuations()))}.",
    )
    columns = ("Index", "Price to earnings", "Of", "Companies with a loss", "Provider")
    return EvidenceTable("valuations", "Price to earnings as published", columns, lines, notes)


def _relative() -> EvidenceTable:
    known = rows("relative_valuations", "pair", "measure", "value", "usual", "as_of", "provider")
    lines = tuple(
        (f"{row['pair']}, {row['measure']}", row["value"], row["usual"], row["as_of"], row["provider"]) for row in known
    )
    columns = ("Ratio of the ratios", "Then", "Usual", "Of", "Provider")
    notes = (f"Sources: {'; '.join(row['source'] for row in known)}.",)
    return EvidenceTable("relative_valuations", "Small against large, as published", columns, lines, notes)


def _forecasts() -> EvidenceTable:
    lines = tuple(
        (
            f"{known.companies} against {known.others}, {known.year}",
            percent(known.growth, 0),
            percent(known.others_growth, 0),
            known.said_on,
            known.provider,
        )
        for known in forecasts()
    )
    columns = ("Growth of profits", "Small", "Large", "Said on", "Provider")
    notes = ("Forecasts, not profits.", f"Sources: {'; '.join(known.source for known in forecasts())}.")
    return EvidenceTable("forecasts", "Growth of profits as forecast", columns, lines, notes)


def _study(key: str, study: EventStudy, age_words: str) -> EvidenceTable:
    months = [result.months for result in study.any_month]
    lines: list[tuple[str, ...]] = []
    for counted in study.sets:
        head = f"Every {study.direction}" if counted.key == EVERY else SET_WORDS[counted.key]
        lines += _counted(head, counted.results)
        if counted.key in T_WORDS:
            lines.append((T_WORDS[counted.key], *(_or_unknown(r.naive_t, number) for r in counted.results)))
    lines += _counted("After any month", study.any_month)
    drawn = study.bootstrap
    notes = (
        f"Excess in percentage points, and the windows with a gain; {study.first:%Y-%m} to {study.last:%Y-%m}. A "
        "window is of whole months and begins with the month after the announcement.",
        f"Intervals: {drawn.draws:,} draws of blocks of {drawn.block_months} consecutive months, seed {drawn.seed}; "
        f"none for fewer than {FEWEST_CHANGES} {study.direction}s. Windows overlap and {study.direction}s come in few "
        "cycles: the naive t takes them for independent, and is not valid.",
        age_words,
    )
    title = f"After rate {study.direction}s: {study.small} against {study.large}"
    columns = (
        f"{study.direction.capitalize()}s counted",
        *(f"{count} months" if count > 1 else "1 month" for count in months),
    )
    return EvidenceTable(key, title, columns, tuple(lines), notes)


def _counted(head: str, results: tuple[RateHorizon, ...]) -> list[tuple[str, ...]]:
    """Rows of one way of counting: the mean, how often it was a gain, and the interval where there is one."""
    lines = [
        (head, *(bare_points(result.mean) for result in results)),
        ("  ahead, of all", *(f"{result.wins}/{result.count}" for result in results)),
    ]
    if any(result.low is not None for result in results):
        lines.append((f"  {percent(LEVEL, 0)} interval from", *(bare_points(result.low) for result in results)))
        lines.append(("  to", *(bare_points(result.high) for result in results)))
    return lines


def _or_unknown(value: float | None, words: Callable[[float], str]) -> str:
    return UNKNOWN if value is None else words(value)


def _cycles(key: str, study: EventStudy) -> EvidenceTable:
    months = [result.months for result in study.any_month]
    lines = tuple(
        (cycle.cycle, str(cycle.changes), *(bare_points(mean) for mean in cycle.means)) for cycle in study.cycles
    )
    columns = (
        "Cycle",
        f"{study.direction.capitalize()}s",
        *(f"{count} months" if count > 1 else "1 month" for count in months),
    )
    notes = (f"Mean excess in percentage points, {study.small} against {study.large}.",)
    return EvidenceTable(key, f"After rate {study.direction}s, cycle by cycle", columns, lines, notes)


def _first_cuts() -> EvidenceTable:
    first = [change for change in rate_changes() if change.begins]
    lines = tuple(
        (f"{change.announced}: {change.begins}", f"{signed(change.change_bp, 0)} bp", change.source) for change in first
    )
    notes = (
        "Days of announcement. No plain rule gives this list: it leaves out two cuts after as long a pause as one that "
        "it holds. The rules beside it in the study say what the choice does.",
    )
    columns = ("First cut of a cycle", "Change", "Source")
    return EvidenceTable("first_cuts", "Which cuts are first of a cycle", columns, lines, notes)


def _decisions(as_of: date) -> EvidenceTable:
    past, coming = decisions(as_of)
    lines = [
        (
            row["meeting"],
            "; ".join(filter(None, (row["decision"], row["note"]))),
            row["range_pct"] or UNKNOWN,
            row["source"],
        )
        for row in past
    ]
    if coming:
        lines.append((coming[0]["meeting"], "the next meeting", UNKNOWN, coming[0]["source"]))
    columns = ("Meeting", "Decision", "Range, %", "Source")
    return EvidenceTable("rate_decisions", "Decisions of the Federal Reserve since", columns, tuple(lines), ())


def _streaks(known: Momentum, age_words: str) -> EvidenceTable:
    lines = tuple(
        (
            f"{after.weeks} weeks",
            f"{bare_points(after.mean)}, {after.wins} of {after.count}",
            f"{bare_points(after.any_mean)}, {after.any_wins} of {after.any_count}",
        )
        for after in known.after
    )
    notes = (
        f"Excess of {known.small} over {known.large} in percentage points, and how often it was a gain, from "
        f"{known.first} to {known.last}. Each run of weeks counts once, when it reaches the length.",
        _sentence(age_words),
    )
    columns = ("In the next", "After such a streak", "After any week")
    return EvidenceTable("streaks", "What followed weeks won in a row", columns, lines, notes)


def _years(known: CalendarYears, age_words: str) -> EvidenceTable:
    lines = [(str(year.year), *map(signed_percent, year.returns)) for year in known.years]
    if known.begun is not None:
        lines.append((f"{known.begun.year} to {known.last}", *map(signed_percent, known.begun.returns)))
    notes = ("Total returns.", _sentence(age_words))
    return EvidenceTable("calendar_years", "Calendar years", ("Year", *known.symbols), tuple(lines), notes)


def _fall(depth: float | None) -> str:
    return percent(None if depth is None else -depth)


def _risk(known: Risk, age_words: str) -> EvidenceTable:
    lines = tuple(
        (risk.symbol, percent(risk.volatility), *map(_fall, (risk.max_drawdown, risk.crash_drawdown)))
        for risk in known.of
    )
    notes = (f"{known.days:,} days in common, {known.first} to {known.last}; volatility a year.", _sentence(age_words))
    columns = ("Fund", "Volatility", "Deepest fall", f"Deepest fall in {CRASH}")
    return EvidenceTable("risk", "Volatility and falls", columns, lines, notes)


def _size_premium() -> EvidenceTable:
    known = rows("size_premium", "from", "to", "months", "annual_mean", "annual_deviation", "t")
    lines = tuple(
        (
            f"{row['from']} to {row['to']}",
            percent(float(row["annual_mean"]), 2),
            percent(float(row["annual_deviation"])),
            number(float(row["t"]), 2),
            row["months"],
        )
        for row in known
    )
    columns = ("Months", "Mean a year", "Deviation a year", "t", "Months counted")
    notes = (f"Small less big. Source: {known[0]['source']}.",)
    return EvidenceTable("size_premium", "The premium of small size", columns, lines, notes)


def _unprofitable() -> EvidenceTable:
    known = rows("unprofitable", "index", "share", "as_of", "provider")
    lines = tuple((row["index"], row["share"], row["as_of"], row["provider"]) for row in known)
    notes = (f"Sources: {'; '.join(dict.fromkeys(row['source'] for row in known))}.",)
    columns = ("Index", "Companies without profit", "Of", "Provider")
    return EvidenceTable("unprofitable", "Companies without profit, as published", columns, lines, notes)


def _funds(known: FundsRecord) -> EvidenceTable:
    lines = tuple(
        (
            f"{fund.symbol}, {fund.index}",
            _figure(fund.fee, 2),
            _figure(fund.half_spread, 3),
            _figure(fund.dividend_yield, 2),
            _figure(fund.industrials, 1),
        )
        for fund in known.funds
    )
    figures = [figure for fund in known.funds for figure in (fund.fee, fund.half_spread, fund.industrials) if figure]
    sources = dict.fromkeys(map(_dated_source, figures))
    notes = (
        f"IWM and IJR hold {percent(known.overlap.value)} in common by weight ({known.overlap.source}).",
        f"Sources: {'; '.join(sources)}.",
    )
    columns = ("Fund", "Fee a year", "Half spread", "Yield", "Industrials")
    return EvidenceTable("funds", "The funds", columns, lines, notes)


def _dated_source(known: FundFigure) -> str:
    if known.as_of is None:
        return f"{known.source} (no date)"
    return known.source if str(known.as_of) in known.source else f"{known.source} ({known.as_of})"


def _figure(known: FundFigure | None, decimals: int) -> str:
    return UNKNOWN if known is None else percent(known.value, decimals)


def _switch(known: FundsRecord) -> EvidenceTable:
    held, other = known.of(BROAD), known.of(TWIN)
    lines = []
    for gain in GAINS:
        try:
            years = number(switch_years(held, other, gain=gain, tax_rate=TAX_RATE))
        except ValueError:
            years = UNKNOWN
        lines.append((f"{percent(gain, 0)} of the sale is gain", years))
    notes = (
        f"Years in which the lower fee pays for spread and tax at {percent(TAX_RATE, 0)}; without a gain, or in a "
        "sheltered account, for the spread alone. An upper bound: a later sale would owe some of the tax too.",
        f"{BROAD} and {TWIN} track one index: they count as identical for a wash sale, and a loss in one is not "
        "deductible beside a purchase of the other.",
    )
    return EvidenceTable(
        "switch", f"{BROAD} or {TWIN}: when a switch pays", (f"{BROAD} to {TWIN}", "Years"), tuple(lines), notes
    )
