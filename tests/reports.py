"""Reports of the sample portfolios, made as the command makes them, and their pages and words."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest

from advisor.api.recommend import Page, Recommendation, report_files, with_trade_off
from advisor.report.page.pdf import ENGINES, PdfUnavailableError, pdf_engine, print_offline
from tests.samples import answer

VOID = {"meta", "link", "br", "wbr", "img", "input", "hr", "col"}
SILENT = {"style", "script"}
SOLID = {"p", "li", "th", "td", "caption", "figcaption", "h1", "h2", "h3", "dt", "dd"}


def files_of(recommendation: Recommendation) -> dict[str, bytes]:
    """The four files; fails the test where one is left out."""
    return report_files(recommendation, pytest.fail, Page())


@cache
def whole(name: str) -> Recommendation:
    """The recommendation for a sample with everything that stands beside it, as the command makes it."""
    return with_trade_off(answer(name))


@cache
def files(name: str) -> dict[str, bytes]:
    """The four files of a sample."""
    return files_of(whole(name))


def html(name: str) -> str:
    return files(name)["report.html"].decode()


def needs(engine: str) -> str:
    """The engine's name; skips the test where it cannot be imported."""
    assert engine in ENGINES
    try:
        return pdf_engine(engine)
    except PdfUnavailableError as error:
        pytest.skip(str(error))


@cache
def pdf(name: str, engine: str) -> tuple[bytes, int]:
    """The PDF of a sample, and how often something outside the page was asked for."""
    recommendation = answer(name)
    return print_offline(
        html(name), title=recommendation.portfolio.name, as_of=recommendation.portfolio.as_of, engine=needs(engine)
    )


def reader(data: bytes) -> Any:
    return pytest.importorskip("pypdf").PdfReader(io.BytesIO(data))


def body_text(data: bytes) -> str:
    """Text of all pages one after the other, without what every page repeats at its top and its foot."""
    pages = [page.extract_text() for page in reader(data).pages]
    return "\n".join(squeezed(text) for text in pages)


def squeezed(text: str) -> str:
    """Letters alone: engines differ in blanks, in the case of small headings, and in which apostrophe they mean."""
    letters = re.sub(r"\s+", "", text).casefold()
    return letters.replace("\N{MODIFIER LETTER APOSTROPHE}", "\N{RIGHT SINGLE QUOTATION MARK}")


class Node:
    """An element of a page: tag, attributes, and children that are nodes or text."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes = tag, attributes
        self.children: list[Node | str] = []

    def all(self, *tags: str) -> list[Node]:
        """Elements of these tags below this one, in the order of the page."""
        found = []
        for child in self.children:
            if isinstance(child, Node):
                found += [child] if child.tag in tags else []
                found += child.all(*tags)
        return found

    def one(self, tag: str) -> Node:
        (found,) = self.all(tag)
        return found

    @property
    def text(self) -> str:
        """What is read, blanks made one."""
        return " ".join(self.raw.split())

    @property
    def raw(self) -> str:
        if self.tag in SILENT:
            return ""
        return "".join(child if isinstance(child, str) else child.raw for child in self.children)

    @property
    def first_words(self) -> str:
        """Text of this element up to its first line of small type or aside."""
        kept = []
        for child in self.children:
            if isinstance(child, Node) and child.attributes.get("class", "") in {"line", "aside"}:
                break
            kept.append(child if isinstance(child, str) else child.raw)
        return " ".join("".join(kept).split())


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Node("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag, f"</{tag}> is out of order"

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parsed(page: str) -> Node:
    """The page as a tree; fails on a tag that is closed out of order."""
    parser = _Parser()
    parser.feed(page)
    parser.close()
    assert len(parser.open) == 1, f"<{parser.open[-1].tag}> is not closed"
    return parser.open[0]


def pieces(node: Node) -> Iterator[str]:
    """Texts of a page that stand together in print."""
    for child in node.children:
        if isinstance(child, Node) and child.tag not in {"style", "title", "desc", "footer", "script"}:
            yield from pieces(child) if child.all(*SOLID) or child.tag == "svg" else [child.text]


def without_edges(text: str, household: str) -> str:
    """The pages as one text: a paragraph may begin on one and end on the next."""
    household = re.escape(squeezed(household)[:30])
    text = re.sub(rf"rebalancingproposal·{household}[^·\n]*·\d{{4}}-\d\d-\d\d", "", text)
    text = re.sub(r"proposal,notexecuted\.hypotheticalresults;seedisclosures(?!\.)", "", text)
    text = re.sub(r"page\d+of\d+", "", text)
    return text.replace("\n", "")
