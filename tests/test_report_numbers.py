"""Every number is the same in the page, the PDF, the record and the orders; nothing is shown where a number is missing.

The page is read by its row and column headers. A figure that is shown may differ from the record's by half a unit of
its last digit.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from advisor.api.recommend import with_trade_off
from advisor.errors import LimitsConflictError
from advisor.evidence.results import dated_results
from advisor.rebalance.verify.classes import US, parts_of
from tests.counts import first
from tests.households import random_household
from tests.reports import Node, body_text, files_of, needs, parsed, pieces, squeezed, without_edges
from tests.samples import ANSWERED, answer, market
from tests.test_report_hostile import recommended

SEEDS = tuple(f"household {seed}" for seed in range(24))
FIGURE = re.compile(r"(?P<sign>[\N{MINUS SIGN}+]?)(?P<dollar>\$?)(?P<digits>\d[\d,]*(?:\.\d+)?)(?P<unit> ?%| ?bp\b)?")
UNITS = {"%": Decimal("0.01"), "bp": Decimal("0.0001"), "": Decimal(1)}


@cache
def made(name: str) -> dict[str, bytes] | None:
    """The files of a sample, or of a random household that has an answer, with all that stands beside the proposal."""
    if name in ANSWERED:
        return files_of(with_trade_off(answer(name)))
    try:
        return files_of(with_trade_off(recommended(random_household(int(name.split()[1])), market())))
    except LimitsConflictError:
        return None


class Report:
    """One report: its record, its orders, and its page as tables."""

    def __init__(self, found: dict[str, bytes]) -> None:
        self.record: dict[str, Any] = json.loads(found["recommendation.json"])
        self.orders = list(csv.DictReader(io.StringIO(found["orders.csv"].decode(), newline="")))
        self.page = parsed(found["report.html"].decode())
        self.pdf = found["report.pdf"]
        self.tables = self.page.all("table")

    def rows(self, *columns: str) -> Iterator[tuple[Node, str, dict[str, Node]]]:
        """Table, words of its header and cells by column, of each row of the tables that have these columns."""
        for table in self.tables:
            heads = [head.text for head in table.one("thead").all("th")]
            for row in table.one("tbody").all("tr") if set(columns) <= set(heads) else ():
                cells = [child for child in row.children if isinstance(child, Node)]
                yield table, cells[0].first_words, dict(zip(heads, cells, strict=True))

    def state(self, column: str) -> dict[str, Any]:
        return self.record["before" if column == "Today" else "after"]


@pytest.fixture(params=[*ANSWERED, *first(3, SEEDS)])
def report(request: pytest.FixtureRequest) -> Report:
    needs("plutoprint")
    found = made(request.param)
    if found is None:
        pytest.skip("this household has no answer")
    return Report(found)


@pytest.mark.parametrize("count", first(1, [3, len(SEEDS)]))
def test_most_random_households_have_an_answer(count: int) -> None:
    assert sum(made(seed) is not None for seed in SEEDS[:count]) > count / 2


def shown(text: str) -> list[tuple[Decimal, Decimal]]:
    """Figures of a text, each with half a unit of its last digit."""
    found = []
    text = re.sub(r"(\d)\N{EN DASH}(?=[\d.,]+( ?%| bp))", r"\1\2 to ", text)  # both ends of an interval have its unit
    for match in FIGURE.finditer(text):
        digits = match["digits"].replace(",", "").rstrip(".")
        scale = UNITS[(match["unit"] or "").strip()]
        half = Decimal(1).scaleb(-len(digits.partition(".")[2])) * scale / 2
        found.append((Decimal(f"-{digits}" if match["sign"] == "\N{MINUS SIGN}" else digits) * scale, half))
    return found


def same(cell: Node | str, true: float | str | Decimal | None, *, of_a_sum: bool = False) -> None:
    """The cell shows this figure; a dash or nothing but words stands for None or zero.

    Parts `of_a_sum` are rounded to add up: each is within a whole unit of the last decimal, up or down.
    """
    text = cell if isinstance(cell, str) else cell.first_words
    figures = shown(text)
    if true is None or not figures:
        assert not figures
        assert not true, (text, true)
        return
    value, half = figures[0]
    most = half * (2 if of_a_sum else 1)
    assert abs(value - Decimal(str(true))) <= most * Decimal("1.000001"), (text, true)


def sums(record: dict[str, Any], side: str) -> Decimal:
    return sum((Decimal(trade["amount_usd"]) for trade in record["trades"] if trade["side"] == side), Decimal(0))


def leaves(value: object) -> Iterator[Decimal]:
    """Every number of a record, amounts that are text among them."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    elif (isinstance(value, int | float) and not isinstance(value, bool)) or (
        isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value)
    ):
        yield Decimal(str(value))


