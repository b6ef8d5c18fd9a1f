"""The trade-off: what else could be done, return against risk, and how far the answer hangs on assumptions."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from advisor.format import EN_DASH, cents, interval, money, percent, plural, signed_bps
from advisor.rebalance.model import HouseholdState, RebalancePlan, Trade
from advisor.report.charts.marks import Chart
from advisor.report.charts.plane import Axis, Line, Marker, Plane, exact_words, plane_chart
from advisor.report.limits import level_after, limit_words
from advisor.report.model import Cell, Column, Row, Table
from advisor.report.parts import is_trade, row
from advisor.report.sections.cause_words import cause_words
from advisor.whatif.model import Curve, Measures, Outcome, Sensitivity, TradeOff
from advisor.whatif.outcomes import broken_limits

_SAME = 5e-4  # of household value: points of a curve that differ by less are one
_BESIDE = 0.03  # of an axis: points that lie closer would hide each other
_NO_ANSWER = {"conflict": "no answer: the limits conflict", "unverified": "no answer was found"}

Ends = tuple[tuple[float, float], tuple[float, float]]  # of x and of y

_OUTCOME_COLUMNS = (
    Column("What", "text"),
    Column("Magnificent Seven"),
    Column("Small caps"),
    Column("Volatility"),
    Column("Tax and spread"),
    Column("Net benefit a year"),
    Column("What makes the difference", "text"),
)
_OUTCOME_NOTES = (
    "Each was solved again under the file's limits but for what its name says, or, of a scenario, its causes; half "
    "the move is measured, not solved. Net benefit: against doing nothing, in basis points of household value; of a "
    "scenario, on its own inputs. Hypothetical.",
)


def frontier_chart(plan: RebalancePlan, trade_off: TradeOff) -> Chart | None:
    """Volatility against expected return less one-off costs a year, with today, the proposal and the alternatives."""
    known = _measured(trade_off.frontier)
    if len(known) < 2:
        return None
    points = tuple((found.volatility, _net(found, plan)) for found in known)
    every = _frontier_markers(plan, trade_off)
    x, y = _range((*points, *((m.x, m.y) for m in every)))
    markers = _apart(every, (x, y))
    words = "; ".join(f"{m.label}: volatility {percent(m.x)}, return {percent(m.y)}" for m in markers)
    plane = Plane(
        Axis("volatility a year", *x, exact_words(percent, 100, x)),
        Axis("expected return a year, after one-off costs", *y, exact_words(percent, 100, y)),
        (Line(points, "proposed"),),
        markers,
    )
    return plane_chart("frontier", "Return and risk within the limits", f"{words}.", plane)


def alternatives_table(plan: RebalancePlan, trade_off: TradeOff) -> Table | None:
    """The proposal beside what else could be done; None without alternatives."""
    if not trade_off.alternatives:
        return None
    first = [_proposal_row(plan)] if is_trade(plan) else []
    rows = [_outcome_row(outcome, plan.trades) for outcome in trade_off.alternatives]
    return Table("What else could be done", _OUTCOME_COLUMNS, (*first, *rows), _OUTCOME_NOTES)


def outcomes_table(caption: str, outcomes: tuple[Outcome, ...], proposed: tuple[Trade, ...]) -> Table:
    """PastMonths side by side; `proposed` are the orders of the proposal."""
    rows = tuple(_outcome_row(outcome, proposed, is_first=outcome.name == "proposal") for outcome in outcomes)
    return Table(caption, _OUTCOME_COLUMNS, rows, _OUTCOME_NOTES)


def sensitivity_table(trade_off: TradeOff) -> Table | None:
    """The best answer if one assumption were another; None where none was tried."""
    if not trade_off.sensitivities:
        return None
    columns = (
        Column("If", "text"),
        Column("Magnificent Seven"),
        Column("Small caps"),
        Column("Volatility"),
        Column("Traded"),
        Column("Tax"),
        Column("Net benefit a year"),
    )
    first, *others = trade_off.sensitivities
    same = [found for found in others if _is_same_answer(found.measures, first.measures)]
    rows = tuple(_measures_row(one.title, one.measures) for one in trade_off.sensitivities if one not in same)
    notes = (
        "The best trades before rounding to shares. Volatility and gain are those of the row's own assumption; traded "
        "is half the sum of all trades.",
        *([_same_words(same)] if same else []),
    )
    return Table("If an assumption were another", columns, rows, notes)


def _is_same_answer(one: Measures | None, other: Measures | None) -> bool:
    """Whether the facts of both answers' trades are shown alike; what each assumption says of them may differ."""
    if one is None or other is None:
        return False
    return _facts(one) == _facts(other)


def _facts(found: Measures) -> tuple[str, ...]:
    shares = (found.magnificent_seven, found.small_caps, found.turnover)
    return (*map(percent, shares), cents(found.tax_usd))


def _same_words(same: list[Sensitivity]) -> str:
    """The assumptions that change nothing, with what they say of the answer."""
    titles = tuple(found.title for found in same)
    known = [found.measures for found in same if found.measures is not None]
    volatilities = _span(percent, [found.volatility for found in known])
    gains = _span(signed_bps, [found.gain for found in known])
    return (
        f"The answer does not depend on: {'; '.join(titles)}. Under these the volatility is {volatilities} and the net "
        f"benefit {gains} a year."
    )


