"""Market data by the name of their source: the embedded snapshot, Yahoo, a snapshot file, or a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from advisor.errors import MarketDataError
from advisor.market.assemble import Findings, assembled, frozen, with_accepted, with_files
from advisor.market.data import BILLS, MARKET, MarketData, MarketWarning
from advisor.market.folder import folder_findings
from advisor.market.holdings.library import newest
from advisor.market.live import Desk, Prices, Watch, price_histories, security_facts
from advisor.market.paths import cache_folder, imported_folder
from advisor.market.prices.cache import Cache
from advisor.market.prices.history import PriceHistory, SecurityFacts, SecurityKind, SourceFault
from advisor.market.prices.sessions import Sessions, today
from advisor.market.prices.splits import stale_lots
from advisor.market.resolve import needed_symbols
from advisor.market.snapshot import load_snapshot, read_snapshot, snapshot_bytes
from advisor.market.symbols import canonical_symbol
from advisor.portfolio.model import Portfolio
from advisor.portfolio.preferences import CovarianceChoice

SNAPSHOT, YAHOO = "snapshot", "yahoo"
MONTH = timedelta(days=31)
KEPT = "kept_price"  # code of the warning of `market.live` that what was kept stands for what could not be read
NO_HISTORY = (
    "a snapshot has no price history to estimate a covariance from; give --market yahoo, or a folder with prices.csv"
)
SEEMS = {True: "is of before a split", False: "may be of before a split"}


@dataclass(frozen=True, slots=True)
class Request:
    """Which market data a run wants: ``--market``, ``--offline``, ``--accept-price``; `now` has a time zone."""

    source: str
    now: datetime
    offline: bool = False
    accepted: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MarketInput:
    """Market data, and the bytes of the snapshot file that they are; None where the embedded one is used as it is.

    `histories` are those that the data were estimated from, by symbol; a snapshot has none.
    """

    market: MarketData
    document: bytes | None
    kept_notes: tuple[str, ...] = ()  # what the person at the terminal should know of the cache
    histories: Mapping[str, PriceHistory] = field(default_factory=dict)


def load_market(request: Request, portfolio: Portfolio, watch: Watch) -> MarketInput:
    """Market data that hold every symbol of the portfolio that the source knows.

    `watch` is told what is being fetched, for a progress bar. Raises `MarketDataError` with the way out.
    """
    notes: tuple[str, ...] = ()
    histories: Mapping[str, PriceHistory] = {}
    document = None
    if has_histories(request):
        base, found, notes = _findings(request, portfolio, watch)
        market, histories = assembled(base, found, _choice(portfolio)), found.histories
    else:
        market, document = _from_snapshot(request.source, portfolio)
    given = with_accepted(market, request.accepted, portfolio.as_of) if request.accepted else market
    if not given.sha256:
        given, document = frozen(given)
    stale = tuple(_stale_lots(portfolio, given, histories))
    return MarketInput(replace(given, warnings=(*given.warnings, *stale)), document, notes, histories)


def _choice(portfolio: Portfolio) -> CovarianceChoice:
    return portfolio.preferences.covariance or CovarianceChoice()


def has_histories(request: Request) -> bool:
    """Whether the source has price histories, from which a covariance can be estimated."""
    return request.source == YAHOO or (request.source != SNAPSHOT and Path(request.source).is_dir())


def load_markets(
    request: Request, portfolio: Portfolio, watch: Watch
) -> tuple[Callable[[CovarianceChoice], MarketData], tuple[str, ...]]:
    """What `load_market` would give for each choice of covariance, and what to say of the cache; asked for once.

    Raises `MarketDataError` for a source without histories; so does the function, where a choice cannot be estimated.
    """
    if not has_histories(request):
        raise MarketDataError(NO_HISTORY)
    base, found, notes = _findings(request, portfolio, watch)

    def market(choice: CovarianceChoice) -> MarketData:
        data = assembled(base, found, choice)
        return frozen(with_accepted(data, request.accepted, portfolio.as_of) if request.accepted else data)[0]

    return market, notes


def _stale_lots(
    portfolio: Portfolio, market: MarketData, histories: Mapping[str, PriceHistory]
) -> Iterator[MarketWarning]:
    """Lots that seem to be entered in the shares of before a split; told to the user, and not to the market's file."""
    held = {position.symbol for account in portfolio.accounts for position in account.positions}
    known = {symbol: canonical_symbol(symbol) for symbol in held}
    prices = {s: market.securities[name].close_usd for s, name in known.items() if name in market.securities}
    splits = {s: market.splits[name] for s, name in known.items() if name in market.splits}
    closes = {s: histories[name] for s, name in known.items() if name in histories}
    for lot in stale_lots(portfolio, splits, closes, portfolio.as_of, prices=prices):
        acquired = f" of {lot.acquired}" if lot.acquired else ""
        shares = f"{lot.shares.normalize():,f} shares"
        text = f"The {lot.symbol} lot{acquired} in {lot.account}, {shares}, {SEEMS[lot.certain]}: {lot.evidence}. "
        corrected = f"{round(lot.corrected_shares, 3).normalize():,f} shares"
        if lot.corrected_cost_per_share is not None:
            corrected += f" at ${lot.corrected_cost_per_share:,.2f}"
        way_out = "Enter" if lot.certain else "If it is of before, enter"
        yield MarketWarning("stale_lot", (lot.symbol,), f"{text}{way_out} {corrected}.")


