"""Questions the other way round: how much is the least, or the most, with which all limits can be met.

1. The amount is one unknown of the optimizer's own rows, over every tax branch and every way around a wash sale; the
   exact least (or most) follows in fractions of shares, with a proof from the solver's dual vector.
2. It is rounded outward to whole dollars, or to a hundredth of a point.
3. The household with that amount is planned whole, in shares, and passes the independent check. Where whole shares
   need a little more, the amount is raised in small steps; `Inverse.optimum` tells the difference.

A deposit or withdrawal is made before the trades, in cash. "Turnover" and "no worse than today" are then measured
against the household with the deposit, or without what is withdrawn, as they would be if it were asked the day after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from advisor.errors import LimitsConflictError, UnverifiedAnswerError
from advisor.market.data import MarketData
from advisor.optimize.diagnose import diagnose
from advisor.optimize.formulation import TAX_RESERVE
from advisor.optimize.goals import MOST_IN, BestFlow, largest_withdrawal, least_deposit, least_excess_of
from advisor.optimize.inputs import household_value_usd
from advisor.optimize.limits import CompiledLimit, TradeLimit, WeightLimit, compile_limits
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.search import best_solution, open_cases
from advisor.portfolio.limit_types import LimitType, Side, Unit
from advisor.portfolio.model import Account, Limit, LimitMode, Portfolio
from advisor.portfolio.written import bound_text
from advisor.rebalance.candidates import problem_of
from advisor.rebalance.conflict import refusal
from advisor.rebalance.model import HouseholdState, RebalancePlan
from advisor.rebalance.plan import rebalance, survey
from advisor.rebalance.record import PortfolioFile, record
from advisor.rebalance.verify import verify
from advisor.whatif.model import Change

A_YEAR = 366  # days; a lot with a gain that is not long-term by then does not exist
NOTICED = 1e-7  # of household value; a smaller amount is the solver's noise
STEP = 1e-4  # of household value, or of a limit: the first step to more than the exact answer, doubled each time
STEPS = 12  # of an amount: up to a fifth of the household, since a share may be a large part of a small one
STEPS_OF_LIMITS = 8
HALVINGS = 6  # between the last step that cannot be planned and the first that can
ROUNDS = 30  # of limits that depend on the amount
SAME = 1e-8  # of a bound
LEFT = Decimal("0.001")  # of value: less of a household is not measured
DOLLAR = Decimal(1)


@dataclass(frozen=True, slots=True)
class Inverse:
    """One answer, confirmed by a plan in whole shares that passed the independent check.

    `amount_usd` is what was asked for, over all `accounts`; None where the question is of limits. `optimum_usd` is the
    exact answer in fractions of shares: no less (of a withdrawal: no more) can do, if `is_proved`. `changes` are the
    limits that differ from the file's, and `alone` single ones that would do as well.
    """

    question: str  # "least-deposit", "least-gain", "least-relaxation", "largest-withdrawal"
    plan: RebalancePlan
    before: HouseholdState  # today, without the amount
    is_proved: bool
    amount_usd: Decimal | None = None
    optimum_usd: Decimal | None = None
    accounts: Mapping[str, Decimal] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    alone: tuple[Change, ...] = ()


def ask_least_deposit(portfolio: Portfolio, market: MarketData, account: str) -> Inverse:
    """The least cash into `account` with which every limit can be met.

    Raises `LimitsConflictError` where it is proved that no deposit up to 100 times the household's value will do.
    """
    place = _place(portfolio, account)
    best = _with_flow(
        portfolio,
        market,
        lambda problem, limits: least_deposit(problem, limits, place),
        lambda amounts: _flowed(portfolio, {account: _usd(portfolio, market, amounts[0])}),
    )
    if best.amounts is None:
        raise _no_deposit(portfolio, account, best)
    exact = _usd(portfolio, market, best.amounts[0])

    def planned(amount: Decimal) -> RebalancePlan:
        return _verified(_flowed(portfolio, {account: amount}), market)

    amount, plan = _confirmed(_amounts(exact, ROUND_CEILING, _step(portfolio, market)), planned)
    before = survey(portfolio, market).before
    return Inverse("least-deposit", plan, before, best.is_proved or amount == 0, amount, exact, {account: amount})


def ask_least_gain(portfolio: Portfolio, market: MarketData) -> Inverse:
    """The least net gain, realized by this year's sales together, with which every other limit can be met.

    The file's own limit of realized gain is left out. Raises `LimitsConflictError` where the others conflict.
    """
    free = replace(portfolio, limits=tuple(limit for limit in portfolio.limits if limit.name != "realized_gain"))
    capped = _with_limit(free, Limit("realized_gain", Side.MAX, Decimal(0)))
    least = least_excess_of(_problem(capped, market), "realized_gain.max")
    if least.amounts is None:
        raise refusal(_problem(free, market), free)
    exact = _usd(portfolio, market, least.amounts[0])

    def planned(amount: Decimal) -> RebalancePlan:
        return _verified(_with_limit(free, Limit("realized_gain", Side.MAX, amount)), market)

    amount, plan = _confirmed(_amounts(exact, ROUND_CEILING, _step(portfolio, market)), planned)
    return Inverse("least-gain", plan, plan.before, least.is_proved, amount, exact)


def ask_largest_withdrawal(portfolio: Portfolio, market: MarketData, accounts: tuple[str, ...]) -> Inverse:
    """The most cash out of `accounts` together with every limit held, and no lot sold at a short-term gain.

    A lot that would be, is kept: losses are not spent on making up for it. The cash that `min_cash` and the tax reserve
    ask for stays. Raises `LimitsConflictError` where the limits cannot be met even without a withdrawal.
    """
    patient = replace(portfolio, preferences=replace(portfolio.preferences, wait_days=A_YEAR))
    places = tuple(_place(portfolio, account) for account in accounts)

    def out(amounts: tuple[float, ...]) -> dict[str, Decimal]:
        return {account: -_usd(portfolio, market, a) for account, a in zip(accounts, amounts, strict=True)}

    best = _with_flow(
        patient,
        market,
        lambda problem, limits: largest_withdrawal(problem, limits, places),
        lambda amounts: _flowed(patient, out(amounts)),
    )
    if best.amounts is None:
        raise _without_short_gains(refusal(_problem(patient, market), patient), portfolio, market)
    exact = {account: -usd for account, usd in out(best.amounts).items()}
    total = sum(exact.values(), Decimal(0))

    def planned(amount: Decimal) -> RebalancePlan:
        return _verified(_flowed(patient, {a: -usd for a, usd in _shared(exact, amount).items()}), market)

    amount, plan = _confirmed(_amounts(total, ROUND_FLOOR, -_step(portfolio, market)), planned)
    before = survey(portfolio, market).before
    return Inverse("largest-withdrawal", plan, before, best.is_proved, amount, total, _shared(exact, amount))


def ask_least_relaxation(portfolio: Portfolio, market: MarketData) -> Inverse:
    """The least relaxation of the limits, in sum, with which all can be met; none where they can be met as they are.

    Raises as `rebalance.conflict.refusal` does where no relaxation of the limits in conflict helps.
    """
    problem = _problem(portfolio, market)
    before = survey(portfolio, market).before
    if best_solution(problem, open_cases(problem)) is not None:
        return Inverse("least-relaxation", _verified(portfolio, market), before, is_proved=True)
    found = diagnose(problem)
    if found is None or not found.repair:
        raise refusal(problem, portfolio)
    changes, plan = _repaired(portfolio, market, problem, found.repair)
    alone = tuple(
        change
        for label, excess in found.alone.items()
        if excess is not None
        for change in _relaxed(portfolio, problem, {label: excess})[1]
    )
    return Inverse("least-relaxation", plan, before, is_proved=True, changes=changes, alone=alone)


def _repaired(
    portfolio: Portfolio, market: MarketData, problem: AllocationProblem, repair: Mapping[str, float]
) -> tuple[tuple[Change, ...], RebalancePlan]:
    """The repair in figures, and its plan; less cash to be kept in an account may free the tax reserve as well."""
    limits_alone = {label: excess for label, excess in repair.items() if label != TAX_RESERVE}
    for extra in (0.0, *(STEP * 2**k for k in range(STEPS_OF_LIMITS))):
        for part in (limits_alone, repair):
            relaxed, changes = _relaxed(portfolio, problem, {label: excess + extra for label, excess in part.items()})
            try:
                return changes, _verified(relaxed, market)
            except (LimitsConflictError, UnverifiedAnswerError):
                continue
    raise _no_orders()


def _with_flow(
    portfolio: Portfolio,
    market: MarketData,
    solve: Callable[[AllocationProblem, tuple[CompiledLimit, ...]], BestFlow],
    flowed: Callable[[tuple[float, ...]], Portfolio],
) -> BestFlow:
    """The best flow under the limits as they are with it: those that are no worse than today depend on it.

    They are left out at first, and then found again for each flow until it rests. A larger household has smaller
    shares, so bounds move one way with the flow, and it comes to rest at the best one. Of minima, cash, expenses and
    the tracking error that need not be so: nothing is then claimed to be proved.
    """
    problem = _problem(portfolio, market)
    own = problem.formulation.limits
    limits = tuple(limit for limit in own if not _is_no_worse(limit))
    best = solve(problem, limits)
    for _ in range(ROUNDS):
        if best.amounts is None:
            return best
        after = flowed(best.amounts)
        if household_value_usd(after, market) < LEFT * household_value_usd(portfolio, market):
            after = flowed(tuple(amount * (1 - float(LEFT)) for amount in best.amounts))
        there = compile_limits(after, market, survey(after, market).inputs)
        again = tuple(a if isinstance(a, TradeLimit) else b for a, b in zip(own, there, strict=True))
        if _same(limits, again):
            return replace(best, is_proved=best.is_proved and all(map(_moves_one_way, own)))
        limits = again
        best = solve(problem, limits)
    return replace(best, is_proved=False)


def _is_no_worse(limit: CompiledLimit) -> bool:
    return limit.limit.mode is LimitMode.NOT_WORSE_THAN_TODAY


def _moves_one_way(compiled: CompiledLimit) -> bool:
    limit = compiled.limit
    return not _is_no_worse(compiled) or (limit.side is Side.MAX and limit.type.falls_with_deposits)


def _same(one: tuple[CompiledLimit, ...], other: tuple[CompiledLimit, ...]) -> bool:
    return len(one) == len(other) and all(
        abs(a.bound - b.bound) <= SAME
        and not (isinstance(a, WeightLimit) and isinstance(b, WeightLimit) and a.rows.shape != b.rows.shape)
        for a, b in zip(one, other, strict=True)
    )


def _problem(portfolio: Portfolio, market: MarketData) -> AllocationProblem:
    return problem_of(survey(portfolio, market))


def _verified(portfolio: Portfolio, market: MarketData) -> RebalancePlan:
    """The plan, checked like any other; raises `UnverifiedAnswerError` where a check fails."""
    if household_value_usd(portfolio, market) <= 0:
        raise UnverifiedAnswerError("nothing of the household would be left")
    plan = rebalance(portfolio, market)
    checks = verify(record(plan, portfolio, market, PortfolioFile("", ""), {}), portfolio, market)
    if failed := [check.name for check in checks if not check.passed]:
        raise UnverifiedAnswerError(f"the independent check refused the answer: {', '.join(failed)}")
    return replace(plan, certificate=replace(plan.certificate, checks=checks))


def _confirmed(
    amounts: Iterator[Decimal], planned: Callable[[Decimal], RebalancePlan]
) -> tuple[Decimal, RebalancePlan]:
    """The first of `amounts` that can be planned in shares, or one nearer to the last that cannot; and its plan."""
    failed: Decimal | None = None
    for amount in amounts:
        plan = _planned(amount, planned)
        if plan is not None:
            return (amount, plan) if failed is None else _nearer(failed, amount, plan, planned)
        failed = amount
    raise _no_orders()


def _nearer(
    failed: Decimal, found: Decimal, plan: RebalancePlan, planned: Callable[[Decimal], RebalancePlan]
) -> tuple[Decimal, RebalancePlan]:
    for _ in range(HALVINGS):
        middle = ((failed + found) / 2).quantize(DOLLAR)
        nearer = None if middle in (failed, found) else _planned(middle, planned)
        if nearer is None:
            failed = middle
        else:
            found, plan = middle, nearer
    return found, plan


def _planned(amount: Decimal, planned: Callable[[Decimal], RebalancePlan]) -> RebalancePlan | None:
    try:
        return planned(amount)
    except (LimitsConflictError, UnverifiedAnswerError):
        return None


def _no_orders() -> UnverifiedAnswerError:
    return UnverifiedAnswerError(
        "the answer is known in fractions of shares, but no orders in whole shares were found for it, nor close to it: "
        "allow parts of a share (whole_shares: false), or widen what presses"
    )


def _amounts(exact: Decimal, rounding: str, step: Decimal) -> Iterator[Decimal]:
    """`exact` in whole dollars, rounded outward, and then a little beyond, step by step; never below zero."""
    first = exact.quantize(DOLLAR, rounding=rounding)
    yield first
    for k in range(STEPS):
        yield max((first + step * 2**k).quantize(DOLLAR, rounding=rounding), Decimal(0))


def _step(portfolio: Portfolio, market: MarketData) -> Decimal:
    return max(household_value_usd(portfolio, market) * Decimal(str(STEP)), DOLLAR)


def _usd(portfolio: Portfolio, market: MarketData, amount: float) -> Decimal:
    """Dollars and cents of a fraction of today's value; noise is none."""
    if amount <= NOTICED:
        return Decimal(0)
    return (Decimal(amount) * household_value_usd(portfolio, market)).quantize(Decimal("0.01"))


