from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.errors import MarketDataError
from advisor.exposure.lookthrough import look_through, look_through_values
from advisor.market.snapshot import load_snapshot
from tests.small_market import CLOSES, household, small_market

MARKET = small_market()
SYMBOLS = tuple(sorted(CLOSES))

# 10,000 dollars: Roth 15 NVDA (3,000), 40 TEN (2,000), cash 1,000; Joint 10 GOOG (1,000), 5 GOOGL (500),
# 50 FULL (2,000), 5 BOND (400), cash 100.
HOUSEHOLD = household(
    ("Roth", "1000", {"NVDA": "15", "TEN": "40"}),
    ("Joint", "100", {"GOOG": "10", "GOOGL": "5", "FULL": "50", "BOND": "5"}),
)


def close(value: float):
    return pytest.approx(value, abs=1e-12)


def test_a_household_by_hand():
    """Nvidia: 0.30 + 0.20 x 0.10 + 0.20 x 0.20 = 0.36. Alphabet: 0.15 + 0.20 x [0.06, 0.09] = [0.162, 0.168].

    JPMorgan: 0.20 x 0.05 = 0.01 known, and the list of TEN cannot rule out 0.20 x 0.03 more.
    """
    found = look_through(HOUSEHOLD, MARKET)
    assert found.value_usd == Decimal(10000)
    companies = {company.company: company for company in found.companies}
    nvidia = companies["Nvidia"]
    assert (nvidia.direct, nvidia.through_funds) == (close(0.30), close(0.06))
    assert (nvidia.low, nvidia.high) == (close(0.36), close(0.36))
    assert list(nvidia.by_fund.items()) == [("FULL", close(0.04)), ("TEN", close(0.02))]
    alphabet = companies["Alphabet"]
    assert (alphabet.direct, alphabet.low, alphabet.high) == (close(0.15), close(0.162), close(0.168))
    assert alphabet.by_fund == {"TEN": close(0.012)}
    bank = companies["JPMorgan Chase"]
    assert (bank.direct, bank.low, bank.high) == (0.0, close(0.01), close(0.016))
    assert [company.company for company in found.companies][:3] == ["Nvidia", "Alphabet", "JPMorgan Chase"]
    assert "Berkshire" not in companies

    assert found.seven.direct == close(0.45)
    assert found.seven.through_funds == close(0.20 * 0.16 + 0.20 * 0.20)
    assert (found.seven.low, found.seven.high) == (close(0.522), close(0.528))
    assert found.unnamed == close(0.20 * 0.60)


def test_accounts_are_measured_against_themselves_in_the_order_of_the_file():
    """Roth is 6,000: (3,000 + 2,000 x [0.16, 0.19]) / 6,000. Joint is 4,000: (1,500 + 2,000 x 0.20) / 4,000."""
    roth, joint = look_through(HOUSEHOLD, MARKET).accounts
    assert (roth.name, roth.type, roth.value_usd, roth.weight) == ("Roth", "roth", Decimal(6000), close(0.6))
    assert (roth.seven_low, roth.seven_high) == (close(3320 / 6000), close(3380 / 6000))
    assert (joint.value_usd, joint.seven_low, joint.seven_high) == (Decimal(4000), close(0.475), close(0.475))


def test_funds_come_with_their_list_and_its_date():
    funds = {fund.symbol: fund for fund in look_through(HOUSEHOLD, MARKET).funds}
    assert list(funds) == ["FULL", "TEN", "BOND"]
    ten = funds["TEN"]
    assert (ten.weight, ten.seven_in_fund) == (close(0.2), (0.16, 0.19))
    assert (ten.seven_low, ten.seven_high) == (close(0.032), close(0.038))
    assert (ten.coverage, ten.basis, ten.as_of) == (0.40, "ten largest", MARKET.as_of)


def test_the_seven_are_always_listed_even_where_none_is_held():
    found = look_through(household(("Roth", "0", {"JPM": "1"})), MARKET)
    companies = {company.company: company.high for company in found.companies}
    assert len(companies) == 8
    assert companies["Tesla"] == 0.0


def test_an_account_without_money_has_no_weight_and_no_exposure():
    empty, full = look_through(household(("Empty", "0", {}), ("Full", "0", {"NVDA": "1"})), MARKET).accounts
    assert (empty.value_usd, empty.weight, empty.seven_high) == (Decimal(0), 0.0, 0.0)
    assert full.seven_low == 1.0


def test_a_household_worth_nothing_has_no_weights():
    with pytest.raises(MarketDataError, match="worth nothing"):
        look_through(household(("Roth", "0", {})), MARKET)


def test_a_position_without_a_price_is_an_error():
    with pytest.raises(MarketDataError, match="ZZZ"):
        look_through(household(("Roth", "0", {"ZZZ": "1"})), MARKET)


def test_the_already_diversified_household_on_the_embedded_snapshot():
    """300 RSP and cash to make RSP a third: its list names none of the seven and leaves 8 classes x 0.2279% open."""
    market = load_snapshot()
    price = market.securities["RSP"].close_usd
    found = look_through(household(("Joint", str(price * 600), {"RSP": "300"})), market)
    assert found.seven.low == 0.0
    assert found.seven.high == pytest.approx(8 * 0.002279 / 3, abs=1e-9)


positions = st.dictionaries(st.sampled_from(SYMBOLS), st.integers(0, 1_000_000), min_size=1)


def of_values(values: dict[str, int], cash: int = 1000):
    own = {("A", symbol): Decimal(value) for symbol, value in values.items()}
    return look_through_values(own, {"A": Decimal(cash)}, {"A": "roth"}, MARKET)


@settings(deadline=None)  # a busy machine is no fault
@given(positions)
def test_intervals_are_in_order_and_what_is_known_is_at_most_everything(values):
    found = of_values(values)
    assert found.seven.low <= found.seven.high + 1e-12
    assert found.seven.low == pytest.approx(found.seven.direct + found.seven.through_funds, abs=1e-12)
    for company in found.companies:
        assert company.low <= company.high + 1e-12
    assert sum(company.low for company in found.companies) <= 1.0 + 1e-12
    assert 0.0 <= found.unnamed <= 1.0


@settings(deadline=None)
@given(positions, positions)
def test_exposure_in_dollars_is_linear_in_the_positions(first, second):
    together = {symbol: first.get(symbol, 0) + second.get(symbol, 0) for symbol in SYMBOLS}
    parts = [of_values(values, 500) for values in (first, second)]
    whole = of_values(together, 1000)
    dollars = sum(float(part.value_usd) * part.seven.high for part in parts)
    assert float(whole.value_usd) * whole.seven.high == pytest.approx(dollars, rel=1e-12, abs=1e-9)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000), positions)
def test_which_class_of_alphabet_is_held_makes_no_difference(one, other, rest):
    kept = {symbol: value for symbol, value in rest.items() if not symbol.startswith("GOOG")}
    split = of_values({**kept, "GOOG": one, "GOOGL": other})
    merged = of_values({**kept, "GOOG": one + other})
    assert split.seven.high == pytest.approx(merged.seven.high, abs=1e-12)
    assert split.hhi == pytest.approx(merged.hhi, abs=1e-12)
