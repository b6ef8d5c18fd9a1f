"""The machine-readable record of a recommendation, schema ``advisor.recommendation/3``.

Numbers are finite JSON numbers (fractions), money is a string of dollars and cents, shares are strings. The record
carries the portfolio file's text, so that it can be verified again from itself and the snapshot alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any

from advisor.market.data import MarketData, Origin
from advisor.portfolio.model import MAGNIFICENT_SEVEN, Portfolio
from advisor.portfolio.views import view_set
from advisor.rebalance.model import (
    Certificate,
    Explanation,
    HouseholdState,
    LimitResult,
    LotSale,
    PlanResult,
    RebalancePlan,
    TaxResult,
    Trade,
    TradeReason,
    TwoPlans,
)
from advisor.rebalance.outcome import months_to_break_even, months_until_used_up
from advisor.rebalance.plan import universe
from advisor.risk.view_age import UsedView, views_as_used
from advisor.units import to_cents

SCHEMA = "advisor.recommendation/3"
FIRST_SCHEMA, SECOND_SCHEMA = "advisor.recommendation/1", "advisor.recommendation/2"
OLDER_SCHEMAS = (FIRST_SCHEMA, SECOND_SCHEMA)  # still read; of another objective
SEVEN = frozenset(MAGNIFICENT_SEVEN)
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PortfolioFile:
    """The file the household was read from."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        """Digest of the file's bytes (UTF-8)."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def record(
    plan: RebalancePlan,
    portfolio: Portfolio,
    market: MarketData,
    file: PortfolioFile,
    versions: Mapping[str, str],
) -> Record:
    """`plan` as plain JSON values, ready for `to_json`."""
    return {
        "schema": SCHEMA,
        "status": plan.status,
        "as_of": portfolio.as_of.isoformat(),
        "inputs": inputs_record(portfolio, market, file, versions),
        "before": state_record(plan.before),
        "after": state_record(plan.after),
        "trades": [trade_record(trade) for trade in plan.trades],
        "tax": tax_record(plan.tax),
        "costs": {"spread_usd": usd_text(plan.spread_usd)},
        "limits": [limit_record(limit) for limit in plan.limits],
        "gain": {
            **asdict(plan.net_benefit),
            "months_to_break_even": months_to_break_even(plan.net_benefit, plan.cost_years),
            "months_until_used_up": months_until_used_up(plan.net_benefit, plan.cost_years),
        },
        "reference": {
            "weights": dict(plan.reference.weights),
            "company_excess": dict(plan.reference.excess),
            "viewed": list(plan.reference.viewed),
        },
        "defaults": [asdict(default) for default in plan.defaults],
        "plans": plans_record(plan.plans),
        "explanation": _explanation(plan.explanation),
        "assumptions": {
            "benchmark": plan.benchmark,
            "risk_aversion": plan.risk_aversion,
            "horizon_years": plan.horizon_years,
            "return_uncertainty": plan.return_uncertainty,
            "risk_free": plan.risk_free,
            "equity_premium": plan.equity_premium,
            "covariance_inflation": float(portfolio.preferences.covariance_inflation),
            "carryforward_value": plan.carryforward_value,
            "cost_years": plan.cost_years,
            "later_tax_saved": plan.later_tax_saved,
            "views": [_view(view) for view in views_as_used(portfolio, market)],
            "securities": {
                row.symbol: {
                    "expected_return": row.expected_return,
                    "volatility": row.volatility,
                    "beta": row.beta,
                    "origin": row.origin,
                }
                for row in plan.assumptions
            },
        },
        "certificate": _certificate(plan.certificate),
        "warnings": [{"code": warned.code, "message": warned.message} for warned in plan.warnings],
    }


def inputs_record(portfolio: Portfolio, market: MarketData, file: PortfolioFile, versions: Mapping[str, str]) -> Record:
    """What a result was worked out from: the file itself, named sets of views and market data by digest, versions."""
    sets = [view_set(name) for name in sorted({view.set for view in portfolio.views} - {""})]
    return {
        "portfolio": {"name": file.name, "sha256": file.sha256, "text": file.text},
        **({"view_sets": [{"name": one.name, "sha256": one.sha256} for one in sets]} if sets else {}),
        "market": {
            "source": market.source,
            "id": market.id,
            "as_of": market.as_of.isoformat(),
            "sha256": market.sha256,
            "age_days": (portfolio.as_of - market.as_of).days,
            "prices": [_price(symbol, portfolio, market) for symbol in universe(portfolio)],
            "holdings": [
                _list(symbol, portfolio, market) for symbol in universe(portfolio) if symbol in market.constituents
            ],
            "accepted_prices": {symbol: _plain(price) for symbol, price in sorted(market.accepted.items())},
        },
        "versions": dict(sorted(versions.items())),
    }


