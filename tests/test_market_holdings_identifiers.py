"""The table of identifiers holds what the numbering agencies would accept, and matches exactly."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from advisor.market import holdings
from advisor.market.holdings.identifiers import Identifiers, seven_of, symbol_of
from advisor.portfolio.model import MAGNIFICENT_SEVEN

TABLE = Path(holdings.__file__).parent / "identifiers.csv"
ROWS = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))


def values(text: str) -> list[int]:
    """Digits as they are, letters from 10 on."""
    return [int(character, 36) for character in text]


def cusip_digit(cusip: str) -> int:
    """Check digit of the first eight characters: every second value doubled, digits of all summed.

    Source: ANSI X9.6.
    """
    doubled = [value * (2 if place % 2 else 1) for place, value in enumerate(values(cusip[:8]))]
    return -sum(value // 10 + value % 10 for value in doubled) % 10


def luhn_digit(isin: str) -> int:
    """Check digit of the first eleven characters: letters become two digits, every second from the right doubled.

    Source: ISO 6166, Annex C.
    """
    digits = [int(digit) for value in values(isin[:11]) for digit in str(value)]
    total = 0
    for place, digit in enumerate(reversed(digits)):
        product = digit * 2 if place % 2 == 0 else digit
        total += product // 10 + product % 10
    return -total % 10


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["symbol"])
def test_check_digits_are_right(row):
    assert len(row["cusip"]) == 9
    assert int(row["cusip"][8]) == cusip_digit(row["cusip"])
    assert row["isin"][:11] == "US" + row["cusip"]
    assert int(row["isin"][11]) == luhn_digit(row["isin"])


def test_the_table_is_the_magnificent_seven_in_all_share_classes():
    assert len(ROWS) == len({row["cusip"] for row in ROWS}) == 8
    assert {row["company"] for row in ROWS} == set(MAGNIFICENT_SEVEN)


def test_a_row_is_known_by_any_of_its_identifiers():
    assert symbol_of(Identifiers(cusip="67066G104")) == "NVDA"
    assert symbol_of(Identifiers(cusip="67066G10")) == "NVDA"
    assert symbol_of(Identifiers(isin="US02079K3059")) == "GOOGL"
    assert symbol_of(Identifiers("-", "02079K107")) == "GOOG"
    assert symbol_of(Identifiers("BRKB")) == "BRK.B"
    assert symbol_of(Identifiers("NVDA", "67066G104", "US67066G1040")) == "NVDA"


@pytest.mark.parametrize("near", ["67066G105", "67066G1", "037833DT4", "67066G1040", "G104", ""])
def test_nothing_near_an_identifier_is_one(near):
    assert symbol_of(Identifiers(cusip=near)) == ""


@pytest.mark.parametrize("ticker", ["XTSLA", "APLE", "MSFUT", "NVDAX", "GOO", "-", ""])
def test_tickers_near_the_seven_are_not_of_the_seven(ticker):
    assert sum(seven_of({symbol_of(Identifiers(ticker)): 1.0}).values()) == 0.0


def test_a_ticker_of_another_country_is_none_but_an_identifier_is_one_everywhere():
    assert symbol_of(Identifiers("META", is_local=False)) == ""
    assert symbol_of(Identifiers("APC", isin="US0378331005", is_local=False)) == "AAPL"


def test_identifiers_that_contradict_each_other_are_refused():
    for row in (Identifiers("NVDA", "037833100"), Identifiers("", "67066G104", "US0378331005")):
        with pytest.raises(ValueError, match="different securities"):
            symbol_of(row)


def test_share_classes_of_one_company_are_added():
    assert seven_of({"GOOG": 0.1, "GOOGL": 0.2, "XYZ": 0.5})["Alphabet"] == pytest.approx(0.3, abs=1e-15)