def _span(words: Callable[[float], str], values: list[float]) -> str:
    """``17.0% to 17.4%``, or the one figure where both ends are shown alike."""
    return " to ".join(dict.fromkeys((words(min(values)), words(max(values)))))


def _measures_row(title: str, found: Measures | None) -> Row:
    if found is None:
        return row(title, "no answer", *([EN_DASH] * 5))
    return row(
        title,
        percent(found.magnificent_seven),
        percent(found.small_caps),
        percent(found.volatility),
        percent(found.turnover),
        cents(found.tax_usd),
        signed_bps(found.gain),
    )


def _proposal_row(plan: RebalancePlan) -> Row:
    after = plan.after
    return row(
        Cell("The proposal", lines=(plural(len(plan.trades), "order"),)),
        *_state_fields(after),
        money(plan.tax.tax_usd + plan.spread_usd),
        signed_bps(plan.net_benefit.total),
        EN_DASH,
        kind="group",
    )


def _outcome_row(outcome: Outcome, proposed: tuple[Trade, ...], *, is_first: bool = False) -> Row:
    if outcome.after is None or outcome.tax is None or outcome.spread_usd is None or outcome.net_benefit is None:
        what = Cell(_NO_ANSWER.get(outcome.status, outcome.status), lines=(outcome.reason,) if outcome.reason else ())
        return row(outcome.title, *([EN_DASH] * 5), what)
    orders = plural(len(outcome.trades), "order") if outcome.trades else "no order"
    return row(
        Cell(outcome.title, lines=(orders,)),
        *_state_fields(outcome.after),
        money(outcome.tax.tax_usd + outcome.spread_usd),
        signed_bps(outcome.net_benefit.total),
        Cell(EN_DASH if is_first else _difference(outcome, proposed), lines=_broken(outcome)),
        kind="group" if is_first else "plain",
    )


def _state_fields(state: HouseholdState) -> tuple[str, str, str]:
    seven = state.exposure.seven
    return interval(seven.low, seven.high), percent(state.small_cap_weight), percent(state.volatility)


def _difference(outcome: Outcome, proposed: tuple[Trade, ...]) -> str:
    if _orders(outcome.trades) == _orders(proposed):
        return "the same orders as the proposal" if outcome.trades else EN_DASH
    return "; ".join(cause_words(outcome)) or EN_DASH


def _orders(trades: tuple[Trade, ...]) -> frozenset[tuple[str, str, str, Decimal]]:
    return frozenset((trade.account, trade.symbol, trade.side, trade.shares) for trade in trades)


def _broken(outcome: Outcome) -> tuple[str, ...]:
    return tuple(
        f"{'still broken' if limit.status == 'broken_before' else 'broken'}: {limit_words(limit)}, {level_after(limit)}"
        for limit in broken_limits(outcome)
    )


def _measured(curve: Curve | None) -> tuple[Measures, ...]:
    """Measures along a curve, without points that are all but the same."""
    kept: list[Measures] = []
    for point in curve.points if curve else ():
        found = point.measures
        if found is not None and (not kept or _differs(found, kept[-1])):
            kept.append(found)
    return tuple(kept)


def _differs(one: Measures, other: Measures) -> bool:
    return (
        abs(one.magnificent_seven - other.magnificent_seven) > _SAME or abs(one.volatility - other.volatility) > _SAME
    )


def _frontier_markers(plan: RebalancePlan, trade_off: TradeOff) -> tuple[Marker, ...]:
    before, after = plan.before, plan.after
    found = [Marker(before.volatility, before.expected_return, "Today", "square", "now")]
    if is_trade(plan):
        net = _net_of(plan, after, _once(plan.tax.tax_usd, plan.spread_usd))
        found.append(Marker(after.volatility, net, "Proposed", "diamond", "proposed"))
    for outcome in trade_off.alternatives:
        if outcome.after is None or outcome.tax is None or outcome.spread_usd is None or not outcome.trades:
            continue
        once = _once(outcome.tax.tax_usd, outcome.spread_usd)
        found.append(Marker(outcome.after.volatility, _net_of(plan, outcome.after, once), outcome.title))
    return tuple(found)


def _apart(markers: tuple[Marker, ...], ends: Ends) -> tuple[Marker, ...]:
    """Without those that would lie on one before them: the table of alternatives names them all."""
    (left, right), (low, high) = ends
    kept: list[Marker] = []
    for marker in markers:
        if (
            all(
                abs(marker.x - other.x) > _BESIDE * (right - left) or abs(marker.y - other.y) > _BESIDE * (high - low)
                for other in kept
            )
            or marker.shape != "circle"
        ):
            kept.append(marker)
    return tuple(kept)


def _once(tax_usd: Decimal, spread_usd: Decimal) -> Decimal:
    return tax_usd + spread_usd


def _net(found: Measures, plan: RebalancePlan) -> float:
    once = float(_once(found.tax_usd, found.spread_usd) / plan.before.value_usd)
    return found.expected_return - once / plan.cost_years


def _net_of(plan: RebalancePlan, state: HouseholdState, once_usd: Decimal) -> float:
    return state.expected_return - float(once_usd / plan.before.value_usd) / plan.cost_years


def _range(points: tuple[tuple[float, float], ...], around: tuple[float, ...] = ()) -> Ends:
    """Ends of x and of y."""
    x, y = [point[0] for point in points] + list(around), [point[1] for point in points]
    return (min(x), max(x)), (min(y), max(y))