def _from_snapshot(source: str, portfolio: Portfolio) -> tuple[MarketData, bytes | None]:
    """A snapshot with the imported holdings files, without a digest if these tell something new; a file's bytes."""
    if portfolio.preferences.covariance is not None:
        raise MarketDataError(f"preferences.covariance: {NO_HISTORY}; or remove the key")
    content = None if source == SNAPSHOT else snapshot_bytes(Path(source))
    base = load_snapshot() if content is None else read_snapshot(content, source=Path(source).name, file=source)
    return with_files(base, newest(imported_folder(), portfolio.as_of)), content


def _findings(request: Request, portfolio: Portfolio, watch: Watch) -> tuple[MarketData, Findings, tuple[str, ...]]:
    """The snapshot for what the source does not say, what it says, and what to say of the cache."""
    if request.source == YAHOO:
        return _from_yahoo(request, portfolio, watch)
    return (*_from_folder(Path(request.source), request, portfolio), ())


def _from_yahoo(request: Request, portfolio: Portfolio, watch: Watch) -> tuple[MarketData, Findings, tuple[str, ...]]:
    base, symbols = load_snapshot(), needed_symbols(portfolio)
    check_accepted(request.accepted, symbols)
    desk = yahoo_desk(request, portfolio.as_of, watch)
    prices = price_histories(
        symbols,
        desk,
        base=base,
        accepted=request.accepted,
        optional=_described(portfolio),
        choice=_choice(portfolio),
    )
    facts, unknown = security_facts(sorted({*_asked(prices, base), BILLS}), desk, base)
    last = max(history.days[-1] for history in prices.histories.values())
    found = Findings(
        source="Yahoo",
        id=f"yahoo-{last}",
        histories=prices.histories,
        origins=prices.origins,
        facts=facts,
        files=newest(imported_folder(), portfolio.as_of),
        sessions=desk.sessions,
        warnings=(*prices.warnings, *unknown, *_read_later(facts, portfolio.as_of)),
    )
    return base, found, _kept_notes(desk, prices)


def _read_later(facts: Mapping[str, SecurityFacts], as_of: date) -> Iterator[MarketWarning]:
    """What a decision in the past knows that nobody knew then: no source says what a fund held or cost on a day."""
    late = tuple(sorted(symbol for symbol, known in facts.items() if today(known.fetched) > as_of))
    if late:
        text = (
            f"Fees, yields and lists of the ten largest holdings were read after the day of the decision, for "
            f"{', '.join(late)}: no source tells what they were then."
        )
        yield MarketWarning("facts_read_later", late, text)


def refreshed(
    request: Request, symbols: Sequence[str], as_of: date, watch: Watch, *, forget: bool
) -> tuple[Prices, tuple[str, ...]]:
    """Prices and facts of `symbols`, fetched now and kept, and what to say of the cache.

    With `forget`, what was kept is not compared with.

    Raises `MarketDataError` that names each symbol that was not read now; the others are kept all the same.
    """
    base = load_snapshot()
    desk = replace(yahoo_desk(request, as_of, watch), anew=True, forget=forget)
    prices = price_histories(symbols, desk, base=base, accepted={})
    failed = [warned.message for warned in prices.warnings if warned.code == KEPT]
    if failed:
        raise MarketDataError("not read now, and left as kept:" + "".join(f"\n  {text}" for text in failed))
    _, unknown = security_facts(_asked(prices, base), desk, base)
    return replace(prices, warnings=(*prices.warnings, *unknown)), _kept_notes(desk, prices)


