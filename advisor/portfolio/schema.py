"""The portfolio file, key by key: types, units, defaults and descriptions.

Each value is judged alone here; `validate` judges values against each other. The same models give the
JSON Schema with which editors complete and check a file.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field, create_model

from advisor.portfolio import fields, model, preferences, words
from advisor.portfolio.entry import FileEntry, Several, Symbol
from advisor.portfolio.limit_types import LIMIT_TYPES, LimitType, Part, Unit
from advisor.portfolio.scenario_schema import with_scenario_sections
from advisor.portfolio.view_schema import ONE_IS_A_LIST, ViewItem

_TAX = preferences.TaxSituation()
_PREFERENCES = preferences.Preferences()
_COVARIANCE = preferences.CovarianceChoice()

_EMPTY_MAPPING = BeforeValidator(lambda node: {} if node is None else node)
_EMPTY_IS_NO_LIST = BeforeValidator(lambda node: "" if node is None else node)  # not to be read as the default

Money: TypeAlias = Annotated[Decimal, fields.USD_OR_NONE]
Changed: TypeAlias = Any  # judged once it is merged into the file's own section
Rate: TypeAlias = Annotated[Decimal, fields.RATE]
Mode: TypeAlias = Annotated[model.LimitMode, fields.choice(model.LimitMode, words.MODE)]
Sector: TypeAlias = Annotated[str, fields.one_of(model.SECTORS, words.SECTOR)]
Episode: TypeAlias = Annotated[str, fields.NAME]


class LotEntry(FileEntry):
    """One purchase."""

    shares: Annotated[Decimal, fields.SHARES] = Field(description="Shares in the lot; more than zero.")
    cost_per_share: Annotated[Decimal | None, fields.USD_OR_NONE] = Field(
        None, description="USD for one share; required in a taxable account."
    )
    acquired: Annotated[dt.date | None, fields.DAY] = Field(
        None, description="Trade date of the purchase, YYYY-MM-DD; required in a taxable account."
    )


class HoldingEntry(FileEntry):
    """All lots of one security in one account; a single lot may be written beside the symbol."""

    symbol: Symbol = Field(description="Ticker symbol in capitals, like NVDA or BRK.B.")
    lots: Several[LotEntry] = Field((), description="The purchases.")
    shares: Annotated[Decimal | None, fields.SHARES] = Field(
        None, description="Short form, in place of lots: shares of the one lot."
    )
    cost_per_share: Annotated[Decimal | None, fields.USD_OR_NONE] = Field(
        None, description="Short form: USD for one share; required in a taxable account."
    )
    acquired: Annotated[dt.date | None, fields.DAY] = Field(
        None, description="Short form: trade date, YYYY-MM-DD; required in a taxable account."
    )


class AccountEntry(FileEntry):
    """A container with one tax treatment; money never crosses its border."""

    name: Annotated[str, fields.NAME] = Field(description="Your name for the account; no two alike.")
    type: Annotated[model.AccountType, fields.choice(model.AccountType, words.ACCOUNT)] = Field(
        description="Tax treatment; a 401(k) or an IRA is traditional or roth."
    )
    cash: Money = Field(Decimal(0), description="Cash, USD; default 0.")
    min_cash: Money = Field(Decimal(0), description="Cash to keep here, USD; default 0.")
    buy: Annotated[tuple[Symbol, ...] | None, _EMPTY_IS_NO_LIST] = Field(
        None, description="What can be bought here; default: all of preferences.buy."
    )
    fractional: Annotated[bool, fields.FLAG] = Field(
        default=False, description="Whether orders here may be in parts of a share; default false."
    )
    holdings: Several[HoldingEntry] = Field((), description="Securities held; default none.")


class LimitEntry(FileEntry):
    """How strictly a limit is meant; the bounds follow in each kind of limit."""

    mode: Mode = Field(
        model.LimitMode.HARD, description="hard (default), soft (may be exceeded, at a price), not_worse_than_today."
    )
    price: Annotated[Decimal | None, fields.number("0.01", "10000")] = Field(
        None,
        description="Of a soft limit: basis points of the value a year for each point beyond the bound; default 10.",
    )


class MaxEntry(LimitEntry):
    """A bound from above."""

    max: Rate = Field(description="Upper bound, 25% or 0.25.")


class BandEntry(LimitEntry):
    """A bound from above, from below, or both."""

    max: Annotated[Decimal | None, fields.RATE] = Field(None, description="Upper bound, 25% or 0.25.")
    min: Annotated[Decimal | None, fields.RATE] = Field(None, description="Lower bound, 25% or 0.25.")


class TrackingErrorEntry(MaxEntry):
    """A bound on the tracking error against a benchmark."""

    benchmark: Annotated[str | None, fields.SYMBOL] = Field(None, description="Symbol; default preferences.benchmark.")


class BetaEntry(LimitEntry):
    """A band for the beta against a benchmark."""

    benchmark: Annotated[str | None, fields.SYMBOL] = Field(None, description="Symbol; default preferences.benchmark.")
    max: Annotated[Decimal | None, fields.number("-5", "5")] = Field(None, description="Upper bound, a ratio.")
    min: Annotated[Decimal | None, fields.number("-5", "5")] = Field(None, description="Lower bound, a ratio.")


class GainEntry(LimitEntry):
    """A bound on the gains realized by the proposed sales."""

    max: Money = Field(description="Net realized gain in the taxable accounts, USD.")


class DoNotSellEntry(FileEntry):
    """Positions that stay: a symbol everywhere, a whole account, or a symbol in one account."""

    symbol: Annotated[str | None, fields.SYMBOL] = Field(None, description="Symbol; default: all of the account.")
    account: Annotated[str | None, fields.NAME] = Field(None, description="Account name; default: everywhere.")


def _limit_field(kind: LimitType) -> tuple[Any, Any]:
    """Type and field of one kind of limit."""
    description = f"{kind.meaning[:1].upper()}{kind.meaning[1:]}."
    entry = _ENTRIES[kind.unit, len(kind.sides) > 1, kind.has_benchmark]
    if kind.part is None:
        return Annotated[entry | None, _EMPTY_MAPPING], Field(None, description=description)
    key = {Part.SYMBOL: Symbol, Part.SECTOR: Sector, Part.EPISODE: Episode}[kind.part]
    return Annotated[dict[key, entry], _EMPTY_MAPPING], Field({}, description=description)  # type: ignore[valid-type]


_ENTRIES: dict[tuple[Unit, bool, bool], type[LimitEntry]] = {  # by unit, whether both sides, whether with a benchmark
    (Unit.FRACTION, False, False): MaxEntry,
    (Unit.FRACTION, True, False): BandEntry,
    (Unit.FRACTION, False, True): TrackingErrorEntry,
    (Unit.RATIO, True, True): BetaEntry,
    (Unit.USD, False, False): GainEntry,
}
_DO_NOT_SELL = (Several[DoNotSellEntry], Field((), description="Positions that stay; default none."))

if TYPE_CHECKING:

    class LimitsEntry(FileEntry):
        """The limits by kind, which `LIMIT_TYPES` lists, and positions that stay."""

        do_not_sell: Several[DoNotSellEntry] = ()

else:
    LimitsEntry = create_model(
        "LimitsEntry",
        __base__=FileEntry,
        __doc__="What the proposed allocation must keep; weights are fractions of the household's value.",
        **{name: _limit_field(kind) for name, kind in LIMIT_TYPES.items()},
        do_not_sell=_DO_NOT_SELL,
    )


class YearToDateEntry(FileEntry):
    """Gains realized this year before the proposed trades; losses are negative."""

    short_term: Annotated[Decimal, fields.USD] = Field(Decimal(0), description="USD; default 0.")
    long_term: Annotated[Decimal, fields.USD] = Field(Decimal(0), description="USD; default 0.")


class CarryforwardEntry(FileEntry):
    """Losses carried over from earlier years, as positive amounts."""

    short_term: Money = Field(Decimal(0), description="USD; default 0.")
    long_term: Money = Field(Decimal(0), description="USD; default 0.")


class TaxEntry(FileEntry):
    """Your marginal rates and this year's gains so far."""

    filing_status: Annotated[preferences.FilingStatus, fields.choice(preferences.FilingStatus, words.FILING)] = Field(
        _TAX.filing_status, description="Federal filing status; default single."
    )
    short_term_rate: Rate = Field(_TAX.short_term_rate, description="Federal rate on short-term gains; default 24%.")
    long_term_rate: Rate = Field(_TAX.long_term_rate, description="Federal rate on long-term gains; default 15%.")
    state_rate: Rate = Field(_TAX.state_rate, description="State rate, added to both; default 0%.")
    year_to_date: Annotated[YearToDateEntry, _EMPTY_MAPPING] = Field(
        YearToDateEntry(), description="Gains realized this year so far; default none."
    )
    carryforward: Annotated[CarryforwardEntry, _EMPTY_MAPPING] = Field(
        CarryforwardEntry(), description="Losses carried over from earlier years; default none."
    )
    carryforward_value: Rate | None = Field(
        None,
        description="Value today of a dollar of loss left for later years, at most the long-term rate; default: the "
        "later long-term rate, a year discounted.",
    )
    later_long_term_rate: Rate | None = Field(
        None, description="Federal rate on long-term gains of later years, at most long_term_rate, the default."
    )


