"""Field types of the portfolio file: how each value comes from its text, and what editors are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any, TypeAlias

from pydantic import GetCoreSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from advisor.portfolio import values
from advisor.portfolio.document import quoted
from advisor.portfolio.model import CONFIDENCE_WORDS, VIEW_SETS
from advisor.portfolio.values import ValueFaultError

JsonSchema: TypeAlias = dict[str, Any]


@dataclass(frozen=True, eq=False)  # one of a union is hashed, and a dict cannot be
class FromText:
    """Marks a field whose value `parse` makes from text; `schema` describes that text to editors."""

    parse: Callable[[str], object]
    schema: JsonSchema

    def validate(self, value: object) -> object:
        """Value of the text; a fault carries its hint along. Raises what pydantic takes for a fault."""
        if value is None:
            raise _fault("nothing is given here", "give a value, or remove the key")
        if not isinstance(value, str):
            raise _fault(f"a single value is meant here, not a {'list' if isinstance(value, list) else 'mapping'}")
        try:
            return self.parse(value)
        except ValueFaultError as fault:
            raise _fault(fault.message, fault.hint) from None

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(self, schema: object, handler: object) -> JsonSchema:
        return dict(self.schema)


def _fault(message: str, hint: str | None = None) -> PydanticCustomError:
    return PydanticCustomError("value", "{message}", {"message": message, "hint": hint})


def _number_schema(low: Decimal | None, high: Decimal | None, form: str) -> JsonSchema:
    given = {"minimum": low, "maximum": high}
    bounds = {key: float(bound) for key, bound in given.items() if bound is not None}
    text = {"type": "string", "pattern": f"^{form}$"}
    return {"anyOf": [{"type": "number", **bounds}, text]}


def number(low: str | None = None, high: str | None = None) -> FromText:
    """Plain number within [low, high]."""
    bounds = Decimal(low) if low else None, Decimal(high) if high else None
    return FromText(partial(values.number, low=bounds[0], high=bounds[1]), _number_schema(*bounds, values.PRINTED))


def usd(low: str | None = None) -> FromText:
    """Amount in USD, at least `low`."""
    least = Decimal(low) if low else None
    return FromText(partial(values.usd, low=least), _number_schema(least, None, values.PRINTED_USD))


def whole_number(low: int, high: int) -> FromText:
    """Whole number within [low, high]."""
    schema: JsonSchema = {"type": "integer", "minimum": low, "maximum": high}
    return FromText(partial(values.whole_number, low=low, high=high), schema)


def _above_zero(read: Callable[[str], Decimal], form: str) -> FromText:
    schema: JsonSchema = {
        "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": f"^{form}$"}]
    }
    return FromText(partial(values.positive, read=read), schema)


def fraction(low: str, high: str) -> FromText:
    """Fraction written as 25% or 0.25, within [low, high]."""
    bounds = Decimal(low), Decimal(high)
    schema = _number_schema(*bounds, f"{values.PRINTED}%?")
    return FromText(partial(values.fraction, low=bounds[0], high=bounds[1]), schema)


def choice(kinds: type[StrEnum], meanings: dict[str, str]) -> FromText:
    """One of the words of an enumeration; `meanings` serves the hint for other usual words."""
    words = [kind.value for kind in kinds]

    def parse(text: str) -> StrEnum:
        return kinds(values.choice(text, words, meanings))

    return FromText(parse, {"type": "string", "enum": words})


def _side(text: str) -> str:
    return values.choice(text, ("buy", "sell"), {"bought": "buy", "sold": "sell"})


def _version(text: str) -> int:
    if text != "1":
        raise ValueFaultError(f"{quoted(text)} is not known", "this program reads version: 1")
    return 1


def one_of(words: tuple[str, ...], meanings: dict[str, str]) -> FromText:
    """One of some fixed words that are no enumeration; `meanings` as in `choice`."""
    return FromText(partial(values.choice, choices=words, meanings=meanings), {"type": "string", "enum": list(words)})


def two_symbols(symbols: tuple[str, ...]) -> tuple[str, ...]:
    """The symbols, which are two. Raises what pydantic takes for a fault."""
    if len(symbols) != 2:
        raise _fault("two symbols are meant here", "write relative: [IJR, SPY], the first over the second")
    return symbols


SHARES = _above_zero(values.number, values.PRINTED)
PRICE = _above_zero(values.usd, values.PRINTED_USD)
USD = usd()
USD_OR_NONE = usd("0")
RATE = fraction("0", "1")
SYMBOL = FromText(values.symbol, {"type": "string", "pattern": f"^{values.SYMBOL}$"})
NAME = FromText(values.name, {"type": "string", "minLength": 1, "maxLength": values.MAX_NAME})
SOURCE = FromText(values.source, {"type": "string", "minLength": 1, "maxLength": values.MAX_SOURCE})
VIEW_SET = FromText(values.view_set, {"type": "string", "enum": list(VIEW_SETS)})
VIEW_RETURN = fraction("-0.5", "0.5")
CONFIDENCE = FromText(
    values.confidence,
    {"anyOf": [{"type": "string", "enum": list(CONFIDENCE_WORDS)}, *fraction("0", "1").schema["anyOf"]]},
)
DAY = FromText(values.day, {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"})
FLAG = FromText(values.flag, {"type": "boolean"})
VERSION = FromText(_version, {"const": 1})
SIDE = FromText(_side, {"type": "string", "enum": ["buy", "sell"]})
