"""Settings and ranges on the command line, and variants of a file, against files with the values written in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from advisor.errors import InputError
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.model import LimitMode, Portfolio
from advisor.portfolio.original import Original, is_portfolio, original
from advisor.portfolio.settings import Setting, setting, sweep_points
from advisor.portfolio.values import ValueFaultError
from tests.samples import NEVER, sample, text_of

SAMPLE = "tech-employee"


def opened(text: str | None = None) -> Original:
    return original((text or text_of(SAMPLE)).encode(), today=NEVER, as_of=None)


def as_written(old: str, new: str) -> Portfolio:
    text = text_of(SAMPLE)
    assert old in text
    found = load_portfolio(text.replace(old, new).encode(), file="x.yaml", today=NEVER)
    return without_scenarios(found)


def without_scenarios(portfolio: Portfolio) -> Portfolio:
    return Portfolio(**{name: getattr(portfolio, name) for name in Portfolio.__slots__ if name != "scenarios"})


@pytest.mark.parametrize(
    ("words", "old", "new"),
    [
        ("limits.magnificent_seven.max=50%", "magnificent_seven: {max: 65%}", "magnificent_seven: {max: 50%}"),
        ("limits.magnificent_seven.max=none", "  magnificent_seven: {max: 65%}\n", ""),
        ("limits.single_company=none", "  single_company: {max: 55%}\n", ""),
        ("limits.small_caps={min: 5%}", "small_caps: {max: 30%}", "small_caps: {max: 30%, min: 5%}"),
        ("tax.state_rate=0", "state_rate: 9.3%", "state_rate: 0%"),
        ("preferences.buy=[IJR]", "{horizon_years: 3,", "{horizon_years: 3, buy: [IJR],"),
        (" preferences.horizon_years = 10 ", "horizon_years: 3", "horizon_years: 10"),
        ("as_of=2026-12-01", "as_of: 2026-11-20", "as_of: 2026-12-01"),
        ("limits.funds.QQQ.max=1%", "  cash: {min: 1%}\n", "  cash: {min: 1%}\n  funds: {QQQ: {max: 1%}}\n"),
        ("limits.sectors.Information Technology.max=60%", "  cash: {min: 1%}\n",
         "  cash: {min: 1%}\n  sectors: {Information Technology: {max: 60%}}\n"),
        ("limits.magnificent_seven.mode=soft", "seven: {max: 65%}", "seven: {max: 65%, mode: soft}"),
    ],
)  # fmt: skip
def test_a_setting_is_the_value_written_into_the_file(words: str, old: str, new: str) -> None:
    assert opened().with_settings([setting(words)]) == as_written(old, new)


def test_a_deposit_is_in_the_cash_of_its_account_and_known_as_new() -> None:
    found, written = (
        opened().with_settings([setting("deposit.Roth IRA=250.50")]),
        as_written("cash: 400", "cash: 650.50"),
    )
    assert [one.deposit_usd for one in found.accounts if one.name == "Roth IRA"] == [Decimal("250.50")]
    plain = tuple(replace(one, deposit_usd=Decimal(0)) for one in found.accounts)
    assert replace(found, accounts=plain) == written


def test_settings_are_made_together() -> None:
    found = opened().with_settings([setting("limits.cash.min=2%"), setting("limits.cash.max=9%")])
    assert [(limit.label, limit.bound) for limit in found.limits if limit.name == "cash"] == [
        ("cash.max", Decimal("0.09")),
        ("cash.min", Decimal("0.02")),
    ]


def test_a_limit_that_is_not_the_files_has_no_place_in_it() -> None:
    """The file has another bound on that line, or none: a message must not send the reader there."""
    text = text_of(SAMPLE)
    base = original(text.encode(), today=NEVER, as_of=None)
    found = base.with_settings([Setting("limits.magnificent_seven.max", "20%"), Setting("limits.cash.max", "9%")])
    lines = {limit.label: limit.where and limit.where.line for limit in found.limits}
    assert (lines["magnificent_seven.max"], lines["cash.max"]) == (None, None)
    rows = enumerate(text.split("\n"), start=1)
    assert lines["single_company.max"] == next(number for number, line in rows if "single_company: {max" in line)


def test_a_symbol_in_a_path_is_the_files_own_key_in_whichever_spelling() -> None:
    text = text_of(SAMPLE).replace("symbol: MGK", "symbol: BRK.B").replace(
        "  cash: {min: 1%}\n", "  funds: {BRK-B: {max: 50%}}\n"
    )  # fmt: skip
    found = opened(text).with_settings([setting("limits.funds.BRK.B.max=5%")])
    assert [limit.bound for limit in found.limits if limit.name == "funds.BRK.B"] == [Decimal("0.05")]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("limits.magnificent_seven.maxx=20%", "unknown key 'maxx' in limits.magnificent_seven", "did you mean max?"),
        ("limit.magnificent_seven.max=20%", "unknown key 'limit'", "did you mean limits?"),
        ("limits.magnificent_seven.max=20", "20 is more than the whole", "did you mean 20%?"),
        ("limits.magnificent_seven=20%", "limits.magnificent_seven must be a mapping", ""),
        ("accounts.Brokerage.cash=5", "unknown key 'accounts'", "deposit"),
        ("deposit.Brokrage=5", "no account is named 'Brokrage'", "did you mean Brokerage?"),
        ("deposit.Brokerage=-5", "-5 is negative", ""),
        ("deposit=5", "deposit must be a mapping", ""),
        ("as_of=1.12.2026", "'1.12.2026' is not a date", "YYYY-MM-DD"),
        ("as_of=2020-01-01", "is after as_of, 2020-01-01", ""),
        ("name=Me", "name of a household", ""),
        ("tax=[a", "not valid YAML", ""),
        ("preferences.buy=[IJR, IJR]", "'IJR' is listed twice", ""),
    ],
)
def test_a_wrong_setting_is_named_with_its_fault_and_a_way_out(words: str, message: str, hint: str) -> None:
    with pytest.raises(ValueFaultError) as caught:
        opened().with_settings([setting("tax.state_rate=1%"), setting(words)])
    assert words in str(caught.value)
    assert message in str(caught.value)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("words", ["", "=5", "limits", "limits=", "limits..max=5%", "limits.cash.min"])
def test_what_is_no_setting_says_how_one_is_written(words: str) -> None:
    with pytest.raises(ValueFaultError, match="not a setting"):
        setting(words)


def test_a_value_given_twice_is_refused() -> None:
    with pytest.raises(ValueFaultError, match="set already"):
        opened().with_settings([setting("limits.cash.min=1%"), setting("limits.cash.min=2%")])


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("a.b=15%:40%:5%", ["15%", "20%", "25%", "30%", "35%", "40%"]),
        ("a=15%:40%:10%", ["15%", "25%", "35%", "40%"]),  # both ends, also beside the steps
        ("a=0.1:0.3:0.1", ["0.1", "0.2", "0.3"]),  # in decimals: 0.1 + 0.2 is 0.3
        ("a=0:20000:10000", ["0", "10000", "20000"]),
        ("a=-0.1:0.1:0.1", ["-0.1", "0.0", "0.1"]),
        ("a=5%:5%:1%", ["5%"]),
        ("a=1:2:5", ["1", "2"]),
    ],
)
def test_a_range_holds_both_of_its_ends(words: str, values: list[str]) -> None:
    assert [point.value for point in sweep_points(words)] == values
    assert {point.path for point in sweep_points(words)} == {words.partition("=")[0]}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("a=1:2", "not a range"),
        ("a=1:2:3:4", "not a range"),
        ("a=2:1:1", "from 2 down to 1"),
        ("a=1:2:0", "not above zero"),
        ("a=1:2:-1", "not above zero"),
        ("a=0:1:0.001", "1,001 points"),
        ("a=1%:2:1", "'1%' is not a number"),
        ("a=x:2:1", "'x' is not a number"),
        ("a=1:1e9:1", "'1e9' is not a number"),
        ("=1:2:1", "not a setting"),
    ],
)
def test_a_range_that_is_none_says_why(words: str, message: str) -> None:
    with pytest.raises(ValueFaultError, match=message):
        sweep_points(words)


def test_a_range_may_have_two_hundred_points_and_no_more() -> None:
    assert len(sweep_points("a=1:200:1")) == 200
    with pytest.raises(ValueFaultError, match="201 points"):
        sweep_points("a=0:200:1")


def test_a_file_with_other_bounds_is_read_back_with_them_and_nothing_else_changed() -> None:
    bounds = {"magnificent_seven.max": "66.12%", "realized_gain.max": "0"}
    text = opened().text_with_bounds(bounds)
    found = load_portfolio(text.encode(), file="x.yaml", today=date(1999, 1, 1))
    expected = as_written("{max: 65%}", "{max: 66.12%}")
    assert [limit.label for limit in found.limits] == [limit.label for limit in expected.limits]
    assert {limit.label: limit.bound for limit in found.limits} == {
        **{limit.label: limit.bound for limit in expected.limits},
        "realized_gain.max": Decimal(0),
    }
    for name in ("accounts", "tax", "preferences", "do_not_sell", "as_of", "views"):
        assert getattr(found, name) == getattr(sample(SAMPLE), name)


def test_a_bound_that_was_soft_or_absent_is_hard_in_the_new_file() -> None:
    text = text_of(SAMPLE).replace("realized_gain: {max: 120000}", "realized_gain: {max: 120000, mode: soft, price: 3}")
    for base in (text, text_of(SAMPLE).replace("  realized_gain: {max: 120000}\n", "")):
        found = load_portfolio(
            opened(base).text_with_bounds({"realized_gain.max": "0"}).encode(), file="x", today=NEVER
        )
        gain = next(limit for limit in found.limits if limit.name == "realized_gain")
        assert (gain.bound, gain.mode) == (0, LimitMode.HARD)


OTHER = b"""\
scenarios:
  - {name: A, limits: {magnificent_seven: {max: 50%}}}
  - {name: B, deposit: {account: Brokerage, amount: 9}}
