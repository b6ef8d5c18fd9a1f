"""Hostile text in every field that may hold text comes out as text: in the page, the PDF, the record and the orders."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from types import MappingProxyType

import pytest

from advisor.api.recommend import Page, Recommendation, recommend, report_files
from advisor.errors import InputError
from advisor.market.data import Constituents, MarketData, Security, Sourced
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.model import MAGNIFICENT_SEVEN, Portfolio
from advisor.portfolio.schema import json_schema
from advisor.report.page.pdf import ENGINES, print_offline
from tests.counts import first
from tests.reports import Node, body_text, needs, parsed, reader
from tests.samples import NEVER, market, sample, text_of
from tests.views import view

Mark = Callable[[str], str]
POISONS = {
    "a script": "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "quotes": "\"'`><b title=\"x\" onclick='alert(3)'>",
    "a template": "{{ 7*7 }}{% raw %}{# x #}${7*7}#{7*7}",
    "entities": "&lt;b&gt;&amp;amp;&#60;script&#62;&nbsp;&copy",
    "an end of the style sheet": "</style></title><style>*{display:none}</style>",
    "an end of a string of style": '";} body { display: none } @import url(http://host.invalid/x.css); a { x',
    "a comment": "<!-- --> <![CDATA[ ]]> */ /*",
    "bidirectional signs": "\u202eevil\u202c \u2066x\u2069 \u200fabc",
    "signs without width": "a\u200bb\u200cc\u200dd\ufeffe\u00adf",
    "a long word": "Donaudampfschifffahrtsgesellschaft" * 12,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈😀 café e\u0301 漢字 العربية",
    "control signs": "a\x01b\x1b[31mred\x07\x7f",
    "a formula": "=cmd|' /C calc'!A0",
}


def recommended(portfolio: Portfolio, data: MarketData) -> Recommendation:
    return recommend(portfolio, data, f"{portfolio.name}.yaml", "version: 1\n", {"advisor": "test"})


def marked_portfolio(portfolio: Portfolio, mark: Mark) -> Portfolio:
    """The household with a mark on every name that is the user's own, and a view with a source."""
    return replace(
        portfolio,
        name=mark(portfolio.name),
        accounts=tuple(replace(account, name=mark(account.name)) for account in portfolio.accounts),
        do_not_sell=tuple(replace(one, account=one.account and mark(one.account)) for one in portfolio.do_not_sell),
        history=tuple(replace(trade, account=mark(trade.account)) for trade in portfolio.history),
        views=(view("IJR", "0.09", source=mark("a study")),),
        scenarios=tuple(
            replace(one, name=mark(one.name), portfolio=marked_portfolio(one.portfolio, mark))
            for one in portfolio.scenarios
        ),
    )


def marked_market(data: MarketData, mark: Mark) -> MarketData:
    """The market data with a mark on every text that comes from outside: names, companies, sources, notes, titles."""
    return replace(
        data,
        id=mark(data.id),
        securities=MappingProxyType({symbol: _security(one, mark) for symbol, one in data.securities.items()}),
        constituents=MappingProxyType({fund: _constituents(one, mark) for fund, one in data.constituents.items()}),
        risk_free=_sourced(data.risk_free, mark),
        covariance=replace(
            data.covariance,
            method=mark(data.covariance.method),
            notes=tuple(map(mark, (*data.covariance.notes, "a repair"))),
        ),
        episodes=tuple(
            replace(one, title=mark(one.title), stand_ins={fund: mark(text) for fund, text in one.stand_ins.items()})
            for one in data.episodes
        ),
        past_months=data.past_months and replace(data.past_months, source=mark(data.past_months.source)),
        notes=tuple(map(mark, (*data.notes, "a note"))),
    )


def _security(one: Security, mark: Mark) -> Security:
    return replace(
        one,
        name=mark(one.name),
        company=one.company and _company(one.company, mark),
        half_spread=_sourced(one.half_spread, mark),
        expense_ratio=one.expense_ratio and _sourced(one.expense_ratio, mark),
        dividend_yield=one.dividend_yield and _sourced(one.dividend_yield, mark),
        origin=one.origin and replace(one.origin, source=mark(one.origin.source)),
    )


def _constituents(one: Constituents, mark: Mark) -> Constituents:
    companies = {_company(company, mark): interval for company, interval in one.companies.items()}
    return replace(
        one, source=mark(one.source), basis=mark(one.basis), note=mark(one.note or "a note"), companies=companies
    )


def _company(name: str, mark: Mark) -> str:
    """The seven are known by their names; every other name is an issuer's text."""
    return name if name in MAGNIFICENT_SEVEN else mark(name)


def _sourced(found: Sourced, mark: Mark) -> Sourced:
    return replace(found, source=mark(found.source))


def poison(what: str) -> Mark:
    return lambda text: f"{POISONS[what]} {text}"


def twin(what: str) -> Mark:
    """Harmless text with blanks at the same places."""
    harmless = re.sub(r"\S", "x", POISONS[what])
    return lambda text: f"{harmless} {text}"


@cache
def made(name: str, what: str, *, harmless: bool) -> tuple[Recommendation, dict[str, bytes]]:
    mark = (twin if harmless else poison)(what)
    recommendation = recommended(marked_portfolio(sample(name), mark), marked_market(market(), mark))
    return recommendation, report_files(recommendation, pytest.fail, Page())


def page_of(name: str, what: str, *, harmless: bool = False) -> Node:
    return parsed(made(name, what, harmless=harmless)[1]["report.html"].decode())


