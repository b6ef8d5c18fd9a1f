from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from advisor.errors import InputError, Location
from advisor.market.data import MarketData
from advisor.portfolio.model import BuildingBlocks, View
from advisor.portfolio.preferences import Preferences
from advisor.risk.covariance import RiskModel, risk_model
from advisor.risk.expected_returns import ExpectedReturns, expected_returns
from advisor.risk.views import Opinions, opinions, posterior, share_of_horizon
from tests.samples import market
from tests.small_households import account, household
from tests.views import view

SYMBOLS = ("BND", "IJR", "IWM", "NVDA", "SPY", "VOO", "VTI", "VTWO")
PREMIUM = 0.045


def returns_of(*views: View, data: MarketData | None = None, horizon: str = "3") -> ExpectedReturns:
    """Of a household that holds the US stock market alone, and is as averse to risk as that implies."""
    preferences = Preferences(covariance_inflation=Decimal(0), horizon_years=Decimal(horizon))
    portfolio = household(account("A", "roth", 1000), views=views, preferences=preferences)
    alone = np.array([float(symbol == "VTI") for symbol in SYMBOLS])
    aversion = PREMIUM / float(alone @ model().covariance @ alone)
    return expected_returns(portfolio, data or market(), model(), alone, aversion)


def model() -> RiskModel:
    return risk_model(market(), SYMBOLS)


def without_views() -> np.ndarray:
    """What views start from: implied returns, those of one index at their mean."""
    annual, twins = returns_of().annual, (("IWM", "VTWO"), ("SPY", "VOO"))
    same = {symbol: pair for pair in twins for symbol in pair}
    return np.array([np.mean([annual[SYMBOLS.index(one)] for one in same.get(s, (s,))]) for s in SYMBOLS])


def of(returns: ExpectedReturns, symbol: str) -> float:
    return float(returns.annual[SYMBOLS.index(symbol)])


def gap(returns: ExpectedReturns, first: str, second: str) -> float:
    return of(returns, first) - of(returns, second)


def tilt(returns: ExpectedReturns) -> np.ndarray:
    """Weights that these returns make the best ones without limits, less the market portfolio."""
    one_of_each = [SYMBOLS.index(symbol) for symbol in ("BND", "IJR", "NVDA", "VTI")]  # no two of one index
    sigma = model().covariance[np.ix_(one_of_each, one_of_each)]
    aversion = PREMIUM / sigma[-1, -1]
    best = np.linalg.solve(aversion * sigma, returns.annual[one_of_each] - returns.risk_free)
    return best - np.array([0.0, 0.0, 0.0, 1.0])


def implied(symbol: str) -> str:
    return repr(of(returns_of(), symbol))


def random_case(seed: int, *, certain: bool = False) -> tuple[np.ndarray, np.ndarray, Opinions]:
    """Prior, covariance and independent views of a made-up market."""
    rng = np.random.default_rng(seed)
    m, k = int(rng.integers(3, 9)), int(rng.integers(1, 4))
    loadings = rng.normal(size=(m, 3)) * 0.15
    sigma = loadings @ loadings.T + np.diag(rng.uniform(0.001, 0.04, m))
    picks = np.zeros((k, m))
    for row, own in zip(picks, rng.permutation(m)[:k], strict=True):
        row[own] = 1.0
        if rng.random() < 0.5:
            row[(own + 1) % m] = -1.0
    confidence = rng.uniform(0.05, 0.95, k)
    if certain:
        confidence[0] = 1.0
    views = tuple(view("A", "0.1") for _ in range(k))
    shares = rng.uniform(0.2, 1.0, k)
    return rng.normal(0.06, 0.03, m), sigma, Opinions(views, picks, rng.normal(0.05, 0.05, k), confidence, shares)


def precision_form(prior: np.ndarray, sigma: np.ndarray, stated: Opinions, tau: float) -> np.ndarray:
    """The posterior as Black and Litterman wrote it: precisions added up, with their tau, for views that have doubt."""
    goal = stated.picks @ prior + stated.share * (stated.returns - stated.picks @ prior)
    doubt = tau * (1 / stated.confidence - 1) * np.einsum("ki,ij,kj->k", stated.picks, sigma, stated.picks)
    before, told = np.linalg.inv(tau * sigma), stated.picks.T @ np.diag(1 / doubt)
    return np.linalg.solve(before + told @ stated.picks, before @ prior + told @ goal)


@pytest.mark.parametrize("tau", [0.01, 0.05, 1.0])
def test_the_posterior_is_that_of_added_precisions_whatever_tau(tau: float) -> None:
    for seed in range(50):
        prior, sigma, stated = random_case(seed)
        assert posterior(prior, sigma, stated) == pytest.approx(precision_form(prior, sigma, stated, tau), abs=1e-9)


def test_a_certain_view_is_the_limit_of_ever_less_doubt() -> None:
    for seed in range(20):
        prior, sigma, stated = random_case(seed, certain=True)
        nearly = replace(stated, confidence=np.where(stated.confidence == 1.0, 1 - 1e-9, stated.confidence))
        assert posterior(prior, sigma, stated) == pytest.approx(precision_form(prior, sigma, nearly, 1.0), abs=1e-7)


