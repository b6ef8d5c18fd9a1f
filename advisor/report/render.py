"""HTML from the context, PDF from the HTML. Neither fetches anything: fonts and charts are inside the page."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import fields
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from advisor.report.charts.marks import COLOURS
from advisor.report.format import MINUS
from advisor.report.model import ReportContext
from advisor.share import share

if TYPE_CHECKING:
    from types import ModuleType

_LONGEST_WORD, _PIECE = 30, 12
_SIGNED = f"{MINUS}$"
_FONT_FILES = {400: "inter-tabular-400.woff", 600: "inter-tabular-600.woff"}


class PdfUnavailableError(Exception):
    """The PDF engine cannot be imported on this machine; the HTML report is not affected."""


def render_html(context: ReportContext) -> str:
    """One self-contained page; equal contexts give equal text."""
    template = _environment().get_template("report.html.j2")
    values = {field.name: getattr(context, field.name) for field in fields(context)}
    return template.render(values, fonts=_fonts(), colours=COLOURS)


def render_pdf(html: str, *, title: str, as_of: date) -> bytes:
    """PDF of a page made by `render_html`; equal input gives equal bytes.

    Raises PdfUnavailableError where plutoprint cannot be imported.
    """
    pdf, _ = print_offline(html, title=title, as_of=as_of)
    return pdf


def print_offline(html: str, *, title: str, as_of: date) -> tuple[bytes, int]:
    """PDF and how many addresses outside the page were asked for and refused."""
    plutoprint = _plutoprint()
    fetcher = _offline_fetcher(plutoprint)
    book = plutoprint.Book(plutoprint.PAGE_SIZE_LETTER, plutoprint.PAGE_MARGINS_NONE, plutoprint.MEDIA_TYPE_PRINT)
    book.custom_resource_fetcher = fetcher
    book.load_html(html)
    stamp = f"{as_of.isoformat()}T00:00:00Z"  # otherwise the engine writes the time of day
    book.set_metadata(plutoprint.PDF_METADATA_TITLE, title)
    book.set_metadata(plutoprint.PDF_METADATA_CREATION_DATE, stamp)
    book.set_metadata(plutoprint.PDF_METADATA_MODIFICATION_DATE, stamp)
    stream = io.BytesIO()
    book.write_to_pdf_stream(stream)
    return stream.getvalue(), fetcher.refused


def wrappable(text: str) -> Markup:
    """Escaped text in which overlong words may break: one too long for its line would shrink the whole PDF page."""
    return Markup("").join(
        _kept(piece) if _SIGNED in piece else Markup("<wbr>").join(_chunks(piece)) for piece in re.split(r"(\s+)", text)
    )


def _kept(word: str) -> Markup:
    """Word that stays on one line: browsers may otherwise break between a minus sign and its dollar sign."""
    return Markup('<span class="kept">{}</span>').format(word)


def _chunks(word: str) -> list[str]:
    """The word itself, or pieces of it where it is too long for a narrow column."""
    if len(word) <= _LONGEST_WORD:
        return [word]
    return [word[start : start + _PIECE] for start in range(0, len(word), _PIECE)]


def _plutoprint() -> ModuleType:
    """The PDF engine, imported only when it is needed: it loads a large shared library."""
    try:
        import plutoprint
    except ImportError as error:
        raise PdfUnavailableError(f"no PDF: plutoprint cannot be imported ({error}); pip install plutoprint") from error
    return plutoprint


def _offline_fetcher(plutoprint: ModuleType) -> Any:  # noqa: ANN401 - a class of an untyped module
    """Fetcher that reads ``data:`` addresses and answers every other one with nothing."""

    class OfflineFetcher(plutoprint.ResourceFetcher):  # type: ignore[misc, name-defined]
        refused = 0

        def fetch_url(self, url: str) -> Any:  # noqa: ANN401
            if url.startswith("data:"):
                return plutoprint.default_resource_fetcher.fetch_url(url)
            self.refused += 1
            return plutoprint.ResourceData(b"", mime_type="text/plain")

    return OfflineFetcher()


@cache
def _environment() -> jinja2.Environment:
    """Templates with escaping always on, whatever a file is called, and an error for every unknown name."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(share("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["wrappable"] = wrappable
    return environment


@cache
def _fonts() -> dict[int, str]:
    """Base64 of each weight's WOFF file; the PDF engine cannot read WOFF2."""
    folder = share("templates") / "fonts"
    return {
        weight: base64.b64encode((folder / name).read_bytes()).decode("ascii") for weight, name in _FONT_FILES.items()
    }