"""


def test_scenarios_of_another_file_change_this_one() -> None:
    one, other = opened().past_months_of(OTHER, "other.yaml")
    assert one.portfolio == as_written("{max: 65%}", "{max: 50%}")
    assert other.portfolio.accounts[0].cash_usd == 9009
    assert not is_portfolio(OTHER)
    assert is_portfolio(text_of(SAMPLE).encode())


def test_faults_of_another_file_have_their_places_there() -> None:
    wrong = OTHER.replace(b"max: 50%", b"maxx: 50%").replace(b"Brokerage", b"Brokrage") + b"tax: {}\n"
    with pytest.raises(InputError) as caught:
        opened().past_months_of(wrong, "other.yaml")
    places = [(issue.where.line, issue.where.column, issue.message) for issue in caught.value.issues if issue.where]
    assert places == [
        (2, 44, "scenario 'A': unknown key 'maxx' in limits.magnificent_seven"),
        (3, 34, "no account is named 'Brokrage'"),
        (4, 1, "unknown key 'tax' in the file"),
    ]


@pytest.mark.parametrize(
    "data", [b"", b"scenarios: []\n", b"- 5\n", b"a: [", b"scenarios:\n  - {name: cheap}\n", b"\xff"]
)
def test_a_file_without_scenarios_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"other\.yaml"):
        opened().past_months_of(data, "other.yaml")
