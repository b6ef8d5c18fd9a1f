from __future__ import annotations

import dataclasses
import io
import re
import sys
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from advisor.rebalance.model import Explanation
from advisor.report.page.pdf import ENGINES, PdfUnavailableError, print_offline, render_pdf
from advisor.report.page.render import render_html
from advisor.report.page.sandbox import wrappable
from advisor.share import share
from tests.report_fixture import DAY, NASTY, context, do_nothing_plan, nasty_context, plan

CONTEXTS = {"trade": context, "nothing": lambda: context(do_nothing_plan()), "nasty": nasty_context}
SECTIONS = (
    "Why",
    "Today against proposed",
    "The trade-off",
    "The case for small caps, tested",
    "What could go wrong",
    "Trades by account",
    "Tax and cost",
    "Assumptions",
    "Data",
    "Certificate and independent check",
    "Disclosures",
)
VOID = {"meta", "link", "br", "wbr", "img", "input", "hr"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; fails on a tag that is closed out of order."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.texts, self.open = [], [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def all(self, tag):
        return [attributes for name, attributes in self.attributes if name == tag]


@pytest.fixture(scope="module")
def pages():
    return {name: render_html(make()) for name, make in CONTEXTS.items()}


@pytest.fixture(scope="module")
def pdfs(pages):
    pytest.importorskip("plutoprint")
    return {name: print_offline(html, title="Proposal", as_of=DAY) for name, html in pages.items()}


def pdf_text(data):
    pypdf = pytest.importorskip("pypdf")
    return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(data)).pages]


@pytest.mark.parametrize("name", CONTEXTS)
def test_equal_input_gives_equal_html(pages, name):
    assert render_html(CONTEXTS[name]()) == pages[name]