def test_the_figures_of_the_answer_are_those_of_the_record(report: Report) -> None:
    sentence = next(one for one in report.page.all("p") if one.attributes.get("class") == "answer").text
    known = {*leaves(report.record), sums(report.record, "sell"), sums(report.record, "buy")}
    value_usd, before = Decimal(report.record["before"]["value_usd"]), report.record["before"]
    known.add(Decimal(str(report.record["gain"]["total"])) * value_usd)
    known.add(min(Decimal("0.0005") * value_usd, Decimal(500)))  # `min_gain` and `min_gain_usd`, by default
    stocks = sum(weight * parts_of(symbol, market()).get(US, 0.0) for symbol, weight in before["weights"].items())
    if stocks:  # what the seven are of them
        known |= {Decimal(str(before["magnificent_seven"][end] / stocks)) for end in ("low", "high")}
    known.add(Decimal("0.283369"))  # of VTI, from its ten largest of 2026-05-03
    known.add(100 * Decimal(str(report.record["after"]["cash_weight"] - before["cash_weight"])))  # in points
    known |= {-figure for figure in known}
    sentence = re.sub(r"Illustration at prices of [^:]*: ", "", sentence)
    for value, half in shown(re.sub(r"[A-Z][A-Z&]+ ?\d+", "", sentence)):  # S&P 600, Russell 2000 are names
        assert any(abs(value - figure) <= half * Decimal("1.000001") for figure in known), (value, sentence)


def test_the_cards_show_the_figures_of_the_record(report: Report) -> None:
    cards = {}
    for card in report.page.all("div"):
        if "card" in card.attributes.get("class", "").split():
            label, value = (part.text for part in card.all("p")[:2])
            cards[label] = value
    assert len(cards) == 4
    record, seen = report.record, 0
    for label, value in cards.items():
        if label.startswith("Volatility"):
            same(value, record["after"]["volatility"])
            seen += 1
        elif label == "Magnificent Seven":
            seven = record["after"]["magnificent_seven"]
            same(value, seven["low"])
            assert abs(shown(value)[-1][0] - Decimal(str(seven["high"]))) <= shown(value)[-1][1] * Decimal("1.000001")
            seen += 1
        elif label == "Trades":
            same(value, len(record["trades"]))
            seen += 1
        elif label.startswith("Tax"):
            same(value, record["tax"]["tax_usd"])
            seen += 1
    assert seen >= 3


def test_the_orders_are_the_same_in_page_record_and_file(report: Report) -> None:
    in_page = {}
    for table, header, cells in report.rows("Shares", "Price", "Amount"):
        side, symbol = header.split()[:2]
        figures = tuple(shown(cells[column].first_words)[0][0] for column in ("Shares", "Price", "Amount", "Spread"))
        in_page[table.one("caption").text, side.lower(), symbol] = figures
    record, in_file = {}, {}
    for trade in report.record["trades"]:
        record[trade["account"], trade["side"], trade["symbol"]] = tuple(
            Decimal(trade[key]) for key in ("shares", "price_usd", "amount_usd", "spread_usd")
        )
    for line in report.orders:
        key = (line["account"].removeprefix("'"), line["side"], line["symbol"])
        shares, amount = in_file.get(key, (Decimal(0), Decimal(0)))
        in_file[key] = (shares + Decimal(line["shares"]), amount + Decimal(line["amount_usd"]))
        assert Decimal(line["price_usd"]) == record[key][1]
    assert in_file.keys() == record.keys()
    assert len(in_page) == len(record)
    for (caption, side, symbol), (shares, price, amount, spread) in in_page.items():
        (key,) = [one for one in record if one[1:] == (side, symbol) and caption.startswith(one[0])]
        true_shares, true_price, true_amount, true_spread = record[key]
        assert (shares, amount, spread) == (true_shares, true_amount, true_spread)
        assert abs(price - true_price) <= Decimal("0.005")
        lots = sum(line["symbol"] == symbol for line in report.orders)
        assert in_file[key][0] == true_shares
        assert abs(in_file[key][1] - true_amount) <= Decimal("0.01") * lots  # each lot is rounded to the cent


