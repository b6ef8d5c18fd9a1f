"""From the bytes of a file to a `Portfolio`, and every fault at its place.

In the texts of faults the marks « and » stand around the part at which the caret must point; they are taken out
before the text is read, and the place is counted from them.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from advisor.errors import InputError, Location
from advisor.market.resolve import resolve
from advisor.portfolio.limit_types import Side
from advisor.portfolio.load import load_portfolio, read_portfolio
from advisor.portfolio.model import SECTORS, AccountType, BuildingBlocks, LimitMode
from advisor.portfolio.preferences import (
    CovarianceChoice,
    CovarianceMethod,
    FilingStatus,
    Preferences,
    ReturnPeriod,
    TaxSituation,
    UnsoldGains,
)
from tests.samples import market

TODAY = date(2026, 7, 13)
CORPUS = Path(__file__).parent / "fuzz_corpus"

SMALL = """\
version: 1
name: Household
accounts:
  - name: Joint
    type: taxable
    cash: 100
    holdings:
      - {symbol: NVDA, shares: 10, cost_per_share: 5, acquired: 2020-01-02}
  - name: Roth IRA
    type: roth
    holdings:
      - {symbol: MGK, shares: 7}
"""


def load(text: str, **options):
    return load_portfolio(text.encode(), file="p.yaml", today=TODAY, **options)


def faults(text: str) -> tuple:
    with pytest.raises(InputError) as caught:
        load(text)
    return caught.value.issues


def refusal(text: str) -> str:
    with pytest.raises(InputError) as caught:
        load(text)
    return str(caught.value)


def place_of_marks(text: str) -> tuple[str, Location]:
    """Text without its marks, and the place of what stood between them."""
    before, marked, after = text.replace("»", "«").split("«")
    column = len(before) - (before.rfind("\n") + 1) + 1
    return before + marked + after, Location(before.count("\n") + 1, column, max(1, len(marked)))


def changed(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new, 1)


# name: (text with marks, part of the message, part of the hint)
VIEW = "{symbol: IJR, annual_return: 8%, years: 5, source: s}"


def viewed(part: str, *, years: str = "years: 5, ", source: str = "source: s, ") -> str:
    """The small file with one view on IJR, with this part of it marked."""
    return SMALL + f"views: [{{symbol: IJR, annual_return: 8%, {years}{source}{part}}}]\n"


FAULTS = {
    "a newer version": (changed("version: 1", "version: «2»"), "not known", "version: 1"),
    "no version": (changed("version: 1\nname", "«n»ame"), "needs the key version", ""),
    "no accounts": ("version: 1\nname: x\n«accounts»: []\n", "at least one", ""),
    "accounts not a list": ("version: 1\nname: x\naccounts: «none»\n", "must be a list", "-"),
    "an account not a mapping": ("version: 1\nname: x\naccounts:\n  - «Joint»\n", "accounts[1] must be a mapping", ""),
    "a file that is a list": ("«-» a\n", "the file must be a mapping", ""),
    "an unknown key": (SMALL + "«limit»: {}\n", "unknown key 'limit'", "did you mean limits?"),
    "a usual key": (changed("symbol: MGK", "«ticker»: MGK, symbol: MGK"), "unknown key", "did you mean symbol?"),
    "a key of nothing near": (changed("cash: 100", "«zzz»: 100"), "unknown key", "known: name, type, cash"),
    "an account type": (changed("type: roth", "type: «401k»"), "is not one of", "did you mean traditional?"),
    "a mistyped type": (changed("type: roth", "type: «rothh»"), "is not one of", "did you mean roth?"),
    "a money text": (changed("cash: 100", "cash: «$1,000,»"), "not a number", "a comma groups"),
    "a comma inside of braces": (
        changed("symbol: MGK, shares: 7", "symbol: MGK, shares: 1,«234»"),
        "a value ends at its comma",
        '"120,000"',
    ),
    "negative cash": (changed("cash: 100", "cash: «-1»"), "negative", "zero or more"),
    "an empty value": (changed("cash: 100", "«cash»:"), "nothing is given", "remove the key"),
    "a list for a value": (changed("cash: 100", "«cash»: [1]"), "not a list", ""),
    "a mapping for a value": (changed("cash: 100", "«cash»: {usd: 1}"), "not a mapping", ""),
    "NaN shares": (changed("shares: 10", "shares: «NaN»"), "not a number", ""),
    "infinite shares": (changed("shares: 10", "shares: «.inf»"), "not a number", ""),
    "negative shares": (changed("shares: 10", "shares: «-10»"), "not above zero", "short positions"),
    "zero shares": (changed("shares: 10", "shares: «0»"), "not above zero", ""),
    "a negative price": (changed("cost_per_share: 5", "cost_per_share: «-5»"), "negative", ""),
    "a lower-case ticker": (changed("NVDA", "«nvda»"), "not a ticker", "did you mean NVDA?"),
    "a look-alike ticker": (changed("NVDA", "«\u039dVDA»"), "\\\\u039d", "look like letters"),
    "a date that is none": (changed("2020-01-02", "«2020-02-30»"), "not in the calendar", ""),
    "a US date": (changed("2020-01-02", "«01/02/2020»"), "not a date", "YYYY-MM-DD"),
    "a future purchase": (changed("2020-01-02", "«2026-07-14»"), "after as_of, 2026-07-13", "as_of"),
    "a lot without cost": (changed("{symbol: NVDA, shares: 10, cost_per_share: 5,", "«{»symbol: NVDA, shares: 10,"),
                           "needs cost_per_share", "broker"),
    "a lot without date": (changed("{symbol: NVDA, shares: 10, cost_per_share: 5, acquired: 2020-01-02}",
                                   "«{»symbol: NVDA, shares: 10, cost_per_share: 5}"), "needs acquired", "trade date"),
    "a lot of a list without date": (
        changed("{symbol: NVDA, shares: 10, cost_per_share: 5, acquired: 2020-01-02}",
                "{symbol: NVDA, lots: [«{»shares: 10, cost_per_share: 5}]}"), "needs acquired", ""),
    "lots beside shares": (changed("shares: 7}", "lots: [{shares: 7}], «shares»: 7}"), "beside lots", "into a lot"),
    "no lots": (changed("shares: 7}", "«lots»: []}"), "without lots", ""),
    "neither lots nor shares": (changed("{symbol: MGK, shares: 7}", "«{»symbol: MGK}"), "shares or lots", ""),
    "two accounts of one name": (changed("Roth IRA", "«Joint»"), "second account", "line 4"),
    "two names apart by capitals": (changed("Roth IRA", "«JOINT»"), "second account", "line 4"),
    "a symbol twice": (SMALL + "      - {symbol: «MGK», shares: 1}\n", "twice in one account", "line 12"),
    "a share class twice": (SMALL + "      - {symbol: BRKB, shares: 1}\n      - {symbol: «BRK.B», shares: 1}\n",
                            "twice in one account", "line 13"),
    "a name with a control": (changed("Roth IRA", "«\"Roth\\x1b\"»"), "U+001B", ""),
    "a name of 81": (changed("Roth IRA", f"«{'x' * 81}»"), "81 characters", "80"),
    "a name of blanks": (changed("Roth IRA", "«' '»"), "not a name", ""),
    "no value at all": ("version: 1\nname: x\n«accounts»:\n  - {name: A, type: hsa}\n", "no account holds", ""),
    "a bare 25": (SMALL + "limits: {magnificent_seven: {max: «25»}}\n", "more than the whole", "did you mean 25%?"),
    "a negative limit": (SMALL + "limits: {volatility: {max: «-1%»}}\n", "negative", ""),
    "a floor for a ceiling": (SMALL + "limits: {turnover: {max: 5%, «min»: 1%}}\n", "unknown key 'min'", ""),
    "a limit without bound": (SMALL + "limits: {«small_caps»: {}}\n", "needs max, min or both", ""),
    "an empty limit": (SMALL + "limits:\n  «cash»:\n", "needs max, min or both", ""),
    "a ceiling left out": (SMALL + "limits:\n  «volatility»:\n", "needs the key max", ""),
    "a bare limit": (SMALL + "limits: {volatility: «18%»}\n", "must be a mapping", "did you mean {max: 18%}?"),
    "a bare limit of two sides": (
        SMALL + "limits: {small_caps: «0.2»}\n", "must be a mapping", "did you mean {max: 0.2} or {min: 0.2}?"
    ),
    "a bare limit of a fund": (SMALL + "limits: {funds: {IWM: «5%»}}\n", "limits.funds.IWM must be", "{max: 5%}"),
    "a bare limit in dollars": (SMALL + "limits: {realized_gain: «5000»}\n", "must be a mapping", "{max: 5000}?"),
    "a bare limit of a scenario": (
        SMALL + "scenarios: [{name: A, limits: {magnificent_seven: «50%»}}]\n", "must be a mapping", "{max: 50%}?"
    ),
    "a group of limits as one": (SMALL + "limits: {funds: «5%»}\n", "limits.funds must be a mapping", "key: value"),
    "a limit that is no figure": (SMALL + "limits: {cash: «much»}\n", "must be a mapping", "key: value"),
    "min above max": (SMALL + "limits: {small_caps: {min: «40%», max: 0.3}}\n", "above max", ""),
    "min above max of beta": (SMALL + "limits: {beta: {max: 0.9, min: «1.2»}}\n", "above max", ""),
    "min above max of a fund": (SMALL + "limits: {funds: {IWM: {min: «2%», max: 1%}}}\n", "above max", ""),
    "a fund nobody has": (SMALL + "limits: {funds: {«IWMM»: {max: 1%}}}\n", "neither held nor", "did you mean IWM?"),
    "a fund by a wrong key": (SMALL + "limits: {funds: {«iwm»: {max: 1%}}}\n", "not a ticker", "did you mean IWM?"),
    "a fund limited twice": (changed("MGK", "BRKB") + "limits: {funds: {BRK-B: {max: 1%}, «BRKB»: {max: 2%}}}\n",
                             "limited twice", ""),
    "a gain in percent": (SMALL + "limits: {realized_gain: {max: «10%»}}\n", "not a number", "percentage"),
    "a price of a hard limit": (SMALL + "limits: {cash: {min: 1%, «price»: 5}}\n", "a soft limit", "mode: soft"),
    "a price of a limit that is no worse": (
        SMALL + "limits: {sectors: {Energy: {max: 9%, mode: not_worse_than_today, «price»: 5}}}\n", "a soft limit", ""),
    "a soft fall": (
        SMALL + "limits: {max_drawdown: {max: 30%, mode: «soft»}}\n", "cannot be soft", "not_worse_than_today"),
    "a price of nothing": (SMALL + "limits: {cash: {min: 1%, mode: soft, price: «0»}}\n", "too small", "0.01"),
    "an unknown mode": (SMALL + "limits: {cash: {min: 1%, mode: «hardd»}}\n", "not one of hard, soft", "mean hard?"),
    "a usual mode": (SMALL + "limits: {cash: {min: 1%, mode: «should»}}\n", "not one of hard, soft", "mean soft?"),
    "a sector by half its name": (SMALL + "limits: {sectors: {«Technology»: {max: 40%}}}\n",
                                  "one of Communication Services, Consumer", "did you mean Information Technology?"),
    "a sector that is none": (SMALL + "limits: {sectors: {«Crypto»: {max: 40%}}}\n", "Real Estate, Utilities", ""),
    "a sector without bound": (SMALL + "limits: {sectors: {«Energy»: {}}}\n", "needs max, min or both", ""),
    "min above max of a sector": (SMALL + "limits: {sectors: {Energy: {min: «9%», max: 8%}}}\n", "above max", ""),
    "a floor for a fall": (SMALL + "limits: {stress: {covid_2020: {max: 25%, «min»: 1%}}}\n", "unknown key 'min'", ""),
    "an episode without bound": (SMALL + "limits: {stress: {«covid_2020»: {}}}\n", "needs the key max", ""),
    "an expense ratio in plain percent": (SMALL + "limits: {expense_ratio: {max: «1.5»}}\n", "more than", "1.5%?"),
    "a fall of more than all": (SMALL + "limits: {max_drawdown: {max: «120%»}}\n", "too large", "at most 100%"),
    "a negative shortfall": (SMALL + "limits: {cvar_95: {max: «-5%»}}\n", "negative", ""),
    "a carried dollar worth too much": (
        SMALL + "tax: {carryforward_value: «20.1%», state_rate: 5%}\n", "too large", "long_term_rate and state_rate"),
    "a negative value of a carried dollar": (SMALL + "tax: {carryforward_value: «-1%»}\n", "negative", ""),
    "an unknown estimator": (
        SMALL + "preferences: {covariance: {method: «shrunk»}}\n", "not one of sample, ledoit_wolf, factor", ""),
    "returns by the hour": (SMALL + "preferences: {covariance: {returns: «hourly»}}\n", "not one of daily", ""),
    "a window of no years": (SMALL + "preferences: {covariance: {years: «0»}}\n", "too small", "at least 1"),
    "an inflation over one": (SMALL + "preferences: {covariance_inflation: «1.1»}\n", "too large", "at most 1"),
    "whole shares by another word": (SMALL + "preferences: {whole_shares: «yes»}\n", "neither true nor false", ""),
    "a fractional account by a number": (changed("type: roth", "type: roth\n    fractional: «1»"), "neither true", ""),
    "identical to nothing": (SMALL + "identical:\n  - «[»VTI]\n", "needs two symbols", "add the other"),
    "identical twice": (SMALL + "identical: [[VTI, ITOT, «VTI»]]\n", "listed twice", ""),
    "identical without groups": (SMALL + "identical: [«VTI»]\n", "identical[1] must be a list", ""),
    "an unknown key of a scenario": (SMALL + "scenarios: [{name: A, «limit»: {}}]\n", "unknown key 'limit'", "limits?"),
    "a scenario without name": (SMALL + "scenarios:\n  - «{»tax: {}}\n", "needs the key name", ""),
    "a scenario of a built-in name": (SMALL + "scenarios: [{name: «half»}]\n", "is named 'half'", "another"),
    "two scenarios of one name": (SMALL + "scenarios:\n  - {name: A}\n  - {name: «a»}\n", "second scenario", "line 14"),
    "a limit of a scenario": (SMALL + "scenarios: [{name: A, limits: {volatility: {«maxx»: 5%, max: 1%}}}]\n",
                              "scenario 'A': unknown key 'maxx' in limits.volatility", "did you mean max?"),
    "a value of a scenario": (SMALL + "scenarios: [{name: A, tax: {state_rate: «15»}}]\n",
                              "scenario 'A': tax.state_rate: 15 is more than the whole", "15%?"),
    "a scenario's part of a limit that the file has not": (
        SMALL + "scenarios: [{name: A, limits: {«volatility»: {mode: soft}}}]\n", "needs the key max", ""),
    "a scenario against the file": (
        SMALL + "limits: {small_caps: {max: 30%}}\nscenarios: [{name: A, limits: {small_caps: {min: «40%»}}}]\n",
        "scenario 'A': min 40% is above max 30%", ""),
    "a section of a scenario": (SMALL + "scenarios: [{name: A, limits: «5»}]\n", "limits must be a mapping", ""),
    "a deposit into nothing": (
        SMALL + "scenarios: [{name: A, deposit: {account: «Rot IRA», amount: 5}}]\n", "no account is", "Roth IRA?"),
    "a deposit of words": (SMALL + "scenarios: [{name: A, deposit: {account: Joint, amount: «much»}}]\n", "not a", ""),
    "a view without its time": (
        SMALL + "views:\n  - «{»symbol: IJR, annual_return: 8%, source: s}\n", "needs the key years", "add `years: 5`"),
    "a view without source": (
        SMALL + "views:\n  - «{»symbol: IJR, annual_return: 8%, years: 5}\n", "needs the key source", "where the view"),
    "a relative view without its time": (
        SMALL + "views:\n  - «{»relative: [IJR, SPY], annual_return: 2%, source: s}\n",
        "needs the key years", "`years: 5`"),
    "blocks without source": (
        SMALL + "views:\n  - «{»fund: A, dividend_yield: 1%, growth: 6%, pe_now: 18, pe_then: 17, years: 5}\n",
        "needs the key source", "add `source"),
    "blocks without growth": (
        SMALL + "views:\n  - «{»fund: A, dividend_yield: 1%, pe_now: 18, pe_then: 17, years: 5, source: s}\n",
        "views[1] needs the key growth", ""),
    "a confidence over the whole": (viewed("confidence: «140%»"), "too large", "at most 100%"),
    "a confidence below nothing": (viewed("confidence: «-5%»"), "negative", ""),
    "a confidence in plain percent": (viewed("confidence: «40»"), "more than the whole", "40%?"),
    "a confidence in other words": (viewed("confidence: «mediun»"), "not one of low, medium, high, certain", "medium?"),
    "a confidence in far words": (viewed("confidence: «strong»"), "not one of low", "or write 40%"),
    "an empty source": (viewed("source: «''»", source=""), "is not a source", ""),
    "a view of no time": (viewed("years: «0»", years=""), "too small", "at least 0.25"),
    "an unknown key of a view": (viewed("«horizon»: 5"), "unknown key 'horizon' in views[1]", "known: confidence"),
    "a view of two forms": (
        SMALL + "views: [{relative: [IJR, SPY], «symbol»: IJR, annual_return: 1%, years: 5, source: s}]\n",
        "unknown key 'symbol' in views[1]", "relative"),
    "a relative view of one": (
        SMALL + "views:\n  - «relative»: [IJR]\n    annual_return: 1%\n    years: 5\n    source: s\n",
        "two symbols are meant", "[IJR, SPY]"),
    "a relative view of itself": (
        SMALL + "views:\n  - «relative»: [IJR, IJR]\n    annual_return: 1%\n    years: 5\n    source: s\n",
        "of one security over itself", ""),
    "two views": (SMALL + f"views:\n  - {VIEW}\n  - {VIEW.replace('IJR', '«IJR»')}\n", "second view on IJR", "line 14"),
    "two views on a pair the other way round": (
        SMALL + "views:\n  - {relative: [IJR, SPY], annual_return: 2%, years: 5, source: s}\n"
        "  - {«relative»: [SPY, IJR], annual_return: -2%, years: 5, source: s}\n",
        "second view on SPY over IJR", "line 14"),
    "views that cannot all be true": (
        SMALL + f"views:\n  - {VIEW}\n  - {VIEW.replace('IJR', 'SPY').replace('8%', '7%')}\n"
        "  - {«relative»: [IJR, SPY], annual_return: 2%, confidence: 0%, years: 5, source: s}\n",
        "the view IJR over SPY cannot be true beside IJR in line 14, SPY in line 15", "1% a year"),
    "a view against the set's": (
        SMALL + "views:\n  - small-caps-2026\n"
        "  - {«relative»: [SPY, IJR], annual_return: 1%, years: 5, source: s}\n",
        "a second view on SPY over IJR", "the first is IJR over SPY in line 14"),
    "a set twice": (SMALL + "views: [small-caps-2026, «small-caps-2026»]\n", "listed twice", "keep one"),
    "an unknown set": (SMALL + "views: [«small-caps-2025»]\n", "is no set of views", "did you mean small-caps-2026?"),
    "an unknown set by itself": (SMALL + "views: «momentum»\n", "is no set of views", "of your own is a mapping"),
    "a wild view": (
        SMALL + "views: [{symbol: IJR, annual_return: «60%», years: 5, source: s}]\n", "too large", "at most 50%"),
    "wild building blocks": (
        SMALL + "views:\n  - «{»fund: A, dividend_yield: 1%, growth: 6%, pe_now: 8, pe_then: 1, years: 1, source: s}\n",
        "make -80.5% a year", "from -50% to 50%"),
    "do not sell whose": (SMALL + "limits: {do_not_sell: [{account: «Rot IRA»}]}\n", "no account is", "Roth IRA?"),
    "do not sell what": (SMALL + "limits: {do_not_sell: [{symbol: «NVDQ»}]}\n", "not held in any", "mean NVDA?"),
    "do not sell it there": (SMALL + "limits: {do_not_sell: [{symbol: «NVDA», account: Roth IRA}]}\n", "in that", ""),
    "do not sell nothing": (SMALL + "limits: {do_not_sell: [«{»}]}\n", "needs symbol, account", ""),
    "rates the wrong way": (SMALL + "tax: {short_term_rate: 10%, long_term_rate: «15%»}\n", "at least long", "convex"),
    "a long rate over the default": (SMALL + "tax: {long_term_rate: «30%»}\n", "at least long_term_rate", ""),
    "a short rate under the default": (SMALL + "tax: {short_term_rate: «10%»}\n", "at least long_term_rate", ""),
    "rates over the whole": (SMALL + "tax: {short_term_rate: 60%, state_rate: «40%»}\n", "below 100%", ""),
    "a filing status": (SMALL + "tax: {filing_status: «mfj»}\n", "is not one of", "did you mean married_joint?"),
    "a negative carryforward": (SMALL + "tax: {carryforward: {long_term: «-1»}}\n", "negative", ""),
    "a later rate over the long one": (
        SMALL + "tax: {later_long_term_rate: «15.1%»}\n", "is above long_term_rate", "never a credit"),
    "parts of unsold gains": (
        SMALL + "preferences: {«unsold_gains»: {sold: 60%, donated: 30%}}\n", "add up to 90%", "make up 100%"),
    "another end of gains": (
        SMALL + "preferences: {unsold_gains: «given»}\n", "not one of sold, held_until_death, donated", ""),
    "held for how long": (
        SMALL + "preferences: {unsold_gains: «held_until_death»}\n", "needs held_years", "held_years: 25"),
    "held for weeks": (SMALL + "preferences: {held_years: «0.1»}\n", "too small", "at least 0.25"),
    "a negative gain": (SMALL + "preferences: {min_gain_usd: «-500»}\n", "negative", ""),
    "more than all of a company": (SMALL + "preferences: {company_share: «101%»}\n", "too large", "at most 100%"),
    "buying twice": (SMALL + "preferences: {buy: [IWM, «IWM»]}\n", "listed twice", ""),
    "an account's purchase": (changed("type: roth", "type: roth\n    buy: [IJR, «IWO»]"), "not in preferences.buy", ""),
    "an empty list of purchases": (SMALL + "preferences: {«buy»: }\n", "must be a list", ""),
    "an account's empty list": (changed("type: roth", "type: roth\n    «buy»:"), "must be a list", ""),
    "a short horizon": (SMALL + "preferences: {horizon_years: «0.1»}\n", "too small", "at least 0.25"),
    "a high premium": (SMALL + "preferences: {equity_premium: «16%»}\n", "too large", "at most 15%"),
    "no aversion": (SMALL + "preferences: {risk_aversion: «0»}\n", "too small", "at least 0.1"),
    "a wait in halves": (SMALL + "preferences: {wait_days: «1.5»}\n", "not a whole number", "write 1"),
    "a flag": (SMALL + "preferences: {reserve_tax: «yes»}\n", "neither true nor false", ""),
    "a proxy of a proxy": (SMALL + "securities: [{symbol: A, proxy: B}, {symbol: C, proxy: «A»}]\n", "data of its", ""),
    "a proxy of itself": (SMALL + "securities: [{symbol: A, proxy: «A»}]\n", "data of its own", ""),
    "a security twice": (SMALL + "securities: [{symbol: A, proxy: B}, {symbol: «A», proxy: D}]\n", "twice", ""),
    "a price of zero": (SMALL + "securities: [{symbol: A, proxy: B, price: «0»}]\n", "not above zero", ""),
    "history of whom": (SMALL + "history: [{date: 2026-07-01, account: «Roth», symbol: A, side: buy, shares: 1}]\n",
                        "no account is named", "Roth IRA?"),
    "history to come": (SMALL + "history: [{date: «2026-07-14», account: Joint, symbol: A, side: buy, shares: 1}]\n",
                        "after as_of", ""),
    "history long past": (SMALL + "history: [{date: «2026-05-12», account: Joint, symbol: A, side: buy, shares: 1}]\n",
                          "more than 61 days", "remove the entry"),
    "history's side": (SMALL + "history: [{date: 2026-07-01, account: Joint, symbol: A, side: «bought», shares: 1}]\n",
                       "not one of buy, sell", "did you mean buy?"),
    "a gain of a purchase": (
        SMALL + "history: [{date: 2026-07-01, account: Joint, symbol: A, side: buy, shares: 1, «gain»: 5}]\n",
        "a purchase has no gain", "sell"),
    "a double key": (changed("cash: 100", "cash: 100\n    «cash»: 200"), "given twice", "line 6"),
}  # fmt: skip


@pytest.mark.parametrize(("marked", "message", "hint"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_reported_alone_at_its_place_with_a_way_out(marked: str, message: str, hint: str) -> None:
    text, where = place_of_marks(marked)
    issues = faults(text)
    assert len(issues) == 1, [issue.message for issue in issues]
    assert message in issues[0].message
    assert hint in (issues[0].hint or "")
    found = issues[0].where
    assert found is not None
    assert (found.line, found.column) == (where.line, where.column)
    assert found.width == where.width


def test_the_small_text_is_right() -> None:
    portfolio = load(SMALL)
    assert [account.name for account in portfolio.accounts] == ["Joint", "Roth IRA"]
    assert portfolio.as_of == TODAY
    assert portfolio.tax == TaxSituation()
    assert portfolio.preferences == Preferences()
    assert portfolio.limits == ()


def test_every_part_of_a_full_file_arrives() -> None:
    data = (CORPUS / "household.yaml").read_bytes()
    portfolio = load_portfolio(data, file="household.yaml", today=date(2030, 1, 1))
    assert portfolio.as_of == date(2026, 7, 13)
    brokerage, roth = portfolio.accounts
    assert (brokerage.type, roth.type) == (AccountType.TAXABLE, AccountType.ROTH)
    assert brokerage.is_taxable
    assert (brokerage.cash_usd, brokerage.min_cash_usd, brokerage.buy) == (Decimal(18000), Decimal("500.25"), None)
    assert roth.buy == ("IJR",)
    nvidia, spy, berkshire = brokerage.positions
    assert nvidia.shares == Decimal("340.125")
    assert nvidia.lots[1].cost_per_share_usd == Decimal("135.10")
    assert spy.lots[0].acquired == date(2021, 3, 1)
    assert (berkshire.symbol, berkshire.lots[0].cost_per_share_usd) == ("BRK.B", Decimal(0))
    assert nvidia.where == Location(10, 17, 4)
    limits = {limit.label: limit for limit in portfolio.limits}
    assert {label: limit.bound for label, limit in limits.items()} == {
        "magnificent_seven.max": Decimal("0.25"),
        "single_company.max": Decimal("0.1"),
        "small_caps.max": Decimal("0.3"),
        "small_caps.min": Decimal("0.1"),
        "funds.IWM.max": Decimal("0.15"),
        "funds.VTWO.max": Decimal("0.15"),
        "funds.BRK.B.max": Decimal("0.2"),
        "funds.BRK.B.min": Decimal("0.005"),
        "volatility.max": Decimal("0.18"),
        "tracking_error.max": Decimal("0.06"),
        "beta.max": Decimal("1.15"),
        "beta.min": Decimal("0.8"),
        "turnover.max": Decimal("0.4"),
        "realized_gain.max": Decimal(30000),
        "cvar_95.max": Decimal("0.12"),
        "max_drawdown.max": Decimal("0.6"),
        "expense_ratio.max": Decimal("0.0015"),
        "cash.min": Decimal("0.01"),
        "sectors.Information Technology.max": Decimal("0.4"),
        "sectors.Energy.max": Decimal("0.2"),
        "sectors.Energy.min": Decimal("0.01"),
        "stress.covid_2020.max": Decimal("0.35"),
    }
    assert {label: limit.mode for label, limit in limits.items() if limit.mode is not LimitMode.HARD} == {
        "volatility.max": LimitMode.NOT_WORSE_THAN_TODAY,
        "cvar_95.max": LimitMode.SOFT,
        "sectors.Energy.max": LimitMode.SOFT,
        "sectors.Energy.min": LimitMode.SOFT,
    }
    assert limits["cvar_95.max"].charge_bps_per_pp == Decimal("2.5")
    assert limits["sectors.Energy.min"].charge_bps_per_pp == 10
    assert limits["tracking_error.max"].benchmark == "IVV"
    assert limits["beta.max"].benchmark == "VOO"  # from preferences
    assert limits["cash.min"].benchmark is None
    assert limits["cash.min"].side is Side.MIN
    assert limits["magnificent_seven.max"].where == Location(25, 28, 3)
    assert not portfolio.may_sell("Brokerage", "NVDA")
    assert not portfolio.may_sell("Roth IRA", "MGK")
    assert portfolio.may_sell("Brokerage", "BRK.B")
    assert portfolio.tax == TaxSituation(
        filing_status=FilingStatus.MARRIED_JOINT,
        short_term_rate=Decimal("0.35"),
        long_term_rate=Decimal("0.188"),
        state_rate=Decimal("0.05"),
        year_to_date_short_usd=Decimal("-1200.5"),
        year_to_date_long_usd=Decimal(300),
        carryforward_short_usd=Decimal(0),
        carryforward_long_usd=Decimal(4100),
        carryforward_value=Decimal("0.02"),
        later_long_term_rate=Decimal("0.15"),
        is_stated=True,
    )
    assert portfolio.preferences == Preferences(
        horizon_years=Decimal(5),
        risk_aversion=Decimal(3),
        equity_premium=Decimal("0.04"),
        buy=("IWM", "VTWO", "IJR", "SLYX"),
        benchmark="VOO",
        min_trade_usd=Decimal(500),
        min_gain=Decimal("0.001"),
        min_gain_usd=Decimal(250),
        company_share=Decimal("0.2"),
        unsold_gains=UnsoldGains(Decimal("0.6"), Decimal("0.3"), Decimal("0.1")),
        held_years=Decimal(25),
        return_uncertainty=Decimal("0.01"),
        wait_days=10,
        reserve_tax=False,
        whole_shares=False,
        covariance_inflation=Decimal("0.25"),
        covariance=CovarianceChoice(CovarianceMethod.LEDOIT_WOLF, ReturnPeriod.WEEKLY, 3),
    )
    assert portfolio.identical == (("VTI", "ITOT", "SCHB"), ("SPY", "VOO"))
    assert (brokerage.fractional, roth.fractional) == (False, True)
    assert [(view.name, view.annual_return, view.confidence, view.years, view.set) for view in portfolio.views] == [
        ("IJR", Decimal("0.075"), Decimal("0.5"), Decimal(5), ""),
        ("NVDA", Decimal("-0.03"), Decimal("0.4"), Decimal("2.5"), ""),
        ("QQQ over SPY", Decimal("-0.01"), Decimal("0.25"), Decimal(10), ""),
        ("BND", Decimal("0.04"), Decimal(1), Decimal(5), ""),
        ("IJR over SPY", Decimal("0.0259"), Decimal("0.25"), Decimal(5), "small-caps-2026"),
    ]
    assert portfolio.views[0].source == "House view, 2026-07"
    assert portfolio.views[3].blocks == BuildingBlocks(Decimal("0.04"), Decimal(0), Decimal(25), Decimal(25))
    lines = data.decode().splitlines()
    assert ["small-caps-2026" in lines[view.where.line - 1] for view in portfolio.views] == [False] * 4 + [True]
    assert portfolio.history[1].gain_usd == Decimal(-500)
    assert portfolio.securities[0].price_usd == Decimal("655.10")
    assert portfolio.securities[0].expense_ratio == Decimal("0.0004")


@pytest.mark.parametrize("name", sorted(path.name for path in CORPUS.glob("*.yaml")))
def test_the_seeds_of_the_fuzz_test_are_right(name: str) -> None:
    load_portfolio((CORPUS / name).read_bytes(), file=name, today=TODAY)


def test_rates_are_stated_only_if_both_are() -> None:
    assert load(SMALL + "tax: {short_term_rate: 30%, long_term_rate: 15%}\n").tax.is_stated
    assert not load(SMALL + "tax: {short_term_rate: 30%}\n").tax.is_stated
    assert not load(SMALL + "tax: {carryforward: {long_term: 10}}\n").tax.is_stated


def test_empty_sections_are_as_if_left_out() -> None:
    sections = "limits:\nviews:\nhistory:\nsecurities:\ntax:\npreferences:\n"
    assert load(SMALL + sections) == load(SMALL)
    assert load(SMALL + "limits:\n  funds:\n  do_not_sell:\n") == load(SMALL)


def test_an_account_may_offer_nothing_to_buy() -> None:
    portfolio = load(changed("type: roth", "type: roth\n    buy: []"))
    assert not portfolio.may_buy(portfolio.accounts[1], "IWM")
    assert portfolio.may_buy(portfolio.accounts[0], "IWM")


def test_any_fund_may_be_bought_and_what_is_no_fund_or_has_no_data_is_refused_at_its_line() -> None:
    text = SMALL + "preferences:\n  buy:\n    - IJR\n    - RSP\n"
    assert load(text).preferences.buy == ("IJR", "RSP")
    assert resolve(market(), load(text)).securities["RSP"].is_fund
    portfolio = load(text + "    - JPM\n    - ZZZZ\n")
    with pytest.raises(InputError) as caught:
        resolve(market(), portfolio)
    told = {issue.where.line: issue.message for issue in caught.value.issues}
    lines = {line.strip("- "): number for number, line in enumerate(text.splitlines(), start=1)}
    assert told.keys() == {lines["RSP"] + 1, lines["RSP"] + 2}
    assert "JPM cannot be bought: it is shares of" in told[lines["RSP"] + 1]
    assert "ZZZZ cannot be bought: snapshot-2026-07-13 has no data for it" in told[lines["RSP"] + 2]


@pytest.mark.parametrize("end", ["sold", "held_until_death", "donated"])
def test_one_word_says_what_becomes_of_all_unsold_gains(end: str) -> None:
    preferences = load(SMALL + f"preferences: {{unsold_gains: {end}, held_years: 30}}\n").preferences
    parts = {"sold": Decimal(0), "held_until_death": Decimal(0), "donated": Decimal(0)} | {end: Decimal(1)}
    assert preferences.unsold_gains == UnsoldGains(**parts)
    assert load(SMALL).preferences.unsold_gains == UnsoldGains(Decimal(1), Decimal(0), Decimal(0))


def test_the_least_gain_is_the_lesser_of_a_part_of_value_and_dollars() -> None:
    preferences = load(SMALL + "preferences: {min_gain: 0.1%, min_gain_usd: 250}\n").preferences
    assert preferences.least_gain(Decimal(100_000)) == 0.001  # $100 a year
    assert preferences.least_gain(Decimal(1_000_000)) == 0.00025  # $250 a year
    assert load(SMALL).preferences.least_gain(Decimal(2_000_000)) == 0.00025  # $500 of two million


def test_a_smallest_order_that_is_not_stated_grows_with_the_household_where_none_is_needed() -> None:
    unstated, stated = load(SMALL).preferences, load(SMALL + "preferences: {min_trade: 40}\n").preferences
    assert (unstated.smallest_order_usd, stated.smallest_order_usd) == (100, 40)
    assert [unstated.least_trade_usd(Decimal(value)) for value in (50_000, 100_000, 2_000_000)] == [100, 100, 2000]
    assert stated.least_trade_usd(Decimal(2_000_000)) == 40


def test_parts_of_a_share_are_for_fractional_accounts_mutual_funds_and_who_asks_for_them() -> None:
    portfolio = load(changed("type: roth", "type: roth\n    fractional: true"))
    joint, roth = portfolio.accounts
    assert portfolio.preferences.whole_shares
    assert not portfolio.may_trade_fractions(joint, "IJR")
    assert not portfolio.may_trade_fractions(joint, "SPYX")
    assert portfolio.may_trade_fractions(joint, "VFIAX")
    assert portfolio.may_trade_fractions(roth, "IJR")
    wanted = load(SMALL + "preferences: {whole_shares: false}\n")
    assert wanted.may_trade_fractions(wanted.accounts[0], "IJR")


@pytest.mark.parametrize("rates", ["long_term_rate: 15%, state_rate: 5%", "state_rate: 5%"])
def test_a_carried_dollar_may_be_worth_the_long_rate_with_the_states(rates: str) -> None:
    assert load(SMALL + f"tax: {{{rates}, carryforward_value: 20%}}\n").tax.carryforward_value == Decimal("0.2")


def test_a_soft_limit_without_a_price_charges_ten_basis_points_a_point() -> None:
    (limit,) = load(SMALL + "limits: {beta: {max: 1.1, mode: soft}}\n").limits
    assert (limit.mode, limit.charge_bps_per_pp) == (LimitMode.SOFT, 10)


def test_every_sector_of_the_market_data_may_be_limited_and_no_other() -> None:
    data = market()
    of_funds = {name for known in data.constituents.values() for name in known.sectors or ()}
    of_stocks = {security.sector for security in data.securities.values() if not security.is_fund}
    assert of_funds | of_stocks == set(SECTORS)


def test_the_day_of_the_decision_can_be_overruled() -> None:
    text = "as_of: 2026-07-01\n" + SMALL
    assert load(text).as_of == date(2026, 7, 1)
    assert load(text, as_of=date(2026, 8, 1)).as_of == date(2026, 8, 1)
    bought_later = SMALL.replace("2020-01-02", "2026-07-20")
    assert faults(bought_later)
    assert load(bought_later, as_of=date(2026, 8, 1))


def test_a_purchase_on_the_day_itself_and_history_of_61_days_are_read() -> None:
    trade = "history: [{date: 2026-05-13, account: Joint, symbol: META, side: sell, shares: 1, gain: -5}]\n"
    portfolio = load(changed("2020-01-02", "2026-07-13") + trade)
    assert portfolio.history[0].date == date(2026, 5, 13)


def test_what_was_sold_need_not_be_held_any_more() -> None:
    trade = "history: [{date: 2026-07-01, account: Roth IRA, symbol: VTWO, side: sell, shares: 1, gain: -5}]\n"
    assert load(SMALL + trade).history[0].symbol == "VTWO"


def test_an_unreadable_day_of_decision_is_one_fault_not_many() -> None:
    issues = faults("as_of: yesterday\n" + SMALL)
    assert [issue.where for issue in issues] == [Location(1, 8, 9)]


ODD_TICKERS = ("ON", "NO", "Y", "N", "YES", "OFF", "TRUE", "ALL", "NA", "NULL", "T", "F", "INF", "E")


@pytest.mark.parametrize("ticker", ODD_TICKERS)
def test_an_odd_ticker_is_itself_as_key_and_as_value(ticker: str) -> None:
    text = changed("NVDA", ticker) + (
        f"limits: {{funds: {{{ticker}: {{max: 10%}}}}, do_not_sell: [{{symbol: {ticker}}}]}}\n"
        f"views: [{{symbol: {ticker}, annual_return: 5%, years: 5, source: s}}]\n"
        f"securities: [{{symbol: {ticker}, proxy: SPY}}]\n"
        f"history: [{{date: 2026-07-01, account: Joint, symbol: {ticker}, side: buy, shares: 1}}]\n"
    )
    portfolio = load(text)
    assert portfolio.accounts[0].positions[0].symbol == ticker
    assert portfolio.limits[0].name == f"funds.{ticker}"
    assert {portfolio.do_not_sell[0].symbol, portfolio.views[0].symbol} == {ticker}
    assert {portfolio.securities[0].symbol, portfolio.history[0].symbol} == {ticker}


def test_all_faults_are_reported_at_once_in_the_order_of_the_file() -> None:
    text = """\
