"""Where templates run: escaping always on, plain data only, and no way to anything else.

The shipped template and one of the user's own get the same data in the same environment: see
docs/developers/report-templates.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from advisor.files import read_file
from advisor.format import MINUS
from advisor.share import share

TEMPLATE = "report.html.j2"
Plain = dict[str, "Plain"] | list["Plain"] | str | int | float | bool | None

_GLOBALS = ("range", "dict", "namespace")
_LARGEST_FILE = 2**20
_LONGEST_WORD, _PIECE = 30, 12
_KEPT = re.compile(rf"{MINUS}\$|\d{{4}}-\d\d")  # a negative amount, a date


class TemplateFileError(jinja2.TemplateError):
    """A file that is asked for by a template and cannot be had, though it may be there."""


def plain(value: object) -> Plain:
    """The same as dicts, lists, text, numbers, bools and None, all the way down; a dataclass becomes a dict.

    Raises TypeError for anything else, ValueError for a number that is not finite.
    """
    match value:
        case None | bool():
            return value
        case str():
            return str(value)
        case int():
            return int(value)
        case float():
            if not math.isfinite(value):
                raise ValueError(f"{value} in the report")
            return float(value)
        case list() | tuple():
            return [plain(item) for item in value]
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case _ if is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"a {type(value).__name__} in the report")


def environment(own: Path | None = None) -> jinja2.Environment:
    """The shipped templates, behind those of the folder `own` if there is one.

    A shipped file is found as ``advisor/<name>`` and, where `own` has none of that name, as ``<name>``.
    """
    shipped = jinja2.FileSystemLoader(share("templates"))
    folder = [] if own is None else [jinja2.FunctionLoader(_reader(own))]
    made = _Environment(
        loader=jinja2.ChoiceLoader([jinja2.PrefixLoader({"advisor": shipped}), *folder, shipped]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":"), "sort_keys": True}
    made.globals = {name: made.globals[name] for name in _GLOBALS}
    del made.filters["random"]  # equal input gives equal bytes
    made.filters["wrappable"] = wrappable
    return made


def wrappable(text: str) -> Markup:
    """Escaped text in which overlong words may break: one too long for its line would shrink the whole PDF page."""
    return Markup("").join(
        _kept(piece) if _KEPT.search(piece) and len(piece) <= _LONGEST_WORD else Markup("<wbr>").join(_chunks(piece))
        for piece in re.split(r"(\s+)", text)
    )


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which ``table.values`` is the field of that name, and not the method of a dict."""

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - as the class above has it
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


Source = tuple[str, str, Callable[[], bool]]


def _reader(folder: Path) -> Callable[[str], Source | None]:
    """Reads templates of a folder by name: regular files within it, no link that leads out."""
    root = folder.resolve()

    def read(name: str) -> Source | None:
        path = root.joinpath(*_parts(name))
        if not path.exists():
            return None
        if not path.resolve().is_relative_to(root):
            raise TemplateFileError(f"{name} leads out of the folder of templates")
        try:
            text = read_file(path, _LARGEST_FILE).decode()
        except (OSError, UnicodeDecodeError) as error:
            raise TemplateFileError(f"{name} cannot be read: {_reason(error)}") from error
        return text, str(path), lambda: True

    return read


def _parts(name: str) -> list[str]:
    """Parts of a template's name. Raises TemplateFileError for one that climbs or is absolute."""
    parts = name.split("/")
    if any(part in {"", ".", ".."} or "\\" in part or ":" in part or "\0" in part for part in parts):
        raise TemplateFileError(f"{name!r} is no name of a file in the folder of templates")
    return parts


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error.strerror)


def _kept(word: str) -> Markup:
    """Word that stays on one line: browsers may otherwise break it after the minus sign, or a date after a hyphen."""
    return Markup('<span class="kept">{}</span>').format(word)


def _chunks(word: str) -> Iterator[str]:
    """The word itself, or pieces of it where it is too long for a narrow column."""
    if len(word) <= _LONGEST_WORD:
        return iter([word])
    return (word[start : start + _PIECE] for start in range(0, len(word), _PIECE))