class CovarianceEntry(FileEntry):
    """How risk is estimated from price history, where the market data have one."""

    method: Annotated[preferences.CovarianceMethod, fields.choice(preferences.CovarianceMethod, words.METHOD)] = Field(
        _COVARIANCE.method, description="sample (default), ledoit_wolf, factor or pairwise."
    )
    returns: Annotated[preferences.ReturnPeriod, fields.choice(preferences.ReturnPeriod, words.PERIOD)] = Field(
        _COVARIANCE.returns, description="daily (default), weekly or monthly returns."
    )
    years: Annotated[int, fields.whole_number(1, 10)] = Field(
        _COVARIANCE.years, description="Years of history, 1 to 10; default 5."
    )


class UnsoldGainsEntry(FileEntry):
    """Parts of the unsold gains, which add up to 100%."""

    sold: Rate = Field(Decimal(0), description="Sold at the horizon, and taxed then; default 0%.")
    held_until_death: Rate = Field(Decimal(0), description="Never taxed (26 USC 1014); default 0%.")
    donated: Rate = Field(Decimal(0), description="Given to charity, never taxed; default 0%.")


FATE_OF_GAINS = fields.one_of(("sold", "held_until_death", "donated"), {})
UnsoldGains: TypeAlias = Annotated[
    UnsoldGainsEntry,
    BeforeValidator(
        lambda node: {FATE_OF_GAINS.validate(node): "100%"} if isinstance(node, str) else node,
        json_schema_input_type=UnsoldGainsEntry | Annotated[str, FATE_OF_GAINS],
    ),
]