version: 1
nmae: Household
accounts:
  - name: Joint
    type: taxable
    cash: $1,00
    cash: 2
    holdings:
      - {symbol: nvda, shares: -1, cost_per_share: 5, acquired: 2031-01-01}
  - name: joint
    type: rooth
limits:
  small_caps: {min: 40%, max: 30%, mood: hard}
  do_not_sell: [{account: Roth}]
tax: !!map {long_term_rate: 30%}
preferences: {whole_shares: 1}
scenarios: [{name: A, nam: B}]
"""
    issues = faults(text)
    places = [(issue.where.line, issue.where.column) for issue in issues if issue.where]
    assert places == sorted(places)
    messages = "\n".join(issue.message for issue in issues)
    for part in (
        "needs the key name",
        "unknown key 'nmae'",
        "'$1,00' is not a number",
        "'cash' is given twice",
        "'nvda' is not a ticker",
        "-1 is not above zero",
        "2031-01-01 is after as_of",
        "a second account",
        "'rooth' is not one of",
        "min 40% is above max 30%",
        "unknown key 'mood'",
        "no account is named 'Roth'",
        "tags (!)",
        "short_term_rate must be at least",
        "'1' is neither true nor false",
        "unknown key 'nam'",
    ):
        assert part in messages
    assert len(issues) == 16


def test_a_fault_is_shown_with_its_line_a_caret_and_a_hint() -> None:
    with pytest.raises(InputError) as caught:
        load(changed("cash: 100", "csh: 100"))
    assert str(caught.value) == (
        "p.yaml:6:5: unknown key 'csh' in accounts[1]\n        csh: 100\n        ^^^ did you mean cash?"
    )
    assert caught.value.exit_code == 3


def test_the_caret_stands_below_the_fault_in_wide_and_in_long_lines() -> None:
    wide = refusal(changed("name: Joint", "name: 東京\n    x: {東京: 1}"))
    lines = wide.split("\n")
    assert lines[1] == "        x: {東京: 1}"
    assert lines[2].startswith("        ^ ")  # the unknown key x, not what stands in it
    long_line = "limits: {funds: {" + ", ".join(f"N{i}: {{max: 1%}}" for i in range(3000)) + "}}\n"
    for shown in refusal(SMALL + long_line).split("\n"):
        assert len(shown) < 200
    first, line, caret = refusal(SMALL + long_line).split("\n")[3000 - 3 : 3000]
    start, end = caret.index("^"), caret.rindex("^")
    assert line[start : end + 1] in first  # the caret is below the symbol that the message names


def test_wide_characters_before_the_fault_take_two_columns() -> None:
    shown = refusal(SMALL + "limits: {東京: 1, x: 2}\n").split("\n")
    assert shown[4] == "    limits: {東京: 1, x: 2}"
    assert shown[5].startswith(" " * (4 + len("limits: {") + 4 + len(": 1, ")) + "^ ")


def test_nothing_that_steers_a_terminal_is_shown() -> None:
    text = SMALL + 'views: [{symbol: "\x1b[31m"}]\n'
    shown = refusal(text)
    assert "\x1b" not in shown
    assert "·[31m" in shown
    bidi = "limits: {“\u202e”: 1}\n"
    assert "\u202e" not in refusal(SMALL + bidi)


def test_a_message_shows_no_amount_but_on_the_line_of_its_fault() -> None:
    text = SMALL.replace("cash: 100", "cash: 987654").replace("shares: 10,", "shares: 43219876,") + "views: 5\n"
    shown = refusal(text)
    assert "987654" not in shown
    assert "43219876" not in shown


def test_many_faults_are_cut_and_the_cut_is_told() -> None:
    issues = faults(SMALL + "limits:\n  do_not_sell:\n" + "    - {symbol: ZZ}\n" * 3000)
    assert len(issues) == 1001
    assert issues[-1].message.startswith("there may be more faults")


def test_ten_thousand_lots_load() -> None:
    lot = "          - {shares: 1.5, cost_per_share: 12.25, acquired: 2020-01-02}\n"
    text = SMALL + "  - name: Many\n    type: taxable\n    holdings:\n      - symbol: SPY\n        lots:\n"
    portfolio = load(text + lot * 10_000)
    assert portfolio.accounts[2].positions[0].shares == Decimal(15_000)


def test_reading_gives_the_bytes_too(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(SMALL.encode())
    portfolio, data = read_portfolio(path, today=TODAY)
    assert portfolio == load(SMALL)
    assert data == SMALL.encode()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path, reason in [(tmp_path / "none.yaml", "no such file"), (tmp_path, "is a directory"), (Path("a\0b"), "")]:
        with pytest.raises(InputError) as caught:
            read_portfolio(path, today=TODAY)
        assert "cannot be read" in str(caught.value)
        assert reason in str(caught.value)
        assert "\0" not in str(caught.value)


def test_a_huge_file_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(9 * 2**20)
    with pytest.raises(InputError, match="8 MiB"):
        read_portfolio(path, today=TODAY)


WITH_SCENARIOS = """\
limits: {magnificent_seven: {max: 30%}, small_caps: {min: 1%, max: 30%}, funds: {MGK: {max: 90%}}}
tax: {state_rate: 5%}
views: [{symbol: IJR, annual_return: 1%, years: 5, source: s}]
scenarios:
  - {name: Tighter, limits: {magnificent_seven: {max: 20%}}}
  - {name: Looser, limits: {magnificent_seven: none, small_caps: {max: null}, funds: {MGK: {max: none}}}}
  - name: Other
    as_of: 2026-07-20
    tax: {long_term_rate: 20%, state_rate: none}
    preferences: {horizon_years: 10}
    views: [{symbol: IWM, annual_return: 2%, years: 5, source: s}]
    deposit: {account: Roth IRA, amount: 250.50}
