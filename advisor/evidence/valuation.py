"""Comparing published price-earnings ratios, which is refused where they are not of one kind."""

from __future__ import annotations

from advisor.market.valuations import Valuation

NOT_STATED = "not stated"
FORWARD = "forward P/E"
MONTH = len("2025-12")


class IncomparableValuationsError(ValueError):
    """Two ratios differ in measure, month or treatment of companies with a loss; nothing follows from both."""


def check_comparable(first: Valuation, second: Valuation) -> None:
    """Refuse two ratios that are not of one measure, month and treatment, with `IncomparableValuationsError`.

    Both "not stated" are let through: `treatment_note` says so.
    """
    kinds = (
        ("measure", first.measure, second.measure),
        ("month", first.as_of[:MONTH], second.as_of[:MONTH]),
        ("companies with a loss", first.losers, second.losers),
    )
    differing = [f"{name}: {one} against {other}" for name, one, other in kinds if one != other]
    if differing:
        raise IncomparableValuationsError(
            f"{first.index} at {first.value:g} and {second.index} at {second.value:g} do not compare "
            f"({'; '.join(differing)})"
        )


def treatment_note(first: Valuation, second: Valuation) -> str:
    """What weakens an allowed comparison; empty where nothing does."""
    if NOT_STATED in (first.losers, second.losers):
        return "how companies with a loss are treated is not stated for either"
    return ""


def earnings_yield_gap(small: Valuation, large: Valuation) -> float:
    """Earnings yield (earnings over price) of `small` above that of `large`, a fraction.

    Raises `IncomparableValuationsError`.
    """
    check_comparable(small, large)
    return 1.0 / small.value - 1.0 / large.value


def price_of_growth(ratio: Valuation, growth: float) -> float:
    """Price for each dollar of profit growth: forward price-earnings ratio over expected growth in percent.

    `growth` is a fraction a year, and has to be of the index of the ratio. Raises `IncomparableValuationsError` for a
    ratio that is not forward, since the growth is of the year to come, and ValueError unless `growth` is positive.

    Source: the "PEG ratio", P. Lynch, One Up on Wall Street, 1989.
    """
    if ratio.measure != FORWARD:
        raise IncomparableValuationsError(f"{ratio.index}: {ratio.measure} does not go with growth that is to come")
    if not growth > 0.0:
        raise ValueError(f"{ratio.index}: no price of growth where profits are not expected to grow ({growth!r})")
    return ratio.value / (100.0 * growth)