def skeleton(node: Node) -> Iterator[tuple[str, dict[str, str]]]:
    for child in node.children:
        if isinstance(child, Node):
            yield child.tag, child.attributes
            yield from skeleton(child)


def without_strings(sheet: str) -> str:
    """A style sheet without what stands in its strings."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', sheet)


@pytest.mark.parametrize(
    ("name", "what"), [*(("couple-mixed-lots", what) for what in POISONS), ("already-diversified", "a script")]
)
def test_hostile_text_gives_the_tags_and_attributes_of_harmless_text(name: str, what: str) -> None:
    hostile, harmless = list(skeleton(page_of(name, what))), list(skeleton(page_of(name, what, harmless=True)))
    bad, good = poison(what)(""), twin(what)("")
    tame = [(tag, {key: value.replace(bad, good) for key, value in given.items()}) for tag, given in hostile]
    assert len(tame) > 1000
    assert tame == harmless


@pytest.mark.parametrize("what", POISONS)
def test_the_style_sheet_is_the_same_but_for_the_text_of_the_page_header(what: str) -> None:
    sheets = [
        "".join(
            filter(
                lambda part: isinstance(part, str),
                page_of("couple-mixed-lots", what, harmless=tame).one("style").children,
            )
        )
        for tame in (False, True)
    ]
    assert without_strings(sheets[0]) == without_strings(sheets[1])
    assert sheets[0].count("\n") == sheets[1].count("\n")
    assert POISONS[what] not in sheets[0]


@pytest.mark.parametrize("what", POISONS)
def test_hostile_text_stands_in_the_page_as_it_was_given(what: str) -> None:
    recommendation, _ = made("couple-mixed-lots", what, harmless=False)
    text = shown(page_of("couple-mixed-lots", what).one("body").raw)
    portfolio, data = recommendation.portfolio, recommendation.market
    traded = {trade.account for trade in recommendation.plan.trades}
    assert traded
    held = next(
        one for account in portfolio.accounts for one in account.positions if data.securities[one.symbol].is_fund
    )
    expected = {
        portfolio.name,
        *traded,
        data.securities[held.symbol].name,
        *data.notes,
        portfolio.views[0].source,
        data.episodes[0].title,
    }
    assert [said for said in expected if shown(said) not in text] == []


def shown(text: str) -> str:
    return "".join(text.split())


PRINTED = {"a script": "<script>alert(1)", "a template": "{{7*7}}{%raw%}", "a long word": "donaudampf"}


@pytest.mark.parametrize(("engine", "what"), first(3, ((engine, what) for engine in ENGINES for what in PRINTED)))
def test_hostile_text_is_printed_and_fetches_nothing(what: str, engine: str) -> None:
    recommendation, files = made("couple-mixed-lots", what, harmless=False)
    name, day = recommendation.portfolio.name, recommendation.portfolio.as_of
    data, refused = print_offline(files["report.html"].decode(), title=name, as_of=day, engine=needs(engine))
    assert refused == 0
    assert len(reader(data).pages) >= 5
    assert PRINTED[what] in body_text(data)


@pytest.mark.parametrize("what", POISONS)
def test_the_record_and_the_orders_hold_the_text_as_data(what: str) -> None:
    recommendation, files = made("couple-mixed-lots", what, harmless=False)
    record = json.loads(files["recommendation.json"])
    household = recommendation.portfolio
    assert {f"{household.name}.yaml", *(account.name for account in household.accounts)} <= set(strings(record))
    rows = list(csv.reader(io.StringIO(files["orders.csv"].decode(), newline="")))
    assert {len(row) for row in rows} == {10}
    accounts = {trade.account for trade in recommendation.plan.trades}
    assert {row[0].removeprefix("'") for row in rows[1:]} == accounts
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "\t", "\r"))]
    assert not [row[0] for row in rows if row[0].startswith("-")]


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(item)


def free_texts(schema: dict) -> Iterator[str]:
    """Keys of the portfolio file that take any text."""
    for key, value in schema.items():
        for name, one in value.items() if key == "properties" else ():
            kinds = [one, *one.get("anyOf", ())]
            if any(kind.get("type") == "string" and not {"pattern", "enum", "const"} & set(kind) for kind in kinds):
                yield name
        if isinstance(value, dict):
            yield from free_texts(value)


def test_the_fields_of_the_file_that_take_any_text_are_those_that_are_poisoned() -> None:
    """Names of household, accounts and scenarios, accounts that are referred to, and the source of a view."""
    assert set(free_texts(json_schema())) == {"name", "account", "source"}


REFUSED = {"bidirectional signs", "signs without width", "control signs", "a long word"}


@pytest.mark.parametrize("what", POISONS)
def test_a_file_with_hostile_names_is_refused_or_shown_as_text(what: str) -> None:
    name = POISONS[what].strip()
    text = text_of("couple-mixed-lots")
    hostile = re.sub(r"^name: .*$", lambda _: f"name: {json.dumps(name)}", text, count=1, flags=re.MULTILINE)
    assert hostile != text
    if what in REFUSED or not name.isprintable():
        with pytest.raises(InputError):
            load_portfolio(hostile.encode(), file="x.yaml", today=NEVER)
        return
    portfolio = load_portfolio(hostile.encode(), file="x.yaml", today=NEVER)
    page = parsed(report_files(recommended(portfolio, market()), pytest.fail)["report.html"].decode())
    assert page.one("h1").text == " ".join(name.split())
    assert name in page.all("title")[0].raw
