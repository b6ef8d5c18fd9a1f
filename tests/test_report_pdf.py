"""Both PDF engines print the same report: every word of the page, nothing from outside it, the same bytes twice."""

from __future__ import annotations

import hashlib
import importlib
import re
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from advisor.report.page import pdf as engines
from advisor.report.page.pdf import ENGINES, PANGO, PdfUnavailableError, pdf_engine, print_offline, render_pdf
from tests.counts import first
from tests.reports import body_text, html, needs, parsed, pdf, pieces, reader, squeezed, without_edges
from tests.samples import ANSWERED, sample

DAY = date(2026, 11, 20)
PRINTS = (*((name, "plutoprint") for name in ANSWERED), *((name, "weasyprint") for name in reversed(ANSWERED)))
SHORT = ("tech-employee", "already-diversified")  # one with trades, one without


@pytest.mark.parametrize(("name", "engine"), first(5, PRINTS))
def test_every_text_of_the_page_is_in_the_pdf(name: str, engine: str) -> None:
    texts = [squeezed(text) for text in pieces(parsed(html(name)).one("body"))]
    assert len(texts) > 200
    printed = without_edges(body_text(pdf(name, needs(engine))[0]), sample(name).name)
    missing = [text for text in texts if text not in printed]
    assert not missing


@pytest.mark.parametrize("name", first(1, ANSWERED))
def test_both_engines_print_the_same_figures(name: str) -> None:
    one, other = (figures(body_text(pdf(name, needs(engine))[0])) for engine in ENGINES)
    assert sum(one.values()) > 200
    repeated = Counter()  # a table that is broken over pages repeats its head
    for head in parsed(html(name)).all("thead"):
        repeated += figures(squeezed(head.text))
    assert set(one) == set(other)
    assert set(one - other) | set(other - one) <= set(repeated)


def figures(text: str) -> Counter[str]:
    edges = r"page\d+of\d+|·\d{4}-\d\d-\d\d"
    return Counter(re.findall(r"[\N{MINUS SIGN}+]?\$?\d[\d,]*\.\d+", re.sub(edges, "", text)))


@pytest.mark.parametrize("engine", first(1, ENGINES))
def test_the_head_of_a_long_table_is_repeated_on_each_of_its_pages(engine: str) -> None:
    page = html("tech-employee")
    row = "<tr><th>a holding of many</th><td>1.0%</td><td>$1,234</td></tr>"
    head = "<thead><tr><th>Head of holdings</th><th>Weight</th><th>Value</th></tr></thead>"
    table = f"<section><table>{head}<tbody>{row * 150}</tbody></table></section></main>"
    data, _ = print_offline(page.replace("</main>", table), title="x", as_of=DAY, engine=needs(engine))
    texts = [squeezed(text.extract_text()) for text in reader(data).pages]
    with_rows = [text for text in texts if "aholdingofmany" in text]
    assert len(with_rows) >= 3
    assert sum(text.count("aholdingofmany") for text in texts) == 150
    assert [text.count("headofholdings") for text in with_rows] == [1] * len(with_rows)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", SHORT)
def test_the_fonts_of_the_page_are_embedded_and_no_other_is_used(name: str, engine: str) -> None:
    fonts = {}
    for page in reader(pdf(name, needs(engine))[0]).pages:
        for font in page["/Resources"]["/Font"].values():
            whole = font.get_object()
            inner = whole["/DescendantFonts"][0].get_object() if "/DescendantFonts" in whole else whole
            fonts[str(whole["/BaseFont"])] = inner["/FontDescriptor"].get_object()
    assert len(fonts) >= 2  # regular and semibold
    assert all(re.fullmatch(r"/[A-Z]{6}\+Inter.*", font) for font in fonts), fonts.keys()
    assert all({"/FontFile2", "/FontFile3"} & set(descriptor) for descriptor in fonts.values())


@pytest.mark.parametrize(("name", "engine"), first(3, [one for one in PRINTS if one[0] in SHORT]))
def test_the_same_report_gives_the_same_bytes(name: str, engine: str) -> None:
    first, _ = pdf(name, needs(engine))
    again = render_pdf(html(name), title=sample(name).name, as_of=sample(name).as_of, engine=engine)
    assert hashlib.sha256(again).hexdigest() == hashlib.sha256(first).hexdigest()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_pdf_carries_the_name_and_the_day_of_the_decision_and_no_time(engine: str) -> None:
    found = reader(pdf("tech-employee", needs(engine))[0]).metadata
    assert found.title == sample("tech-employee").name
    for stamp in (found["/CreationDate"], found["/ModDate"]):
        assert re.fullmatch(r"(D:)?20261120(000000(Z|\+00'00'?)?)?", stamp), stamp


