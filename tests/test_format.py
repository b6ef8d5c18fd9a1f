from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from advisor import format as fmt

NB = "\N{NO-BREAK SPACE}"


def test_fractions_become_percentages_with_one_decimal():
    assert fmt.percent(0.343) == "34.3%"
    assert fmt.percent(0.0009449, 3) == "0.094%"
    assert fmt.percent(Decimal("0.188")) == "18.8%"
    assert fmt.signed_percent(0.0123) == "+1.2%"


def test_a_negative_figure_has_a_real_minus_sign():
    assert fmt.percent(-0.226) == "\u221222.6%"
    assert fmt.points(-0.0951) == f"\u22129.5{NB}points"
    assert fmt.money(Decimal("-4180.4")) == "\u2212$4,180"
    assert fmt.signed_cents(Decimal("-0.5")) == "\u2212$0.50"


def test_zero_has_no_sign_even_after_rounding():
    assert fmt.percent(-0.0001) == "0.0%"
    assert fmt.signed_percent(0.0001) == "0.0%"
    assert fmt.points(-0.0) == f"0.0{NB}points"
    assert fmt.signed_money(Decimal("-0.2")) == "$0"
    assert fmt.cents(Decimal("-0.001")) == "$0.00"


def test_money_is_grouped_and_cents_round_half_up():
    assert fmt.money(Decimal("1234567.89")) == "$1,234,568"
    assert fmt.cents(Decimal("1234.565")) == "$1,234.57"
    assert fmt.signed_money(Decimal("4180")) == "+$4,180"


def test_shares_lose_trailing_zeros_but_not_those_before_the_point():
    assert fmt.shares(Decimal("1200.000")) == "1,200"
    assert fmt.shares(Decimal("12.340")) == "12.34"
    assert fmt.shares(Decimal("0.001")) == "0.001"


def test_basis_points_are_signed():
    assert fmt.bps(0.00053) == f"5.3{NB}bp"
    assert fmt.signed_bps(0.00053) == f"+5.3{NB}bp"
    assert fmt.signed_bps(-0.0098) == f"\u221298.0{NB}bp"


def test_an_interval_collapses_where_both_ends_read_the_same():
    assert fmt.interval(0.3421, 0.3489) == "34.2\u201334.9%"
    assert fmt.interval(0.25001, 0.25003) == "25.0%"


def test_a_count_with_a_meaningless_upper_end_is_said_as_at_least():
    assert fmt.count_interval((24.9, 25.6)) == "25\u201326"
    assert fmt.count_interval((24.9, float("inf"))) == "at least 25"
    assert fmt.count_interval((115.7, 823_224.7), 1) == "at least 115.7"
    assert fmt.count_interval((float("inf"), float("inf"))) == ""


def test_small_figures_keep_the_decimals_that_tell_them_apart():
    assert [fmt.fine(value) for value in (64.33, 4.2968, 0.0941, 0.0062, 0.0004, 0.0)] == [
        "64.3", "4.30", "0.09", "0.006", "0", "0",
    ]  # fmt: skip
    assert fmt.fine_bps(0.0000006) == f"0.006{NB}bp"
    assert fmt.rough_money(Decimal("0.238")) == "$0.24"
    assert fmt.rough_money(Decimal("279.91")) == "$280"


def test_a_part_of_a_dollar_becomes_cents_for_a_hundred():
    assert fmt.per_hundred(0.00922427) == Decimal("0.92")
    assert fmt.per_hundred(-0.00005) == Decimal("-0.01")
    with pytest.raises(ValueError, match="not finite"):
        fmt.per_hundred(float("inf"))


def test_months_are_counted_until_the_time_is_over():
    assert fmt.months(42.54) == f"43{NB}months"
    assert fmt.months(0.2) == f"1{NB}month"
    assert fmt.months(12.0000001) == f"12{NB}months"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), Decimal("NaN")])
def test_a_figure_that_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match="not finite"):
        fmt.number(value)


def test_dates_are_written_out_in_sentences_and_numeric_in_tables():
    assert fmt.day(date(2026, 7, 3)) == f"July{NB}3, 2026"
    assert fmt.iso(date(2026, 7, 3)) == "2026-07-03"
    assert fmt.iso(None) == "not dated"


def test_lists_and_plurals_read_as_english():
    assert fmt.listing(()) == ""
    assert fmt.listing(("NVDA",)) == "NVDA"
    assert fmt.listing(("NVDA", "VOO", "SPY")) == "NVDA, VOO and SPY"
    assert fmt.listing(("A", "B", "C", "D", "E")) == "A, B, C and 2 more"
    assert fmt.plural(1, "day") == f"1{NB}day"
    assert fmt.plural(12, "day") == f"12{NB}days"
    assert fmt.years(3.0) == f"3{NB}years"
    assert fmt.years(2.5) == f"2.5{NB}years"
    assert fmt.years(1.0) == f"1{NB}year"


def test_a_css_string_has_nothing_that_could_end_it():
    text = fmt.css_string('"}</style>\\ü')
    assert set(text) <= set("\\0123456789abcdef")
    assert text.startswith("\\000022\\00007d\\00003c")


def test_a_change_is_that_of_the_printed_ends():
    assert fmt.change_in_points(0.11744, 0.10951) == f"\u22120.7{NB}points"  # 11.7 to 11.0, where the exact is -0.79
    assert fmt.change_in_points(0.10049, 0.10001) == fmt.EN_DASH
    assert fmt.change_in_points(0.00023745, 0.00032906, 3) == f"+0.009{NB}points"
    assert fmt.change_of_interval((0.88, 0.88), (0.65, 0.65)) == f"\u221223.0{NB}points"
    assert fmt.change_of_interval((0.30, 0.35), (0.22, 0.25)) == f"\u22128.0 to \u221210.0{NB}points"
    assert fmt.change_of_interval((0.3, 0.3), (0.3, 0.3)) == fmt.EN_DASH


def test_parts_are_rounded_to_add_up_to_their_total():
    thirds = fmt.apportioned([1 / 3, 1 / 3, 1 / 3], 2)
    assert sum(thirds) == 1
    assert sorted(thirds) == [Decimal("0.33"), Decimal("0.33"), Decimal("0.34")]
    assert fmt.apportioned([Decimal("-1.6"), Decimal("0.4"), Decimal("0.5")], 0) == [-2, 0, 1]
    assert fmt.apportioned([], 1) == []


@pytest.mark.parametrize("seed", range(50))
def test_no_part_is_moved_by_a_whole_unit(seed: int):
    import random

    drawn = random.Random(seed)
    parts = [drawn.uniform(-50, 50) for _ in range(drawn.randint(1, 30))]
    shown = fmt.apportioned(parts, 1)
    assert sum(shown) == fmt.shown(sum(map(Decimal, map(repr, parts))), 1)
    assert all(abs(float(one) - part) < 0.1 for one, part in zip(shown, parts, strict=True))


def test_parts_of_another_total_are_refused():
    with pytest.raises(ValueError, match="do not add up"):
        fmt.apportioned([0.2, 0.2], 1, 0.9)