def test_the_posterior_is_that_of_another_library() -> None:
    black_litterman = pytest.importorskip("pypfopt.black_litterman", reason="PyPortfolioOpt is in the extra `peers`")
    for seed in range(20):
        prior, sigma, stated = random_case(seed)
        stated = replace(stated, share=np.ones(len(stated.views)))
        theirs = black_litterman.BlackLittermanModel(
            sigma, pi=prior, Q=stated.returns, P=stated.picks, omega="idzorek", view_confidences=stated.confidence
        )
        assert posterior(prior, sigma, stated) == pytest.approx(theirs.bl_returns().to_numpy(), abs=1e-9)


def test_without_views_the_prior_stays() -> None:
    prior, sigma, stated = random_case(1)
    none = Opinions((), np.zeros((0, len(prior))), np.zeros(0), np.zeros(0), np.zeros(0))
    assert np.array_equal(posterior(prior, sigma, none), prior)
    assert np.array_equal(posterior(prior, sigma, replace(stated, confidence=0 * stated.confidence)), prior)


def test_one_view_moves_its_return_by_its_confidence() -> None:
    start = of(returns_of(), "IJR")
    for confidence in ("0", "0.25", "0.5", "1"):
        found = of(returns_of(view("IJR", "0.12", confidence=confidence)), "IJR")
        assert found == pytest.approx(start + float(confidence) * (0.12 - start), abs=1e-12)
    start = float(without_views() @ [float(s == "IJR") - float(s == "SPY") for s in SYMBOLS])
    found = gap(returns_of(view("IJR", "0.03", over="SPY", confidence="0.4")), "IJR", "SPY")
    assert found == pytest.approx(start + 0.4 * (0.03 - start), abs=1e-12)


def test_twice_the_confidence_moves_every_return_further_the_same_way() -> None:
    start = without_views()
    once = returns_of(view("IJR", "0.03", over="SPY", confidence="0.2")).annual - start
    twice = returns_of(view("IJR", "0.03", over="SPY", confidence="0.4")).annual - start
    wholly = returns_of(view("IJR", "0.03", over="SPY")).annual - start
    assert (np.abs(once) < np.abs(twice)).all()
    assert (np.abs(twice) < np.abs(wholly)).all()
    assert (np.sign(once) == np.sign(wholly)).all()


def test_certain_views_are_met_exactly() -> None:
    found = returns_of(view("IJR", "0.03", over="SPY"), view("NVDA", "0.02"), view("BND", "0.05", confidence="0.3"))
    assert gap(found, "IJR", "SPY") == pytest.approx(0.03, abs=1e-12)
    assert of(found, "NVDA") == pytest.approx(0.02, abs=1e-12)


def test_reversed_views_reverse_the_tilt() -> None:
    """A view as far above what is implied as another is below it: opposite tilts from the market portfolio."""
    ijr, start = Decimal(implied("IJR")), Decimal(repr(gap(returns_of(), "IJR", "VTI")))
    for confidence in ("0.3", "1"):
        up = tilt(returns_of(view("IJR", str(ijr + Decimal("0.02")), confidence=confidence)))
        down = tilt(returns_of(view("IJR", str(ijr - Decimal("0.02")), confidence=confidence)))
        assert up == pytest.approx(-down, abs=1e-9)
        assert up[1] > 0.01
        up = tilt(returns_of(view("IJR", str(start + Decimal("0.02")), over="VTI", confidence=confidence)))
        down = tilt(returns_of(view("IJR", str(start - Decimal("0.02")), over="VTI", confidence=confidence)))
        assert up == pytest.approx(-down, abs=1e-9)
        assert up[1] > 0.01
        assert up[3] < -0.01


def test_views_of_what_is_implied_give_back_the_market_portfolio() -> None:
    assert tilt(returns_of()) == pytest.approx(np.zeros(4), abs=1e-8)
    stated = (view("IJR", implied("IJR"), confidence="0.5"), view("NVDA", implied("NVDA")))
    assert tilt(returns_of(*stated)) == pytest.approx(np.zeros(4), abs=1e-8)


def test_a_view_tilts_towards_what_it_is_on_and_nothing_else() -> None:
    """With one view the best weights differ from the market by a multiple of the view's own portfolio."""
    up = tilt(returns_of(view("IJR", "0.03", over="VTI", confidence="0.5")))
    assert up == pytest.approx(up[1] * np.array([0.0, 1.0, 0.0, -1.0]), abs=1e-9)


