"""Writes what a template is given into docs/developers/report-templates.md, from `advisor.report.model`.

::

    python -m tests.template_reference
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from advisor.report.model import ReportContext

DOCUMENT = Path(__file__).parent.parent / "docs" / "developers" / "report-templates.md"
BEGIN, END = "<!-- fields: written by python -m tests.template_reference -->\n", "<!-- end of fields -->\n"
WORDS = {"str": "text", "int": "number", "float": "number", "bool": "true or false", "None": "none"}


def reference() -> str:
    """A table for each value that a template meets, in the order in which they are met."""
    return "\n".join(_section(model) for model in _reached(ReportContext))


def with_reference(document: str) -> str:
    """The document with its reference renewed."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{reference()}\n{END}{after}"


def _reached(model: type) -> Iterator[type]:
    """The model and every one that its fields lead to, each once."""
    waiting, seen = [model], {model}
    while waiting:
        current = waiting.pop(0)
        yield current
        for hint in get_type_hints(current).values():
            for found in _models(hint):
                if found not in seen:
                    seen.add(found)
                    waiting.append(found)


def _models(hint: Any) -> Iterator[type]:
    if is_dataclass(hint):
        yield hint
    for part in get_args(hint):
        yield from _models(part)


def _section(model: type) -> str:
    title = "The names themselves" if model is ReportContext else model.__name__
    comments = _comments(model)
    lines = [f"### {title}", "", " ".join(inspect.cleandoc(model.__doc__ or "").split()), ""]
    lines += ["| name | value | |", "| --- | --- | --- |"]
    lines += [f"| `{one.name}` | {_kind(str(one.type))} | {comments.get(one.name, '')} |" for one in fields(model)]
    return "\n".join(lines) + "\n"


def _comments(model: type) -> dict[str, str]:
    """What stands behind each field in the source, and its default where it has one."""
    said = dict(re.findall(r"^    (\w+): [^#\n]*# (.*)$", inspect.getsource(model), re.MULTILINE))
    escaped = {name: comment.replace("|", "\\|") for name, comment in said.items()}
    without = {one.name for one in fields(model) if one.default is not MISSING and one.default in ("", ())}
    return escaped | {name: escaped.get(name, "may be empty") for name in without}


def _kind(annotation: str) -> str:
    """``tuple[Row, ...]`` as *list of Row*, ``str`` as *text*."""
    parts = [part.strip() for part in annotation.split(" | ")]
    return " or ".join(_word(part) for part in parts)


def _word(annotation: str) -> str:
    if match := re.fullmatch(r"tuple\[(\w+), \.\.\.\]", annotation):
        return f"list of {_word(match[1])}"
    return WORDS.get(annotation, annotation)


if __name__ == "__main__":
    DOCUMENT.write_text(with_reference(DOCUMENT.read_text("utf-8")), "utf-8")
    sys.stdout.write(f"{DOCUMENT}\n")
