"""The small-cap case in the report: claims with their tests, what each view does, and how far history decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from advisor.evidence.headline import headline
from advisor.evidence.model import Claim, Evidence, Verdict
from advisor.evidence.rate_study import BY_CYCLE, EVERY, FIRST, HORIZONS, EventStudy, RateHorizon
from advisor.format import NOTICEABLE, day, number, percent, plural, signed, signed_bps, signed_percent, years
from advisor.portfolio.limit_types import Side, limit_noun, split_label
from advisor.portfolio.model import Portfolio
from advisor.report.charts.marks import Chart
from advisor.report.charts.plane import Axis, Line, Plane, exact_words, plane_chart
from advisor.report.model import Cell, Column, Table
from advisor.report.parts import row
from advisor.risk.view_age import Use
from advisor.whatif.model import Flip, Stability, TradeOff, ViewAudit

_TONES = {
    Verdict.TRUE: "better",
    Verdict.SUPPORTED: "better",
    Verdict.FALSE: "worse",
    Verdict.REFUTED: "worse",
}
_DECIDED = 0.9  # part of the draws that must buy the same for the funds to count as determined
TWINS = (
    "IWM and VTWO follow one index. Which of these two is bought, if either is, is not determined by return or risk: "
    "fee, spread and the wash-sale rule decide."
)
_DEFAULT = "defaults.small_caps"  # the program's own bound, where it pins the share
_FIXED = 0.005  # of the household: the estimate of risk moves a share this little


def case_words(evidence: Evidence, as_of: date) -> tuple[str, ...]:
    """What small size earned in all, how the claims stand, and of which day the results are."""
    age = (as_of - evidence.results_to).days
    when = f"{plural(age, 'day')} before the decision" if age > 0 else "up to the decision"
    if age < 0:
        when = f"{plural(-age, 'day')} after the decision, and not known on its day"
    return (
        evidence.premium_words,
        f"The case has {plural(len(evidence.claims), 'claim')}. {headline(evidence.claims)}",
        f"Results to {day(evidence.results_to)}, {when}; {evidence.source}.",
    )


def claims_table(evidence: Evidence) -> Table:
    """Each claim with who said it, the verdict, what its test gave, and what speaks against it."""
    return Table(
        "The case, claim by claim",
        (Column("Claim", "text"), Column("Verdict", "text"), Column("What its test gave", "text")),
        tuple(row(_claimed(claim), _judged(claim), _tested(claim)) for claim in evidence.claims),
    )


def _claimed(claim: Claim) -> Cell:
    return Cell(claim.title, (claim.said, f"{claim.provider}, {claim.said_on}"))


def _tested(claim: Claim) -> Cell:
    counted = ""
    if claim.count is not None:
        contrary = "" if claim.contrary is None else f", {claim.contrary:,} of them contrary"
        counted = f"n = {claim.count:,}{contrary}"
    tested_to = "" if claim.data_to is None else f"Data to {day(claim.data_to)}."
    against = f"Against: {claim.against}" if claim.against else ""
    test = claim.test if claim.test not in claim.found else ""
    status = f"Status: {claim.standing.words}"
    return Cell(claim.found, tuple(filter(None, (status, test, counted, against, tested_to))))


def _judged(claim: Claim) -> Cell:
    """Every verdict of the claim, each with its kind; colored where all of them say one thing."""
    view = f"View: {claim.view}." if claim.view else claim.view_words
    verdicts = "; ".join(f"{judgment.kind} {judgment.verdict}" for judgment in claim.judgments)
    tones = {_TONES.get(judgment.verdict, "") for judgment in claim.judgments}
    lines = (*(f"{judgment.kind.capitalize()}: {judgment.words}" for judgment in claim.judgments), view)
    tone = tones.pop() if len(tones) == 1 else ""
    return Cell(f"{verdicts[:1].upper()}{verdicts[1:]}", tuple(filter(None, lines)), tone=tone)


def rate_table(study: EventStudy) -> Table:
    """The event study by months after: the mean excess, how often small companies were ahead, and the interval."""
    sets = {f"Every {study.direction}": EVERY, "First": FIRST, "By cycle": BY_CYCLE}
    rows = (
        row(
            plural(months, "month"),
            *(_excess_cell(study.of(key, months)) for key in sets.values()),
            _excess_cell(study.baseline(months)),
        )
        for months in HORIZONS
    )
    return Table(
        f"Small less large after rate {study.direction}s, in points",
        (Column("After", "word"), *(Column(label) for label in (*sets, "Any month"))),
        tuple(rows),
        (
            f"First: of each cycle. By cycle: one vote for each. Of {study.small} against {study.large}, "
            f"{study.first:%Y-%m} to {study.last:%Y-%m}: the mean; how often small companies were ahead; where the "
            f"mean lies in nine of ten redrawn histories (blocks of {study.bootstrap.block_months} months). Windows "
            "overlap and cycles are few, so this is rough. Every way of counting: advisor small-caps.",
        ),
    )


def _excess_cell(found: RateHorizon) -> Cell:
    if found.mean is None:
        return Cell("unknown")
    ends = "" if found.low is None or found.high is None else f"{_points(found.low, 1)} to {_points(found.high, 1)}"
    return Cell(_points(found.mean, 1), tuple(filter(None, (f"{found.wins} of {found.count}", ends))))


def rate_chart(study: EventStudy) -> Chart:
    """Mean excess of small companies by months after a change: every one, first ones, and any month beside."""
    kind = study.direction
    drawn = (
        (f"every {kind}", "proposed", "", [study.of(EVERY, months) for months in HORIZONS]),
        (f"first {kind} of a cycle", "worse", "5 2", [study.of(FIRST, months) for months in HORIZONS]),
        ("any month", "now", "2 2", [study.baseline(months) for months in HORIZONS]),
    )
    lines = tuple(_excess_line(*one) for one in drawn)
    heights = [y for line in lines for _, y in line.points]
    ends = min(heights), max(heights)
    told = "; ".join(f"{name}: {_excess_words(results)}" for name, _, _, results in drawn)
    plane = Plane(
        Axis("Months after the announcement", 0.0, float(HORIZONS[-1]), _months, is_tight=True),
        Axis("Small less large companies, percentage points", *ends, exact_words(_points, 100, ends)),
        lines,
    )
    return plane_chart(
        f"rate-{kind}s",
        f"Small against large companies after rate {kind}s, {study.first:%Y} to {study.last:%Y}",
        f"Percentage points by months after. {told}.",
        plane,
    )


def _months(count: float) -> str:
    return number(count, 0)


def _points(excess: float, decimals: int) -> str:
    return signed(100 * excess, decimals)


def _excess_words(results: list[RateHorizon]) -> str:
    return ", ".join(f"{_points(found.mean, 1)} after {found.months}" for found in results if found.mean is not None)


def _excess_line(name: str, tone: str, dash: str, results: list[RateHorizon]) -> Line:
    known = [(float(found.months), found.mean) for found in results if found.mean is not None]
    return Line(((0.0, 0.0), *known), tone, f"{name} {_points(known[-1][1], 1)}", dash)


def view_audit_table(trade_off: TradeOff) -> Table | None:
    """What each view says, and what the answer would be without it; None without views."""
    if not trade_off.views:
        return None
    columns = (
        Column("View", "text"),
        Column("Stated a year"),
        Column("Used a year"),
        Column("Without any view"),
        Column("With all views"),
        Column("Small caps without it"),
        Column("Small caps with it"),
        Column("Small caps if certain"),
        Column("Decision changes", "text"),
    )
    notes = (
        "Used: a view of a named set that is a difference of earnings yields is rolled to the prices at hand; where "
        "that cannot be told its confidence falls with age, and once older than its years it is switched off. Without "
        "any view: what your own mix implies of the same thing, with a holding that the view is on counted as the US "
        "market. With all views: that, moved by the views as far as they are trusted (Black and Litterman); the "
        "proposal reckons with it. Neither is a forecast. Small caps: "
        "share of the household after the trades, before rounding to shares: without the view, with it as held, and "
        "held with 100% confidence. Net benefit: of the best trades against doing nothing, in basis points of "
        "household value a year, if returns are as expected there. The decision changes where other funds are bought, "
        "or none, or the share in small caps differs by a point. Each view is turned alone.",
        *_sources(trade_off.views),
    )
    return Table("Your views, audited", columns, tuple(row(*_audited(audit)) for audit in trade_off.views), notes)


def no_views_words(portfolio: Portfolio, trade_off: TradeOff) -> str:
    """Why no view is audited; empty where some are."""
    if trade_off.views:
        return ""
    if portfolio.views:
        return trade_off.note or "The views of the portfolio file are not audited here."
    return (
        "The portfolio file holds no view: small-cap funds are expected to earn what your own mix implies. The part of "
        "the case that can be put into figures is switched on with views: [small-caps-2026]."
    )


def _audited(audit: ViewAudit) -> Iterator[str | Cell]:
    held = f"held with {_confidence(audit.confidence)} confidence for {years(audit.years)}"
    rolled = "" if audit.prices_to is None else f"rolled with prices to {audit.prices_to}"
    yield Cell(audit.name, tuple(filter(None, (held, audit.set and f"of the set {audit.set}", rolled))))
    yield signed_percent(audit.stated, 2)
    yield _used(audit)
    yield signed_percent(audit.equilibrium, 2)
    yield signed_percent(audit.expected, 2)
    yield _answer(audit.small_caps_without, audit.gain_without)
    yield _answer(audit.small_caps, audit.gain)
    yield _answer(audit.small_caps_certain, audit.gain_certain)
    yield _flip_cell(audit.flip, audit)


def _used(audit: ViewAudit) -> Cell:
    """The return that counts, and how it came about."""
    match audit.use:
        case Use.STATED:
            return Cell(signed_percent(audit.used, 2))
        case Use.ROLLED:
            return Cell(signed_percent(audit.used, 2), ("rolled",))
        case Use.AGED:
            return Cell(signed_percent(audit.used, 2), (f"confidence {_confidence(audit.used_confidence)} by age",))
    return Cell("switched off", tone="worse")


def _confidence(fraction: float) -> str:
    """``25%``, ``62.5%``."""
    return percent(fraction, 0 if round(1000 * fraction) % 10 == 0 else 1)


def _answer(share: float | None, gain: float | None) -> Cell:
    return Cell(_share(share), () if gain is None else (f"gain {signed_bps(gain)}",))


def _share(share: float | None) -> str:
    return "no answer" if share is None else percent(share)


def _flip_cell(flip: Flip | None, audit: ViewAudit) -> Cell:
    bought = f"bought as held: {_funds(audit.bought)}"
    if flip is None:
        return Cell("never, whatever the confidence", (bought,))
    side = "rises" if flip.confidence > audit.used_confidence else "falls"
    then = "then no answer within the limits"
    if flip.small_caps is not None:
        then = f"then bought: {_funds(flip.bought)}, {percent(flip.small_caps)} in small caps"
    return Cell(f"once confidence {side} to {percent(flip.confidence, 0)}", (then, bought))


def _funds(symbols: Sequence[str]) -> str:
    return " and ".join(symbols) if symbols else "nothing"


def _sources(audits: tuple[ViewAudit, ...]) -> Iterator[str]:
    for audit in audits:
        yield f"{audit.name}: {audit.source}"


def stability_table(trade_off: TradeOff) -> Table | None:
    """Bootstrap interval of the small-cap share, and the share by method; None where it cannot be told."""
    found = trade_off.stability
    if found is None:
        return None
    several = [entry for entry in found.indexes if len(found.indexes) > 1 or len(entry[1]) > 1]
    share = "pinned" if found.pinned_by else _band(found.small_caps.low, found.small_caps.high)
    orders = [] if found.in_orders is None else [row("In the orders, in shares", percent(found.in_orders), "")]
    rows = [
        row("Small caps in all", percent(found.proposed), share),
        *(orders if _is_outside(found) else []),
        *(row(Cell(name, (", ".join(symbols),)), "", _band(band.low, band.high)) for name, symbols, band in several),
        *(row(f"Risk by {method.title}", _share(method.small_caps), "") for method in found.methods),
    ]
    return Table(
        "How far history decides",
        (Column("Share of the household", "text"), Column("Small caps"), Column(_interval_name(found))),
        tuple(rows),
        (
            f"{found.draws} draws of the months {found.start:%Y-%m} to {found.end:%Y-%m} in blocks of "
            f"{found.block_months}, each with its own estimate of risk, and all that follows from it worked out anew. "
            "Before rounding to shares. Errors of expected returns are larger, and are not drawn.",
        ),
    )


def no_stability_words(portfolio: Portfolio, trade_off: TradeOff) -> str:
    """Why nothing is told of history; empty where it is, or where the reason stands in place of the views already."""
    if trade_off.stability is not None or (portfolio.views and trade_off.note):
        return ""
    return trade_off.note or (
        "How far history decides is not told here: it takes enough months of every security held or on offer, and "
        "limits that leave an answer."
    )


def _band(low: float, high: float) -> str:
    ends = number(low * 100), number(high * 100)
    return percent(low) if ends[0] == ends[1] else f"{ends[0]} to {percent(high)}"


def stability_words(trade_off: TradeOff) -> tuple[str, ...]:
    """What is determined, and what is not."""
    found = trade_off.stability
    if found is None:
        return ()
    return tuple(filter(None, (_share_words(found), _fund_words(found), _unmet_words(found), _twin_words(found))))


def _share_words(found: Stability) -> str:
    """Where the share lies over the draws; why the orders hold another one, where they do."""
    band = found.small_caps
    if found.pinned_by:
        return _pinned_words(found)
    if band.high - band.low < _FIXED:
        told = f"The share in small caps is {_band(band.low, band.high)} throughout the {_interval_words(found)}"
        told += ": the estimate of risk hardly moves it."
    else:
        told = f"The share in small caps lies within {_band(band.low, band.high)}, the {_interval_words(found)}."
    return f"{told}{_outside_words(found)}"


def _interval_name(found: Stability) -> str:
    """``90% bootstrap interval``, or ``Range of 20 bootstrap draws`` where they are too few for that."""
    return f"Range of {found.draws - found.unmet} bootstrap draws" if found.is_range else "90% bootstrap interval"


def _interval_words(found: Stability) -> str:
    name = _interval_name(found)
    return f"{name[:1].lower()}{name[1:]}"


def _pinned_words(found: Stability) -> str:
    at = _band(found.small_caps.low, found.small_caps.high)
    what = "your limits together"
    if found.pinned_by == _DEFAULT:
        what = "the program's default bound"
    elif found.pinned_by != "limits":
        name, side = split_label(found.pinned_by)
        what = f"your {'limit' if side is Side.MAX else 'minimum'} on {limit_noun(name)}"
    return f"The share in small caps is pinned by {what} at {at}: bootstrap draws of past months do not move it."


def _is_outside(found: Stability) -> bool:
    """Whether the proposal, as it is shown, lies outside of the band beside it."""
    shown = found.proposed if found.in_orders is None else found.in_orders
    low, high = found.small_caps.low - NOTICEABLE, found.small_caps.high + NOTICEABLE
    return not found.pinned_by and not low <= shown <= high


def _outside_words(found: Stability) -> str:
    """Two causes: draws are made before rounding to shares, and with risk from the months alone."""
    if not _is_outside(found):
        return ""
    orders = "" if found.in_orders is None else f" The orders hold {percent(found.in_orders)}:"
    low, high = found.small_caps.low - NOTICEABLE, found.small_caps.high + NOTICEABLE
    if low <= found.proposed <= high:
        return f"{orders} the band is of trades before rounding to shares, which would hold {percent(found.proposed)}."
    return (
        f"{orders} before rounding to shares the best trades hold {percent(found.proposed)} with the risk of the "
        "market data, which is estimated in another way than that of the draws."
    )


def _fund_words(found: Stability) -> str:
    (first, count), *others = found.menus
    met = found.draws - found.unmet
    if not others:
        return f"Every draw buys {_funds(first)}." if first else "No draw buys anything."
    told = ", ".join(f"{_funds(symbols)} in {draws}" for symbols, draws in found.menus)
    if count >= _DECIDED * met:
        return f"What is bought hardly depends on it: {told} of {met} draws."
    return f"Which fund is bought is not determined by history: {told} of {met} draws."


def _unmet_words(found: Stability) -> str:
    if not found.unmet:
        return ""
    return f"In {found.unmet} of {found.draws} draws the limits leave no answer: under their risk not all can be met."


def _twin_words(found: Stability) -> str:
    """Of funds that follow one index and are both on offer, or held."""
    twins = {symbols for _, symbols, _ in found.indexes if {"IWM", "VTWO"} <= set(symbols)}
    return TWINS if twins else ""