def _view(view: UsedView) -> Record:
    """A view as it is stated and as it counts; for one that is rolled, the prices of its day."""
    vintage = view.stated.vintage
    return {
        "name": view.stated.name,
        "set": view.stated.set,
        "set_as_of": _day(vintage.as_of) if vintage else None,
        "use": str(view.use),
        "stated_return": float(view.stated.annual_return),
        "used_return": float(view.used.annual_return),
        "stated_confidence": float(view.stated.confidence),
        "used_confidence": float(view.used.confidence),
        "prices_to": _day(view.prices_to),
        "priced": [
            {
                "symbol": priced.symbol,
                "price_earnings": _plain(priced.price_earnings),
                "close_usd": _plain(priced.close_usd),
                "as_of": _day(priced.as_of),
                "source": priced.source,
            }
            for priced in (vintage.priced if vintage else ())
        ],
    }


def _price(symbol: str, portfolio: Portfolio, market: MarketData) -> Record:
    """A price with its origin: its own, or the market data as a whole."""
    security = market.securities[symbol]
    origin = security.origin or Origin(market.id, market.sha256)
    return {
        "symbol": symbol,
        "price_usd": _plain(security.close_usd),
        "as_of": security.close_date.isoformat(),
        "age_days": (portfolio.as_of - security.close_date).days,
        "source": origin.source,
        "sha256": origin.sha256,
    }


def _list(symbol: str, portfolio: Portfolio, market: MarketData) -> Record:
    """A fund's list of holdings with its origin; the digest is that of the issuer's file, or of the market data."""
    known = market.constituents[symbol]
    return {
        "fund": symbol,
        "basis": known.basis,
        "as_of": _day(known.as_of),
        "age_days": None if known.as_of is None else (portfolio.as_of - known.as_of).days,
        "source": known.source,
        "sha256": known.sha256 or market.sha256,
    }


def to_json(document: Record) -> str:
    """Text of the record; a number that is not finite is refused with ValueError."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def recommendation_schema() -> dict[str, Any]:
    """The JSON Schema that every record meets."""
    text = (files("advisor.rebalance") / "schemas" / "recommendation-3.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def usd_text(amount: Decimal) -> str:
    """Dollars and cents."""
    return f"{to_cents(amount):.2f}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def state_record(state: HouseholdState) -> Record:
    """The household at one moment."""
    seven = state.exposure.seven
    members = {company.company: company for company in state.exposure.companies}
    return {
        "value_usd": usd_text(state.value_usd),
        "weights": dict(state.weights),
        "cash_weight": state.cash_weight,
        "cash_usd": {account: usd_text(amount) for account, amount in state.cash_usd.items()},
        "small_cap_weight": state.small_cap_weight,
        "magnificent_seven": {
            "low": seven.low,
            "high": seven.high,
            "companies": {
                name: {
                    "direct": members[name].direct,
                    "through_funds": members[name].through_funds,
                    "low": members[name].low,
                    "high": members[name].high,
                }
                for name in sorted(SEVEN & members.keys())
            },
        },
        "volatility": state.volatility,
        "tracking_error": state.tracking_error,
        "beta": state.beta,
        "expense_ratio": state.expense_ratio,
        "expected_return": state.expected_return,
        "cvar_95": state.cvar_95,
        "max_drawdown": state.max_drawdown,
        "stress": [
            {
                "name": loss.name,
                "start": loss.start.isoformat(),
                "end": loss.end.isoformat(),
                "household_return": loss.household_return,
                "stand_ins": list(loss.stand_ins),
            }
            for loss in state.stress
        ],
    }


def trade_record(trade: Trade) -> Record:
    """One order with its lots."""
    return {
        "account": trade.account,
        "symbol": trade.symbol,
        "side": trade.side,
        "shares": _plain(trade.shares),
        "price_usd": _plain(trade.price_usd),
        "amount_usd": usd_text(trade.amount_usd),
        "spread_usd": usd_text(trade.spread_usd),
        "lots": [_lot(lot) for lot in trade.lots],
        "why": trade.why,
        "reasons": [asdict(reason) for reason in trade.reasons],
    }


def _lot(lot: LotSale) -> Record:
    cost = lot.cost_per_share_usd
    return {
        "acquired": _day(lot.acquired),
        "shares": _plain(lot.shares),
        "cost_per_share_usd": None if cost is None else _plain(cost),
        "gain_usd": None if lot.gain_usd is None else usd_text(lot.gain_usd),
        "term": lot.term,
    }


def tax_record(tax: TaxResult) -> Record:
    """The year's tax with and without the trades."""
    return {
        "short_term_gain_usd": usd_text(tax.short_term_gain_usd),
        "long_term_gain_usd": usd_text(tax.long_term_gain_usd),
        "tax_usd": usd_text(tax.tax_usd),
        "year_tax_before_usd": usd_text(tax.year_tax_before_usd),
        "year_tax_after_usd": usd_text(tax.year_tax_after_usd),
        "carried_forward_usd": usd_text(tax.carried_forward_usd),
        "carried_without_usd": usd_text(tax.carried_without_usd),
    }