class PreferencesEntry(FileEntry):
    """What you want weighed, and how."""

    horizon_years: Annotated[Decimal, fields.number("0.25", "50")] = Field(
        _PREFERENCES.horizon_years,
        description="Years over which a trade must earn its cost, 0.25 to 50; default 3.",
    )
    risk_aversion: Annotated[Decimal | None, fields.number("0.1", "50")] = Field(
        None, description="0.1 to 50; default: the value at which US stocks earn equity_premium in today's mix."
    )
    equity_premium: Annotated[Decimal, fields.fraction("0", "0.15")] = Field(
        _PREFERENCES.equity_premium,
        description="Return of the market over cash, a year, 0% to 15%; default 4.5%.",
    )
    buy: tuple[Symbol, ...] = Field(
        _PREFERENCES.buy,
        description="What may be bought: any fund with data; default IWM, VTWO, IJR.",
    )
    whole_shares: Annotated[bool, fields.FLAG] = Field(
        _PREFERENCES.whole_shares,
        description="Orders in whole shares, but for fractional accounts and mutual funds; default true.",
    )
    min_trade: Money | None = Field(
        None,
        description="Smallest order, USD; default 100, and 0.1% of the value where no limit needs a smaller one.",
    )
    min_gain: Rate = Field(
        _PREFERENCES.min_gain,
        description="What trades that no limit asks for must add a year, of the value; default 0.05%.",
    )
    min_gain_usd: Money = Field(
        _PREFERENCES.min_gain_usd, description="The same in USD a year; default 500. The lesser of the two counts."
    )
    company_share: Annotated[Decimal, fields.fraction("0", "1")] = Field(
        _PREFERENCES.company_share,
        description="Part of the household above which shares of one company are no chosen mix; default 10%.",
    )
    return_uncertainty: Annotated[Decimal, fields.fraction("0", "0.1")] = Field(
        _PREFERENCES.return_uncertainty,
        description="Error of an expected return, a year, that a sale must outweigh; 0% to 10%, default 0.5%.",
    )
    covariance_inflation: Annotated[Decimal, fields.number("0", "1")] = Field(
        _PREFERENCES.covariance_inflation,
        description="Weight of the risk if all moved together, beside the estimated risk; 0 to 1, default 0.",
    )
    covariance: Annotated[CovarianceEntry | None, _EMPTY_MAPPING] = Field(
        None, description="How risk is estimated; needs price history (--market yahoo or a folder)."
    )
    wait_days: Annotated[int, fields.whole_number(0, 366)] = Field(
        _PREFERENCES.wait_days,
        description="Short-term gains this many days from long-term are not realized; 0 to 366, default 30.",
    )
    unsold_gains: UnsoldGains = Field(
        UnsoldGainsEntry.model_validate({"sold": "100%"}),
        description="What becomes of gains that are not realized: sold (default), held_until_death, donated, or parts "
        "of each that add up to 100%.",
    )
    held_years: Annotated[Decimal | None, fields.number("0.25", "100")] = Field(
        None, description="Years until death, 0.25 to 100; required where gains are held until then."
    )
    benchmark: Symbol = Field(_PREFERENCES.benchmark, description="Symbol to compare with; default SPY.")
    reserve_tax: Annotated[bool, fields.FLAG] = Field(
        _PREFERENCES.reserve_tax, description="Keep the tax of these trades as cash; default true."
    )


