"""What a record says of its inputs: that it speaks of this file, this day and these market data, in finite numbers."""

from __future__ import annotations

import hashlib
import math
import re
from importlib.resources import files
from typing import Any

from advisor.market.data import Constituents, MarketData, Security
from advisor.portfolio.model import Portfolio
from advisor.rebalance.verify.book import universe
from advisor.rebalance.verify.shape import known_schema

Faults = list[str]

VERSION = re.compile(r"\d+(\.\d+)*([.+-]?[0-9A-Za-z]+)*")
PROGRAM = "advisor"  # whose version every record states


def input_faults(record: dict[str, Any], portfolio: Portfolio, market: MarketData) -> Faults:
    """Where the record speaks of another file, day or market, and numbers that are not finite."""
    return [*_identity_faults(record, portfolio, market), *_not_finite(record, "record")]


def version_faults(record: dict[str, Any]) -> Faults:
    """Versions of the program and its libraries: the program's is there, and each has the form of one."""
    stated = record["inputs"]["versions"]
    faults = [] if PROGRAM in stated else [f"inputs.versions: none of {PROGRAM}"]
    return faults + [
        f"inputs.versions: {name[:20]} has no version"
        for name, version in stated.items()
        if not VERSION.fullmatch(version) or not re.fullmatch(r"[a-z][a-z0-9_.-]*", name)
    ]


def _identity_faults(record: dict[str, Any], portfolio: Portfolio, market: MarketData) -> Faults:
    inputs = record.get("inputs")
    if not isinstance(inputs, dict) or not isinstance(stated := inputs.get("market"), dict):
        return ["inputs.market is missing"]
    faults = []
    if not known_schema(record.get("schema")):
        faults.append(f"schema is {record.get('schema')!r}")
    if stated.get("sha256") != market.sha256 or stated.get("id") != market.id:
        faults.append(
            f"made with market data {stated.get('id')!r}, checked with {market.id!r} or another version of it"
        )
    faults += _origin_faults(stated, portfolio, market)
    if inputs.get("view_sets", []) != _view_sets(portfolio):
        faults.append("inputs.view_sets is not what the file uses, or another version of it")
    if record.get("as_of") != portfolio.as_of.isoformat():
        faults.append(f"as_of is {record.get('as_of')!r}, the portfolio says {portfolio.as_of.isoformat()}")
    return faults


def _view_sets(portfolio: Portfolio) -> list[dict[str, str]]:
    """Named sets of views that the file uses, in the order of their names, with the digests of the program's files."""
    names = sorted({view.set for view in portfolio.views} - {""})
    folder = files("advisor.portfolio") / "view_sets"
    return [
        {"name": name, "sha256": hashlib.sha256((folder / f"{name}.yaml").read_bytes()).hexdigest()} for name in names
    ]


def _origin_faults(stated: dict[str, Any], portfolio: Portfolio, market: MarketData) -> Faults:
    """Where each price and each list of holdings is said to come from, against the market data."""
    known = [symbol for symbol in universe(portfolio) if symbol in market.securities]
    faults: Faults = []
    prices = {symbol: _price(market.securities[symbol], portfolio, market) for symbol in known}
    lists = {s: _list(market.constituents[s], portfolio, market) for s in known if s in market.constituents}
    faults += _differences("prices", "symbol", stated.get("prices"), prices)
    faults += _differences("holdings", "fund", stated.get("holdings"), lists)
    own = {
        "as_of": market.as_of.isoformat(),
        "age_days": (portfolio.as_of - market.as_of).days,
        "accepted_prices": {symbol: f"{price.normalize():f}" for symbol, price in market.accepted.items()},
    }
    return faults + [
        f"inputs.market.{name} is not {value!r}" for name, value in own.items() if stated.get(name) != value
    ]


def _price(security: Security, portfolio: Portfolio, market: MarketData) -> dict[str, Any]:
    origin = security.origin
    return {
        "symbol": security.symbol,
        "price_usd": f"{security.close_usd.normalize():f}",
        "as_of": security.close_date.isoformat(),
        "age_days": (portfolio.as_of - security.close_date).days,
        "source": origin.source if origin else market.id,
        "sha256": origin.sha256 if origin else market.sha256,
    }


def _list(known: Constituents, portfolio: Portfolio, market: MarketData) -> dict[str, Any]:
    return {
        "fund": known.fund,
        "basis": known.basis,
        "as_of": known.as_of.isoformat() if known.as_of else None,
        "age_days": (portfolio.as_of - known.as_of).days if known.as_of else None,
        "source": known.source,
        "sha256": known.sha256 or market.sha256,
    }


def _differences(name: str, key: str, stated: object, expected: dict[str, dict[str, Any]]) -> Faults:
    """Lines that are missing, that are there without being expected or twice, or that say something else."""
    lines = [line for line in stated if isinstance(line, dict)] if isinstance(stated, list) else []
    found = {str(line.get(key)): line for line in lines}
    if not isinstance(stated, list) or len(found) != len(stated):
        return [f"inputs.market.{name} is not a list with one line for each {key}"]
    wrong = sorted(found.keys() ^ expected.keys())
    faults = [f"inputs.market.{name}: {symbol[:20]} is there without being used, or missing" for symbol in wrong]
    for symbol in sorted(found.keys() & expected.keys()):
        fields = [
            field
            for field in expected[symbol] | found[symbol]
            if found[symbol].get(field) != expected[symbol].get(field)
        ]
        if fields:
            faults.append(f"inputs.market.{name}: {', '.join(fields)} of {symbol} is not that of the market data")
    return faults


def _not_finite(value: object, path: str) -> Faults:
    if isinstance(value, dict):
        return [fault for key, item in value.items() for fault in _not_finite(item, f"{path}.{key}")]
    if isinstance(value, list):
        return [fault for index, item in enumerate(value) for fault in _not_finite(item, f"{path}[{index}]")]
    if isinstance(value, float) and not math.isfinite(value):
        return [f"{path} is not a finite number"]
    return []
