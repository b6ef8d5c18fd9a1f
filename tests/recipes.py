"""The recipes of CONTRIBUTING.md as edits: what is written by hand, what is run, and what must then be true."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Recipe:
    """One recipe: text put before an anchor of a file, whole new files, commands after `python`, and a script.

    The script asserts what the edits are for. `tests` are modules of the suite that must pass.
    """

    before: tuple[tuple[str, str, str], ...] = ()  # file, anchor, text in front of it
    instead: tuple[tuple[str, str, str], ...] = ()  # file, old text, new text
    new: dict[str, str] = field(default_factory=dict)
    commands: tuple[tuple[str, ...], ...] = ()
    tests: tuple[str, ...] = ()
    script: str = ""

    @property
    def files(self) -> set[str]:
        """What is written by hand."""
        return {file for file, _, _ in (*self.before, *self.instead)} | set(self.new)


LIMIT = Recipe(
    before=(
        (
            "advisor/portfolio/limit_types.py",
            '    LimitType(\n        name="turnover",',
            """    LimitType(
        name="dividend_yield",
        label="Dividend yield",
        noun="the dividend yield",
        meaning="dividends a year, of the household's value; an unknown yield counts nothing",
        example="{min: 1.5%}",
        decimals=2,
        sides=_BOTH,
        falls_with_deposits=True,
        not_in_backtest="yields of the past are not in the data",
    ),
""",
        ),
        (
            "advisor/optimize/limits.py",
            '        case "cash":\n            return WeightMeasure',
            """        case "dividend_yield":
            yields = (market.securities[symbol].dividend_yield for symbol in symbols)
            return _one_row(0.0 if known is None else known.value for known in yields)
""",
        ),
        (
            "advisor/rebalance/verify/rules.py",
            "RULES = {\n",
            """def _dividends(limit: Limit, book: Book, ledger: Ledger | None) -> float:
    del limit, ledger
    known = {symbol: book.market.securities[symbol].dividend_yield for symbol in book.weights}
    return sum(book.weights[symbol] * found.value for symbol, found in known.items() if found is not None)


""",
        ),
        (
            "advisor/rebalance/verify/rules.py",
            '    "turnover": Rule(',
            '    "dividend_yield": Rule("the dividend yield", Form.LINEAR, _dividends),\n',
        ),
    ),
    commands=(("-m", "tests.limit_reference"),),
    tests=("test_limit_types", "test_portfolio_schema", "test_readme", "test_samples", "test_rebalance_verify_limits"),
)
LAYOUT = Recipe(
    new={
        "advisor/market/holdings/acme.py": '''"""Acme: a CSV with weights in percent."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.market.holdings.cells import day, percent
from advisor.market.holdings.faults import Faults
from advisor.market.holdings.model import HoldingRow, Listing, RowKind
from advisor.market.holdings.tables import TableLine, header_places, table_rows

COLUMNS = ("Symbol", "Issuer", "Percent")


def recognises(lines: Sequence[TableLine]) -> bool:
    """Whether the lines are of an Acme file."""
    return any(line.cells[:1] == ("Acme fund",) for line in lines[:3]) and bool(header_places(lines, COLUMNS))


def read(lines: Sequence[TableLine], faults: Faults) -> Listing:
    """Rows of the table; fund and date from the first line."""
    head = next(line for line in lines if line.cells[:1] == ("Acme fund",))
    rows = table_rows(lines, header_places(lines, COLUMNS)[0], faults)
    return Listing(
        issuer="Acme",
        fund=head.cells[1],
        as_of=day(head.cells[2]),
        rows=tuple(
            HoldingRow(row["Symbol"], row["Issuer"], "", RowKind.SHARE, None, percent(row["Percent"]), line=row.number)
            for row in rows
        ),
        weight_unit=0.0001,
    )
''',
        "acme.csv": "Acme fund,IWM,2026-06-30\nSymbol,Issuer,Percent\n"
        + "".join(
            f"{symbol},{name},{weight}\n" for symbol, name, weight in (("AAPL", "Apple", 60), ("XOM", "Exxon", 40))
        ),
    },
    instead=(
        (
            "advisor/market/holdings/read.py",
            "from advisor.market.holdings import invesco, ishares, nport, ssga, vanguard",
            "from advisor.market.holdings import acme, invesco, ishares, nport, ssga, vanguard",
        ),
        (
            "advisor/market/holdings/read.py",
            "    return vanguard.read(lines, faults) if vanguard.recognises(lines) else _unknown(faults)",
            "    if acme.recognises(lines):\n        return acme.read(lines, faults)\n"
            "    return vanguard.read(lines, faults) if vanguard.recognises(lines) else _unknown(faults)",
        ),
    ),
    script="""
from advisor.market.holdings.read import read_holdings, share_weights
found = read_holdings(open("acme.csv", "rb").read(), name="acme.csv", fund="IWM")
assert found.source.startswith("Acme"), found.source
assert abs(share_weights(found)["AAPL"] - 0.6) < 1e-9
""",
    tests=("test_architecture",),
)
SECTION = Recipe(
    new={
        "advisor/report/sections/accounts.py": '''"""How many positions each account holds."""