@pytest.mark.parametrize("name", CONTEXTS)
def test_nothing_outside_the_page_is_named_and_no_script_runs(pages, name):
    html = pages[name]
    written = re.sub(r"url\(data:[^)]*\)", "", html)
    assert not re.search(r"https?:|file:|//[a-z]|@import|<script|javascript:|\son[a-z]+=", written, re.IGNORECASE)
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & set(page.tags)
    policy = next(meta for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:"
    assert all(url.startswith("data:font/woff;base64,") for url in re.findall(r"url\(([^)]*)\)", html))


@pytest.mark.parametrize("name", CONTEXTS)
def test_no_missing_value_is_printed(pages, name):
    assert not re.search(r"\b(nan|None|Undefined|inf|True|False)\b", Page(pages[name]).text)


@pytest.mark.parametrize("name", CONTEXTS)
def test_a_page_stays_below_400_kilobytes(pages, name):
    assert len(pages[name].encode()) < 400_000


def test_hostile_names_are_shown_as_text_and_add_no_tag(pages):
    page = Page(pages["nasty"])
    assert NASTY in page.text.replace(" ", "") or NASTY in "".join(page.texts)
    assert "{{7*7}}" in page.text
    assert "49" not in re.findall(r"script>(\d+)", page.text)
    assert set(page.tags) - {"wbr"} <= set(Page(pages["trade"]).tags)
    assert page.tags.count("style") == 1
    assert page.tags.count("section") == Page(pages["trade"]).tags.count("section")


def test_hostile_names_change_no_tag_structure():
    plain, hostile = Page(render_html(nasty_context())), nasty_context()
    tame = render_html(_tamed(hostile))
    assert [tag for tag in Page(tame).tags if tag != "wbr"] == [tag for tag in plain.tags if tag != "wbr"]


def _tamed(value):
    """The same context with the hostile text replaced by a word."""
    if isinstance(value, str):
        return value.replace(NASTY, "harmless")
    if isinstance(value, tuple):
        return tuple(_tamed(item) for item in value)
    if dataclasses.is_dataclass(value):
        fields = {field.name: _tamed(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return type(value)(**fields)
    return value


@pytest.mark.parametrize("name", CONTEXTS)
def test_the_page_can_be_read_aloud(pages, name):
    page = Page(pages[name])
    assert page.all("html") == [{"lang": "en"}]
    assert page.tags.count("title") == 1 + page.tags.count("svg")
    assert page.tags.count("desc") == page.tags.count("svg") >= 6
    assert all(header.get("scope") in {"col", "row"} for header in page.all("th"))
    assert page.tags.count("caption") == page.tags.count("table") > 10
    ids = [attributes["id"] for _, attributes in page.attributes if "id" in attributes]
    assert len(ids) == len(set(ids))
    for svg in page.all("svg"):
        assert svg["role"] == "img"
        assert set(svg["aria-labelledby"].split()) <= set(ids)
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", CONTEXTS)
def test_every_section_is_there_in_order(pages, name):
    sections = list(SECTIONS)
    sections[1] = "The household today" if name == "nothing" else sections[1]
    assert re.findall(r"<h2>([^<]*)</h2>", pages[name]) == sections


def test_doing_nothing_shows_no_order_and_no_proposed_figure(pages):
    text = Page(pages["nothing"]).text
    assert "No order is proposed in any account." in text
    assert "Proposed" not in text.replace("Proposal", "")


@pytest.mark.parametrize(("name", "heading"), [("trade", "Why these lots and funds"), ("nothing", "Why no trade")])
def test_the_reasons_stand_between_the_trades_and_their_tax(pages, name, heading):
    headings = re.findall(r"<h[23]>([^<]*)</h[23]>", pages[name])
    at = headings.index(heading)
    assert headings[at - 1 : at + 2] == ["Trades by account", heading, "Tax and cost"]


def test_without_an_explanation_there_is_no_empty_section():
    html = render_html(context(dataclasses.replace(plan(), explanation=Explanation())))
    assert "Why these lots" not in html
    Page(html)


def test_every_template_is_free_of_colours_that_ignore_the_dark_page():
    body = (share("templates") / "report.html.j2").read_text()
    assert "style=" not in body
    assert not re.search(r"#[0-9a-f]{6}", body)
    sheet = (share("templates") / "_style.css.j2").read_text()
    dark = sheet[sheet.index("prefers-color-scheme: dark") :]
    variables = set(re.findall(r"(--[a-z-]+):", sheet[: sheet.index("}", sheet.index(":root"))]))
    assert variables
    assert variables <= set(re.findall(r"(--[a-z-]+):", dark))


@pytest.mark.parametrize("name", CONTEXTS)
def test_equal_input_gives_an_equal_pdf(pages, pdfs, name):
    assert render_pdf(pages[name], title="Proposal", as_of=DAY) == pdfs[name][0]


@pytest.mark.parametrize("name", CONTEXTS)
def test_making_the_pdf_asks_for_nothing_outside_the_page(pdfs, name):
    assert pdfs[name][1] == 0


def test_the_pdf_engine_is_refused_every_address_but_data(capfd):
    pytest.importorskip("plutoprint")
    html = (
        '<link rel=stylesheet href="https://host.invalid/a.css"><img src="http://host.invalid/a.png">'
        '<img src="file:///etc/hostname"><p>text</p>'
    )
    pdf, refused = print_offline(html, title="x", as_of=DAY)
    assert refused == 3
    assert pdf_text(pdf) == ["text"]
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("name", ["trade", "nothing"])
def test_the_pdf_contains_the_answer_the_sections_and_page_numbers(pdfs, name):
    texts = pdf_text(pdfs[name][0])
    answer = " ".join(CONTEXTS[name]().answer.sentence.split())
    assert answer in texts[0]
    whole = " ".join(texts)
    assert all(section in whole for section in SECTIONS if name == "trade" or section != "Today against proposed")
    for number, text in enumerate(texts, 1):
        assert f"Page {number} of {len(texts)}" in text
        assert "Proposal, not executed. Hypothetical results; see Disclosures" in text


@pytest.mark.parametrize("name", CONTEXTS)
def test_every_letter_of_the_pdf_can_be_copied(pdfs, name):
    whole = " ".join(pdf_text(pdfs[name][0]))
    assert "\N{REPLACEMENT CHARACTER}" not in whole
    assert "\N{MINUS SIGN}" in whole


def test_no_page_of_the_pdf_ends_in_a_heading(pdfs):
    for name, (data, _) in pdfs.items():
        for text in pdf_text(data):
            body = re.split(r"Rebalancing proposal · |Page \d+ of", text)[0].rstrip()
            headings = (*SECTIONS, "Why these trades", "Why no trade")
            assert not any(body.endswith(f" {section}") for section in headings), (name, body[-60:])


def test_the_pdf_embeds_its_font_and_carries_title_and_date(pdfs):
    pypdf = pytest.importorskip("pypdf")
    reader = pypdf.PdfReader(io.BytesIO(pdfs["trade"][0]))
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    names = {str(font["/BaseFont"]) for font in fonts}
    assert any("Inter" in name for name in names)
    assert all(re.match(r"/[A-Z]{6}\+", name) for name in names)  # a subset prefix: embedded
    assert reader.metadata.title == "Proposal"
    assert reader.metadata.creation_date.date() == date(2026, 7, 28)


@pytest.mark.parametrize("name", CONTEXTS)
def test_no_page_of_the_pdf_is_shrunk_by_an_overlong_word(pdfs, name):
    pypdf = pytest.importorskip("pypdf")
    sizes = []

    def visit(text, cm, tm, font, size):
        if text.strip():
            sizes.append(size * abs(tm[0] * cm[0]))

    pypdf.PdfReader(io.BytesIO(pdfs[name][0])).pages[0].extract_text(visitor_text=visit)
    assert max(sizes) > 12  # points; the name is set in 26 px, 17 px where it is long, which is 12.75 points


def test_without_a_pdf_engine_there_is_one_clear_error(monkeypatch):
    for engine in ENGINES:
        monkeypatch.setitem(sys.modules, engine, None)  # what is None here cannot be imported
    with pytest.raises(PdfUnavailableError, match=r"plutoprint cannot be imported.*pip install plutoprint.*; or weasy"):
        render_pdf("<p>x</p>", title="x", as_of=DAY)


def test_a_minus_sign_stays_with_its_dollars():
    assert str(wrappable("lost (\N{MINUS SIGN}$5) then")) == 'lost <span class="kept">(\N{MINUS SIGN}$5)</span> then'


def test_only_overlong_words_may_break_and_escaping_stays():
    assert str(wrappable("plain text & more")) == "plain text &amp; more"
    long = wrappable("<b>" + "x" * 40)
    assert "<wbr>" in long
    assert "<b>" not in long
    assert str(long).replace("<wbr>", "") == "&lt;b&gt;" + "x" * 40
