"""Market data from a source that is asked now, by way of what earlier runs have kept.

1. What was fetched since the last close is as new as anything can be, and is not asked for again.
2. What is fetched is checked beside what was kept; only a history without a held doubt is kept in its place.
3. Where the source does not answer, what was kept is used if it is young enough, with a warning.
4. Anything else ends the run: nothing is computed from a price that is missing or in doubt.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar

from advisor.errors import MarketDataError
from advisor.market.data import MARKET, MarketData, MarketWarning, Origin
from advisor.market.estimate.covariance import too_short
from advisor.market.estimate.returns import panel_of
from advisor.market.fact_checks import checked_facts
from advisor.market.prices.cache import Cache
from advisor.market.prices.checks import CheckedHistory, check_history
from advisor.market.prices.doubts import DoubtRule
from advisor.market.prices.history import FaultCause, PriceHistory, SecurityFacts, SourceFault
from advisor.market.prices.sessions import Sessions, today
from advisor.portfolio.preferences import CovarianceChoice

PRICES, FACTS = "prices", "facts"
YEARS = 11  # of history: ten years of months, and of any window of the covariance
FACTS_DAYS = 7  # facts of funds change by the month
RETRY = timedelta(hours=1)  # a source that lacks the last session is asked again after this
CLOSED = timedelta(days=7)  # no exchange is closed for longer

Watch = Callable[[str, Sequence[str]], AbstractContextManager[Callable[[str], None]]]
Value = TypeVar("Value", PriceHistory, SecurityFacts)


class PriceSource(Protocol):
    """Asks for what it is told, and answers for every symbol with a value or the one cause why there is none."""

    name: str

    def histories(
        self, symbols: Sequence[str], start: date, now: datetime, done: Callable[[str], None]
    ) -> Mapping[str, PriceHistory | SourceFault]:
        """Daily prices from `start` on."""

    def facts(
        self, symbols: Sequence[str], now: datetime, done: Callable[[str], None]
    ) -> Mapping[str, SecurityFacts | SourceFault]:
        """Facts besides prices."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What one run has at hand: the source (None: only what is kept), the cache, and the time."""

    source: PriceSource | None
    source_name: str
    cache: Cache
    sessions: Sessions
    now: datetime
    as_of: date
    watch: Watch
    anew: bool = False  # ask even for what is fresh
    forget: bool = False  # do not compare with what is kept


@dataclass(frozen=True, slots=True)
class Prices:
    """Checked histories by symbol, where each comes from, and what to warn of."""

    histories: Mapping[str, PriceHistory]
    origins: Mapping[str, Origin]
    warnings: tuple[MarketWarning, ...]


def price_histories(
    symbols: Sequence[str],
    desk: Desk,
    *,
    base: MarketData,
    accepted: Mapping[str, Decimal],
    optional: frozenset[str] = frozenset(),
    choice: CovarianceChoice | None = None,
) -> Prices:
    """Checked histories of all `symbols`; of those in `optional`, as far as they suffice for `choice`'s covariance.

    Raises `MarketDataError` that names each symbol without a usable price, the cause, and the ways out.
    """
    kept = {symbol: history for symbol in symbols if (history := read_history(desk.cache, symbol)) is not None}
    fetched, faults = _fetched([symbol for symbol in symbols if not _is_fresh(kept.get(symbol), desk)], desk)
    checked: dict[str, CheckedHistory] = {}
    for symbol in symbols:
        history = fetched.get(symbol) or kept.get(symbol)
        if history is not None:
            earlier = kept.get(symbol) if symbol in fetched and not desk.forget else None
            checked[symbol] = _checked(history, earlier, desk, base, accepted)
    for symbol, history in fetched.items():
        # An accepted price is for this run; what is kept has to be sound without it.
        earlier = None if desk.forget else kept.get(symbol)
        alone = _checked(history, earlier, desk, base, {}) if symbol in accepted else checked[symbol]
        if not alone.is_held:
            desk.cache.write(PRICES, symbol, history.to_bytes())
    _refuse(symbols, checked, faults, desk, base, optional)
    usable = {symbol: result for symbol, result in checked.items() if not result.is_held and result.history.days}
    every = {symbol: result.history for symbol, result in usable.items()}
    histories, short = sufficient(every, desk.as_of, optional, choice or CovarianceChoice())
    return Prices(
        histories,
        {symbol: _origin(fetched.get(symbol) or kept[symbol]) for symbol in histories},
        (*_warnings({symbol: usable[symbol] for symbol in histories}, faults, kept), *short),
    )


