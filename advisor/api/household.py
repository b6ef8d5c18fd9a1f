"""A household from a file, from plain values, or from a table of lots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from advisor.errors import InputError, Issue, printable
from advisor.market.sources import SNAPSHOT, YAHOO, MarketInput, Request, load_market
from advisor.portfolio.document import Node, read_document
from advisor.portfolio.load import load_portfolio, read_bytes
from advisor.portfolio.merge import file_text
from advisor.portfolio.model import MAGNIFICENT_SEVEN, Portfolio
from advisor.portfolio.values import ValueFaultError, day
from advisor.rebalance.record import PortfolioFile

if TYPE_CHECKING:
    import pandas as pd

    from advisor.exposure.lookthrough import Exposure

Day: TypeAlias = date | str
LOT = ("shares", "cost_per_share", "acquired")
NO_DAY = "no day of the decision: give as_of, or write it in the file"


@dataclass(frozen=True)
class Household:
    """Accounts, limits, taxes and wishes of one household, checked.

    Made by `load_household`, or from a table of lots by `Household.from_lots`.

    Parameters
    ----------
    file : PortfolioFile
        Name and text of the portfolio file.
    day : date or None
        Day of the decision; None where the file gives none.
    market : str or Path
        Market data: ``"snapshot"``, the embedded one; the path of a snapshot file, or of a folder with prices.csv.

    Examples
    --------
    >>> from advisor import load_household
    >>> load_household("tech-employee.yaml").magnificent_seven  # doctest: +SKIP
    (0.7117, 0.7130)
    """

    file: PortfolioFile
    day: date | None
    market: str | Path = SNAPSHOT

    @classmethod
    def from_lots(
        cls,
        lots: pd.DataFrame,
        accounts: Mapping[str, Mapping[str, object]],
        *,
        name: str = "Household",
        as_of: Day | None = None,
        market: str | Path = SNAPSHOT,
        **sections: object,
    ) -> Household:
        """Household of a table with one row for each lot.

        Parameters
        ----------
        lots : pandas.DataFrame
            Columns account, symbol and shares; cost_per_share (USD) and acquired (a date) where the account is taxable.
        accounts : mapping
            Each account's other values by its name: ``{"Joint": {"type": "taxable", "cash": 2500}}``.
        name, as_of, market
            As in `load_household`.
        **sections
            Further sections of a portfolio file: limits, tax, preferences, views and so on.

        Raises
        ------
        InputError
            A column is missing, a lot is of an account that is not among `accounts`, or a value is wrong.
        """
        tree = {"version": 1, "name": name, "accounts": list(_accounts(lots, accounts)), **sections}
        return load_household(tree, as_of=as_of, market=market)

    @property
    def name(self) -> str:
        """The household's own name."""
        return self._any_day.name

    def on(self, as_of: Day | None = None) -> Portfolio:
        """The checked portfolio for a day of decision.

        Raises
        ------
        InputError
            Neither the file nor `as_of` gives a day, or the file is wrong on that day.
        """
        chosen = self.day if as_of is None else _day(as_of)
        if chosen is None:
            raise InputError((Issue(NO_DAY),), self.file.name)
        return load_portfolio(self.file.text.encode(), file=self.file.name, today=chosen, as_of=chosen)

    @property
    def magnificent_seven(self) -> tuple[float, float]:
        """Weight of the seven in the household, direct and inside funds: what is known, and what cannot be ruled out.

        Raises `MarketDataError` for a security without data.
        """
        return self._exposure.seven.low, self._exposure.seven.high

    @property
    def exposure(self) -> pd.DataFrame:
        """Weight of each company in the household, largest first; fractions of its value.

        Index ``company``; columns ``direct``, ``through_funds`` (the known part), ``low``, ``high`` and
        ``magnificent_seven``, whether it is one of them. Raises `MarketDataError` for a security without data.
        """
        import pandas as pd

        rows = [
            (one.company, one.direct, one.through_funds, one.low, one.high, one.company in MAGNIFICENT_SEVEN)
            for one in self._exposure.companies
        ]
        columns = ["company", "direct", "through_funds", "low", "high", "magnificent_seven"]
        return pd.DataFrame(rows, columns=columns).set_index("company")

    @cached_property
    def _exposure(self) -> Exposure:
        from advisor.exposure.lookthrough import look_through
        from advisor.market.resolve import resolve

        portfolio = self._any_day
        return look_through(portfolio, resolve(market_of(portfolio, self.market).market, portfolio))

    @cached_property
    def _any_day(self) -> Portfolio:
        """The portfolio for what no day decides, such as its exposure."""
        data = self.file.text.encode()
        return load_portfolio(data, file=self.file.name, today=self.day or _last_day(data), as_of=self.day)

    def _repr_html_(self) -> str:
        low, high = self.magnificent_seven
        head = f"<p><b>{escape(self.name)}</b>: Magnificent Seven {low:.1%} to {high:.1%} of the household</p>"
        return head + self.exposure.head(10).to_html(float_format=lambda weight: f"{weight:.1%}")