MEASURES = {
    "Volatility": "volatility",
    "Tracking error": "tracking_error",
    "Beta": "beta",
    "Expected return": "expected_return",
    "Fund expenses, a year": "expense_ratio",
    "Average loss of the worst": "cvar_95",
    "Largest fall": "max_drawdown",
    "Small-cap funds": "small_cap_weight",
}


def test_the_measures_are_those_of_the_record(report: Report) -> None:
    seen = set()
    for table, header, cells in report.rows("Measure", "Today"):
        assert table
        for words, key in MEASURES.items():
            if header.startswith(words):
                for column in {"Today", "Proposed"} & cells.keys():
                    same(cells[column], report.state(column).get(key))
                seen.add(words)
    assert len(seen) >= 5


def test_the_holdings_are_those_of_the_record(report: Report) -> None:
    seen = {}
    for _, header, cells in report.rows("Holding", "Weight", "Value"):
        for column, state in (("Weight", "before"), ("Proposed weight", "after")):
            weights = report.record[state]["weights"]
            if column in cells and header in weights | report.record["before"]["weights"]:
                same(cells[column], weights.get(header, 0.0), of_a_sum=True)
                seen[header] = cells
    # small positions may share a row of their group
    assert seen or not report.record["before"]["weights"]


def test_the_limits_are_those_of_the_record(report: Report) -> None:
    limits = {f"{limit['name']}.{limit['kind']}": limit for limit in report.record["limits"]}
    seen = 0
    for _, _, cells in report.rows("Limit", "Bound", "Today"):
        label = next(line.text for line in cells["Limit"].all("span") if line.attributes.get("class") == "line")
        limit = limits[max((name for name in limits if label.startswith(name)), key=len)]
        if limit["unit"] == "ratio" or limit["bound"] is not None:
            same(cells["Today"], limit["before"])
            if "Proposed" in cells:
                same(cells["Proposed"], limit["after"])
            seen += 1
    assert seen == len(limits)


TAX = {
    "Short-term gain": "short_term_gain_usd",
    "Long-term gain": "long_term_gain_usd",
    "This year's tax on gains without": "year_tax_before_usd",
    "This year's tax on gains with these": "year_tax_after_usd",
    "Loss carried to later years, with these": "carried_forward_usd",
    "Tax of these trades": "tax_usd",
    "Trading cost": "spread_usd",
}


def test_the_tax_is_that_of_the_record(report: Report) -> None:
    true = report.record["tax"] | report.record["costs"]
    seen = set()
    for _, header, cells in report.rows("Item", "Amount"):
        for words, key in TAX.items():
            if header.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").startswith(words):
                same(cells["Amount"], true[key])
                seen.add(words)
    if report.record["trades"]:
        assert {"Short-term gain", "Long-term gain", "Tax of these trades"} <= seen