def _shared(exact: Mapping[str, Decimal], amount: Decimal) -> dict[str, Decimal]:
    """`amount` in whole dollars by account, in proportion to the exact ones; the largest has what is left over."""
    part = amount / (sum(exact.values(), Decimal(0)) or DOLLAR)
    shared = {account: (usd * part).quantize(DOLLAR, rounding=ROUND_FLOOR) for account, usd in exact.items()}
    largest = max(shared, key=lambda account: shared[account])
    shared[largest] += amount - sum(shared.values(), Decimal(0))
    return shared


def _flowed(portfolio: Portfolio, amounts_usd: Mapping[str, Decimal]) -> Portfolio:
    """The household after cash came in; what is withdrawn may leave a debt that the sales pay."""

    def with_cash(account: Account) -> Account:
        return replace(account, cash_usd=account.cash_usd + amounts_usd.get(account.name, Decimal(0)))

    return replace(portfolio, accounts=tuple(map(with_cash, portfolio.accounts)))


def _with_limit(portfolio: Portfolio, limit: Limit) -> Portfolio:
    return replace(portfolio, limits=(*portfolio.limits, limit))


def _place(portfolio: Portfolio, account: str) -> int:
    return [known.name for known in portfolio.accounts].index(account)


def _relaxed(
    portfolio: Portfolio, problem: AllocationProblem, moved: Mapping[str, float]
) -> tuple[Portfolio, tuple[Change, ...]]:
    """The household with bounds moved outward by `moved`, each rounded outward, and the changes in words."""
    bounds = {compiled.limit.label: compiled.bound for compiled in problem.formulation.limits}
    changes = []
    for label, excess in moved.items():
        limit = next((limit for limit in portfolio.limits if limit.label == label), None)
        if limit is not None:
            bound = _moved(limit, bounds[label], excess, problem.inputs.value_usd)
            before, after = (bound_text(limit.name, one) for one in (limit.bound, bound))
            changes.append(Change(f"limits.{label}", before, after))
            limits = tuple(replace(one, bound=bound) if one.label == label else one for one in portfolio.limits)
            portfolio = replace(portfolio, limits=limits)
        elif label == TAX_RESERVE:
            changes.append(Change(label, "true", "false"))
            portfolio = replace(portfolio, preferences=replace(portfolio.preferences, reserve_tax=False))
        else:
            name = label.removeprefix("accounts.").removesuffix(".min_cash")
            account = portfolio.accounts[_place(portfolio, name)]
            least = account.min_cash_usd - Decimal(excess) * problem.inputs.value_usd
            kept = replace(account, min_cash_usd=max(least.quantize(DOLLAR, rounding=ROUND_FLOOR), Decimal(0)))
            changes.append(Change(label, f"{account.min_cash_usd:f}", f"{kept.min_cash_usd:f}"))
            accounts = tuple(kept if one.name == name else one for one in portfolio.accounts)
            portfolio = replace(portfolio, accounts=accounts)
    return portfolio, tuple(changes)