from __future__ import annotations

from advisor.portfolio.model import Portfolio
from advisor.report.model import Cell, Column, Row, Table


def accounts_table(portfolio: Portfolio) -> Table:
    """One row for each account, in the order of the file."""
    columns = (Column("Account", "text"), Column("Positions"))
    rows = tuple(Row((Cell(one.name), Cell(str(len(one.positions))))) for one in portfolio.accounts)
    return Table("Positions by account", columns, rows)
''',
    },
    instead=(
        (
            "advisor/report/model.py",
            "    price_book: Table | None\n",
            "    price_book: Table | None\n    accounts: Table | None = None\n",
        ),
        (
            "advisor/report/context.py",
            "        price_book=marginal_values_table(plan, portfolio, market),\n",
            "        price_book=marginal_values_table(plan, portfolio, market),\n"
            "        accounts=accounts_table(portfolio),\n",
        ),
        (
            "advisor/report/context.py",
            "from advisor.report.sections.answer import",
            "from advisor.report.sections.accounts import accounts_table\nfrom advisor.report.sections.answer import",
        ),
        (
            "templates/report.html.j2",
            '<div class="book">{{ data_table(trades.price_book) }}</div>\n{% endif %}\n',
            '<div class="book">{{ data_table(trades.price_book) }}</div>\n{% endif %}\n'
            "<h3>Accounts</h3>\n{{ data_table(trades.accounts) }}\n",
        ),
    ),
    commands=(("-m", "tests.template_reference"),),
    script="""
from advisor import load_household, propose
from advisor.api.recommend import report_files
files = report_files(propose(load_household("portfolios/already-diversified.yaml")), print)
assert b"Positions by account" in files["report.html"]
""",
    tests=("test_report_template",),
)
LOSS = """
from advisor import load_household, propose
tree = {"version": 1, "name": "A", "as_of": "2026-07-14", "limits": {"magnificent_seven": {"max": 0.2}},
        "preferences": {"wait_days": 0},
        "accounts": [{"name": "B", "type": "taxable", "cash": 900, "holdings": [
            {"symbol": "NVDA", "shares": 300, "cost_per_share": 900, "acquired": "2022-01-03"},
            {"symbol": "VXUS", "shares": 900, "cost_per_share": 10, "acquired": "2020-01-03"}]}]}
"""
TAX_RULE = Recipe(
    instead=(
        (
            "advisor/portfolio/preferences.py",
            "return Decimal(1500) if self.filing_status is FilingStatus.MARRIED_SEPARATE else Decimal(3000)",
            "return Decimal(2500) if self.filing_status is FilingStatus.MARRIED_SEPARATE else Decimal(5000)",
        ),
        (
            "advisor/rebalance/verify/taxes.py",
            'Decimal(1500) if tax.filing_status == "married_separate" else Decimal(3000)',
            'Decimal(2500) if tax.filing_status == "married_separate" else Decimal(5000)',
        ),
    ),
    script=LOSS
    + """
made = propose(load_household(tree))
assert made.plan.tax.short_term_gain_usd + made.plan.tax.long_term_gain_usd < -5000
assert made.plan.tax.tax_usd == -1200, made.plan.tax.tax_usd  # 24% of 5,000, from ordinary income
""",
)
HALF_A_TAX_RULE = Recipe(
    instead=TAX_RULE.instead[:1],
    script=LOSS
    + """
from advisor.errors import UnverifiedAnswerError
try:
    propose(load_household(tree))
except UnverifiedAnswerError as error:
    assert "tax" in str(error)
else:
    raise AssertionError("the check did not notice another rule")
""",
)
RECIPES = {"a limit": LIMIT, "an issuer's layout": LAYOUT, "a report section": SECTION, "a tax rule": TAX_RULE,
           "half a tax rule": HALF_A_TAX_RULE}  # fmt: skip