def test_what_else_could_be_done_shows_the_figures_of_the_record(report: Report) -> None:
    known = {one["title"]: one for one in report.record["trade_off"]["alternatives"]}
    seen = set()
    for _, header, cells in report.rows("What", "Tax and spread", "Net benefit a year"):
        found = report.record if header == "The proposal" else known[header]
        seen.add(header)
        if found["after"] is None:
            assert cells["What makes the difference"].text.startswith("no answer")
            continue
        same(cells["Magnificent Seven"], found["after"]["magnificent_seven"]["low"])
        same(cells["Small caps"], found["after"]["small_cap_weight"])
        same(cells["Volatility"], found["after"]["volatility"])
        same(cells["Tax and spread"], Decimal(found["tax"]["tax_usd"]) + Decimal(found["costs"]["spread_usd"]))
        same(cells["Net benefit a year"], found["gain"]["total"])
        if header != "The proposal":
            orders = next(line.text for line in cells["What"].all("span") if line.attributes["class"] == "line")
            assert (shown(orders) or [(0, 0)])[0][0] == len(found["trades"])
    assert seen >= {"Do nothing", "Half the move", "IJR only", "Russell 2000 only"}
    assert seen - {"The proposal"} == known.keys()


SENSITIVE = {"Magnificent Seven": "magnificent_seven", "Small caps": "small_caps", "Volatility": "volatility"} | {
    "Traded": "turnover",
    "Tax": "tax_usd",
    "Net benefit a year": "gain",
}


def test_another_assumption_shows_the_figures_of_the_record(report: Report) -> None:
    known = {one["title"]: one["measures"] for one in report.record["trade_off"]["sensitivities"]}
    rows = {header: cells for _, header, cells in report.rows("If", "Traded")}
    for header, cells in rows.items():
        for column, key in SENSITIVE.items():
            if known[header] is not None:
                same(cells[column], known[header][key])
    gathered = [title for title in known if title not in rows]
    note = next((p.text for p in report.page.all("p") if p.text.startswith("The answer does not depend on: ")), "")
    assert bool(note) == bool(gathered)
    if not gathered:
        return
    titles, _, figures = note.removeprefix("The answer does not depend on: ").partition(". Under these ")
    assert titles == "; ".join(gathered)
    in_force = rows[next(iter(known))]
    for title in gathered:  # the same trades, to what is shown
        for column in ("Magnificent Seven", "Small caps", "Traded", "Tax"):
            same(in_force[column], known[title][SENSITIVE[column]])
    volatility, gain = figures.split(" and the net benefit ")
    for text, key in ((volatility, "volatility"), (gain, "gain")):
        ends = [Decimal(str(pick(known[title][key] for title in gathered))) for pick in (min, max)]
        found = shown(text)
        assert len(found) in (1, 2)
        for end, (value, half) in zip(ends, (found[0], found[-1]), strict=True):
            assert abs(value - end) <= half * Decimal("1.000001"), (text, end)


AUDITED = {
    "Stated a year": "stated",
    "Used a year": "used",
    "Without any view": "equilibrium",
    "With all views": "expected",
    "Small caps without it": "small_caps_without",
    "Small caps with it": "small_caps",
    "Small caps if certain": "small_caps_certain",
}


def test_the_audit_of_views_shows_the_figures_of_the_record(report: Report) -> None:
    known = {audit["name"]: audit for audit in report.record["trade_off"]["views"]}
    seen = 0
    for _, header, cells in report.rows(*AUDITED):
        found = known[header]
        same(cells["View"].all("span")[0].text.removeprefix("held with "), found["confidence"])
        for column, key in AUDITED.items():
            same(cells[column], found[key])
            if key.startswith("small_caps"):
                same(cells[column].all("span")[0].text, found[key.replace("small_caps", "gain")])
        flip = found["flip"]
        same(cells["Decision changes"], None if flip is None else flip["confidence"])
        seen += 1
    assert seen == len(known)


