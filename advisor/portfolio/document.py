"""Reads a YAML file into a tree of text, with the place of every key and value.

1. The bytes are checked: size, encoding, characters that are invisible or steer a terminal.
2. The events of PyYAML's parser build the tree. Nothing is guessed from the look of a value: ``ON``, ``1E5``
   and ``2026-02-30`` stay text, and an empty value is None. What a portfolio file has no use for (tags,
   anchors, aliases, merge keys, several documents, directives) is refused.
3. A fault does not end the reading unless nothing sensible can follow it; all are in `Document.issues`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias

import yaml

from advisor.errors import Issue, Location

Node: TypeAlias = "dict[str, Node] | list[Node] | str | None"
Path: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 16
MAX_VALUES = 250_000
MAX_TEXT = 1_000
MAX_ISSUES = 1_000  # a file with more has one cause

# The C parser is some ten times faster; the pure one is there where PyYAML was built without libyaml.
LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

# Controls, invisible and direction-changing characters, surrogates, private use, other line ends than LF.
_UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U000e0000-\U0010ffff]"
)
_ASIDE = -1  # path step of a part that is read but not kept: no list has this index

_SYNTAX_HINTS = (
    ("mapping values are not allowed", "put a text that contains ': ' in quotes, or mend the indentation"),
    ("cannot start any token", "put a text that begins with a special character in quotes"),
    ("unexpected end of stream", "a quote, bracket or brace is not closed"),
    ("escape", "inside double quotes a backslash starts an escape: use single quotes"),
)
_SYNTAX_HINT = "look here and just above for a missing colon, quote, bracket or comma, or a shifted indentation"


@dataclass(frozen=True, slots=True)
class Document:
    """A read file: the tree, where each part of it stands, and the faults met so far.

    `root` is None where reading could not go on; `is_whole` tells that from an empty value. `broken` holds
    the paths whose fault is already among `issues`.
    """

    root: Node
    text: str
    issues: tuple[Issue, ...]
    is_whole: bool = False
    values: dict[Path, Location] = field(default_factory=dict)
    keys: dict[Path, Location] = field(default_factory=dict)
    broken: frozenset[Path] = frozenset()

    def where(self, path: Path) -> Location:
        """Place of the value at `path`, or of the nearest part around it that stands in the file."""
        while path not in self.values and path:
            path = path[:-1]
        return self.values.get(path, Location(1))

    def where_key(self, path: Path) -> Location:
        """Place of the key that leads to `path`."""
        return self.keys.get(path) or self.where(path)

    def get(self, *path: str | int) -> Node:
        """Value at `path`; None where there is none."""
        node: Node = self.root
        for step in path:
            if isinstance(node, dict) and isinstance(step, str):
                node = node.get(step)
            elif isinstance(node, list) and isinstance(step, int) and 0 <= step < len(node):
                node = node[step]
            else:
                return None
        return node

    def mappings(self, *path: str | int) -> Iterator[tuple[Path, dict[str, Node]]]:
        """Each mapping of the list at `path`, with its own path; other entries are the schema's business."""
        node = self.get(*path)
        for index, item in enumerate(node if isinstance(node, list) else ()):
            if isinstance(item, dict):
                yield (*path, index), item


class _StopReadingError(Exception):
    """Nothing sensible can follow; the issues are with whoever reads."""


def read_document(data: bytes, *, loader: Any = None) -> Document:  # noqa: ANN401 - PyYAML's loaders share no type
    """Read the bytes of a YAML file; never raises on what they hold.

    Parameters
    ----------
    data
        The whole file.
    loader
        PyYAML's loader class; by default the fastest there is.
    """
    text, issues = _decode(data)
    if issues:
        return Document(None, text, tuple(issues))
    builder = _Builder(text, loader or LOADER)
    try:
        root = builder.document()
    except _StopReadingError:
        return Document(None, text, tuple(builder.issues))
    return Document(
        root=root,
        text=text,
        issues=tuple(builder.issues),
        is_whole=True,
        values=builder.values,
        keys=builder.keys,
        broken=frozenset(builder.broken),
    )


