"""From the typed entries of a file without fault to the frozen values of `model` and `preferences`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from advisor.portfolio import model, preferences, schema, values
from advisor.portfolio.document import Document, Path
from advisor.portfolio.limit_types import LIMIT_TYPES, LimitType, Part, Side
from advisor.portfolio.model import Limit
from advisor.portfolio.views import views_of


def household(entry: schema.PortfolioEntry, document: Document, as_of: date) -> model.Portfolio:
    """The household of a file without fault, without its scenarios; places are those of `document`."""
    return model.Portfolio(
        name=entry.name,
        as_of=as_of,
        accounts=tuple(_account(account, document, index) for index, account in enumerate(entry.accounts)),
        limits=_limits(entry.limits, document, entry.preferences.benchmark),
        do_not_sell=tuple(
            model.DoNotSell(item.symbol, item.account, document.where(("limits", "do_not_sell", index)))
            for index, item in enumerate(entry.limits.do_not_sell)
        ),
        tax=_tax(entry.tax),
        preferences=_preferences(entry.preferences, document),
        views=views_of(entry.views, document),
        securities=tuple(
            model.SecurityNote(note.symbol, note.proxy, note.price, note.expense_ratio) for note in entry.securities
        ),
        history=tuple(
            model.PastTrade(trade.date, trade.account, trade.symbol, trade.side, trade.shares, trade.gain)
            for trade in entry.history
        ),
        identical=entry.identical,
    )


def _account(entry: schema.AccountEntry, document: Document, index: int) -> model.Account:
    path = ("accounts", index, "holdings")
    return model.Account(
        name=entry.name,
        type=entry.type,
        cash_usd=entry.cash,
        positions=tuple(
            model.Position(holding.symbol, _lots(holding), document.where((*path, number, "symbol")))
            for number, holding in enumerate(entry.holdings)
        ),
        min_cash_usd=entry.min_cash,
        buy=entry.buy,
        fractional=entry.fractional,
    )


def _lots(holding: schema.HoldingEntry) -> tuple[model.Lot, ...]:
    if holding.shares is not None:
        return (model.Lot(holding.shares, holding.cost_per_share, holding.acquired),)
    return tuple(model.Lot(lot.shares, lot.cost_per_share, lot.acquired) for lot in holding.lots)


def _limits(entry: schema.LimitsEntry, document: Document, benchmark: str) -> tuple[Limit, ...]:
    """Every bound by itself, in the order of `LIMIT_TYPES`, those of one kind in the order of the file."""
    return tuple(
        Limit(
            name=f"{kind.name}.{part}" if part else kind.name,
            side=side,
            bound=bound,
            benchmark=(band.benchmark or benchmark) if kind.has_benchmark else None,
            mode=band.mode,
            **({} if band.price is None else {"charge_bps_per_pp": band.price}),
            where=document.where((*path, side.value)),
        )
        for kind in LIMIT_TYPES.values()
        for part, path, band in _bands(kind, getattr(entry, kind.name), document)
        for side in Side
        if (bound := getattr(band, side.value, None)) is not None
    )


def _bands(kind: LimitType, entry: Any, document: Document) -> Iterator[tuple[str, Path, Any]]:  # noqa: ANN401 - by kind
    """Each entry of one kind, with its part and its place in the file."""
    if kind.part is None:
        if entry is not None:
            yield "", ("limits", kind.name), entry
        return
    keys = document.get("limits", kind.name)
    for key in keys if isinstance(keys, dict) else ():
        part = values.symbol(key) if kind.part is Part.SYMBOL else key
        yield part, ("limits", kind.name, key), entry[part]


def _tax(entry: schema.TaxEntry) -> preferences.TaxSituation:
    return preferences.TaxSituation(
        filing_status=entry.filing_status,
        short_term_rate=entry.short_term_rate,
        long_term_rate=entry.long_term_rate,
        state_rate=entry.state_rate,
        year_to_date_short_usd=entry.year_to_date.short_term,
        year_to_date_long_usd=entry.year_to_date.long_term,
        carryforward_short_usd=entry.carryforward.short_term,
        carryforward_long_usd=entry.carryforward.long_term,
        carryforward_value=entry.carryforward_value,
        later_long_term_rate=entry.later_long_term_rate,
        is_stated={"short_term_rate", "long_term_rate"} <= entry.model_fields_set,
    )


def _preferences(entry: schema.PreferencesEntry, document: Document) -> preferences.Preferences:
    path, listed = ("preferences", "buy"), document.get("preferences", "buy")
    places = tuple(document.where((*path, n)) for n in range(len(listed))) if isinstance(listed, list) else ()
    return preferences.Preferences(
        horizon_years=entry.horizon_years,
        risk_aversion=entry.risk_aversion,
        equity_premium=entry.equity_premium,
        buy=entry.buy,
        buy_where=places,
        benchmark=entry.benchmark,
        min_trade_usd=entry.min_trade,
        min_gain=entry.min_gain,
        min_gain_usd=entry.min_gain_usd,
        company_share=entry.company_share,
        return_uncertainty=entry.return_uncertainty,
        wait_days=entry.wait_days,
        reserve_tax=entry.reserve_tax,
        is_reserve_stated="reserve_tax" in entry.model_fields_set,
        whole_shares=entry.whole_shares,
        covariance_inflation=entry.covariance_inflation,
        unsold_gains=preferences.UnsoldGains(**entry.unsold_gains.model_dump()),
        held_years=entry.held_years,
        covariance=None if entry.covariance is None else _covariance(entry.covariance),
    )


def _covariance(entry: schema.CovarianceEntry) -> preferences.CovarianceChoice:
    return preferences.CovarianceChoice(entry.method, entry.returns, entry.years)
