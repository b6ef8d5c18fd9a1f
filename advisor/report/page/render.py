"""HTML from the context. The page holds its fonts and charts, and names nothing outside itself."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

import jinja2

from advisor.report.charts.marks import COLOURS, Chart
from advisor.report.model import ReportContext
from advisor.report.page.sandbox import TEMPLATE, Plain, environment, plain
from advisor.share import share

CONTEXT_VERSION = "1"  # of what a template is given; a name that goes or changes its meaning makes it "2"
_FONT_FILES = {400: "inter-tabular-400.woff", 600: "inter-tabular-600.woff"}


def render_html(context: ReportContext, own: Path | None = None) -> str:
    """One self-contained page; equal contexts give equal text.

    `own`: a folder whose ``report.html.j2`` is used in place of the shipped one. It is rendered in a process of its
    own, with an end to its time and memory. Raises InputError naming its file and line.
    """
    values = template_values(context)
    if own is None:
        return _shipped().render(values)
    from advisor.report.page.bounded import render_bounded

    return render_bounded(values, own)


def render_svg(chart: Chart) -> str:
    """The drawing as a file of its own."""
    macros = environment().get_template("_macros/chart.j2").module
    drawn = str(macros.drawing(plain(chart), plain(COLOURS)))  # type: ignore[attr-defined]
    return drawn.strip().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def template_values(context: ReportContext) -> dict[str, Plain]:
    """What a template is given (docs/developers/report-templates.md): the context as plain data, colours and fonts.

    Raises TypeError for what is no dataclass.
    """
    given = plain(context)
    if not isinstance(given, dict):
        raise TypeError("the context is no dataclass")
    return {**given, "context_version": CONTEXT_VERSION, "colours": plain(COLOURS), "fonts": plain(fonts())}


@cache
def _shipped() -> jinja2.Template:
    return environment().get_template(TEMPLATE)


@cache
def fonts() -> dict[int, str]:
    """Base64 of each weight's WOFF file; PlutoPrint cannot read WOFF2."""
    folder = share("templates") / "fonts"
    return {
        weight: base64.b64encode((folder / name).read_bytes()).decode("ascii") for weight, name in _FONT_FILES.items()
    }