def test_how_far_history_decides_shows_the_figures_of_the_record(report: Report) -> None:
    stability = report.record["trade_off"]["stability"]
    bands = {"Small caps in all": stability["small_caps"]}
    bands |= {one["name"]: one["band"] for one in stability["indexes"]}
    shares = {"Small caps in all": stability["proposed"]}
    shares |= {f"Risk by {one['title']}": one["small_caps"] for one in stability["methods"]}
    shares |= {"In the orders, in shares": report.record["after"]["small_cap_weight"]}
    answered = stability["draws"] - stability["unmet"]
    head = f"Range of {answered} bootstrap draws" if stability["is_range"] else "90% bootstrap interval"
    assert stability["is_range"] == (answered < 60)
    seen = {"In the orders, in shares"}  # a row where they lie outside of the band
    for _, header, cells in report.rows("Share of the household", head):
        seen.add(header)
        same(cells["Small caps"], shares.get(header))
        if header == "Small caps in all" and stability["pinned_by"]:
            assert cells[head].first_words == "pinned"
            continue
        ends = cells[head].first_words.split(" to ")
        band = bands.get(header)
        same(ends[0] + ("" if "%" in ends[0] or band is None else "%"), band and band["low"])
        same(ends[-1], band and band["high"])
    assert {"Small caps in all", *shares} <= seen
    assert len(bands) == 2 or set(bands) <= seen  # the one index of one fund is all there is


SHOCKED = {"The seven gain": (0.2, -0.1), "Small caps lose": (0.0, -0.2), "The seven lose": (-0.3, 0.0)}


def test_shocks_and_risk_are_those_of_the_record_in_percent_and_dollars(report: Report) -> None:
    seen = set()
    for table, header, cells in report.rows("Today"):
        caption = table.one("caption").text
        for column in {"Today", "Proposed"} & cells.keys():
            state = report.state(column)
            if caption == "If only these move":
                seven, small = SHOCKED[" ".join(header.split()[:3])]
                true = state["magnificent_seven"]["high"] * seven + state["small_cap_weight"] * small
            elif caption == "Risk in percent and dollars":
                true = state[next(key for words, key in MEASURES.items() if header.startswith(words))]
            else:
                continue
            same(cells[column], true)
            if true is not None:
                line = next(one.text for one in cells[column].all("span") if one.attributes["class"] == "line")
                same(line, Decimal(str(true)) * Decimal(state["value_usd"]))
            seen.add((caption, header))
    assert len(seen) == 7


def test_episodes_are_those_of_the_record_in_percent_and_dollars(report: Report) -> None:
    names = {episode.title: episode.name for episode in market().episodes}
    seen = 0
    for _, header, cells in report.rows("Episode", "Today", "Today in dollars"):
        for column in {"Today", "Proposed"} & cells.keys():
            state = report.state(column)
            (true,) = (one["household_return"] for one in state["stress"] if one["name"] == names[header])
            same(cells[column], true)
            same(cells[f"{column} in dollars"], Decimal(str(true)) * Decimal(state["value_usd"]))
        seen += 1
    assert seen == len(report.record["before"]["stress"])


def test_years_are_those_of_the_evidence(report: Report) -> None:
    known = dated_results().years
    assert known is not None
    true = {str(year.year): year.returns for year in known.years}
    seen = set()
    for _, header, cells in report.rows("Year", *known.symbols):
        for symbol, value in zip(known.symbols, true[header], strict=True):
            assert value is not None
            same(cells[symbol], value)
        seen.add(header)
    assert seen == true.keys()


def drawing(report: Report, name: str) -> Node | None:
    labels = f"{name}-title {name}-desc"
    return next((svg for svg in report.page.all("svg") if svg.attributes["aria-labelledby"] == labels), None)


def test_the_parts_of_the_gain_add_up_in_the_sentence_that_names_them(report: Report) -> None:
    found = [item.text for item in report.page.all("li") if "doubt about expected returns" in item.text]
    for text in found:
        stated, parts = text.replace("\N{MINUS SIGN}", "-").replace(",", "").split(": ", 1)
        whole = Decimal(re.search(r"([+-]?[\d.]+)\Wbp a year", stated)[1])
        whole = -whole if "costs" in stated else whole
        assert sum(map(Decimal, re.findall(r"([+-]?[\d.]+)\Wbp", parts))) == whole, text
    assert found or not report.record["trades"]


