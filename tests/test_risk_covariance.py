from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.errors import MarketDataError
from advisor.risk.covariance import betas, risk_model
from tests.samples import market

SYMBOLS = ("IWM", "VTWO", "IJR", "SPY", "VTI", "NVDA", "GOOG", "GOOGL", "BND", "SGOV")


def entry(one: str, other: str) -> float:
    """Covariance of two securities, summed factor by factor from the snapshot's table."""
    table = market().covariance
    i, j = table.symbols.index(one), table.symbols.index(other)
    common = sum(float(table.loadings[i, k]) * float(table.loadings[j, k]) for k in range(len(table.factors)))
    return common + (float(table.idiosyncratic[i]) if i == j else 0.0)


def test_the_covariance_is_the_factor_form_entry_by_entry() -> None:
    model = risk_model(market(), SYMBOLS)
    rebuilt = model.root.T @ model.root
    for i, one in enumerate(SYMBOLS):
        for j, other in enumerate(SYMBOLS):
            assert model.covariance[i, j] == pytest.approx(entry(one, other), abs=1e-14)
            assert rebuilt[i, j] == pytest.approx(entry(one, other), abs=1e-14)
    assert np.array_equal(model.root, np.triu(model.root))


def test_the_order_is_the_one_asked_for() -> None:
    forward, backward = risk_model(market(), SYMBOLS), risk_model(market(), SYMBOLS[::-1])
    assert backward.covariance[::-1, ::-1] == pytest.approx(forward.covariance, abs=1e-14)
    assert forward.index("NVDA") == 5


def test_beta_is_the_covariance_over_the_benchmarks_variance() -> None:
    model = risk_model(market(), SYMBOLS)
    expected = [entry(symbol, "SPY") / entry("SPY", "SPY") for symbol in SYMBOLS]
    assert betas(model, "SPY") == pytest.approx(expected, abs=1e-12)
    assert betas(model, "SPY")[3] == pytest.approx(1.0, abs=1e-15)


def test_a_symbol_without_covariance_is_named() -> None:
    with pytest.raises(MarketDataError, match="no covariance for ZZZZ, YYYY in snapshot-2026-07-13"):
        risk_model(market(), ("IWM", "ZZZZ", "YYYY"))


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_covariance_that_is_not_finite_is_refused(poison: float) -> None:
    table = market().covariance
    loadings = table.loadings.copy()
    loadings[table.symbols.index("IWM"), 0] = poison
    spoiled = replace(market(), covariance=replace(table, loadings=loadings))
    with pytest.raises(MarketDataError, match=r"covariance of IWM in snapshot-2026-07-13 .* not finite"):
        risk_model(spoiled, ("SPY", "IWM"))
    assert risk_model(spoiled, ("SPY", "NVDA")).symbols == ("SPY", "NVDA")


@pytest.mark.parametrize(("variance", "fault"), [(-1e-12, "negative"), (np.nan, "not finite"), (np.inf, "not finite")])
def test_an_idiosyncratic_variance_that_cannot_be_one_is_refused_by_name(variance: float, fault: str) -> None:
    table = market().covariance
    idiosyncratic = table.idiosyncratic.copy()
    idiosyncratic[table.symbols.index("VTWO")] = variance
    spoiled = replace(market(), covariance=replace(table, idiosyncratic=idiosyncratic))
    with pytest.raises(MarketDataError, match=f"VTWO in snapshot-2026-07-13 .*{fault}"):
        risk_model(spoiled, ("SPY", "VTWO"))
