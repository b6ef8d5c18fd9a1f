"""Plain Python values as a portfolio file has them, and what is said of those that it cannot have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from numbers import Integral, Real
from pathlib import Path
from typing import TypeAlias

from advisor.errors import InputError, Issue
from advisor.portfolio.document import Node
from advisor.portfolio.merge import NONE
from advisor.portfolio.values import ValueFaultError, day

Day: TypeAlias = date | str
PLACES = Decimal("1e-8")  # of a float: a file takes eight, and sums of floats have sixteen
DEEPEST = 60  # levels of mappings and lists; a file has six
_BOOLEANS = ("bool", "bool_")  # numpy's is none of Python's


def refused(what: str, message: str, hint: str | None = None) -> InputError:
    """The fault of an argument called `what`."""
    return InputError((Issue(message, hint=hint),), what)


def file_node(value: object, what: str, depth: int = 0) -> Node:
    """A tree of texts, as a file has it; keys without a value are left out.

    Raises `InputError` for what is nested without end.
    """
    if depth > DEEPEST:
        raise refused(what, f"nested more than {DEEPEST} levels deep", "give the sections of a portfolio file")
    if isinstance(value, Mapping):
        return {str(key): file_node(item, what, depth + 1) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [file_node(item, what, depth + 1) for item in value]
    return file_text_of(value)


def file_text_of(value: object) -> str:
    """One value as a file has it: floats with eight places, days as YYYY-MM-DD, nothing as ``none``."""
    if value is None:
        return NONE
    if type(value).__name__ in _BOOLEANS:
        return str(bool(value)).lower()
    if isinstance(value, datetime):
        return str(value) if value != value else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        return _rounded(float(value))
    return str(value)


def _rounded(value: float) -> str:
    exact = Decimal(repr(value))
    if not exact.is_finite() or -int(exact.as_tuple().exponent) <= -int(PLACES.as_tuple().exponent):
        return f"{exact:f}"
    return f"{exact.quantize(PLACES).normalize():f}"


def read_day(value: object) -> date:
    """A day of decision; raises `InputError` for what is none."""
    text = file_text_of(value) if isinstance(value, date) else value
    if not isinstance(text, str):
        raise refused("as_of", f"a {type(value).__name__} is not a date", "give a date, or text as YYYY-MM-DD")
    try:
        return day(text)
    except ValueFaultError as fault:
        raise refused("as_of", str(fault), fault.hint) from None


def read_path(value: object, what: str) -> Path:
    """A path; raises `InputError` for what is none."""
    if isinstance(value, str | Path) and "\0" not in str(value):
        return Path(value)
    raise refused(what, f"a {type(value).__name__} is not a path", "give text or a pathlib.Path")
