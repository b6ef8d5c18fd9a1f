"""What-if: the proposal, what stands beside it, scenarios, sweeps and picks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from advisor.api.plain import read_path
from advisor.api.recommend import Recommendation, recommend
from advisor.api.recorded import MARKET_FILE
from advisor.errors import AdvisorError, LimitsConflictError, UnverifiedAnswerError
from advisor.files import replaced
from advisor.market.data import MarketData
from advisor.market.resolve import resolve
from advisor.portfolio.limit_types import split_label
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.model import Portfolio, Scenario
from advisor.portfolio.original import Original
from advisor.portfolio.preferences import SMALL_CAP_FUNDS
from advisor.portfolio.written import bound_text
from advisor.rebalance.candidates import SurveyedHousehold
from advisor.rebalance.model import HouseholdState, Warned
from advisor.rebalance.orders_file import orders_csv
from advisor.rebalance.plan import survey
from advisor.rebalance.record import PortfolioFile, inputs_record, state_record, to_json
from advisor.rebalance.warn import planning_warnings
from advisor.report.context import Sources
from advisor.report.sections.answer import orders_note
from advisor.report.what_if_page import Beside, render_what_if, what_if_page
from advisor.whatif.alternatives import alternatives
from advisor.whatif.changes import changes
from advisor.whatif.grid import grid
from advisor.whatif.least_cost import least_cost
from advisor.whatif.model import Grid, LeastCost, Outcome
from advisor.whatif.outcomes import broken_limits, measured, proposed, solved, unanswered
from advisor.whatif.picks import Pick, picks
from advisor.whatif.record import SCHEMA, grid_record, least_cost_record, outcome_record, pick_record
from advisor.whatif.scenarios import scenario_outcome
from advisor.whatif.sweep import swept
from advisor.whatif.trade_off import is_large

if TYPE_CHECKING:
    import pandas as pd

_Found = TypeVar("_Found")
Step = Callable[[], None]  # called when something more is done
RECOMMENDATION, ORDERS, PORTFOLIO = "recommendation.json", "orders.csv", "portfolio.yaml"
DOCUMENT, PAGE = "what-if.json", "what-if.html"
PICKS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be compared, besides what always is."""

    scenarios: tuple[Scenario, ...]
    others: tuple[Scenario, ...]  # whole other files
    sweeps: tuple[tuple[str, tuple[Scenario, ...]], ...]  # by path

    @property
    def portfolios(self) -> tuple[Portfolio, ...]:
        """All of them."""
        points = (point for _, points in self.sweeps for point in points)
        return tuple(one.portfolio for one in (*self.scenarios, *self.others, *points))


@dataclass(frozen=True, slots=True)
class Base:
    """The file that all is compared with; the market data are those of the source, not yet resolved."""

    portfolio: Portfolio
    market: MarketData
    file: PortfolioFile
    original: Original
    versions: dict[str, str]
    market_document: bytes | None = None  # the market data as a file, where they are not the embedded snapshot


