"""From the bytes of a portfolio file to a checked `Portfolio`.

1. `document` reads the YAML into a tree of text with places.
2. `faults` holds each value against the schema, `validate` the values against each other; every fault of both
   is collected.
3. Without a fault, the entries become the frozen values of `model`.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from advisor.errors import InputError, Issue, Location
from advisor.portfolio import model, schema, values
from advisor.portfolio.document import MAX_BYTES, MAX_ISSUES, Document, read_document
from advisor.portfolio.faults import read_entries
from advisor.portfolio.model import Limit, LimitKind
from advisor.portfolio.validate import check_all

BY_NAME = ("funds", "sectors", "stress")  # limits that hold one bound for each name below them


def read_portfolio(path: Path, *, today: date, as_of: date | None = None) -> tuple[model.Portfolio, bytes]:
    """Portfolio of the file at `path`, and the bytes it was read from.

    Raises
    ------
    InputError
        As `load_portfolio`, or because the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        reason = getattr(error, "strerror", None) or "not a file name"
        issue = Issue(f"cannot be read: {reason.lower()}", hint="give the path of a portfolio file")
        raise InputError((issue,), str(path)) from None
    return load_portfolio(data, file=str(path), today=today, as_of=as_of), data


def load_portfolio(data: bytes, *, file: str, today: date, as_of: date | None = None) -> model.Portfolio:
    """Checked portfolio from the bytes of a YAML file.

    Parameters
    ----------
    data
        The whole file.
    file
        Its name, for the messages.
    today
        Day of the decision where neither the file nor `as_of` gives one.
    as_of
        Day of the decision in place of the file's.

    Raises
    ------
    InputError
        With every fault of the file, in the order of the file.
    """
    document = read_document(data)
    if not document.is_whole:
        raise InputError(_told(document.issues), file, document.text)
    entries, issues = read_entries(document)
    day = as_of or _stated_day(document, today)
    issues += check_all(document, day)
    if entries is None or document.issues or issues:
        raise InputError(_told((*document.issues, *issues)), file, document.text)
    return _portfolio(entries, document, day or today)


def _told(issues: tuple[Issue, ...]) -> tuple[Issue, ...]:
    """The issues, and whether they are all."""
    if len(issues) < MAX_ISSUES:
        return issues
    last = max(issue.where or Location(1) for issue in issues)
    return (*issues, Issue("there may be more faults: mend these first", last))


def _stated_day(document: Document, today: date) -> date | None:
    """Day of the file, `today` where it gives none, None where it cannot be read."""
    text = document.get("as_of")
    if text is None:
        return today
    try:
        return values.day(text) if isinstance(text, str) else None
    except values.ValueFaultError:
        return None


def _portfolio(entry: schema.PortfolioEntry, document: Document, as_of: date) -> model.Portfolio:
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
        preferences=_preferences(entry.preferences),
        views=tuple(model.View(view.symbol, view.annual_return, view.source) for view in entry.views),
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
    """Every bound by itself, in the order of the schema with the limits by name last."""
    named: list[tuple[str, tuple[str, ...], Any]] = [
        (name, ("limits", name), getattr(entry, name))
        for name in type(entry).model_fields
        if name not in (*BY_NAME, "do_not_sell") and getattr(entry, name) is not None
    ]
    for name in BY_NAME:
        keys = document.get("limits", name)
        for key in keys if isinstance(keys, dict) else ():
            part = values.symbol(key) if name == "funds" else key
            named.append((f"{name}.{part}", ("limits", name, key), getattr(entry, name)[part]))
    limits = [
        Limit(
            name=name,
            kind=kind,
            bound=bound,
            benchmark=(band.benchmark or benchmark) if name in ("tracking_error", "beta") else None,
            mode=band.mode,
            **({} if band.price is None else {"price_bps_per_pp": band.price}),
            where=document.where((*path, kind.value)),
        )
        for name, path, band in named
        for kind in LimitKind
        if (bound := getattr(band, kind.value, None)) is not None
    ]
    return tuple(limits)


def _tax(entry: schema.TaxEntry) -> model.TaxSituation:
    return model.TaxSituation(
        filing_status=entry.filing_status,
        short_term_rate=entry.short_term_rate,
        long_term_rate=entry.long_term_rate,
        state_rate=entry.state_rate,
        year_to_date_short_usd=entry.year_to_date.short_term,
        year_to_date_long_usd=entry.year_to_date.long_term,
        carryforward_short_usd=entry.carryforward.short_term,
        carryforward_long_usd=entry.carryforward.long_term,
        carryforward_value=entry.carryforward_value,
        is_stated={"short_term_rate", "long_term_rate"} <= entry.model_fields_set,
    )


def _preferences(entry: schema.PreferencesEntry) -> model.Preferences:
    return model.Preferences(
        horizon_years=entry.horizon_years,
        risk_aversion=entry.risk_aversion,
        equity_premium=entry.equity_premium,
        buy=entry.buy,
        benchmark=entry.benchmark,
        min_trade_usd=entry.min_trade,
        min_gain=entry.min_gain,
        return_uncertainty=entry.return_uncertainty,
        wait_days=entry.wait_days,
        reserve_tax=entry.reserve_tax,
        whole_shares=entry.whole_shares,
        covariance_inflation=entry.covariance_inflation,
        covariance=None if entry.covariance is None else _covariance(entry.covariance),
    )


def _covariance(entry: schema.CovarianceEntry) -> model.CovarianceChoice:
    return model.CovarianceChoice(entry.method, entry.returns, entry.years)