def sufficient(
    histories: Mapping[str, PriceHistory], as_of: date, optional: frozenset[str], choice: CovarianceChoice
) -> tuple[Mapping[str, PriceHistory], tuple[MarketWarning, ...]]:
    """Histories without those in `optional` that are too short for a covariance, which are named in warnings."""
    if not optional & histories.keys():
        return histories, ()
    panel = panel_of(history for symbol, history in histories.items() if symbol in optional or symbol == MARKET)
    short = {symbol: count for symbol, count in too_short(panel, as_of, choice).items() if symbol in optional}
    warnings = [
        MarketWarning(
            "short_history",
            (symbol,),
            f"{symbol}: {count} {choice.returns} returns are too few to estimate its risk from; the price and the "
            "proxy of the portfolio file are used.",
        )
        for symbol, count in short.items()
    ]
    return {symbol: history for symbol, history in histories.items() if symbol not in short}, tuple(warnings)


def security_facts(
    symbols: Sequence[str], desk: Desk, base: MarketData
) -> tuple[Mapping[str, SecurityFacts], tuple[MarketWarning, ...]]:
    """Facts of `symbols`, fetched where what is kept is older than a week, without the parts that cannot be right.

    What is missing and what is left out is named in warnings.
    """
    kept = {symbol: facts for symbol in symbols if (facts := read_facts(desk.cache, symbol)) is not None}
    youngest = desk.now - timedelta(days=FACTS_DAYS)
    stale = [symbol for symbol in symbols if desk.anew or symbol not in kept or kept[symbol].fetched < youngest]
    fetched: dict[str, SecurityFacts] = {}
    if desk.source is not None and stale:
        with desk.watch("fund facts", stale) as done:
            answers = desk.source.facts(stale, desk.now, done)
        fetched = {s: facts for s, facts in answers.items() if isinstance(facts, SecurityFacts) and _is_finite(facts)}
    for symbol, facts in fetched.items():
        desk.cache.write(FACTS, symbol, facts.to_bytes())
    missing = [symbol for symbol in stale if symbol not in fetched]
    sound, doubts = checked_facts({**kept, **fetched}, base)
    return sound, (*_facts_warning(missing, desk), *doubts)


def read_history(cache: Cache, symbol: str) -> PriceHistory | None:
    """The history that was kept, if there is one that can be read."""
    return _read(cache, PRICES, symbol, PriceHistory.from_bytes)


def read_facts(cache: Cache, symbol: str) -> SecurityFacts | None:
    """The facts that were kept, if there are any that can be read."""
    return _read(cache, FACTS, symbol, SecurityFacts.from_bytes)


def _read(cache: Cache, kind: str, symbol: str, decode: Callable[[bytes], Value]) -> Value | None:
    content = cache.read(kind, symbol)
    if content is None:
        return None
    try:
        return decode(content)
    except (ValueError, KeyError, TypeError):  # of another version of the program: fetched again
        return None


def _is_fresh(history: PriceHistory | None, desk: Desk) -> bool:
    """Whether asking again could not give more: fetched since the last close, and it has that close."""
    if desk.source is None:
        return True
    if desk.anew or history is None or not history.days:
        return False
    last = _last_session(desk)
    if desk.sessions.last_completed(history.fetched) < last or not _begins_early_enough(history, desk):
        return False
    return history.days[-1] >= last or desk.now - history.fetched < RETRY


def _last_session(desk: Desk) -> date:
    """The last session that is over and not after the day of the decision."""
    until = min(desk.sessions.last_completed(desk.now), desk.as_of)
    return desk.sessions.days[bisect_right(desk.sessions.days, until) - 1]


def _begins_early_enough(history: PriceHistory, desk: Desk) -> bool:
    """Whether it reaches back as far as this run asks, or begins later than a run of its own day would have asked."""
    first = history.days[0]
    return first <= _start(desk.as_of) + CLOSED or first > _start(today(history.fetched)) + CLOSED


def _start(day: date) -> date:
    """First day that a run for a decision on `day` asks for."""
    return date(day.year - YEARS, 1, 1)


def _fetched(symbols: Sequence[str], desk: Desk) -> tuple[dict[str, PriceHistory], dict[str, SourceFault]]:
    if desk.source is None or not symbols:
        return {}, {}
    with desk.watch("prices", symbols) as done:
        answers = desk.source.histories(symbols, _start(desk.as_of), desk.now, done)
    histories: dict[str, PriceHistory] = {}
    faults: dict[str, SourceFault] = {}
    for symbol, answer in answers.items():
        if isinstance(answer, SourceFault):
            faults[symbol] = answer
        elif _is_finite(answer):
            histories[symbol] = answer
        else:
            faults[symbol] = SourceFault(symbol, FaultCause.BAD_ANSWER, "a value that is not a finite number")
    return histories, faults


def _is_finite(answer: PriceHistory | SecurityFacts) -> bool:
    """Whether it has a spelling as bytes: what has none can be neither kept nor traced."""
    try:
        answer.to_bytes()
    except ValueError:
        return False
    return True


