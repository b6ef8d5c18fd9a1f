"""``verify_record``: the independent check of a written recommendation, as one call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.api.plain import read_path
from advisor.api.recorded import read_beside, read_record, recorded_market, recorded_portfolio
from advisor.market.data import MarketData
from advisor.market.resolve import resolve
from advisor.portfolio.model import Portfolio
from advisor.rebalance.check import Check
from advisor.rebalance.verify import not_checked, verify_written
from advisor.rebalance.verify.orders_file import check_orders_file

ORDERS = "orders.csv"  # what stands beside a record


@dataclass(frozen=True, slots=True)
class Verification:
    """What the check found: each check with its detail, and what without an optimizer cannot be told."""

    checks: tuple[Check, ...]
    not_checked: tuple[str, ...]
    portfolio: Portfolio
    market: MarketData

    def __repr__(self) -> str:
        return f"Verification(passed={self.passed}, checks={len(self.checks)}, failed={len(self.failed)})"

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)


def verify_record(file: str | Path, *, market: str | Path | None = None) -> Verification:
    """Check a recommendation again, from itself and the market data alone.

    Parameters
    ----------
    file : str or Path
        A recommendation.json; an orders.csv beside it is checked with it.
    market : str or Path, optional
        Market data used then; default: the embedded snapshot, or market.json beside the record.

    Returns
    -------
    Verification
        `passed`, `checks`, `failed`, and `not_checked`: what only planning again can tell.

    Raises
    ------
    InputError
        The file is no recommendation of this program.
    MarketDataError
        Its market data are not found.

    Examples
    --------
    >>> from advisor import load_household, propose, verify_record
    >>> _ = propose(load_household("tech-employee.yaml")).write("out")
    >>> verify_record("out/recommendation.json").passed
    True
    """
    path = read_path(file, "verify_record")
    document: dict[str, Any] = read_record(path)
    portfolio, _ = recorded_portfolio(document, path)
    data = resolve(
        recorded_market(document, path, None if market is None else str(read_path(market, "market"))), portfolio
    )
    checks = verify_written(document, portfolio, data)
    orders = read_beside(path, ORDERS)
    if orders is not None:
        checks = (*checks, check_orders_file(document, orders))
    missing = () if orders is not None else (f"{ORDERS}, which is not beside the record",)
    return Verification(checks, (*not_checked(document), *missing), portfolio, data)
