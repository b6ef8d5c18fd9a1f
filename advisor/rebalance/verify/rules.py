"""The check's own table of limits: what each is called, its unit, and how its level is worked out from the book."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from advisor.portfolio.model import Limit
from advisor.rebalance.verify.book import Book
from advisor.rebalance.verify.ledger import Ledger, household_value
from advisor.rebalance.verify.past_months import deepest_fall, episode_return, sector_weight, worst_months
from advisor.rebalance.verify.taxes import realized

Level: TypeAlias = Callable[[Limit, Book, Ledger | None], float]


class Form(StrEnum):
    """How the level depends on what is held."""

    LINEAR = "linear"  # each dollar of a security adds the same
    CURVED = "curved"
    PAST_MONTHS = "past months"
    TRADES = "trades"  # on the orders alone


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of limit; `noun` may name its ``{part}``, and `level` has no orders where its ledger is None."""

    noun: str
    form: Form
    level: Level
    unit: str = "fraction"


def _turnover(limit: Limit, book: Book, ledger: Ledger | None) -> float:
    del limit
    if ledger is None:
        return 0.0
    traded = sum((order.amount for order in ledger.orders), Decimal(0))
    return float(traded / 2 / household_value(ledger.shares_before, ledger.cash_before, book.market))


def _realized(limit: Limit, book: Book, ledger: Ledger | None) -> float:
    del limit
    return float(sum(realized(ledger, book.portfolio), Decimal(0))) if ledger else 0.0


def _part(limit: Limit) -> str:
    return limit.name.partition(".")[2]


def _sector(limit: Limit, book: Book, ledger: Ledger | None) -> float:
    del ledger
    return sector_weight(book, _part(limit))[1 if limit.side == "max" else 0]


RULES = {
    "magnificent_seven": Rule("the Magnificent Seven", Form.LINEAR, lambda _limit, book, _: book.seven()[1]),
    "single_company": Rule(
        "the largest company",
        Form.CURVED,
        lambda _limit, book, _: max(book.company(company)[1] for company in book.companies()),
    ),
    "small_caps": Rule("small caps", Form.LINEAR, lambda _limit, book, _: book.small_caps()),
    "funds": Rule("{part}", Form.LINEAR, lambda limit, book, _: book.weights.get(_part(limit), 0.0)),
    "sectors": Rule("the {part} sector", Form.LINEAR, _sector),
    "cash": Rule("cash", Form.LINEAR, lambda _limit, book, _: book.cash),
    "beta": Rule("beta", Form.LINEAR, lambda limit, book, _: book.beta(str(limit.benchmark)), unit="ratio"),
    "volatility": Rule("volatility", Form.CURVED, lambda _limit, book, _: book.deviation()),
    "tracking_error": Rule(
        "the tracking error", Form.CURVED, lambda limit, book, _: book.deviation(str(limit.benchmark))
    ),
    "cvar_95": Rule(
        "the average loss of the worst 5% of months", Form.PAST_MONTHS, lambda _limit, book, _: worst_months(book)
    ),
    "max_drawdown": Rule("the largest fall from a peak", Form.PAST_MONTHS, lambda _limit, book, _: deepest_fall(book)),
    "stress": Rule(
        "the loss in the episode {part}", Form.LINEAR, lambda limit, book, _: -episode_return(book, _part(limit))
    ),
    "expense_ratio": Rule("the expense ratio", Form.LINEAR, lambda _limit, book, _: book.expense_ratio()),
    "turnover": Rule("turnover", Form.TRADES, _turnover),
    "realized_gain": Rule("the realized gain", Form.TRADES, _realized, unit="usd"),
}


def rule_of(name: str) -> Rule:
    """The rule of the limit `name`; raises ValueError where there is none."""
    kind = name.partition(".")[0]
    if kind not in RULES:
        raise ValueError(f"no rule to verify the limit {name!r}")
    return RULES[kind]


def has_one_price(name: str) -> bool:
    """Whether each dollar of a trade moves the limit by the same, so that its price is one for all trades."""
    return rule_of(name).form in (Form.LINEAR, Form.TRADES)


def noun_of(name: str) -> str:
    """What the limit bounds, within a sentence; raises ValueError where there is no rule for it."""
    return rule_of(name).noun.format(part=name.partition(".")[2])


def measure(limit: Limit, book: Book, ledger: Ledger | None) -> float:
    """The limited quantity; `ledger` None means that no orders are given."""
    return rule_of(limit.name).level(limit, book, ledger)