def load_household(
    source: str | Path | Mapping[str, object], *, as_of: Day | None = None, market: str | Path = SNAPSHOT
) -> Household:
    """Load and check a household.

    Parameters
    ----------
    source : str, Path or mapping
        Path of a portfolio file (YAML), or the same content as plain values: numbers, text, dates, lists and mappings.
    as_of : date or str, optional
        Day of the decision, in place of the file's.
    market : str or Path
        Market data: ``"snapshot"`` (default), ``"yahoo"``, a snapshot file, or a folder with prices.csv.

    Returns
    -------
    Household

    Raises
    ------
    InputError
        With every fault of the file, each with its line and a way out.

    Examples
    --------
    >>> from advisor import load_household
    >>> load_household("tech-employee.yaml").name
    'Tech employee'
    """
    if isinstance(source, Mapping):
        file = PortfolioFile("household", file_text(_as_text(source)))
    else:
        path = Path(source)
        file = PortfolioFile(printable(path.name), _decoded(read_bytes(path), str(path)))
    data = file.text.encode()
    given = None if as_of is None else _day(as_of)
    load_portfolio(data, file=_shown(source), today=given or _last_day(data), as_of=given)
    return Household(file, given or _stated_day(data), market)


def market_of(portfolio: Portfolio, market: str | Path, now: datetime | None = None) -> MarketInput:
    """Market data for `portfolio` from a source as `load_household` names it.

    A folder is read as at the end of the day of the decision. Raises ValueError for Yahoo without the moment `now`, in
    a time zone: this library reads no clock. Raises `MarketDataError` with the way out.
    """
    source = str(market)
    if source == YAHOO and now is None:
        raise ValueError("market='yahoo' needs now=datetime.now(timezone.utc): the library reads no clock")
    return load_market(Request(source, now or datetime.combine(portfolio.as_of, time.max, UTC)), portfolio, _no_watch)


def _accounts(lots: pd.DataFrame, accounts: Mapping[str, Mapping[str, object]]) -> Iterator[dict[str, object]]:
    """Each account with its holdings, from the rows of the table."""
    missing = [column for column in ("account", "symbol", "shares") if column not in lots.columns]
    rows = [] if missing else [{str(key): value for key, value in row.items()} for row in lots.to_dict("records")]
    strangers = sorted({str(row["account"]) for row in rows} - set(accounts))
    if missing or strangers:
        words = f"no column {missing[0]}" if missing else f"lots of {strangers[0]!r}, which is not among the accounts"
        raise InputError((Issue(f"the table of lots has {words}"),), "lots")
    for name, values in accounts.items():
        own = [row for row in rows if str(row["account"]) == name]
        yield {"name": name, **values, "holdings": list(_holdings(own))}


def _holdings(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, object]]:
    by_symbol: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        lot = {key: row[key] for key in LOT if key in row and not _is_missing(row[key])}
        by_symbol.setdefault(str(row["symbol"]), []).append(lot)
    for symbol, own in by_symbol.items():
        yield {"symbol": symbol, "lots": own}


def _is_missing(value: object) -> bool:
    return value is None or value != value


def _as_text(value: object) -> Node:
    """A tree of texts, as a file has it; keys without a value are left out."""
    if isinstance(value, Mapping):
        return {str(key): _as_text(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_as_text(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float | Decimal):
        return f"{Decimal(str(value)):f}"
    return str(value)


def _day(value: Day) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return day(value)
    except ValueFaultError as fault:
        raise InputError((Issue(f"as_of: {fault}", hint=fault.hint),), "as_of") from None


def _stated_day(data: bytes) -> date | None:
    text = read_document(data).get("as_of")
    return day(text) if isinstance(text, str) else None


def _last_day(data: bytes) -> date:
    """The last day that the file speaks of: no lot or past trade is after it."""
    return max(_days(read_document(data).root), default=date(2000, 1, 1))


def _days(node: Node) -> Iterator[date]:
    if isinstance(node, dict):
        for key, item in node.items():
            if key in ("acquired", "date") and isinstance(item, str):
                try:
                    yield day(item)
                except ValueFaultError:  # the loader says so, with its place
                    continue
            else:
                yield from _days(item)
    elif isinstance(node, list):
        for item in node:
            yield from _days(item)


def _decoded(data: bytes, file: str) -> str:
    """Text of the file; bytes that are no text are the loader's fault to name."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        load_portfolio(data, file=file, today=date.min)
        raise


def _shown(source: str | Path | Mapping[str, object]) -> str:
    return "household" if isinstance(source, Mapping) else str(source)


def _no_watch(*_: object) -> Any:  # noqa: ANN401 - a context that shows nothing
    from contextlib import nullcontext

    return nullcontext(lambda _: None)
