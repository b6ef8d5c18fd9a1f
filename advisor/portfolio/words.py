"""Usual words for the choices of a portfolio file, for the hint beside a fault."""

from __future__ import annotations

ACCOUNT = {
    "401k": "traditional",
    "401(k)": "traditional",
    "403b": "traditional",
    "457b": "traditional",
    "tsp": "traditional",
    "ira": "traditional",
    "traditional_ira": "traditional",
    "rollover_ira": "traditional",
    "sep_ira": "traditional",
    "roth_ira": "roth",
    "roth_401k": "roth",
    "brokerage": "taxable",
    "individual": "taxable",
    "joint": "taxable",
    "trust": "taxable",
}
FILING = {
    "married": "married_joint",
    "married_filing_jointly": "married_joint",
    "mfj": "married_joint",
    "joint": "married_joint",
    "married_filing_separately": "married_separate",
    "mfs": "married_separate",
    "hoh": "head_of_household",
}
METHOD = {
    "historical": "sample",
    "ledoit-wolf": "ledoit_wolf",
    "shrinkage": "ledoit_wolf",
    "factors": "factor",
}
PERIOD = {"day": "daily", "week": "weekly", "month": "monthly"}
MODE = {
    "must": "hard",
    "should": "soft",
    "no_worse_than_today": "not_worse_than_today",
    "not_worse": "not_worse_than_today",
}
SECTOR = {
    "tech": "Information Technology",
    "technology": "Information Technology",
    "it": "Information Technology",
    "communications": "Communication Services",
    "telecommunications": "Communication Services",
    "consumer_cyclical": "Consumer Discretionary",
    "consumer_defensive": "Consumer Staples",
    "financial_services": "Financials",
    "healthcare": "Health Care",
    "basic_materials": "Materials",
}
