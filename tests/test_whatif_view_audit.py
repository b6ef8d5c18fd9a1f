"""Audits of views, against households planned with the view changed in the file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from advisor.portfolio.model import Portfolio, View
from advisor.portfolio.preferences import Preferences
from advisor.portfolio.views import view_set
from advisor.rebalance.candidates import candidate_of, objective_of_nothing, problem_of
from advisor.rebalance.plan import survey
from advisor.whatif.decision import Decision, decided_of
from advisor.whatif.view_audit import FINE, MATERIAL, is_another, view_audit
from tests.counts import first
from tests.small_households import account, household, limits, lot, resolved

IJR_OVER_SPY = View("IJR", "SPY", Decimal("0.04"), Decimal("0.4"), Decimal(5), "a letter")
IWM = View("IWM", None, Decimal("0.09"), Decimal("0.2"), Decimal(5), "another")


def typical(*views: View) -> Portfolio:
    return household(
        account("T", "taxable", 5000, {"NVDA": [lot(20, 150)], "SPY": [lot(60, 500)]}),
        account("R", "roth", 40000, {"QQQ": [lot(50)]}),
        limits=limits(magnificent_seven_max="0.5", small_caps_max="0.4"),
        views=views,
        preferences=Preferences(min_gain=Decimal(0)),
    )


def small_caps(portfolio: Portfolio) -> tuple[float, tuple[str, ...]]:
    """Share in small caps, and what is bought, of the best allocation."""
    found = survey(portfolio, resolved(portfolio))
    decided = decided_of(found, problem_of(found))
    assert decided is not None
    allocation, symbols = decided.allocation, found.inputs.symbols
    if allocation is None:
        return found.before.small_cap_weight, ()
    solution = allocation.solution
    held = sum(solution.weights[symbols.index(s)] for s in ("IWM", "VTWO", "IJR"))
    return float(held / (solution.weights.sum() + solution.cash.sum())), allocation.menu.symbols


def with_confidence(view: View, confidence: object) -> View:
    return replace(view, confidence=Decimal(str(confidence)))


@pytest.mark.parametrize("place", [0, 1])
def test_each_column_is_the_answer_of_a_file_that_says_so(place: int) -> None:
    """Shares within 1e-5 of the household: the same optimum, by another compilation."""
    views = (IJR_OVER_SPY, IWM)
    audit = view_audit(typical(*views), resolved(typical(*views)))[place]
    as_held, bought = small_caps(typical(*views))
    assert audit.small_caps == pytest.approx(as_held, abs=1e-5)
    assert audit.bought == bought
    without, bought_without = small_caps(typical(*views[:place], *views[place + 1 :]))
    assert audit.small_caps_without == pytest.approx(without, abs=1e-5)
    assert audit.bought_without == bought_without
    certain = [with_confidence(view, 1) if view is views[place] else view for view in views]
    assert audit.small_caps_certain == pytest.approx(small_caps(typical(*certain))[0], abs=1e-5)


def test_what_the_view_is_about_is_shown_as_implied_and_after_all_views() -> None:
    """A view by itself moves its own figure by its confidence from what the mix implies, in which SPY counts as VTI."""
    portfolio = typical(IJR_OVER_SPY)
    (audit,) = view_audit(portfolio, resolved(portfolio))
    model = survey(portfolio, resolved(portfolio)).measurer.model
    held = {"NVDA": 20 * 203.53, "VTI": 60 * 749.17, "QQQ": 50 * 711.74}
    value = sum(held.values()) + 45_000

    def with_mix(symbol: str) -> float:
        row = model.index(symbol)
        return sum(usd / value * model.covariance[row, model.index(s)] for s, usd in held.items())

    implied = 0.045 / with_mix("VTI") * (with_mix("IJR") - with_mix("SPY"))
    assert audit.equilibrium == pytest.approx(implied, abs=1e-9)
    assert audit.expected == pytest.approx(0.6 * audit.equilibrium + 0.4 * 0.04, abs=1e-12)
    assert (audit.name, audit.stated, audit.confidence, audit.years) == ("IJR over SPY", 0.04, 0.4, 5.0)


def test_a_view_of_a_set_is_audited_as_it_counts() -> None:
    """Rolled from 2.59% to 2.0136%; by itself it moves its own figure by its confidence to that."""
    portfolio = typical(*view_set("small-caps-2026").views)
    (audit,) = view_audit(portfolio, resolved(portfolio))
    assert (audit.use, audit.stated, audit.used, audit.prices_to) == ("rolled", 0.0259, 0.020136, date(2026, 7, 13))
    assert audit.expected == pytest.approx(0.75 * audit.equilibrium + 0.25 * 0.020136, abs=1e-12)
    (off,) = view_audit(replace(portfolio, as_of=date(2031, 2, 1)), resolved(portfolio))
    assert (off.use, off.stated, off.confidence, off.used_confidence) == ("off", 0.0259, 0.25, 0.0)
    assert off.expected == pytest.approx(off.equilibrium, abs=1e-15)
    assert off.small_caps == pytest.approx(off.small_caps_without, abs=1e-9)


def gain(portfolio: Portfolio) -> float:
    """What the best allocation gains a year against doing nothing, before rounding to shares."""
    found = survey(portfolio, resolved(portfolio))
    decided = decided_of(found, problem_of(found))
    assert decided is not None
    if decided.allocation is None:
        return decided.gain
    nothing = objective_of_nothing(found, candidate_of(found, ()), found.inputs.cost_years)
    return decided.allocation.solution.objective - nothing


def test_gains_are_those_of_files_that_say_so_whether_they_are_worth_trading_or_not() -> None:
    """Within 1e-8 of the household a year. The idle household holds what it would, and tells the same gains."""
    keen = typical(IJR_OVER_SPY)
    idle = replace(keen, limits=(), preferences=Preferences(min_gain=Decimal("0.5")))
    for portfolio in (keen, idle):
        (audit,) = view_audit(portfolio, resolved(portfolio))
        certain = replace(portfolio, views=(with_confidence(IJR_OVER_SPY, 1),))
        assert audit.gain == pytest.approx(gain(portfolio), abs=1e-8)
        assert audit.gain_without == pytest.approx(gain(replace(portfolio, views=())), abs=1e-8)
        assert audit.gain_certain == pytest.approx(gain(certain), abs=1e-8)
    assert audit.bought == audit.bought_without == ()
    assert audit.gain_certain > audit.gain > audit.gain_without  # the view agrees with buying


def differs(portfolio: Portfolio, other: Portfolio) -> bool:
    (share, bought), (share_then, bought_then) = small_caps(portfolio), small_caps(other)
    return bought != bought_then or abs(share - share_then) > MATERIAL


@pytest.mark.parametrize("confidence", first(2, ["0.3", "0.9", "0.1", "0.5", "0.7"]))
def test_the_flip_is_the_nearest_confidence_at_which_the_answer_is_another(confidence: str) -> None:
    """On one side of it the file has the same answer, on the other another; by brute force there is none nearer."""
    view = with_confidence(IJR_OVER_SPY, confidence)
    held = typical(view)
    (audit,) = view_audit(held, resolved(held))
    tried = [round(at, 3) for at in np.arange(0.0, 1.0001, 0.02)]
    others = [at for at in tried if differs(held, typical(with_confidence(view, at)))]
    if audit.flip is None:
        assert not others
        return
    at, own = audit.flip.confidence, float(confidence)
    inwards = float(FINE) * 1.01 * (1 if at < own else -1)
    assert differs(held, typical(with_confidence(view, at)))
    assert not differs(held, typical(with_confidence(view, at + inwards)))
    assert min(abs(other - own) for other in others) >= abs(at - own) - float(FINE)
    assert audit.flip.small_caps == pytest.approx(small_caps(typical(with_confidence(view, at)))[0], abs=1e-5)


def test_some_of_these_views_flip_and_a_view_that_agrees_with_equilibrium_does_not() -> None:
    held = typical(IJR_OVER_SPY)
    (audit,) = view_audit(held, resolved(held))
    assert audit.flip is not None
    neutral = replace(IJR_OVER_SPY, annual_return=Decimal(repr(audit.equilibrium)))
    agreeing = typical(neutral)
    (idle,) = view_audit(agreeing, resolved(agreeing))
    assert idle.flip is None
    assert idle.small_caps == pytest.approx(idle.small_caps_without, abs=1e-5)


def test_a_view_without_which_the_gain_is_too_small_to_act_is_what_makes_the_household_trade() -> None:
    portfolio = replace(typical(IJR_OVER_SPY), preferences=Preferences(min_gain=Decimal("0.001")))
    (audit,) = view_audit(portfolio, resolved(portfolio))
    assert audit.bought
    assert audit.bought_without == ()
    assert audit.small_caps_without == 0.0


def test_without_views_there_is_nothing_to_audit() -> None:
    portfolio = typical()
    assert view_audit(portfolio, resolved(portfolio)) == ()


def test_limits_that_leave_no_answer_leave_none_in_any_column() -> None:
    portfolio = replace(typical(IWM), limits=limits(small_caps_min="0.5", turnover_max="0.01"))
    (audit,) = view_audit(portfolio, resolved(portfolio))
    assert (audit.small_caps, audit.small_caps_without, audit.small_caps_certain) == (None, None, None)
    assert (audit.gain, audit.gain_without, audit.gain_certain) == (None, None, None)
    assert audit.flip is None


def test_decisions_differ_in_funds_or_in_a_point_of_small_caps() -> None:
    base = Decision({"IJR": 0.10}, ("IJR",), gain=0.001)
    assert not is_another(base, Decision({"IJR": 0.109}, ("IJR",), gain=0.001))
    assert is_another(base, Decision({"IJR": 0.111}, ("IJR",), gain=0.001))
    assert is_another(base, Decision({"IJR": 0.05, "IWM": 0.05}, ("IWM",), gain=0.001))
    assert is_another(base, None)
    assert not is_another(None, None)