def limit_record(limit: LimitResult) -> Record:
    """One limit and how the household stands to it."""
    return {
        "name": limit.name,
        "kind": str(limit.side),
        "mode": limit.mode,
        "bound": limit.bound,
        "bound_text": limit.bound_words,
        "allowed": limit.allowed,
        "charge_bps_per_pp": limit.charge_bps_per_pp,
        "unit": str(limit.unit),
        "before": limit.before,
        "after": limit.after,
        "status": limit.status,
        "subject": limit.subject,
        "subject_before": limit.subject_before,
        "subject_after": limit.subject,
        "price_bps_per_pp": limit.shadow_price_bps_per_pp,
        "price_range_bps_per_pp": None if limit.shadow_price_range is None else list(limit.shadow_price_range),
    }


def plans_record(plans: TwoPlans) -> Record:
    """Both plans, and which of them is advised."""
    return {
        "chosen": plans.chosen,
        "least_gain": plans.least_gain,
        "cheapest": _plan_record(plans.cheapest),
        "best": _plan_record(plans.best),
    }


def _plan_record(plan: PlanResult | None) -> Record | None:
    """Its orders without their reasons, and what they cost and add."""
    if plan is None:
        return None
    orders = [trade_record(trade) for trade in plan.trades]
    for order in orders:
        del order["why"], order["reasons"]
    return {
        "trades": orders,
        "tax_usd": usd_text(plan.tax_usd),
        "spread_usd": usd_text(plan.spread_usd),
        "gain": asdict(plan.net_benefit),
    }


def _explanation(explained: Explanation) -> Record:
    menu = explained.menu
    return {
        "plan": explained.plan,
        "menu": None
        if menu is None
        else {
            "symbols": list(menu.symbols),
            "loss": menu.loss,
            "others": [{"symbols": list(symbols), "loss": loss} for symbols, loss in menu.others],
        },
        "reasons": [_reason(reason) for reason in explained.reasons],
        "horizons": [{**asdict(row), "tax_usd": usd_text(row.tax_usd)} for row in explained.horizons],
        "branches": [asdict(row) for row in explained.branches],
        "rounding_loss": explained.rounding_loss,
    }


def _reason(reason: TradeReason) -> Record:
    cost = reason.cost_per_share_usd
    return {
        "account": reason.account,
        "symbol": reason.symbol,
        "side": reason.side,
        "acquired": _day(reason.acquired),
        "cost_per_share_usd": None if cost is None else _plain(cost),
        "traded": reason.traded,
        "parts": dict(reason.parts),
        "net": reason.net,
    }


def _certificate(certificate: Certificate) -> Record:
    return {
        "max_violation": certificate.max_violation,
        "duality_gap": certificate.duality_gap,
        "optimum_violation": certificate.optimum_violation,
        "dual_residual": certificate.dual_residual,
        "undecided": certificate.undecided,
        "solver": certificate.solver,
        "checks": [
            {"name": check.name, "passed": check.passed, "detail": check.detail} for check in certificate.checks
        ],
        "passed": certificate.passed,
    }