def _moved(limit: Limit, bound: float, excess: float, value_usd: Decimal) -> Decimal:
    outward = excess if limit.side is Side.MAX else -excess
    rounding = ROUND_CEILING if limit.side is Side.MAX else ROUND_FLOOR
    if limit.type.unit is Unit.USD:
        return (Decimal(bound + outward) * value_usd).quantize(DOLLAR, rounding=rounding)
    moved = Decimal(bound + outward).quantize(_finest(limit.type), rounding=rounding)
    return moved if limit.type.unit is Unit.RATIO else max(moved, Decimal(0))


def _finest(kind: LimitType) -> Decimal:
    """The step of a bound that is moved: well below the last decimal of a level of that kind."""
    return Decimal(1).scaleb(-kind.decimals - (3 if kind.unit is Unit.FRACTION else 2))


def _without_short_gains(
    error: LimitsConflictError | UnverifiedAnswerError, portfolio: Portfolio, market: MarketData
) -> LimitsConflictError | UnverifiedAnswerError:
    """`error`; where only sales at a short-term gain would meet the limits, it says so first."""
    problem = _problem(portfolio, market)
    if not isinstance(error, LimitsConflictError) or best_solution(problem, open_cases(problem)) is None:
        return error
    told = "With sales at a short-term gain the limits can be met; this question leaves them out. Without them:"
    return LimitsConflictError(f"{told}\n{error}", error.limits, error.details)


def _no_deposit(portfolio: Portfolio, account: str, best: BestFlow) -> LimitsConflictError | UnverifiedAnswerError:
    if not best.conflict:
        return UnverifiedAnswerError(
            f"the solver found neither a deposit into {account} that helps nor a proof of none"
        )
    lines = {limit.label: limit.where.line for limit in portfolio.limits if limit.where}
    named = " and ".join(
        f"limits.{label} (line {lines[label]})" if label in lines else label for label in best.conflict
    )
    verb = "cannot be met" if len(best.conflict) == 1 else "cannot be met together"
    message = (
        f"no deposit into {account} meets the limits, up to {MOST_IN:.0f} times what the household is worth, which is "
        f"proved: {named} {verb} with it"
    )
    return LimitsConflictError(message, best.conflict)