def yahoo_desk(request: Request, as_of: date, watch: Watch) -> Desk:
    """Yahoo, or what was kept of it."""
    return Desk(
        source=None if request.offline else Yahoo(),
        source_name="the cache" if request.offline else "Yahoo",
        cache=yahoo_cache(),
        sessions=_sessions(request.now, as_of),
        now=request.now,
        as_of=as_of,
        watch=watch,
    )


def _sessions(now: datetime, as_of: date) -> Sessions:
    """The sessions that a run at `now` for a decision on `as_of` can ask about."""
    return Sessions.kept(max(today(now), as_of) + MONTH, Cache(cache_folder() / "calendar"))


def yahoo_cache() -> Cache:
    """What is kept of Yahoo's answers."""
    return Cache(cache_folder() / YAHOO)


def _kept_notes(desk: Desk, prices: Prices) -> tuple[str, ...]:
    """What happened to what is kept between runs, and how old it is where nothing was asked."""
    notes = []
    if desk.source is None:
        oldest = min(history.fetched for history in prices.histories.values())
        notes.append(f"offline: prices as they were read on {oldest:%Y-%m-%d %H:%M} UTC or later")
    if desk.cache.set_aside:
        notes.append(f"unreadable in the cache, set aside and read anew: {', '.join(desk.cache.set_aside)}")
    return (*notes, *(f"not kept for the next run: {reason}" for reason in desk.cache.unwritten))


def _from_folder(folder: Path, request: Request, portfolio: Portfolio) -> tuple[MarketData, Findings]:
    base, symbols = load_snapshot(), needed_symbols(portfolio)
    check_accepted(request.accepted, symbols)
    found = folder_findings(
        folder,
        symbols,
        base,
        as_of=portfolio.as_of,
        now=request.now,
        sessions=_sessions(request.now, portfolio.as_of),
        accepted=request.accepted,
        optional=_described(portfolio),
        choice=_choice(portfolio),
    )
    kept = newest(imported_folder(), portfolio.as_of)
    own = {fund: file for fund, file in kept.items() if fund not in found.files}
    return base, replace(found, files={**own, **found.files})


def _asked(prices: Prices, base: MarketData) -> list[str]:
    """Symbols whose facts count: funds, and stocks that the snapshot does not know."""
    kinds = {symbol: history.kind for symbol, history in prices.histories.items()}
    return sorted(
        symbol for symbol, kind in kinds.items() if kind is not SecurityKind.STOCK or symbol not in base.securities
    )


def _described(portfolio: Portfolio) -> frozenset[str]:
    """Symbols that the file gives a price and a stand-in for; the covariance stands on the market's own history."""
    notes = {canonical_symbol(note.symbol) for note in portfolio.securities if note.price_usd is not None}
    return frozenset(notes - {MARKET})


def check_accepted(accepted: Mapping[str, Decimal], symbols: Sequence[str]) -> None:
    """Refuse a price for a symbol that the portfolio does not need. Raises `MarketDataError`."""
    unknown = sorted(set(accepted) - set(symbols))
    if unknown:
        raise MarketDataError(f"--accept-price: {', '.join(unknown)} is not among the symbols of this portfolio file")


class Yahoo:
    """Yahoo as a `PriceSource`."""

    name = "Yahoo"

    def histories(
        self, symbols: Sequence[str], start: date, now: datetime, done: Callable[[str], None]
    ) -> Mapping[str, PriceHistory | SourceFault]:
        """Daily prices from `start` on."""
        from advisor.market.yahoo.fetch import fetch_histories  # loads the client

        return fetch_histories(symbols, start, now=now, progress=done)

    def facts(
        self, symbols: Sequence[str], now: datetime, done: Callable[[str], None]
    ) -> Mapping[str, SecurityFacts | SourceFault]:
        """Facts besides prices."""
        from advisor.market.yahoo.fetch import fetch_facts  # loads the client

        return fetch_facts(symbols, now=now, progress=done)
