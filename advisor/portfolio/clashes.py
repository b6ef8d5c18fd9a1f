"""Views that cannot stand beside each other, found in exact arithmetic.

A view is one equation in expected returns: ``r(IJR) = 8%``, or ``r(IJR) - r(SPY) = 2%``. Equations are reduced one
after another by those before them (Gaussian elimination over fractions). What is left of one is ``0 = 0`` where it
follows from them, and ``0 = c`` where it contradicts them, whatever confidence the views have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

_Key = TypeVar("_Key", str, int)


class ClashKind(StrEnum):
    """What is wrong with a view."""

    ITSELF = "itself"  # one security against itself
    SECOND = "second"  # on the same security, or the same two, as one before it
    CONTRADICTION = "contradiction"  # cannot be true together with those before it


@dataclass(frozen=True, slots=True)
class Statement:
    """What a view says: the return of `first`, less that of `second` where there is one."""

    first: str
    second: str | None
    annual_return: Decimal


@dataclass(frozen=True, slots=True)
class Clash:
    """The statement `index` and the earlier ones it clashes with, by their places; and the return that these imply."""

    index: int
    kind: ClashKind
    others: tuple[int, ...]
    implied: Decimal | None = None


@dataclass(frozen=True, slots=True)
class _Equation:
    """Coefficients by security and the right-hand side; `parts` are the statements it was put together from."""

    terms: dict[str, Fraction]
    value: Fraction
    parts: dict[int, Fraction]

    def less(self, factor: Fraction, other: _Equation) -> _Equation:
        """This equation with `factor` times the other taken off."""
        return _Equation(
            _less(self.terms, factor, other.terms),
            self.value - factor * other.value,
            _less(self.parts, factor, other.parts),
        )

    def over(self, divisor: Fraction) -> _Equation:
        """This equation divided by a number."""
        terms = {name: number / divisor for name, number in self.terms.items()}
        return _Equation(terms, self.value / divisor, {i: number / divisor for i, number in self.parts.items()})


def clashes(statements: Sequence[Statement]) -> Iterator[Clash]:
    """Every statement that cannot stand beside those before it; it is passed over in judging the later ones."""
    first: dict[frozenset[str | None], int] = {}
    reduced: list[tuple[str, _Equation]] = []
    for index, stated in enumerate(statements):
        ends = frozenset((stated.first, stated.second))
        if len(ends) == 1:
            yield Clash(index, ClashKind.ITSELF, ())
            continue
        if ends in first:
            yield Clash(index, ClashKind.SECOND, (first[ends],))
            continue
        first[ends] = index
        left = _equation(index, stated)
        for pivot, equation in reduced:
            if pivot in left.terms:
                left = left.less(left.terms[pivot], equation)
        if left.terms:
            pivot = min(left.terms)
            reduced.append((pivot, left.over(left.terms[pivot])))
        elif left.value:
            others = tuple(sorted(left.parts.keys() - {index}))
            yield Clash(index, ClashKind.CONTRADICTION, others, _decimal(Fraction(stated.annual_return) - left.value))


def _equation(index: int, stated: Statement) -> _Equation:
    terms = {stated.first: Fraction(1)} | ({stated.second: Fraction(-1)} if stated.second else {})
    return _Equation(terms, Fraction(stated.annual_return), {index: Fraction(1)})


def _less(one: Mapping[_Key, Fraction], factor: Fraction, other: Mapping[_Key, Fraction]) -> dict[_Key, Fraction]:
    found = {key: one.get(key, Fraction(0)) - factor * other.get(key, Fraction(0)) for key in {**one, **other}}
    return {key: number for key, number in found.items() if number}


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