@dataclass(frozen=True, slots=True)
class Sweep:
    """The outcomes over a range of one value."""

    path: str
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Picked:
    """A pick with its verified recommendation, where it has an answer."""

    pick: Pick
    recommendation: Recommendation | None
    outcome: Outcome | None

    @property
    def files(self) -> dict[str, bytes]:
        """Names and contents of its files."""
        if self.recommendation is None:
            return {}
        return {
            RECOMMENDATION: self.recommendation.json_text.encode(),
            ORDERS: orders_csv(self.recommendation.plan.trades, orders_note(self.recommendation.plan)).encode(),
            PORTFOLIO: self.recommendation.file.text.encode(),
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of it; the first of `outcomes` is the proposal."""

    base: Base
    before: HouseholdState
    outcomes: tuple[Outcome, ...]
    sweeps: tuple[Sweep, ...]
    picks: tuple[Picked, ...]
    grid: Grid | None
    least_cost: LeastCost | None

    @property
    def table(self) -> pd.DataFrame:
        """One row for each outcome, the proposal first, then scenarios, sweeps and picks.

        Index ``name``; columns ``title``, ``status``, ``magnificent_seven`` (upper end), ``small_caps``, ``cash``,
        ``volatility``, ``tracking_error`` (fractions), ``tax_usd``, ``spread_usd``, ``orders`` and ``broken``, how many
        of the file's limits the orders break. Without an answer the figures are missing.
        """
        import pandas as pd

        swept = (outcome for sweep in self.sweeps for outcome in sweep.outcomes)
        picked = (one.outcome for one in self.picks if one.outcome is not None)
        rows = [_figures(outcome) for outcome in (*self.outcomes, *swept, *picked)]
        return pd.DataFrame(rows).set_index("name")

    def folders(self) -> dict[str, dict[str, bytes]]:
        """Names and contents of the files, by folder: the comparison under ``""``, and each pick with an answer."""
        page = self.page()
        own = {DOCUMENT: self.document().encode()} | ({} if page is None else {PAGE: page.encode()})
        beside = {} if self.base.market_document is None else {MARKET_FILE: self.base.market_document}
        return {"": own} | {one.pick.name: {**one.files, **beside} for one in self.picks if one.files}

    @contextmanager
    def written(self, folder: Path) -> Iterator[tuple[Path, ...]]:
        """The files in `folder`, taken back where the block fails; raises `OutputError`."""
        with ExitStack() as stack:
            yield tuple(
                path
                for name, contents in self.folders().items()
                for path in stack.enter_context(replaced(folder / name, contents))
            )

    def write(self, folder: str | Path) -> tuple[Path, ...]:
        """Write what-if.json, what-if.html and a folder for each pick, all or none; raises `OutputError`."""
        with self.written(read_path(folder, "write")) as paths:
            return paths

    def _repr_html_(self) -> str:
        shown = self.table.drop(columns=["status", "tracking_error"])
        return str(shown.to_html(float_format=lambda value: f"{value:,.3f}"))

    def page(self) -> str | None:
        """The page with two knobs over the grid; None where the grid has no answer."""
        if self.grid is None or not any(point.measures for row in self.grid.points for point in row):
            return None
        base = self.base
        picked = tuple(one.outcome for one in self.picks if one.outcome is not None)
        sweeps = tuple((f"Over {sweep.path}", sweep.outcomes) for sweep in self.sweeps)
        sources = Sources(base.file.name, base.file.sha256, base.versions)
        beside = Beside(self.outcomes, picked, sweeps, self.least_cost)
        market = resolve(base.market, base.portfolio)
        return render_what_if(what_if_page(base.portfolio, market, sources, self.grid, beside, self.before))

    def warnings(self) -> tuple[Warned, ...]:
        """What is to be known of the market data behind all of it."""
        base = self.base
        return planning_warnings(base.portfolio, resolve(base.market, base.portfolio), self.before.exposure)

    def document(self) -> str:
        """The record of schema ``advisor.what-if/2``."""
        base = self.base
        record = {
            "schema": SCHEMA,
            "as_of": base.portfolio.as_of.isoformat(),
            "inputs": inputs_record(base.portfolio, resolve(base.market, base.portfolio), base.file, base.versions),
            "before": state_record(self.before),
            "outcomes": [outcome_record(outcome) for outcome in self.outcomes],
            "sweeps": [
                {"path": sweep.path, "outcomes": [outcome_record(outcome) for outcome in sweep.outcomes]}
                for sweep in self.sweeps
            ],
            "picks": [
                pick_record(one.pick, one.outcome, one.pick.name if one.recommendation else None) for one in self.picks
            ],
            "grid": None if self.grid is None else grid_record(self.grid),
            "least_cost": None if self.least_cost is None else least_cost_record(self.least_cost),
        }
        return to_json(record)


def _figures(outcome: Outcome) -> dict[str, object]:
    after = outcome.after
    found: dict[str, object] = {"name": outcome.name, "title": outcome.title, "status": outcome.status}
    if after is None or outcome.tax is None or outcome.spread_usd is None:
        return found
    return found | {
        "magnificent_seven": after.exposure.seven.high,
        "small_caps": after.small_cap_weight,
        "cash": after.cash_weight,
        "volatility": after.volatility,
        "tracking_error": after.tracking_error,
        "tax_usd": float(outcome.tax.tax_usd),
        "spread_usd": float(outcome.spread_usd),
        "orders": len(outcome.trades),
        "broken": len(broken_limits(outcome)),
    }


def needs(portfolio: Portfolio, wanted: Wanted) -> Portfolio:
    """A portfolio that names every symbol of the comparison, to ask a source of market data for."""
    every = (portfolio, *wanted.portfolios)
    buy = {symbol: None for one in every for symbol in one.preferences.buy} | dict.fromkeys(SMALL_CAP_FUNDS)
    others = tuple(account for scenario in wanted.others for account in scenario.portfolio.accounts)
    benchmarks = tuple(limit for one in every for limit in one.limits if limit.benchmark is not None)
    return replace(
        portfolio,
        accounts=(*portfolio.accounts, *others),
        preferences=replace(portfolio.preferences, buy=tuple(buy)),
        views=tuple(view for one in every for view in one.views),
        limits=(*portfolio.limits, *benchmarks),
    )


def steps_of(wanted: Wanted) -> int:
    """How often `compared` calls its step."""
    return 3 + len(wanted.portfolios) + PICKS


def compared(base: Base, wanted: Wanted, step: Step) -> Comparison:
    """Every outcome.

    Raises the error of the file itself where neither it nor anything beside it has an answer but doing nothing.
    """
    household = survey(base.portfolio, resolve(base.market, base.portfolio))
    failure: AdvisorError | None = None
    found: Recommendation | None = None
    try:
        found = recommend(base.portfolio, base.market, base.file.name, base.file.text, base.versions)
        proposal = proposed(found.plan, household)
    except (LimitsConflictError, UnverifiedAnswerError) as error:
        failure, proposal = error, unanswered("proposal", error)
    step()
    beside = alternatives(base.portfolio, household.market, found.plan if found else None)
    step()
    scenarios = tuple(_stepping(_scenarios(household, wanted, proposal.after), step))
    sweeps = tuple(
        Sweep(path, tuple(_stepping(swept(household, ((p.name, p.portfolio) for p in points), proposal.after), step)))
        for path, points in wanted.sweeps
    )
    outcomes = (proposal, *beside, *scenarios)
    answered = [one for one in (*outcomes, *(o for sweep in sweeps for o in sweep.outcomes)) if one.after is not None]
    if failure is not None and all(one.name == "do_nothing" for one in answered):
        raise failure
    chosen = tuple(_stepping(_picked(base, household, found), step)) if found else ()
    large = is_large(base.portfolio)
    points = None if large else grid(base.portfolio, household.market)
    cheapest = None if large else least_cost(base.portfolio, household.market)
    step()
    return Comparison(base, household.before, outcomes, sweeps, chosen, points, cheapest)


def _stepping(found: Iterator[_Found], step: Step) -> Iterator[_Found]:
    for one in found:
        yield one
        step()


def _scenarios(
    household: SurveyedHousehold, wanted: Wanted, proposed_state: HouseholdState | None
) -> Iterator[Outcome]:
    for scenario in wanted.scenarios:
        yield scenario_outcome(scenario, household, proposed_state)
    for other in wanted.others:
        made = changes(household.portfolio, other.portfolio)
        yield replace(solved(other.name, other.portfolio, household.market), changes=tuple(made.values()))


def _picked(base: Base, household: SurveyedHousehold, full: Recommendation) -> Iterator[Picked]:
    """Each pick, planned and checked as a file of its own, and then held against the limits of the base.

    One that coincides with another has that one's answer.
    """
    done: dict[str, Picked] = {}
    for pick in reversed(picks(base.portfolio, household.market, full.plan)):
        if pick.share is None:
            done[pick.name] = Picked(pick, None, None)
        elif pick.same_as:
            same = done[pick.same_as]
            done[pick.name] = Picked(pick, same.recommendation, _renamed(same.outcome, pick))
        elif not pick.bounds:
            done[pick.name] = Picked(pick, full, _renamed(proposed(full.plan, household), pick))
        else:
            done[pick.name] = _with_bounds(base, household, pick)
    yield from reversed(done.values())


def _renamed(outcome: Outcome | None, pick: Pick) -> Outcome | None:
    return outcome and replace(outcome, name=pick.name, title=pick.title)


def _with_bounds(base: Base, household: SurveyedHousehold, pick: Pick) -> Picked:
    bounds = {label: bound_text(split_label(label)[0], bound) for label, bound in pick.bounds.items()}
    text = base.original.text_with_bounds(bounds)
    day = base.portfolio.as_of
    portfolio = load_portfolio(text.encode(), file=f"{pick.name}/{PORTFOLIO}", today=day, as_of=day)
    try:
        found = recommend(portfolio, base.market, PORTFOLIO, text, base.versions)
    except (LimitsConflictError, UnverifiedAnswerError) as error:
        failed = unanswered(pick.name, error)
        return Picked(replace(pick, share=None, reason=failed.reason), None, None)
    made = changes(base.portfolio, portfolio)
    outcome = measured(pick.name, household, found.plan.trades)
    return Picked(pick, found, replace(outcome, changes=tuple(made.values())))