def _checked(
    history: PriceHistory,
    earlier: PriceHistory | None,
    desk: Desk,
    base: MarketData,
    accepted: Mapping[str, Decimal],
) -> CheckedHistory:
    known = base.securities.get(history.symbol)
    return check_history(
        history,
        as_of=desk.as_of,
        now=desk.now,
        sessions=desk.sessions,
        earlier=earlier,
        known_close=None if known is None else (known.close_date, known.close_usd),
        accepted=accepted.get(history.symbol),
    )


def _refuse(
    symbols: Sequence[str],
    checked: Mapping[str, CheckedHistory],
    faults: Mapping[str, SourceFault],
    desk: Desk,
    base: MarketData,
    optional: frozenset[str],
) -> None:
    """Raise if a symbol has no usable price, or one of the user's own that cannot be."""
    far = [d.message for result in checked.values() for d in result.doubts if d.rule == DoubtRule.ACCEPTED and d.held]
    if far:
        raise MarketDataError("\n".join(far))
    named = {s: found for s in symbols if s not in optional and (found := _reasons(s, checked, faults))}
    if not named:
        return
    nothing = [symbol for symbol in named if symbol not in faults and symbol not in checked]
    snapshot = f"--market snapshot uses the prices of {base.as_of} that come with the program"
    if all(s in faults and faults[s].cause is FaultCause.NO_NETWORK and _is_old(checked.get(s)) for s in named):
        and_old = ", and what was kept is too old" if named.keys() & checked.keys() else ""
        raise MarketDataError(
            f"no network: {desk.source_name} cannot be reached for {_count(list(named))}{and_old}; {snapshot}"
        )
    lines = [line for symbol in named if symbol not in nothing for line in named[symbol]]
    if nothing:
        lines.append(f"{', '.join(nothing)}: nothing is kept of {'it' if len(nothing) == 1 else 'them'}")
    listed = "".join(f"\n  {line}" for line in lines)
    again = "Run once without --offline" if desk.source is None else "Try again later"
    raise MarketDataError(
        f"no usable price from {desk.source_name} for {_count(list(named))}:{listed}\n"
        f"{again}; or {snapshot}; or give a stand-in: securities: [{{symbol: X, proxy: ..., price: ...}}]"
    )


def _reasons(symbol: str, checked: Mapping[str, CheckedHistory], faults: Mapping[str, SourceFault]) -> list[str]:
    """Why a symbol has no usable price, in lines that begin with it; none if it has one."""
    fault, result = faults.get(symbol), checked.get(symbol)
    cause = f"{symbol}: {fault.cause} ({fault.detail})" if fault else ""
    if result is None:
        return [cause or f"{symbol}: nothing is kept of it"]  # told of all such symbols in one line
    lines = [doubt.message for doubt in result.doubts if doubt.held]
    if not lines and not result.history.days:
        lines = [f"{symbol}: no day is left to estimate its risk from", *(doubt.message for doubt in result.doubts)]
    return [f"{cause}; of what was kept, {line}" for line in lines] if cause else lines


def _is_old(result: CheckedHistory | None) -> bool:
    """Whether nothing is kept, or age is all that speaks against what is."""
    return result is None or all(doubt.rule == DoubtRule.AGE for doubt in result.doubts if doubt.held)


def _count(symbols: Sequence[str]) -> str:
    return symbols[0] if len(symbols) == 1 else f"{len(symbols)} symbols"


def _origin(history: PriceHistory) -> Origin:
    return Origin(f"{history.source}, read {history.fetched:%Y-%m-%d %H:%M} UTC", history.sha256)


def _warnings(
    usable: Mapping[str, CheckedHistory], faults: Mapping[str, SourceFault], kept: Mapping[str, PriceHistory]
) -> list[MarketWarning]:
    found = []
    for symbol, result in usable.items():
        if symbol in faults:
            fault, read = faults[symbol], kept[symbol].fetched.date()
            text = f"{symbol}: {fault.cause} ({fault.detail}); the prices read on {read} are used."
            found.append(MarketWarning("kept_price", (symbol,), text))
        for doubt in result.doubts:
            code = "price_" + "_".join(str(doubt.rule).split())
            found.append(MarketWarning(code, (symbol,), f"{doubt.message}."))
    return found


def _facts_warning(missing: Sequence[str], desk: Desk) -> tuple[MarketWarning, ...]:
    if not missing:
        return ()
    text = (
        f"{desk.source_name} gave no fund facts now for {', '.join(missing)}: fees, yields and lists of holdings are "
        "as known before, each with its own date."
    )
    return (MarketWarning("facts_not_new", tuple(missing), text),)
