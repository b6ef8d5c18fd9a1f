"""A household from a file, from plain values, or from a table of lots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.api.plain import Day, file_node, read_day, read_path, refused
from advisor.errors import printable
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

NEEDED = ("account", "symbol", "shares")  # columns of a table of lots
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
        Market data: ``"snapshot"``, the embedded one; the path of a snapshot file, or of a folder with prices.csv;
        ``"yahoo"``.
    now : datetime or None
        The present moment, in a time zone; needed for Yahoo alone.

    Examples
    --------
    >>> from advisor import load_household
    >>> [round(end, 3) for end in load_household("tech-employee.yaml").magnificent_seven]
    [0.88, 0.88]
    """

    file: PortfolioFile
    day: date | None
    market: str | Path = SNAPSHOT
    now: datetime | None = None

    def __repr__(self) -> str:
        return f"Household({self.name!r}, file={self.file.name!r}, day={self.day}, market={str(self.market)!r})"

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
        chosen = self.day if as_of is None else read_day(as_of)
        if chosen is None:
            raise refused(self.file.name, NO_DAY)
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

        if self.day is None and self.market != SNAPSHOT:
            raise refused(self.file.name, NO_DAY)  # prices are read up to it
        portfolio = self._any_day
        return look_through(portfolio, resolve(market_of(portfolio, self.market, self.now).market, portfolio))

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
    source: str | Path | Mapping[str, object],
    *,
    as_of: Day | None = None,
    market: str | Path = SNAPSHOT,
    now: datetime | None = None,
) -> Household:
    """Load and check a household.

    Parameters
    ----------
    source : str, Path or mapping
        Path of a portfolio file (YAML), or the same content as plain values: numbers, text, dates, lists and mappings.
        Floats are taken with eight decimal places.
    as_of : date or str, optional
        Day of the decision, in place of the file's.
    market : str or Path
        Market data: ``"snapshot"`` (default), ``"yahoo"``, a snapshot file, or a folder with prices.csv.
    now : datetime, optional
        The present moment, in a time zone; needed for Yahoo alone.

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
        file, shown = PortfolioFile("household", file_text(file_node(source, "household"))), "household"
    else:
        path = read_path(source, "load_household")
        shown = str(path)
        file = PortfolioFile(printable(path.name), _decoded(read_bytes(path), shown))
    data = file.text.encode()
    given = None if as_of is None else read_day(as_of)
    load_portfolio(data, file=shown, today=given or _last_day(data), as_of=given)
    return Household(file, given or _stated_day(data), market, now)


def required(household: object) -> Household:
    """The household; raises `InputError` for what is none, a path most likely."""
    if isinstance(household, Household):
        return household
    raise refused("household", f"a {type(household).__name__} is no household", "give load_household(...)")


def market_of(portfolio: Portfolio, market: str | Path, now: datetime | None = None) -> MarketInput:
    """Market data for `portfolio` from a source as `load_household` names it.

    A folder is read as at the end of the day of the decision. Raises `InputError` for Yahoo without the moment `now`,
    in a time zone: this library reads no clock. Raises `MarketDataError` with the way out.
    """
    source = str(read_path(market, "market"))
    if source == YAHOO and (now is None or now.tzinfo is None):
        raise refused(
            "now", "market='yahoo' needs the moment: this library reads no clock", "now=datetime.now(timezone.utc)"
        )
    return load_market(Request(source, now or datetime.combine(portfolio.as_of, time.max, UTC)), portfolio, _no_watch)


def _accounts(lots: Any, accounts: Any) -> Iterator[dict[str, object]]:  # noqa: ANN401 - checked here
    """Each account with its holdings, from the rows of the table."""
    rows = _rows(lots)
    if not isinstance(accounts, Mapping) or not all(isinstance(values, Mapping) for values in accounts.values()):
        raise refused("accounts", "not a mapping of mappings", 'like {"Joint": {"type": "taxable", "cash": 2500}}')
    names = {str(name): values for name, values in accounts.items()}
    strangers = sorted({str(row["account"]) for row in rows} - set(names))
    if strangers:
        raise refused("lots", f"lots of {strangers[0]!r}, which is not among the accounts", "add it to accounts")
    for name, values in names.items():
        if taken := {"name", "holdings"} & set(values):
            raise refused("accounts", f"{name!r} has {min(taken)}", "names are the keys, and holdings the table")
        yield {"name": name, **values, "holdings": list(_holdings(row for row in rows if str(row["account"]) == name))}


def _rows(lots: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - checked here
    """The rows of a table by column name; each has an account and a symbol."""
    if not (hasattr(lots, "columns") and hasattr(lots, "to_dict")):
        raise refused(
            "lots", f"a {type(lots).__name__} is not a table", "give a pandas DataFrame with a row for each lot"
        )
    columns = [str(column) for column in lots.columns]
    missing = [column for column in NEEDED if column not in columns]
    twice = [column for column in (*NEEDED, *LOT) if columns.count(column) > 1]
    if missing or twice:
        words = f"no column {missing[0]}" if missing else f"two columns {twice[0]}"
        raise refused(
            "lots", f"the table has {words}", f"it needs {', '.join(NEEDED)}, and may have {', '.join(LOT[1:])}"
        )
    rows = [{str(key): value for key, value in row.items()} for row in lots.to_dict("records")]
    for number, row in enumerate(rows, start=1):
        empty = [column for column in NEEDED if _is_missing(row[column])]
        if empty:
            raise refused("lots", f"row {number} has no {empty[0]}")
    return rows


def _holdings(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, object]]:
    by_symbol: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        lot = {key: row[key] for key in LOT if key in row and not _is_missing(row[key])}
        by_symbol.setdefault(str(row["symbol"]), []).append(lot)
    for symbol, own in by_symbol.items():
        yield {"symbol": symbol, "lots": own}


def _is_missing(value: object) -> bool:
    return value is None or value != value


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


@contextmanager
def _no_watch(*_: object) -> Iterator[Callable[[str], None]]:
    """Nothing is shown of what is fetched."""
    yield lambda _: None