def _decode(data: bytes) -> tuple[str, list[Issue]]:
    """Text of the file with LF line ends, or the reasons why it cannot be read as text."""
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 2**20:,.1f} MiB"
        return "", [Issue(f"the file has {size}; a portfolio file has at most {MAX_BYTES // 2**20} MiB")]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "", [Issue("the file is in UTF-16 or UTF-32", hint="save as UTF-8")]
    if b"\0" in data:
        return "", [Issue("the file is binary, or UTF-16 text: it holds NUL bytes", hint="save as UTF-8 text")]
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = _unix_lines(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        before = _unix_lines(data[: error.start].decode("utf-8"))
        message = f"the byte 0x{data[error.start]:02x} is not UTF-8 text"
        return _unix_lines(data.decode("utf-8", "replace")), [
            Issue(message, _place_at(before, len(before)), "save as UTF-8")
        ]
    if not text.strip():
        return text, [Issue("the file is empty", hint="docs/users/portfolio-file.md shows a first one")]
    return text, [_character_issue(text, match.start()) for match in islice(_UNSAFE.finditer(text), MAX_ISSUES)]


def _unix_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _place_at(text: str, offset: int) -> Location:
    start_of_line = text.rfind("\n", 0, offset) + 1
    return Location(text.count("\n", 0, offset) + 1, offset - start_of_line + 1)


def _character_issue(text: str, offset: int) -> Issue:
    where = _place_at(text, offset)
    if text[offset] == "\t":
        return Issue("a tab character", where, "use spaces")
    return Issue(f"{_character_name(text[offset])} is not allowed", where, "delete it")


def _character_name(character: str) -> str:
    name = unicodedata.name(character, "")
    return f"the character U+{ord(character):04X}" + (f" ({name.lower()})" if name else "")


class _Builder:
    """Builds the tree from the parser's events; its depth is bounded, so it may recurse."""

    def __init__(self, text: str, loader: Any) -> None:  # noqa: ANN401 - PyYAML's loaders share no type
        self.lines = text.split("\n")
        self.events = yaml.parse(text, Loader=loader)
        self.issues: list[Issue] = []
        self.values: dict[Path, Location] = {}
        self.keys: dict[Path, Location] = {}
        self.broken: set[Path] = set()
        self.count = 0

    def document(self) -> Node:
        """Tree of the one document."""
        self._next()  # stream start
        start = self._next()
        if isinstance(start, yaml.StreamEndEvent):
            self._stop("the file is empty", None, "it holds nothing but comments")
        if start.version or start.tags:
            self._refuse("a % directive", self._place(start), "remove the line")
        root = self._node(self._next(), ())
        self._next()  # document end
        after = self._next()
        if not isinstance(after, yaml.StreamEndEvent):
            self._stop("a second document begins here", self._place(after), "keep one portfolio in one file")
        return root

    def _node(self, event: Any, path: Path, key: Location | None = None) -> Node:  # noqa: ANN401
        place = self._place(event)
        self.values[path] = place
        self.count += 1
        if self.count > MAX_VALUES:
            self._stop(f"the file holds more than {MAX_VALUES:,} values", place)
        if self._is_refused(event, place):
            self.broken.add(path)
        if isinstance(event, yaml.AliasEvent):
            return None
        if isinstance(event, yaml.ScalarEvent):
            text = self._scalar(event, path, place)
            if text is None:
                self.values[path] = key or place
            return text
        if len(path) >= MAX_DEPTH:
            self._stop(f"nested more than {MAX_DEPTH} deep", place)
        self.values[path] = key or place
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return self._mapping(path)

    def _sequence(self, path: Path) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key, place = self._key(event, path), self._place(event)
            if key is None:
                self._node(self._next(), (*path, _ASIDE))
            elif key in entries:
                first = self.keys[(*path, key)].line
                self._refuse(f"the key {quoted(key)} is given twice", place, f"first given in line {first}")
                self._node(self._next(), (*path, _ASIDE))
            else:
                self.keys[(*path, key)] = place
                entries[key] = None
                entries[key] = self._node(self._next(), (*path, key), place)
        return entries

    def _key(self, event: Any, path: Path) -> str | None:  # noqa: ANN401
        """Text of a key, or None where it is refused."""
        place = self._place(event)
        if not isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            self._refuse("a list or a mapping as a key", place, "a key is one word")
            self._node(event, (*path, _ASIDE))
            return None
        known = len(self.issues)
        key = self._node(event, (*path, _ASIDE))
        if len(self.issues) > known:
            return None
        if key is None:
            self._refuse("a value without a key", place)
        elif key == "<<":
            self._refuse("merge keys are not allowed", place, "write the keys out")
        else:
            return str(key)
        return None

    def _scalar(self, event: Any, path: Path, place: Location) -> str | None:  # noqa: ANN401
        text: str = event.value
        if not text and not event.style:
            return None
        if len(text) > MAX_TEXT:
            self._refuse(f"a text of {len(text):,} characters", place, f"at most {MAX_TEXT:,}")
        elif "\n" in text:
            self._refuse("a text over several lines", place, "write it in one line")
        elif match := _UNSAFE.search(text):
            self._refuse(f"{_character_name(match.group())} is not allowed", place, "delete it")
        else:
            return text
        self.broken.add(path)
        return None

    def _is_refused(self, event: Any, place: Location) -> bool:  # noqa: ANN401
        """Report an alias, an anchor or a tag; whether there was one."""
        if isinstance(event, yaml.AliasEvent):
            self._refuse("aliases (*) are not allowed", place, "write the value out, or put the text in quotes")
            return True
        if event.anchor is not None:
            self._refuse("anchors (&) are not allowed", place, "remove it, or put the text in quotes")
        if event.tag is not None:
            self._refuse("tags (!) are not allowed", place, "remove it, or put the text in quotes")
        return event.anchor is not None or event.tag is not None

    def _next(self) -> Any:  # noqa: ANN401
        try:
            return next(self.events)
        except yaml.MarkedYAMLError as error:
            problem = error.problem or error.context or "unreadable"
            hint = next((hint for part, hint in _SYNTAX_HINTS if part in problem), _SYNTAX_HINT)
            self._stop(f"not valid YAML: {problem}", self._marked(error.problem_mark or error.context_mark), hint)
        except (yaml.YAMLError, ValueError, OverflowError):  # bad code points, numbers of 5,000 digits
            self._stop("not valid YAML: an escape or a directive that means nothing", None)

    def _place(self, event: Any) -> Location:  # noqa: ANN401
        start, end = event.start_mark, event.end_mark
        is_one_line = start.line == end.line
        return Location(start.line + 1, start.column + 1, max(1, end.column - start.column) if is_one_line else 1)

    def _marked(self, mark: Any) -> Location | None:  # noqa: ANN401
        """Place of an error mark, which may be missing or lie past the end of the file."""
        if mark is None:
            return None
        line = min(mark.line, len(self.lines) - 1)
        while line > 0 and not self.lines[line].strip():
            line -= 1
        column = mark.column if line == mark.line else len(self.lines[line])
        return Location(line + 1, min(column, len(self.lines[line])) + 1)

    def _refuse(self, message: str, where: Location | None, hint: str | None = None) -> None:
        self.issues.append(Issue(message, where, hint))
        if len(self.issues) == MAX_ISSUES:
            raise _StopReadingError

    def _stop(self, message: str, where: Location | None, hint: str | None = None) -> None:
        self._refuse(message, where, hint)
        raise _StopReadingError


def quoted(text: str, longest: int = 40) -> str:
    """Text as shown in a message: in quotes, cut, and with nothing a terminal would obey."""
    return repr(text if len(text) <= longest else text[: longest - 1] + "…")
