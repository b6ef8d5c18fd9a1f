"""The sample portfolios, planned and recorded as the command does it."""

from __future__ import annotations

import copy
import json
from datetime import date
from functools import cache
from pathlib import Path

from advisor.api.recommend import Recommendation, recommend
from advisor.market.data import MarketData
from advisor.market.snapshot import load_snapshot
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.model import Portfolio

FOLDER = Path(__file__).parent.parent / "portfolios"
NEVER = date(1999, 1, 1)  # the samples pin their own day
ANSWERED = ("tech-employee", "retiree-ira", "young-saver", "couple-mixed-lots", "already-diversified")


def text_of(name: str) -> str:
    return (FOLDER / f"{name}.yaml").read_text("utf-8")


@cache
def market() -> MarketData:
    return load_snapshot()


@cache
def sample(name: str) -> Portfolio:
    return load_portfolio(text_of(name).encode(), file=f"{name}.yaml", today=NEVER)


@cache
def answer(name: str) -> Recommendation:
    return recommend(sample(name), market(), f"{name}.yaml", text_of(name), {"advisor": "0.1.0"})


def record_of(name: str) -> dict:
    """A fresh copy of the sample's record, which a test may change."""
    return copy.deepcopy(json.loads(answer(name).json_text))
