"""The independent check: it passes every sample, and catches thirty seeded faults."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from advisor.market.resolve import resolve
from advisor.rebalance.verify import verify
from advisor.rebalance.verify.taxes import held_more_than_a_year
from tests.samples import ANSWERED, market, record_of, sample


def failed(record: dict, name: str) -> list[str]:
    portfolio = sample(name)
    return [check.name for check in verify(record, portfolio, resolve(market(), portfolio)) if not check.passed]


@pytest.mark.parametrize("name", ANSWERED)
def test_every_sample_passes(name: str) -> None:
    assert failed(record_of(name), name) == []


def sale(record: dict, symbol: str) -> dict:
    return next(trade for trade in record["trades"] if trade["side"] == "sell" and trade["symbol"] == symbol)


def purchase(record: dict, symbol: str) -> dict:
    return next(trade for trade in record["trades"] if trade["side"] == "buy" and trade["symbol"] == symbol)


def limit(record: dict, name: str, kind: str = "max") -> dict:
    return next(entry for entry in record["limits"] if (entry["name"], entry["kind"]) == (name, kind))


def cent(amount: str, by: str = "0.01") -> str:
    return f"{Decimal(amount) + Decimal(by):.2f}"


def shift(record: dict, path: str, by: float) -> None:
    *folders, last = path.split("/")
    for folder in folders:
        record = record[folder]
    record[last] += by


def cent_in(record: dict, path: str) -> None:
    *folders, last = path.split("/")
    for folder in folders:
        record = record[folder]
    record[last] = cent(record[last])


def swap_lots(record: dict) -> None:
    first, second = sale(record, "NVDA")["lots"]
    first["acquired"], second["acquired"] = second["acquired"], first["acquired"]


def oversell_lot(record: dict) -> None:
    lots = sale(record, "NVDA")["lots"]
    moved = Decimal("1")
    lots[0]["shares"] = str(Decimal(lots[0]["shares"]) - moved)
    lots[1]["shares"] = str(Decimal(lots[1]["shares"]) + moved)


def sell_lot_twice(record: dict) -> None:
    lots = sale(record, "NVDA")["lots"]
    lots[0] = dict(lots[1])


def wrong_term(record: dict) -> None:
    sale(record, "NVDA")["lots"][0]["term"] = "short"


def gain_in_roth(record: dict) -> None:
    sale(record, "MGK")["lots"][0].update(gain_usd="1.00", term="long")


def drop_order(record: dict) -> None:
    record["trades"].pop()


def double_order(record: dict) -> None:
    record["trades"].append(dict(record["trades"][-1]))


def move_buy_to_other_account(record: dict) -> None:
    buys = [trade for trade in record["trades"] if trade["side"] == "buy"]
    buys[0]["account"], buys[1]["account"] = buys[1]["account"], buys[0]["account"]


def buy_what_is_not_offered(record: dict) -> None:
    purchase(record, "IJR")["symbol"] = "QQQ"


def sell_what_must_stay(record: dict) -> None:
    sale(record, "NVDA")["account"] = "Unvested shares"


def turn_buy_into_sale(record: dict) -> None:
    purchase(record, "IJR")["side"] = "sell"


def stale_price(record: dict) -> None:
    sale(record, "MGK")["price_usd"] = "87.70"


def share_off_the_step(record: dict) -> None:
    order = purchase(record, "IJR")
    order["shares"] = str(Decimal(order["shares"]) - Decimal("0.0001"))


def drop_limit(record: dict) -> None:
    record["limits"].pop(0)


def relax_limit(record: dict) -> None:
    limit(record, "magnificent_seven")["bound"] = 0.66


def hide_breach(record: dict) -> None:
    limit(record, "magnificent_seven")["status"] = "slack"


def flip_kind(record: dict) -> None:
    limit(record, "small_caps")["kind"] = "min"


def drop_cash_account(record: dict) -> None:
    del record["after"]["cash_usd"]["Roth IRA"]


def forget_a_holding(record: dict) -> None:
    record["after"]["weights"].pop("AAPL")


def direct_for_low(record: dict) -> None:
    company = record["after"]["magnificent_seven"]["companies"]["Nvidia"]
    company["low"] = company["direct"]


def reason(record: dict, side: str) -> dict:
    return next(entry for entry in record["explanation"]["reasons"] if entry["side"] == side)


def swell(entry: dict, part: str) -> None:
    entry["parts"][part] -= 1e-4
    entry["net"] -= 1e-4


FAULTS: dict[str, Callable[[dict], None]] = {
    "one cent in an order": lambda r: sale(r, "MGK").update(amount_usd=cent(sale(r, "MGK")["amount_usd"])),
    "one cent of spread": lambda r: sale(r, "MGK").update(spread_usd=cent(sale(r, "MGK")["spread_usd"])),
    "one cent of cash after": lambda r: cent_in(r, "after/cash_usd/Brokerage"),
    "one cent of cash before": lambda r: cent_in(r, "before/cash_usd/Roth IRA"),
    "one cent of value": lambda r: cent_in(r, "after/value_usd"),
    "one cent of tax": lambda r: cent_in(r, "tax/tax_usd"),
    "one cent of long-term gain": lambda r: cent_in(r, "tax/long_term_gain_usd"),
    "one cent of a lot's gain": lambda r: sale(r, "NVDA")["lots"][0].update(
        gain_usd=cent(sale(r, "NVDA")["lots"][0]["gain_usd"])
    ),
    "one cent of total spread": lambda r: cent_in(r, "costs/spread_usd"),
    "swapped lots": swap_lots,
    "an oversold lot": oversell_lot,
    "a lot sold twice": sell_lot_twice,
    "a wrong term": wrong_term,
    "a gain in a Roth account": gain_in_roth,
    "a dropped order": drop_order,
    "an order twice": double_order,
    "money across accounts": move_buy_to_other_account,
    "a purchase that is not offered": buy_what_is_not_offered,
    "a sale that must not be": sell_what_must_stay,
    "a sale of what is not held": turn_buy_into_sale,
    "another price": stale_price,
    "a tenth of the share step": share_off_the_step,
    "a dropped limit": drop_limit,
    "a relaxed limit": relax_limit,
    "a hidden breach": hide_breach,
    "a maximum read as a minimum": flip_kind,
    "a limit's figure off by 1e-6": lambda r: limit(r, "single_company").update(
        after=limit(r, "single_company")["after"] - 1e-6
    ),
    "an account without cash": drop_cash_account,
    "a forgotten holding": forget_a_holding,
    "look-through left out": direct_for_low,
    "direct holdings called a fund's": lambda r: r["before"]["magnificent_seven"]["companies"]["Apple"].update(
        direct=0.0
    ),
    "volatility off by 1e-6": lambda r: shift(r, "after/volatility", -1e-6),
    "the seven off by 1e-6": lambda r: shift(r["after"]["magnificent_seven"], "high", -1e-6),
    "expected return off by 1e-6": lambda r: shift(r, "after/expected_return", 1e-6),
    "tracking error off by 1e-6": lambda r: shift(r, "before/tracking_error", 1e-6),
    "a gain that is not there": lambda r: shift(r, "gain/total", 1e-4),
    "the gain's tax part off by 1e-6": lambda r: shift(r, "gain/tax", 1e-6),
    "a unit that widens the tolerance": lambda r: limit(r, "magnificent_seven").update(unit="usd"),
    "a flattered stress loss": lambda r: r["after"]["stress"][0].update(
        household_return=r["after"]["stress"][0]["household_return"] + 0.01
    ),
    "a security left out of what was assumed": lambda r: r["assumptions"]["securities"].pop("IJR"),
    "a flattered expected return": lambda r: shift(r["assumptions"]["securities"], "IJR/expected_return", 0.01),
    "another version of a set of views": lambda r: r["inputs"]["view_sets"][0].update(sha256="0" * 64),
    "no set of views": lambda r: r["inputs"].pop("view_sets"),
    "another risk aversion": lambda r: shift(r, "assumptions/risk_aversion", 0.1),
    "another doubt": lambda r: shift(r, "assumptions/return_uncertainty", 0.001),
    "another horizon": lambda r: shift(r, "assumptions/horizon_years", 1.0),
    "the wrong status": lambda r: r.update(status="do_nothing"),
    "another market": lambda r: r["inputs"]["market"].update(sha256="0" * 64),
    "another day of the prices": lambda r: r["inputs"]["market"].update(as_of="2026-07-14"),
    "younger prices": lambda r: shift(r["inputs"]["market"], "age_days", -1),
    "a price that nobody accepted": lambda r: r["inputs"]["market"].update(accepted_prices={"IJR": "144.99"}),
    "another source of a price": lambda r: r["inputs"]["market"]["prices"][0].update(source="Yahoo"),
    "another digest of a price": lambda r: r["inputs"]["market"]["prices"][0].update(sha256="0" * 64),
    "no digest of a price": lambda r: r["inputs"]["market"]["prices"][0].update(sha256=None),
    "another price used": lambda r: r["inputs"]["market"]["prices"][0].update(price_usd="1.00"),
    "a younger price": lambda r: shift(r["inputs"]["market"]["prices"][0], "age_days", -1),
    "a price left out": lambda r: r["inputs"]["market"]["prices"].pop(),
    "a price twice": lambda r: r["inputs"]["market"]["prices"].append(r["inputs"]["market"]["prices"][0]),
    "a price that was not used": lambda r: r["inputs"]["market"]["prices"][0].update(symbol="XOM"),
    "no prices": lambda r: r["inputs"]["market"].pop("prices"),
    "another source of a list": lambda r: r["inputs"]["market"]["holdings"][0].update(source="an issuer"),
    "another digest of a list": lambda r: r["inputs"]["market"]["holdings"][0].update(sha256="0" * 64),
    "another basis of a list": lambda r: r["inputs"]["market"]["holdings"][0].update(basis="full file, checked"),
    "a younger list": lambda r: shift(r["inputs"]["market"]["holdings"][0], "age_days", -1),
    "another day of a list": lambda r: r["inputs"]["market"]["holdings"][0].update(as_of="2026-11-01"),
    "a list left out": lambda r: r["inputs"]["market"]["holdings"].pop(),
    "another day": lambda r: r.update(as_of="2026-11-21"),
    "not a number": lambda r: r["before"].update(beta=float("nan")),
    "a field missing": lambda r: r["tax"].pop("tax_usd"),
    "a reason that does not add up": lambda r: shift(reason(r, "sell"), "net", 1e-6),
    "a reason for another lot": lambda r: reason(r, "sell").update(acquired="2001-01-02"),
    "a reason with another spread": lambda r: swell(reason(r, "sell"), "spread"),
    "a reason with another doubt": lambda r: swell(reason(r, "sell"), "doubt"),
    "a reason for a fund that is not on offer": lambda r: reason(r, "buy").update(symbol="SPY"),
    "a reason in no account": lambda r: reason(r, "buy").update(account="Elsewhere"),
    "other funds than those bought": lambda r: r["explanation"]["menu"].update(symbols=["VTWO"]),
    "shares that gain by rounding": lambda r: r["explanation"].update(rounding_loss=-1e-4),
    "no branch that is the best": lambda r: [b.update(behind=1e-4) for b in r["explanation"]["branches"]],
    "too early a break-even": lambda r: shift(r, "gain/months_to_break_even", -1.0),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_caught(fault: str) -> None:
    record = record_of("tech-employee")
    FAULTS[fault](record)
    assert failed(record, "tech-employee")


def test_at_least_thirty_faults_are_seeded() -> None:
    assert len(FAULTS) >= 30


def test_a_wash_sale_is_caught() -> None:
    record = record_of("couple-mixed-lots")
    line = {
        "acquired": "2026-10-02",
        "shares": "150",
        "cost_per_share_usd": "312.5",
        "gain_usd": "-2853.00",
        "term": "short",
    }
    record["trades"].append(
        {
            "account": "Joint",
            "symbol": "IWM",
            "side": "sell",
            "shares": "150",
            "price_usd": "293.48",
            "amount_usd": "44022.00",
            "spread_usd": "0.88",
            "lots": [line],
            "why": "test",
            "reasons": [],
        }
    )
    names = failed(record, "couple-mixed-lots")
    assert any(name.startswith("calendar") for name in names)


@pytest.mark.parametrize(
    ("acquired", "sold", "is_long"),
    [
        (date(2025, 11, 21), date(2026, 11, 21), False),
        (date(2025, 11, 21), date(2026, 11, 22), True),
        (date(2023, 2, 28), date(2024, 2, 29), False),
        (date(2023, 2, 28), date(2024, 3, 1), True),
        (date(2024, 2, 28), date(2025, 2, 28), False),
        (date(2024, 2, 28), date(2025, 3, 1), True),
        (date(2024, 2, 29), date(2025, 3, 1), True),
    ],
)
def test_the_check_counts_holding_periods_by_itself(acquired: date, sold: date, is_long: bool) -> None:
    assert held_more_than_a_year(acquired, sold) is is_long