"""


def test_a_scenario_is_the_file_with_its_own_values_in_their_places() -> None:
    base = load(SMALL + WITH_SCENARIOS)
    tighter, looser, other = base.scenarios
    assert [scenario.name for scenario in base.scenarios] == ["Tighter", "Looser", "Other"]
    as_written = load(
        (SMALL + WITH_SCENARIOS.partition("scenarios")[0]).replace("seven: {max: 30%}", "seven: {max: 20%}")
    )
    assert tighter.portfolio == as_written
    assert [limit.where.line for limit in tighter.portfolio.limits if limit.where] == [17, 13, 13, 13]
    assert [limit.label for limit in looser.portfolio.limits] == ["small_caps.min"]
    assert other.portfolio.as_of == date(2026, 7, 20)
    assert other.portfolio.tax == TaxSituation(long_term_rate=Decimal("0.2"))
    assert other.portfolio.preferences == Preferences(horizon_years=Decimal(10))
    assert [view.symbol for view in other.portfolio.views] == ["IWM"]
    assert [b.cash_usd - a.cash_usd for a, b in zip(base.accounts, other.portfolio.accounts, strict=True)] == [
        0,
        Decimal("250.50"),
    ]
    assert all(scenario.portfolio.scenarios == () for scenario in base.scenarios)


def test_past_trades_of_the_file_may_be_too_old_to_matter_on_the_day_of_a_scenario() -> None:
    past = "as_of: 2026-07-10\nhistory: [{date: 2026-07-01, account: Joint, symbol: NVDA, side: buy, shares: 1}]\n"
    (later,) = load(SMALL + past + "scenarios: [{name: Next year, as_of: 2027-01-04}]\n").scenarios
    assert later.portfolio.as_of == date(2027, 1, 4)
    (issue,) = faults(SMALL + past + "scenarios: [{name: Before, as_of: 2026-06-30}]\n")
    assert "2026-07-01 is after as_of, 2026-06-30" in issue.message
    old = past.replace("2026-07-01", "2026-05-01") + "scenarios: [{name: Next year, as_of: 2027-01-04}]\n"
    (issue,) = faults(SMALL + old)
    assert "more than 61 days before as_of, 2026-07-10" in issue.message


def test_a_fault_of_the_file_is_not_told_again_for_each_scenario() -> None:
    issues = faults(changed("cash: 100", "cash: lots") + "scenarios: [{name: A}, {name: B, tax: {state_rate: 1%}}]\n")
    assert len(issues) == 1


def test_more_than_fifty_scenarios_are_refused() -> None:
    many = "scenarios:\n" + "".join(f"  - {{name: S{number}}}\n" for number in range(51))
    issues = faults(SMALL + many)
    assert [issue.message for issue in issues] == ["more than 50 scenarios"]
