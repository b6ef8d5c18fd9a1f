"""Portfolio rebalancing out of the Magnificent Seven and into small caps.

The main jobs as functions, each loaded when it is first asked for (docs/users/python.md)::

    from advisor import load_household, propose
    propose(load_household("portfolio.yaml")).write("reports")

The flow, one way only::

    YAML -> Portfolio -> MarketData -> Exposure -> RiskModel + ExpectedReturns
         -> AllocationProblem -> Allocation -> RebalancePlan (trades) -> verification -> report
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true; `typing` itself would take most of the time of an import
if TYPE_CHECKING:
    from advisor.api.household import Household, load_household
    from advisor.api.propose import propose
    from advisor.api.recommend import Recommendation
    from advisor.api.verify_record import verify_record
    from advisor.api.what_if import what_if
    from advisor.errors import AdvisorError, InputError, LimitsConflictError, MarketDataError

__version__ = "0.1.0"
__all__ = [
    "AdvisorError",
    "Household",
    "InputError",
    "LimitsConflictError",
    "MarketDataError",
    "Recommendation",
    "load_household",
    "propose",
    "verify_record",
    "what_if",
]
_HOMES = {
    "AdvisorError": "advisor.errors",
    "Household": "advisor.api.household",
    "InputError": "advisor.errors",
    "LimitsConflictError": "advisor.errors",
    "MarketDataError": "advisor.errors",
    "Recommendation": "advisor.api.recommend",
    "load_household": "advisor.api.household",
    "propose": "advisor.api.propose",
    "verify_record": "advisor.api.verify_record",
    "what_if": "advisor.api.what_if",
}


def __getattr__(name: str) -> object:
    """One of the ten names, loaded now."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
