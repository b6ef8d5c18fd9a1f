"""From text to typed values: what is read, what is refused, and what the hint says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import format as written
from advisor.portfolio import values
from advisor.portfolio.values import ValueFaultError


def hint_of(parse, *args) -> str:
    with pytest.raises(ValueFaultError) as caught:
        parse(*args)
    return f"{caught.value.message}; {caught.value.hint}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("18.42", "18.42"),
        ("-500", "-500"),
        ("010", "10"),
        ("999999999999.99999999", "999999999999.99999999"),
    ],
)
def test_plain_digits_are_an_exact_number(text: str, value: str) -> None:
    assert values.number(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("$1,000", "did you mean 1000?"),
        ("12,34", "write 1234.56 or 1,234.56"),
        ("1.234,50", "write 1234.56 or 1,234.56"),
        ("1,0000", "write 1234.56 or 1,234.56"),
        ("1234,567", "write 1234.56 or 1,234.56"),
        ("1_000", "did you mean 1000?"),
        ("1 000", "did you mean 1000?"),
        ("1e5", "write the digits out"),
        ("1E400", "write the digits out"),
        ("10%", "not a percentage"),
        ("nan", "plain digits"),
        ("NaN", "plain digits"),
        (".inf", "plain digits"),
        ("Infinity", "plain digits"),
        ("true", "plain digits"),
        ("null", "plain digits"),
        ("", "plain digits"),
        (".5", "plain digits"),
        ("5.", "plain digits"),
        ("+5", "plain digits"),
        ("--5", "plain digits"),
        ("0x10", "plain digits"),
        ("1:30", "plain digits"),
        ("(12.50)", "plain digits"),
        ("1.123456789", "8 after"),
        ("1234567890123", "at most 12 before"),
        ("٣", "plain digits"),
        ("１", "plain digits"),
        ("1\n", "plain digits"),
    ],
)
def test_anything_else_is_no_number(text: str, hint: str) -> None:
    assert hint in hint_of(values.number, text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("25%", "0.25"), ("0.25", "0.25"), ("18.8%", "0.188"), ("0.05%", "0.0005"), ("0", "0"), ("1", "1"), ("100%", "1")],
)
def test_a_fraction_is_written_with_or_without_percent(text: str, value: str) -> None:
    assert values.fraction(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("25", "did you mean 25%?"),
        ("1.5", "did you mean 1.5%?"),
        ("-5", "did you mean -5%?"),
        ("25 %", "did you mean 25%?"),
        ("$0.25", "did you mean 0.25?"),
        ("a quarter", "write 25% or 0.25"),
        ("25%%", "write 25% or 0.25"),
        ("%", "write 25% or 0.25"),
        ("1e-1", "write 25% or 0.25"),
        ("nan", "write 25% or 0.25"),
    ],
)
def test_a_doubtful_fraction_is_refused(text: str, hint: str) -> None:
    assert hint in hint_of(values.fraction, text)


def test_bounds_are_kept_and_named_in_the_unit_of_the_field() -> None:
    assert "-1 is negative" in hint_of(values.number, "-1", Decimal(0))
    assert "at least 0.25" in hint_of(values.number, "0.1", Decimal("0.25"), Decimal(50))
    assert "at most 50" in hint_of(values.number, "51", None, Decimal(50))
    assert "at most 15%" in hint_of(values.fraction, "16%", Decimal(0), Decimal("0.15"))
    assert "at least -50%" in hint_of(values.fraction, "-0.51", Decimal("-0.5"))
    assert values.fraction("15%", Decimal(0), Decimal("0.15")) == Decimal("0.15")


def amounts(decimals: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(-(10**11), 10**11, places=decimals)


@given(amounts(0), amounts(2), amounts(3), st.decimals(-100, 100, places=4))
def test_what_a_report_prints_is_read(whole: Decimal, cents: Decimal, count: Decimal, fraction: Decimal) -> None:
    assert values.usd(written.money(whole)) == whole
    assert values.usd(written.cents(cents)) == cents
    assert values.number(written.number(cents, 2)) == cents
    assert values.number(written.shares(abs(count))) == abs(count)
    assert values.fraction(written.percent(fraction, 2)) == fraction


@pytest.mark.parametrize("text", ["$", "$$1", "$-1", "-$", "1$", "$1,00", "$,100", "$1,000,", "$1 000", "1,234,56"])
def test_no_other_sign_makes_an_amount(text: str) -> None:
    hint_of(values.usd, text)


def test_shares_are_not_dollars() -> None:
    assert "did you mean 10?" in hint_of(values.positive, "$10")
    assert values.positive("$10", values.usd) == 10


@pytest.mark.parametrize("text", ["0", "-1", "0.00000000", "-0"])
def test_shares_and_prices_are_above_zero(text: str) -> None:
    assert "not above zero" in hint_of(values.positive, text)


def test_a_date_has_one_form() -> None:
    assert values.day("2024-02-29") == date(2024, 2, 29)
    assert "not in the calendar" in hint_of(values.day, "2023-02-29")
    assert "not in the calendar" in hint_of(values.day, "0000-01-01")
    assert "between 1900 and 2199" in hint_of(values.day, "9999-12-31")
    for text in ("20240229", "2024-2-9", "02/29/2024", "2024-02-29 10:00", "1704412800", "٢٠٢٤-٠٢-٢٩", "2024-W09-4"):
        assert "YYYY-MM-DD" in hint_of(values.day, text)


def test_a_flag_is_true_or_false_alone() -> None:
    assert values.flag("true") is True
    assert values.flag("false") is False
    for text in ("True", "yes", "on", "1", ""):
        assert "write true or false" in hint_of(values.flag, text)


@pytest.mark.parametrize("text", ["ON", "NO", "Y", "YES", "TRUE", "NULL", "NA", "INF", "1E5", "BRK.B", "X-Y.Z"])
def test_a_ticker_is_its_own_text(text: str) -> None:
    assert values.symbol(text) == text


@pytest.mark.parametrize(
    ("text", "symbol"), [("BRK-B", "BRK.B"), ("BRKB", "BRK.B"), ("BRK.B", "BRK.B"), ("BF-B", "BF.B"), ("BRKA", "BRK.A")]
)
def test_a_share_class_has_one_spelling(text: str, symbol: str) -> None:
    assert values.symbol(text) == symbol


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("nvda", "did you mean NVDA?"),
        ("brk/b", "did you mean BRK.B?"),
        (" SPY ", "did you mean SPY?"),
        ("\u0410APL", "only look like letters"),
        ("ＳＰＹ", "only look like letters"),
        ("^GSPC", "up to 15"),
        ("../../x", "up to 15"),
        ("SPY?range=max&", "up to 15"),
        ("A B", "up to 15"),
        ("", "up to 15"),
        ("A" * 16, "up to 15"),
        ("SPY\n", "did you mean SPY?"),
    ],
)
def test_what_is_no_ticker_is_refused(text: str, hint: str) -> None:
    message = hint_of(values.symbol, text)
    assert hint in message
    assert message.isascii()  # a look-alike is shown by its code


def test_a_name_is_printable_and_short() -> None:
    assert values.name("Müller & Söhne <b> 東京") == "Müller & Söhne <b> 東京"
    assert "at most 80" in hint_of(values.name, "x" * 81)
    for text in ("", " x", "x ", "a\u00a0b", "a\u3000b"):
        assert hint_of(values.name, text)


def test_a_choice_offers_the_usual_and_the_near_word() -> None:
    kinds = ("taxable", "traditional")
    assert values.choice("taxable", kinds) == "taxable"
    assert "did you mean traditional?" in hint_of(values.choice, "Traditionel", kinds)
    assert "did you mean taxable?" in hint_of(values.choice, "Joint", kinds, {"joint": "taxable"})
    assert "taxable, traditional" in hint_of(values.choice, "xyz", kinds)


def test_no_near_word_is_sought_among_many() -> None:
    assert values.did_you_mean("A1", [f"A{i}" for i in range(1000)]) is None
    assert values.did_you_mean("shars", ["shares", "lots"]) == "did you mean shares?"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("11/20/2026", "2026-11-20"),
        ("1/2/2026", "2026-01-02"),  # the month stands first, as it is written in America
        ("20/11/2026", "2026-11-20"),  # no month 20
        ("20.11.2026", "2026-11-20"),
        ("1.12.2026", "2026-12-01"),  # with points the day stands first
        ("2026/11/20", "2026-11-20"),
        ("2026-1-5", "2026-01-05"),
        ("11-20-2026", "2026-11-20"),
        ("20261120", "2026-11-20"),
        ("1112026", None),
        ("11/20/26", None),
        ("31/31/2026", None),
        ("tomorrow", None),
    ],
)
def test_a_date_in_another_form_is_told_the_form_and_the_day_it_probably_means(text: str, meant: str | None) -> None:
    expected = f"write YYYY-MM-DD: did you mean {meant}?" if meant else "write YYYY-MM-DD, like 2024-07-31"
    assert hint_of(values.day, text).endswith(f"; {expected}")
