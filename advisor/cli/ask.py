"""``advisor ask``: how much is the least, or the most, with which all limits can be met."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.api.naming import naming
from advisor.cli.options import (
    Run,
    checked,
    common_options,
    portfolio_argument,
    price_age_option,
    require_fresh_prices,
    today_in_new_york,
)
from advisor.cli.output import emit, emit_json, note
from advisor.cli.progress import late_bar
from advisor.cli.suggest import SuggestingChoice
from advisor.errors import printable

if TYPE_CHECKING:
    from advisor.market.data import MarketData
    from advisor.portfolio.model import Portfolio
    from advisor.rebalance.model import HouseholdState, Warned
    from advisor.whatif.inverse import Inverse

QUESTIONS = ("least-deposit", "least-gain", "least-relaxation", "largest-withdrawal")
LIMITS = "limits."


@click.command()
@portfolio_argument
@click.argument("question", type=SuggestingChoice(QUESTIONS), metavar="QUESTION")
@common_options
@click.option(
    "--goal", "goals", multiple=True, metavar="PATH=VALUE", help="A limit for this question alone; may be given again."
)
@price_age_option
@click.option(
    "--account", "accounts", multiple=True, metavar="NAME", help="Account of the deposit, or of the withdrawal."
)
def ask(
    *,
    file: Path,
    question: str,
    run: Run,
    goals: tuple[str, ...],
    max_price_age: int | None,
    accounts: tuple[str, ...],
) -> None:
    """Ask how much it takes to meet every limit of a household. QUESTION is one of

    \b
      least-deposit       the least cash into one account
      least-gain          the least gain that this year's sales realize
      least-relaxation    how far limits would have to move
      largest-withdrawal  the most cash out of the taxable accounts, without short-term gains

    Each answer has been planned in whole shares and passed the independent check. Nothing is written.

    \b
    Example:
      advisor ask tech-employee.yaml least-gain --goal limits.magnificent_seven.max=50%
      advisor ask impossible.yaml least-deposit --account IRA
    """  # noqa: D400 - the list of questions ends the sentence
    from advisor.market.resolve import resolve

    portfolio, data = run.read(file)
    asked = _with_goals(portfolio, data, goals, run.as_of)
    chosen = _accounts(asked, question, accounts)
    with naming(file, data):
        found = run.market_for(asked)
        require_fresh_prices(found.market.as_of, asked.as_of, max_price_age)
        resolved = resolve(found.market, asked)
        with late_bar(1, "Searching", quiet=run.quiet):
            answer = _answer(asked, resolved, question, chosen)
    if run.as_json:
        emit_json(_document(answer, asked, resolved, goals))
    else:
        emit(_text(answer, asked, resolved, goals))
    if not run.quiet:
        for warned in _warnings(answer, asked, resolved):
            note(warned.message)


def _with_goals(portfolio: Portfolio, data: bytes, goals: tuple[str, ...], as_of: date | None) -> Portfolio:
    """The household with the goals as hard limits; one that is wrong fails with exit code 2."""
    if not goals:
        return portfolio
    from dataclasses import replace

    from advisor.portfolio.model import LimitMode
    from advisor.portfolio.original import original
    from advisor.portfolio.settings import setting

    if other := next((text for text in goals if not text.startswith(LIMITS)), None):
        raise click.BadParameter(f"{other!r} is no limit, like limits.magnificent_seven.max=40%", param_hint="--goal")
    settings = [checked("--goal", setting, text, f"{text}: ") for text in goals]
    found = checked("--goal", original(data, today=today_in_new_york(), as_of=as_of).with_settings, settings)
    asked = {one.path.removeprefix(LIMITS) for one in settings}
    limits = (replace(one, mode=LimitMode.HARD) if one.label in asked else one for one in found.limits)
    return replace(found, limits=tuple(limits))


def _accounts(portfolio: Portfolio, question: str, named: tuple[str, ...]) -> tuple[str, ...]:
    """The accounts of the question: those named, else the first taxable one for a deposit and all for a withdrawal."""
    known = [account.name for account in portfolio.accounts]
    if unknown := [name for name in named if name not in known]:
        from advisor.portfolio.values import did_you_mean

        hint = did_you_mean(unknown[0], known) or f"there is {', '.join(known)}"
        raise click.BadParameter(printable(f"no account is called {unknown[0]!r}: {hint}"), param_hint="--account")
    if question not in ("least-deposit", "largest-withdrawal"):
        if named:
            raise click.BadParameter(f"{question} is not of an account", param_hint="--account")
        return ()
    taxable = [account.name for account in portfolio.accounts if account.is_taxable]
    if not named and not taxable:
        raise click.BadParameter(f"no account is taxable: name one of {', '.join(known)}", param_hint="--account")
    if question == "largest-withdrawal":
        return tuple(dict.fromkeys(named or taxable))
    if len(named) > 1:
        raise click.BadParameter("a deposit goes into one account", param_hint="--account")
    return named or (taxable[0],)


def _answer(portfolio: Portfolio, market: MarketData, question: str, accounts: tuple[str, ...]) -> Inverse:
    from advisor.whatif import inverse

    match question:
        case "least-deposit":
            return inverse.ask_least_deposit(portfolio, market, accounts[0])
        case "least-gain":
            return inverse.ask_least_gain(portfolio, market)
        case "least-relaxation":
            return inverse.ask_least_relaxation(portfolio, market)
        case _:
            return inverse.ask_largest_withdrawal(portfolio, market, accounts)


def _text(answer: Inverse, portfolio: Portfolio, market: MarketData, goals: tuple[str, ...]) -> str:
    from advisor.cli.summary import for_console, plain_lines, plain_table
    from advisor.report.sections.answer import dated

    age = (portfolio.as_of - market.as_of).days
    assumed = [f"Goals: {', '.join(goals)}, and the file's other limits." if goals else "Goals: the file's limits."]
    assumed.append(f"Prices of {market.as_of.isoformat()}, {age} days old.")
    if answer.question == "least-deposit":
        assumed.append("The deposit is there in cash before the trades.")
    first, *more = _sentences(answer)
    lines = [portfolio.name, for_console(dated(first, answer.plan)), *more, " ".join(assumed), ""]
    passed = sum(check.passed for check in answer.plan.certificate.checks)
    proof = "" if answer.is_proved else " That no better amount exists is not proved."
    last = f"Independent check of the plan: {passed} of {len(answer.plan.certificate.checks)} passed.{proof}"
    table = plain_table(("", "today", "after"), _rows(answer))
    return plain_lines(lines) + table + plain_lines([f"{last} A proposal, not executed."])


def _sentences(answer: Inverse) -> list[str]:
    """The answer, and what whole shares add to the exact amount."""
    from advisor.format import listing, money

    if answer.amount_usd is None or answer.optimum_usd is None:
        return _of_limits(answer)
    amount, accounts = money(answer.amount_usd), listing(tuple(answer.accounts), len(answer.accounts))
    none = answer.amount_usd == 0
    first = {
        "least-deposit": "No deposit is needed; every limit can be met as the household stands."
        if none
        else f"A deposit of {amount} into {accounts} is the least with which every limit can be met.",
        "least-gain": "No net gain has to be realized to meet every other limit."
        if none
        else f"A net realized gain of {amount} is the least with which every other limit can be met.",
        "largest-withdrawal": f"Nothing can be withdrawn from {accounts} with every limit held and no short-term gain."
        if none
        else f"At most {amount} can be withdrawn from {accounts} with every limit held and no short-term gain.",
    }[answer.question]
    if abs(answer.amount_usd - answer.optimum_usd) <= 1:
        return [first]
    exact = money(answer.optimum_usd)
    return [first, f"Before rounding to orders it would be {exact}; in between no orders were found."]


def _of_limits(answer: Inverse) -> list[str]:
    if not answer.changes:
        return ["Nothing needs to be relaxed; every limit can be met as it is."]
    moved = " and ".join(f"{change.path} {change.after} in place of {change.before}" for change in answer.changes)
    lines = [f"The least that would have to give is {moved}."]
    if len(answer.alone) > 1 or (answer.alone and len(answer.changes) > 1):
        single = "; ".join(f"{change.path} {change.after}" for change in answer.alone)
        lines.append(f"One limit alone would do as well, before rounding to shares: {single}.")
    return lines


def _rows(answer: Inverse) -> list[tuple[str, str, str]]:
    from advisor import format as fmt

    before, after, plan = answer.before, answer.plan.after, answer.plan
    gain = plan.tax.short_term_gain_usd + plan.tax.long_term_gain_usd
    return [
        ("Household value", fmt.money(before.value_usd), fmt.money(after.value_usd)),
        (
            "Magnificent Seven, upper end",
            fmt.percent(before.exposure.seven.high),
            fmt.percent(after.exposure.seven.high),
        ),
        ("Small caps", fmt.percent(before.small_cap_weight), fmt.percent(after.small_cap_weight)),
        ("Cash", fmt.percent(before.cash_weight), fmt.percent(after.cash_weight)),
        ("Net gain realized", "", fmt.cents(gain)),
        ("Tax of these trades", "", fmt.cents(plan.tax.tax_usd)),
        ("Orders", "", str(len(plan.trades))),
    ]


def _document(answer: Inverse, portfolio: Portfolio, market: MarketData, goals: tuple[str, ...]) -> dict[str, Any]:
    from dataclasses import asdict

    plan = answer.plan
    return {
        "schema": "advisor.ask/1",
        "as_of": portfolio.as_of.isoformat(),
        "market": {
            "id": market.id,
            "as_of": market.as_of.isoformat(),
            "age_days": (portfolio.as_of - market.as_of).days,
        },
        "question": answer.question,
        "goals": list(goals),
        "amount_usd": None if answer.amount_usd is None else f"{answer.amount_usd:.2f}",
        "optimum_usd": None if answer.optimum_usd is None else f"{answer.optimum_usd:.2f}",
        "is_proved": answer.is_proved,
        "accounts": {name: f"{usd:.2f}" for name, usd in answer.accounts.items()},
        "changes": [asdict(change) for change in answer.changes],
        "alone": [asdict(change) for change in answer.alone],
        "before": _state(answer.before),
        "after": _state(plan.after),
        "tax_usd": f"{plan.tax.tax_usd:.2f}",
        "short_term_gain_usd": f"{plan.tax.short_term_gain_usd:.2f}",
        "long_term_gain_usd": f"{plan.tax.long_term_gain_usd:.2f}",
        "spread_usd": f"{plan.spread_usd:.2f}",
        "warnings": [asdict(warned) for warned in _warnings(answer, portfolio, market)],
        "trades": [
            {
                "account": trade.account,
                "symbol": trade.symbol,
                "side": trade.side,
                "shares": f"{trade.shares.normalize():f}",
                "amount_usd": f"{trade.amount_usd:.2f}",
            }
            for trade in plan.trades
        ],
        "checks": [{"name": check.name, "passed": check.passed} for check in plan.certificate.checks],
    }


def _warnings(answer: Inverse, portfolio: Portfolio, market: MarketData) -> tuple[Warned, ...]:
    """What is to be known of the data; what a plan warns of besides belongs to the question's own conditions."""
    from advisor.rebalance.warn import planning_warnings

    return planning_warnings(portfolio, market, answer.before.exposure)


def _state(state: HouseholdState) -> dict[str, Any]:
    seven = state.exposure.seven
    return {
        "value_usd": f"{state.value_usd:.2f}",
        "magnificent_seven": {"low": seven.low, "high": seven.high},
        "small_caps": float(state.small_cap_weight),
        "cash": state.cash_weight,
    }
