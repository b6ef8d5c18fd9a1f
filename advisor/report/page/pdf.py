"""PDF from a page, by either of two engines. Neither is let to fetch anything: fonts and charts are inside the page.

PlutoPrint needs nothing but pip and is the default. WeasyPrint needs Pango from the system and writes PDF/UA-1:
headings, tables and figures are tagged, so that a screen reader can follow them.
"""

from __future__ import annotations

import importlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

ENGINES = ("plutoprint", "weasyprint")
PANGO = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


class PdfUnavailableError(Exception):
    """The PDF engine cannot be imported on this machine; the HTML report is not affected."""


def pdf_engine(name: str = "auto") -> str:
    """The engine of that name, or the first of `ENGINES` that can be imported for ``auto``.

    Raises `PdfUnavailableError` for a name that is none, and with the command that would install one that is missing.
    """
    if name not in ("auto", *ENGINES):
        raise PdfUnavailableError(f"no PDF engine is called {name!r}: there is auto, {' and '.join(ENGINES)}")
    if name != "auto":
        _module(name)
        return name
    missing = []
    for engine in ENGINES:
        try:
            _module(engine)
        except PdfUnavailableError as error:
            missing.append(str(error))
        else:
            return engine
    raise PdfUnavailableError("; or ".join(missing))


def render_pdf(html: str, *, title: str, as_of: date, engine: str = "auto") -> bytes:
    """PDF of a page made by `render_html`; equal input gives equal bytes.

    Raises `PdfUnavailableError` where the engine cannot be imported.
    """
    pdf, _ = print_offline(html, title=title, as_of=as_of, engine=engine)
    return pdf


def print_offline(html: str, *, title: str, as_of: date, engine: str = "auto") -> tuple[bytes, int]:
    """PDF and how many addresses outside the page were asked for and refused."""
    name = pdf_engine(engine)
    made_by = _by_plutoprint if name == "plutoprint" else _by_weasyprint
    return made_by(_module(name), html, title, as_of)


def _module(name: str) -> ModuleType:
    """An engine, imported only when it is needed: each loads large libraries."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise PdfUnavailableError(f"{name} cannot be imported ({error}): pip install {name}") from error
    except OSError as error:  # WeasyPrint is there, a library of the system is not
        raise PdfUnavailableError(f"{name} finds no Pango on this machine: {PANGO}") from error


def _by_plutoprint(plutoprint: ModuleType, html: str, title: str, as_of: date) -> tuple[bytes, int]:
    class OfflineFetcher(plutoprint.ResourceFetcher):  # type: ignore[misc, name-defined]
        refused = 0

        def fetch_url(self, url: str) -> Any:  # noqa: ANN401 - a class of an untyped module
            if _is_inside(url):
                return plutoprint.default_resource_fetcher.fetch_url(url)
            self.refused += 1
            return plutoprint.ResourceData(b"", mime_type="text/plain")  # the engine prints a stack for an error

    fetcher = OfflineFetcher()
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


def _by_weasyprint(weasyprint: ModuleType, html: str, title: str, as_of: date) -> tuple[bytes, int]:
    from weasyprint.urls import URLFetcher

    class OfflineFetcher(URLFetcher):  # type: ignore[misc]
        refused = 0

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:  # noqa: ANN401
            self.refused += not _is_inside(url)
            return super().fetch(url, headers)

    fetcher = OfflineFetcher(allowed_protocols={"data"})
    with _fonts_of(as_of):
        document = weasyprint.HTML(string=html, url_fetcher=fetcher).render(pdf_variant="pdf/ua-1")
        document.metadata.title = title
        document.metadata.created = document.metadata.modified = as_of.isoformat()
        return document.write_pdf(pdf_variant="pdf/ua-1"), fetcher.refused


@contextmanager
def _fonts_of(day: date) -> Iterator[None]:
    """Date of the fonts that WeasyPrint unpacks, which would otherwise hold the time of day.

    Source: https://reproducible-builds.org/specs/source-date-epoch/, which fontTools follows.
    """
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str((day - date(1970, 1, 1)).days * 86400)
    try:
        yield
    finally:
        del os.environ["SOURCE_DATE_EPOCH"]
        if before is not None:
            os.environ["SOURCE_DATE_EPOCH"] = before


def _is_inside(url: str) -> bool:
    return url.lower().startswith("data:")