def test_more_cash_yield_shifts_every_return_beside_relative_views_and_none_of_a_certain_absolute_one() -> None:
    richer = replace(market(), risk_free=replace(market().risk_free, value=market().risk_free.value + 0.01))
    relative = view("IJR", "0.03", over="SPY", confidence="0.4")
    shift = returns_of(relative, data=richer).annual - returns_of(relative).annual
    assert shift == pytest.approx(np.full(len(SYMBOLS), 0.01), abs=1e-12)
    absolute = view("IJR", "0.10")
    assert of(returns_of(absolute, data=richer), "IJR") == pytest.approx(0.10, abs=1e-12)
    half = view("IJR", "0.10", confidence="0.5")
    assert of(returns_of(half, data=richer), "IJR") - of(returns_of(half), "IJR") == pytest.approx(0.005, abs=1e-12)


def test_funds_of_one_index_keep_one_return_under_any_view() -> None:
    found = returns_of(view("IWM", "0.02", over="SPY", confidence="0.3"), view("VTWO", "0.11", confidence="0.6"))
    assert of(found, "IWM") == of(found, "VTWO")
    assert of(found, "SPY") == of(found, "VOO")


def test_a_view_over_part_of_the_horizon_counts_for_that_part_of_its_distance() -> None:
    start = of(returns_of(), "IJR")
    assert share_of_horizon(view("IJR", "0.12", years="2"), Decimal(8)) == 0.25
    for years, share in (("2", 0.25), ("8", 1.0), ("20", 1.0)):
        found = of(returns_of(view("IJR", "0.12", years=years), horizon="8"), "IJR")
        assert found == pytest.approx(start + share * (0.12 - start), abs=1e-12)


def test_building_blocks_are_yield_growth_and_re_rating() -> None:
    """1.2% + 6% + (17/18)^(1/5) - 1 = 7.2% - 1.13666% = 6.06334%, by hand with logarithms."""
    blocks = BuildingBlocks(Decimal("0.012"), Decimal("0.06"), Decimal(18), Decimal(17))
    assert float(blocks.annual_return(Decimal(5))) == pytest.approx(0.0606334, abs=1e-7)
    flat = BuildingBlocks(Decimal("0.012"), Decimal("0.06"), Decimal(18), Decimal(18))
    assert blocks.annual_return(Decimal(1)) == pytest.approx(Decimal("0.072") - Decimal(1) / 18)
    assert flat.annual_return(Decimal(5)) == pytest.approx(Decimal("0.072"))


def clash(*views: View) -> InputError:
    with pytest.raises(InputError) as caught:
        returns_of(*views)
    return caught.value


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (view("IWM", "0.09"), view("VTWO", "0.09"), "a second view on VTWO (Russell 2000)"),
        (view("IWM", "0.02", over="SPY"), view("VOO", "0.01", over="VTWO"), "a second view on VOO"),
        (view("BND", "0.04"), view("IWM", "0.01", over="VTWO"), "of one security over itself"),
    ],
    ids=["two funds", "two pairs", "a pair"],
)
def test_a_clash_that_only_the_market_data_tell_names_its_place(first: View, second: View, message: str) -> None:
    first, second = (replace(one, where=Location(line, 5)) for one, line in ((first, 14), (second, 15)))
    error = clash(first, second)
    assert error.exit_code == 3
    (issue,) = error.issues
    assert message in issue.message
    assert issue.where == Location(15, 5)


def test_views_on_twins_and_others_that_contradict_are_refused_with_what_they_imply() -> None:
    error = clash(view("IWM", "0.09"), view("SPY", "0.07"), view("VTWO", "0.01", over="VOO", confidence="0.1"))
    assert "cannot be true beside" in error.issues[0].message
    assert "2% a year" in str(error.issues[0].hint)


def test_a_certain_view_that_follows_from_certain_ones_changes_nothing() -> None:
    two = (view("IJR", "0.09"), view("SPY", "0.07"))
    again = returns_of(*two, view("IJR", "0.02", over="SPY"))
    assert again.annual == pytest.approx(returns_of(*two).annual, abs=1e-12)


def test_certain_views_that_part_of_the_horizon_sets_against_each_other_are_refused() -> None:
    error = clash(view("IJR", "0.09"), view("SPY", "0.07"), view("IJR", "0.02", over="SPY", years="1"))
    assert "cannot be certain beside" in error.issues[0].message


def test_a_view_of_bills_is_refused_since_noise_of_its_covariances_would_move_stocks() -> None:
    sigma = np.diag([0.0024**2, 0.04])
    stated = opinions((view("SGOV", "0.05"),), ("SGOV", "SPY"), lambda symbol: symbol, Decimal(3))
    with pytest.raises(
        InputError, match=r"SGOV is of a security that hardly moves in the market data: 0\.24% a year"
    ) as error:
        posterior(np.array([0.04, 0.085]), sigma, stated)
    assert "1% a year or more" in str(error.value.issues[0].hint)


def test_a_view_between_securities_that_move_as_one_is_refused() -> None:
    sigma = np.array([[0.04, 0.04], [0.04, 0.04]])
    stated = opinions((view("A", "0.01", over="B"),), ("A", "B"), lambda symbol: symbol, Decimal(3))
    with pytest.raises(InputError, match="move as one"):
        posterior(np.array([0.07, 0.07]), sigma, stated)