def test_the_steps_of_the_waterfall_add_up_to_the_proposal(report: Report) -> None:
    found = drawing(report, "waterfall")
    if found is None:
        return
    figures = [shown(text.text)[0] for text in found.all("text")[1::2]]
    (first, _), *steps, (last, _) = figures
    known = [report.record[side]["magnificent_seven"]["high"] for side in ("before", "after")]
    same(f"{100 * first:.1f}%", known[0])
    same(f"{100 * last:.1f}%", known[1])
    slack = sum((half for _, half in steps), Decimal(0)) / 100 + Decimal("0.001")
    assert abs(first + sum((step for step, _ in steps), Decimal(0)) / 100 - last) <= slack


def spots(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


@pytest.mark.parametrize("name", ["frontier", "cost"])
def test_every_point_of_a_curve_stands_where_the_record_has_it(report: Report, name: str) -> None:
    """Places and values of a curve lie on one line each way, whatever the axes are: their ends fix the scale."""
    found = drawing(report, name)
    record = report.record
    value, years = float(record["before"]["value_usd"]), record["assumptions"]["horizon_years"]
    points = (record["trade_off"]["frontier" if name == "frontier" else "least_cost"] or {"points": []})["points"]
    true = []
    for point in points:
        one = point["measures"] if name == "frontier" else point
        if one is None or one["tax_usd"] is None:
            continue
        once = float(one["tax_usd"]) + float(one["spread_usd"])
        level = once if name == "cost" else one["expected_return"] - once / value / years
        true.append((point["at"] if name == "cost" else one["volatility"], level))
    if found is None or not true:
        return
    drawn = spots(
        next(path.attributes["d"] for path in found.all("path") if path.attributes.get("stroke-width") == "2.0")
    )
    ticks = [(text.text, float(text.attributes["x"]), float(text.attributes["y"]), text.attributes["text-anchor"])
             for text in found.all("text") if text.attributes["font-size"] == "9.5"]  # fmt: skip
    up = [(shown(words)[0][0], y) for words, _, y, anchor in ticks if anchor == "end" and FIGURE.match(words)]
    (low, y_low), (high, y_high) = up[0], up[-1]
    for _, y in drawn:
        level = float(low) + (y + 3.3 - y_low) / (y_high - y_low) * float(high - low)
        assert min(abs(level - height) for _, height in true) <= 0.003 * float(high - low)
    assert len(drawn) <= len(true)


def test_the_description_of_a_drawing_has_the_figures_of_the_record(report: Report) -> None:
    known = {*leaves(report.record)}
    for name in ("seven", "frontier", "cost"):
        found = drawing(report, name)
        if found is None:
            continue
        words = found.one("desc").text.replace("All seven", "")
        for figure, half in shown(words) if name == "seven" else ():
            assert any(abs(figure - one) <= half * Decimal("1.000001") for one in known), (figure, words)
        for side, title in (("before", "Today"), ("after", "Proposed")):
            match = re.search(rf"{title}: (?:volatility )?([\d.]+ ?%)", words)
            if match and name != "seven":
                state = report.record[side]
                same(match[1], state["volatility"] if name == "frontier" else state["magnificent_seven"]["high"])


def test_no_cell_is_empty_and_no_missing_value_is_shown(report: Report) -> None:
    cells = [(table.one("caption").text, cell.text) for table in report.tables for cell in table.all("th", "td")]
    assert len(cells) > 100
    assert [cell for cell in cells if not cell[1]] == []
    wrong = r"\b(nan|NaN|None|inf|Infinity|undefined|Undefined|null|True|False)\b|\N{MINUS SIGN}0(\.0+)?(?![\d.,])"
    assert re.findall(wrong, report.page.one("body").text) == []


def test_the_pdf_shows_every_figure_of_the_page(report: Report) -> None:
    household = report.page.one("h1").text
    printed = without_edges(body_text(report.pdf), household)
    figures = [squeezed(text) for text in pieces(report.page.one("body")) if shown(text)]
    assert len(figures) > 50
    assert [text for text in figures if text not in printed] == []


@pytest.mark.parametrize("name", ANSWERED)
def test_the_page_stays_below_300_kilobytes(name: str) -> None:
    assert len(made(name)["report.html"]) < 300_000