class SecurityEntry(FileEntry):
    """A security without data of its own, and the one whose risk and constituents it has."""

    symbol: Symbol = Field(description="Ticker symbol of the security without data.")
    proxy: Symbol = Field(description="Symbol whose risk and constituents stand in for it.")
    price: Annotated[Decimal | None, fields.PRICE] = Field(None, description="Price of one share, USD.")
    expense_ratio: Annotated[Decimal | None, fields.fraction("0", "0.1")] = Field(
        None, description="Fee a year, 0.04% or 0.0004; default: the proxy's."
    )


class PastTradeEntry(FileEntry):
    """A trade of the last weeks, in any account; wash sales depend on it."""

    date: Annotated[dt.date, fields.DAY] = Field(description="Trade date, YYYY-MM-DD.")
    account: Annotated[str, fields.NAME] = Field(description="Name of the account.")
    symbol: Symbol = Field(description="Ticker symbol.")
    side: Annotated[str, fields.SIDE] = Field(description="buy or sell.")
    shares: Annotated[Decimal, fields.SHARES] = Field(description="Shares; more than zero.")
    gain: Annotated[Decimal | None, fields.USD] = Field(
        None, description="Of a sale: the realized gain, USD; a loss is negative."
    )


class DepositEntry(FileEntry):
    """Money paid into an account before the trades."""

    account: Annotated[str, fields.NAME] = Field(description="Name of the account.")
    amount: Money = Field(description="USD; added to the account's cash.")


class ScenarioEntry(FileEntry):
    """Values of this file that are other in a scenario, and only those; none removes one."""

    name: Annotated[str, fields.NAME] = Field(description="Your name for the scenario; no two alike.")
    as_of: Changed = Field(None, description="Another day of the decision, YYYY-MM-DD.")
    limits: Changed = Field(None, description="Other limits.")
    tax: Changed = Field(None, description="Other rates and gains so far.")
    preferences: Changed = Field(None, description="Other preferences.")
    views: Changed = Field(None, description="Other views, in place of all of the file's.")
    deposit: DepositEntry | None = Field(None, description="Money paid in before the trades.")


class PortfolioEntry(FileEntry):
    """A household for advisor: its accounts, limits, taxes and wishes."""

    model_config = ConfigDict(title="advisor portfolio file")
    version: Annotated[int, fields.VERSION] = Field(description="Version of this form: 1.")
    name: Annotated[str, fields.NAME] = Field(description="Your name for the household.")
    as_of: Annotated[dt.date | None, fields.DAY] = Field(
        None, description="Day of the decision, YYYY-MM-DD; default today in New York."
    )
    accounts: Annotated[Several[AccountEntry], Field(min_length=1)] = Field(description="The accounts.")
    limits: Annotated[LimitsEntry, _EMPTY_MAPPING] = Field(LimitsEntry(), description="Default: no limits.")
    tax: Annotated[TaxEntry, _EMPTY_MAPPING] = Field(
        TaxEntry(), description="Default: 24% and 15%, which the report then says."
    )
    preferences: Annotated[PreferencesEntry, _EMPTY_MAPPING] = Field(
        PreferencesEntry(), description="What you want weighed."
    )
    views: Annotated[Several[ViewItem], ONE_IS_A_LIST] = Field(
        (), description="Your own expected returns, and named sets of them; default none."
    )
    securities: Several[SecurityEntry] = Field((), description="Securities without data of their own.")
    history: Several[PastTradeEntry] = Field((), description="Trades of the last 61 days, in any account.")
    identical: Several[Several[Symbol]] = Field(
        (), description="Groups of symbols that count as one security for wash sales; default none."
    )
    scenarios: Several[ScenarioEntry] = Field(
        (), description="The same household with some values changed, for advisor what-if; default none."
    )


class ScenarioFile(FileEntry):
    """PastMonths for a household of another file."""

    scenarios: Annotated[Several[ScenarioEntry], Field(min_length=1)] = Field(description="The scenarios.")


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the portfolio file."""
    schema = with_scenario_sections(_without_nulls(PortfolioEntry.model_json_schema()))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _without_nulls(node: Any) -> Any:  # noqa: ANN401 - JSON
    """Schema without the null that stands for "not given" in Python and has no place in a file."""
    if isinstance(node, list):
        return [_without_nulls(item) for item in node if item != {"type": "null"}]
    if isinstance(node, dict):
        return {key: _without_nulls(item) for key, item in node.items() if (key, item) != ("default", None)}
    return node
