"""Made-up holdings files of every layout, with the preambles, footers and traps of the real ones."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

ISHARES_PREAMBLE = """iShares Made-Up ETF
Fund Holdings as of,"May 05, 2026"
Inception Date,"May 22, 2000"
Shares Outstanding,"1,000.00"
Stock,"-"
Bond,"-"
Cash,"-"
Other,"-"
\u00a0
"""
ISHARES_OLD = (
    "Ticker,Name,Sector,Asset Class,Market Value,Weight (%),Notional Value,Quantity,Price,Location,Market Currency"
)
ISHARES_NEW = (
    "Ticker,Name,Type,Sector,Asset Class,Market Value,Notional Value,Quantity,Price,Market Currency,"
    "Market Weight,Notional Weight"
)
ISHARES_FOOTER = (
    '\u00a0\n"The content contained herein is owned, by its owner.\nSee “terms”."\nHoldings subject to change.\n'
)


@dataclass(frozen=True)
class Part:
    """One position; `value` in dollars. Defaults are those of a share."""

    ticker: str
    value: float
    name: str = ""
    asset: str = "Equity"
    type: str = "EQUITY"
    notional: float | None = None
    sector: str = "Industrials"
    currency: str = "USD"
    cusip: str = ""

    @property
    def called(self) -> str:
        return self.name or f"NAME {self.ticker}"

    @property
    def exposure(self) -> float:
        return self.value if self.notional is None else self.notional


def money(value: float) -> str:
    return f"{value:,.2f}"


def percents(parts: Sequence[Part], digits: int) -> list[str]:
    total = sum(part.value for part in parts)
    return [f"{100 * part.value / total:.{digits}f}" for part in parts]


def quoted(cells: Sequence[str]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)


def ishares(parts: Sequence[Part], *, new: bool = False, weights: Sequence[str] | None = None) -> bytes:
    lines = [ISHARES_NEW if new else ISHARES_OLD]
    for part, weight in zip(parts, weights or percents(parts, 2), strict=True):
        ends = [money(part.exposure), "1.00", "1.00"]
        if new:
            cells = [part.ticker, part.called, part.type, part.sector, part.asset, money(part.value), *ends]
            lines.append(quoted([*cells, part.currency, weight if part.value else "-", "0.50"]))
        else:
            cells = [part.ticker, part.called, part.sector, part.asset, money(part.value), weight, *ends]
            lines.append(quoted([*cells, "-", part.currency]))
    return (ISHARES_PREAMBLE + "\n".join(lines) + "\n" + ISHARES_FOOTER).encode()


def invesco(parts: Sequence[Part], *, fund: str = "MADE", weights: Sequence[str] | None = None) -> bytes:
    lines = [
        "Fund Ticker,Security Identifier,Holding Ticker,Shares/Par Value,MarketValue,Weight,Name,"
        "Class of Shares,Sector,Date"
    ]
    for part, weight in zip(parts, weights or percents(parts, 3), strict=True):
        share_class = "Common Stock" if part.asset == "Equity" else part.asset
        cells = f'{fund},{part.cusip},{part.ticker} ,"1","{money(part.value)}",{weight},{quoted([part.called])}'
        lines.append(f'{cells},{share_class},"{part.sector}",09/26/2025')
    return ("\n".join(lines) + "\n").encode()


def vanguard_csv(parts: Sequence[Part], *, title: str = "Made-Up ETF (MADE)") -> bytes:
    percent = dict(zip(parts, percents(parts, 2), strict=True))
    lines = ["Holdings details", "", title, "", ""]
    for section, end in (
        ("Equity", ",SUB-INDUSTRY,COUNTRY,SECURITYDEPOSITORYRECEIPTTYPE,MARKET VALUE*,SHARES"),
        ("Short-term reserves", ",MARKET VALUE*"),
    ):
        inside = [part for part in parts if (part.asset == "Equity") == (section == "Equity")]
        lines += [f"{section},as of 09/30/2025", "", f",SEDOL,HOLDINGS,TICKER,% OF FUNDS*{end}"]
        for part in inside:
            weight = "<0.01%" if part.value > 0.0 and percent[part] == "0.00" else f"{percent[part]}%"
            cells = ["", "2000019", part.called, part.ticker or "---", weight]
            country = "US" if part.currency == "USD" else "FR"
            middle = ["Software", country, "---"] if section == "Equity" else []
            last = ["10"] if section == "Equity" else []
            lines.append(quoted([*cells, *middle, f"${money(part.value)}", *last]))
        lines += ["", ""]
    return "\n".join([*lines, "*Weights are of the funds' net assets.", ""]).encode()


def vanguard_json(parts: Sequence[Part], *, size: int | None = None, cash: float = 0.0) -> bytes:
    total = sum(part.value for part in parts) / (1.0 - cash)
    entities = [
        {
            "type": "portfolioHolding",
            "asOfDate": "2026-06-30T00:00:00-04:00",
            "longName": part.called,
            "sharesHeld": "1",
            "marketValue": part.value,
            "ticker": part.ticker,
            "isin": "US0000000000",
            "cusip": part.cusip,
            "percentWeight": f"{100 * part.value / total:.2f}",
        }
        for part in parts
    ]
    count = len(parts) if size is None else size
    return json.dumps({"size": count, "asOfDate": "2026-06-30T00:00:00-04:00", "fund": {"entity": entities}}).encode()


def ssga(parts: Sequence[Part], *, texts: bool = False, weights: Sequence[str] | None = None) -> bytes:
    """`texts`: weights as text and CUSIPs of eight characters, as until 2023."""
    rows: list[list[str]] = [
        ["Fund Name:", "Made-Up Trust"],
        ["Ticker Symbol:", "MADE"],
        ["Holdings:", "As of 10-Apr-2026"],
        [],
        ["Name", "Ticker", "Identifier", "SEDOL", "Weight", "Sector", "Shares Held", "Local Currency"],
    ]
    for part, weight in zip(parts, weights or percents(parts, 6), strict=True):
        cusip = part.cusip[:8] if texts else part.cusip
        rows.append([part.called, part.ticker, cusip, "-", f"'{weight}" if texts else weight, "-", "10", part.currency])
    return spreadsheet([*rows, [], [], ["Past performance is no guarantee."]])


def spreadsheet(rows: Sequence[Sequence[str]], *, extra: str = "") -> bytes:
    """An .xlsx file of one sheet: numbers as numbers, unless they begin with an apostrophe."""
    body = ""
    for number, row in enumerate(rows, start=1):
        cells = ""
        for place, cell in enumerate(row):
            reference = f"{chr(ord('A') + place)}{number}"
            if cell.replace(".", "", 1).replace("-", "", 1).isdigit():
                cells += f'<c r="{reference}"><v>{cell}</v></c>'
            elif cell:
                text = escape(cell.removeprefix("'"))
                cells += f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
        body += f'<row r="{number}">{cells}</row>'
    return workbook(f"<sheetData>{body}{extra}</sheetData>")


def workbook(sheet: str, *, before: str = "") -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="holdings" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'{before}<worksheet xmlns="{main}">{sheet}</worksheet>',
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return packed.getvalue()


def position(part: Part, net_assets: float, *, category: str = "EC", more: str = "", issuer: str = "CORP") -> str:
    """One entry of an N-PORT filing, without a ticker."""
    isin = f"<isin value={quoteattr('US' + part.cusip + '0')}/>" if part.cusip else '<other otherDesc="x" value="1"/>'
    return (
        f"<invstOrSec><name>{escape(part.called)}</name><lei>N/A</lei><title>t</title>"
        f"<cusip>{part.cusip or 'N/A'}</cusip>"
        f"<identifiers>{isin}</identifiers><balance>1</balance><units>NS</units><curCd>USD</curCd>"
        f"<valUSD>{part.value:.8f}</valUSD><pctVal>{100 * part.value / net_assets:.12f}</pctVal>"
        f"<payoffProfile>Long</payoffProfile><assetCat>{category}</assetCat><issuerCat>{issuer}</issuerCat>"
        f"<invCountry>US</invCountry>{more}</invstOrSec>"
    )


def nport(positions: Sequence[str], net_assets: float, *, before: str = "") -> bytes:
    return (
        f'{before}<edgarSubmission xmlns="http://www.sec.gov/edgar/nport"><formData><genInfo>'
        "<seriesName>Made-Up Series</seriesName><repPdEnd>2026-06-30</repPdEnd><repPdDate>2026-03-31</repPdDate>"
        f"</genInfo><fundInfo><netAssets>{net_assets:.2f}</netAssets></fundInfo>"
        f"<invstOrSecs>{''.join(positions)}</invstOrSecs></formData></edgarSubmission>"
    ).encode()


def swap(cusip: str, notional: str, currency: str = "USD") -> str:
    """What an equity swap adds to its entry: the instrument it is on, and the notional amount."""
    return (
        '<derivativeInfo><swapDeriv derivCat="SWP"><descRefInstrmnt><otherRefInst><issuerName>x</issuerName>'
        f'<issueTitle>x</issueTitle><identifiers><cusip value="{cusip}"/></identifiers></otherRefInst>'
        "</descRefInstrmnt>"
        f"<notionalAmt>{notional}</notionalAmt><curCd>{currency}</curCd></swapDeriv></derivativeInfo>"
    )
