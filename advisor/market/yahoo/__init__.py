"""Prices and facts from Yahoo through yfinance, a source that is not trusted.

1. `session`: each exchange is watched, bounded in time, and goes to Yahoo's own hosts alone.
2. `client`: yfinance as it is published, without its files, its replayed failures and its talk.
3. `faults`: what went wrong is read from the exchange, not from what the client makes of it.
4. `chart`, `summary`: the shape of an answer is checked before a number is taken from it.
5. `fetch`: a few symbols at once, a few tries each, within a bounded time.

Whether the prices can be believed is not asked here, but in `market.prices.checks`.
"""
