"""Builds a snapshot from a price panel, fact tables and issuers' holdings files; only this room loads pandas.

``python -m advisor.market.builder --prices PANEL.csv --facts DIR --holdings DIR --out FILE``
"""