@pytest.mark.parametrize(("name", "engine"), first(5, PRINTS))
def test_a_report_asks_for_nothing_outside_the_page(name: str, engine: str) -> None:
    assert pdf(name, needs(engine))[1] == 0


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and the paths that were asked for there."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}", asked
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_but_data_is_fetched_whatever_the_page_asks_for(
    engine: str, server: tuple[str, list[str]], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    address, asked = server
    secret = tmp_path / "secret.svg"
    secret.write_text(
        "<svg xmlns='http://www.w3.org/2000/svg' width='99' height='9'><text y='9'>leaked</text></svg>", "utf-8"
    )
    traps = (
        f'<link rel="stylesheet" href="{address}/linked.css"><style>@import url("{address}/imported.css");'
        f'@font-face {{ font-family: Trap; src: url("{address}/trap.woff") }}'
        f'.trap {{ font-family: Trap, Inter; background: url("{address}/back.png") }}</style></head>'
    )
    images = (
        f'<img src="{address}/image.png" alt="x"><img src="{secret.as_uri()}" alt="x"><img src="{secret}" alt="x">'
        f'<svg width="9" height="9"><title>x</title><image href="{address}/in.svg" width="9" height="9"/></svg>'
        f'<object data="{address}/object.svg"></object><p class="trap">trapped text</p></main>'
    )
    page = html("already-diversified").replace("</head>", traps).replace("</main>", images)
    data, refused = print_offline(page, title="x", as_of=DAY, engine=needs(engine))
    assert asked == []
    assert refused >= 4
    text = body_text(data)
    assert "trappedtext" in text
    assert "leaked" not in text
    assert "Traceback" not in capfd.readouterr().err
    assert any("Inter" in str(font.get_object()["/BaseFont"]) for font in fonts_of_last_page(data))


def fonts_of_last_page(data: bytes) -> list:
    return list(reader(data).pages[-1]["/Resources"]["/Font"].values())


class Tags:
    """The structure of a tagged PDF."""

    def __init__(self, root) -> None:
        self.elements = []
        self._walk(root)

    def _walk(self, node) -> None:
        node = node.get_object()
        if isinstance(node, list):
            for item in node:
                self._walk(item)
        elif isinstance(node, dict):
            if "/S" in node:
                self.elements.append(node)
            if "/K" in node:
                self._walk(node["/K"])

    def all(self, kind: str) -> list:
        return [element for element in self.elements if element["/S"] == kind]


@pytest.mark.parametrize("name", first(1, reversed(ANSWERED)))
def test_weasyprint_tags_headings_tables_and_figures_for_a_screen_reader(name: str) -> None:
    catalog = reader(pdf(name, needs("weasyprint"))[0]).trailer["/Root"]
    assert catalog["/Lang"] == "en"
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b'pdfuaid:part="1"' in catalog["/Metadata"].get_object().get_data()
    tags, page = Tags(catalog["/StructTreeRoot"]), parsed(html(name))
    assert [figure["/Alt"] for figure in tags.all("/Figure")] == [svg.one("title").text for svg in page.all("svg")]
    assert len(tags.all("/H1")) == 1
    assert len(tags.all("/H2")) == len(page.all("h2")) > 5
    for tag, kind in (("table", "/Table"), ("thead", "/THead"), ("tr", "/TR"), ("th", "/TH"), ("caption", "/Caption")):
        assert len(tags.all(kind)) >= len(page.all(tag)) > 0  # a table counts on each of its pages, its head again
    assert all(cell["/A"]["/O"] == "/Table" for cell in tags.all("/TH"))
    headed = [cell for cell in tags.all("/TD") if cell["/A"].get("/Headers")]
    assert len(headed) >= 0.95 * len(tags.all("/TD"))


def test_auto_is_the_first_engine_that_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [engine for engine in ENGINES if can_be_imported(engine)]
    if not there:
        pytest.skip("no PDF engine can be imported here")
    assert pdf_engine() == there[0]
    monkeypatch.setitem(sys.modules, "plutoprint", None)
    monkeypatch.setitem(sys.modules, "weasyprint", engines)  # any module will do
    assert pdf_engine() == "weasyprint"


def can_be_imported(engine: str) -> bool:
    try:
        pdf_engine(engine)
    except PdfUnavailableError:
        return False
    return True


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_that_is_not_installed_is_named_with_the_command_that_installs_it(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, engine, None)
    with pytest.raises(PdfUnavailableError, match=f"{engine} cannot be imported .*: pip install {engine}$"):
        pdf_engine(engine)


def test_weasyprint_without_pango_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_pango(name: str) -> None:
        raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(importlib, "import_module", without_pango)
    with pytest.raises(PdfUnavailableError, match=re.escape(PANGO)):
        pdf_engine("weasyprint")


@pytest.mark.parametrize("name", ANSWERED)
def test_the_first_page_holds_the_answer_and_both_charts(name: str) -> None:
    data, _ = pdf(name, "plutoprint")
    first = squeezed(reader(data).pages[0].extract_text())
    for words in ("Limits broken today", "Magnificent Seven, funds looked through", "Allocation", "Page 1 of"):
        assert squeezed(words) in first, words
