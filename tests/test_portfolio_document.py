"""The YAML reader against hostile files, with PyYAML's C parser and with its pure one."""

from __future__ import annotations

import pytest
import yaml

from advisor.errors import Location
from advisor.portfolio.document import MAX_BYTES, MAX_VALUES, Document, read_document

LOADERS = [
    pytest.param(yaml.BaseLoader, id="pure"),
    pytest.param(
        getattr(yaml, "CBaseLoader", None),
        id="libyaml",
        marks=pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without libyaml"),
    ),
]

# Texts that a guessing reader would turn into something else, and the tree that is meant.
READ = {
    "tickers that look like booleans": (b"{ON: 10, NO: 5}", {"ON": "10", "NO": "5"}),
    "tickers as values": (
        b"[Y, N, YES, OFF, TRUE, NULL, NA, INF]",
        ["Y", "N", "YES", "OFF", "TRUE", "NULL", "NA", "INF"],
    ),
    "words of YAML": (b"[true, false, null, ~, True]", ["true", "false", "null", "~", "True"]),
    "a sexagesimal": (b"a: 1:30", {"a": "1:30"}),
    "an octal and a postcode": (b"[010, 0o10, 00501]", ["010", "0o10", "00501"]),
    "an underscore in a number": (b"a: 1_000", {"a": "1_000"}),
    "exponents": (b"[1e3, 1E5, 1e308, 1e400]", ["1e3", "1E5", "1e308", "1e400"]),
    "not numbers": (b"[.nan, .inf, -.inf, NaN]", [".nan", ".inf", "-.inf", "NaN"]),
    "dates that do not exist": (b"[2024-02-30, 0000-01-01]", ["2024-02-30", "0000-01-01"]),
    "a time that does not exist": (b"a: 2024-01-01 25:00:00", {"a": "2024-01-01 25:00:00"}),
    "hexadecimal": (b"a: 0xFF", {"a": "0xFF"}),
    "an equals sign": (b"a: =", {"a": "="}),
    "an empty value is nothing": (b"a:\nb: ''\n", {"a": None, "b": ""}),
    "an empty entry is nothing": (b"- \n- a\n", [None, "a"]),
    "quotes make no difference": (b"['5', \"5\", 5]", ["5", "5", "5"]),
    "a UTF-8 mark": (b"\xef\xbb\xbfa: 1", {"a": "1"}),
    "Windows line ends": (b"a: 1\r\nb: 2\r\n", {"a": "1", "b": "2"}),
    "old Mac line ends": (b"a: 1\rb: 2\r", {"a": "1", "b": "2"}),
    "a start and an end mark": (b"---\na: 1\n...\n", {"a": "1"}),
    "a text over two plain lines": (b"a: one\n  two\n", {"a": "one two"}),
    "other scripts": ("a: Zürich 東京".encode(), {"a": "Zürich 東京"}),
    "a look-alike letter is the schema's business": ("a: \u0410APL".encode(), {"a": "\u0410APL"}),
    "a lone text": (b"hello", "hello"),
    "an int of 1,000 digits": (b"a: " + b"9" * 1000, {"a": "9" * 1000}),
    "depth 16": (b"[" * 16 + b"]" * 16, [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]),
    "JSON": (b'{"a": [1, true, null]}', {"a": ["1", "true", "null"]}),
}

# Refused texts, the place of the (first) fault, and a part of its message and hint.
REFUSED = {
    "an empty file": (b"", None, "empty"),
    "blanks alone": (b"  \n\n", None, "empty"),
    "a comment alone": (b"# nothing\n", None, "empty"),
    "NUL": (b"a: \0", None, "NUL"),
    "a ZIP file": (b"PK\x03\x04\0\0", None, "binary"),
    "UTF-16 with a mark": ("a: 1".encode("utf-16"), None, "save as UTF-8"),
    "UTF-16 big-endian": (b"\xfe\xff\0a", None, "save as UTF-8"),
    "UTF-16 without a mark": ("a: 1".encode("utf-16-le"), None, "save as UTF-8"),
    "UTF-32": ("a: 1".encode("utf-32"), None, "save as UTF-8"),
    "Latin-1": (b"a: 1\nb: Z\xfcrich", (2, 5), "0xfc is not UTF-8"),
    "an encoded surrogate": (b"a: \xed\xa0\x80", (1, 4), "not UTF-8"),
    "an overlong code": (b"a: \xc0\xaf", (1, 4), "not UTF-8"),
    "a cut code": ("a: é".encode()[:-1], (1, 4), "not UTF-8"),
    "a raw escape": (b"a: 1\nb: \x1b[31m", (2, 4), "U+001B"),
    "a bell": (b"a: \x07", (1, 4), "U+0007"),
    "delete": (b"a: x\x7f", (1, 5), "U+007F"),
    "a C1 control": ("a: x\u009b".encode(), (1, 5), "U+009B"),
    "next line (NEL)": ("a: x\u0085b: 1".encode(), (1, 5), "U+0085"),
    "a line separator": ("a: x\u2028b: 1".encode(), (1, 5), "line separator"),
    "a right-to-left override": ("name: \u202ex".encode(), (1, 7), "right-to-left override"),
    "an isolate": ("name: \u2066x".encode(), (1, 7), "U+2066"),
    "a zero-width space": ("a: NV\u200bDA".encode(), (1, 6), "zero width space"),
    "a soft hyphen": ("a: NV\u00adDA".encode(), (1, 6), "soft hyphen"),
    "a second UTF-8 mark": (b"\xef\xbb\xbf\xef\xbb\xbfa: 1", (1, 1), "U+FEFF"),
    "a replacement character": ("a: \ufffd".encode(), (1, 4), "U+FFFD"),
    "private use": ("a: \ue000".encode(), (1, 4), "U+E000"),
    "a tag character": ("a: x\U000e0041".encode(), (1, 5), "U+E0041"),
    "a tab for indentation": (b"a:\n\tb: 1", (2, 1), "tab"),
    "a tab between": (b"a:\t1", (1, 3), "use spaces"),
    "a form feed": (b"a: 1\x0cb: 2", (1, 5), "U+000C"),
    "an escaped escape": (b'a: "\\e[31m"', (1, 4), "U+001B"),
    "an escaped override": (b'a: "\\u202e"', (1, 4), "right-to-left override"),
    "an escaped NUL": (b'a: "\\0"', (1, 4), "U+0000"),
    "an escaped tab": (b'a: "\\t"', (1, 4), "U+0009"),
    "an escaped newline": (b'a: "x\\ny"', (1, 4), "several lines"),
    "a block text": (b"a: |\n  x\n  y\n", (1, 4), "several lines"),
    "a control in a key": (b'"\\e": 1', (1, 1), "U+001B"),
    "a text of 1,001 characters": (b"a: " + b"x" * 1001, (1, 4), "1,001 characters"),
    "a key of 2,000 characters": (b'? "' + b"x" * 2000 + b'"\n: 1', (1, 3), "2,000 characters"),
    "a double key": (b"a: 1\nb: 2\na: 3\n", (3, 1), "'a' is given twice"),
    "a double key deep down": (b"x: [{a: 1, a: 2}]", (1, 12), "first given in line 1"),
    "a double key in quotes": (b"{a: 1, 'a': 2}", (1, 8), "twice"),
    "a tag": (b"a: !!python/object:os.system x", (1, 4), "tags"),
    "a tag of YAML": (b"a: !!int 5", (1, 4), "tags"),
    "a bare tag": (b"a: ! x", (1, 4), "tags"),
    "a tag on a mapping": (b"a: !!map {b: 1}", (1, 4), "tags"),
    "a tag on a key": (b"!!str a: 1", (1, 1), "tags"),
    "an anchor": (b"a: &x 1", (1, 4), "anchors"),
    "an anchor on a list": (b"a: &x [1]", (1, 4), "anchors"),
    "an alias": (b"a: &x 1\nb: *x", (1, 4), "anchors"),
    "an alias to nowhere": (b"b: *x", (1, 4), "aliases"),
    "an alias as key": (b"*x : 1", (1, 1), "aliases"),
    "a list in itself": (b"a: &a [*a]", (1, 4), "anchors"),
    "a bomb of aliases": (b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", (1, 4), "anchors"),
    "a merge key": (b"a: 1\n<<: {b: 1}", (2, 1), "merge keys"),
    "a list as key": (b"[a, b]: 1", (1, 1), "as a key"),
    "a mapping as key": (b"{a: 1}: 1", (1, 1), "as a key"),
    "a complex key": (b"? {a: 1}\n: 2", (1, 3), "as a key"),
    "a value without key": (b"?\n: 1", (1, 2), "without a key"),
    "a directive": (b"%YAML 1.1\n---\na: 1", (1, 1), "directive"),
    "a tag directive": (b"%TAG ! tag:x,2000:\n---\na: 1", (1, 1), "directive"),
    "two documents": (b"a: 1\n---\nb: 2", (2, 1), "second document"),
    "two documents, one empty": (b"a: 1\n---\n", (2, 1), "second document"),
    "depth 17": (b"[" * 17 + b"]" * 17, (1, 17), "nested more than 16 deep"),
    "an open quote": (b'a: "x\n', (1, None), "not valid YAML"),
    "an open bracket": (b"a: [1, 2\n", (1, None), "not valid YAML"),
    "an unknown escape": (b'a: "\\q"', (1, None), "not valid YAML"),
    "a surrogate by escape": (b'a: "\\ud800"', (1, None), ""),
    "a code point past the last": (b'a: "\\UFFFFFFFF"', (None, None), "not valid YAML"),
    "a colon in a text": (b"a: b: c", (1, 5), "in quotes"),
    "a percent sign first": (b"a: 1\nb: %x", (2, 4), "in quotes"),
    "an at sign first": (b"a: @x", (1, 4), "in quotes"),
    "a wrong indentation": (b"a:\n   b: 1\n  c: 2\n", (3, None), "indentation"),
    "an undefined tag handle": (b"a: !x!y 1", (1, None), "not valid YAML"),
    "a version of 30 digits": (b"%YAML 1." + b"9" * 30 + b"\n---\na: 1", (None, None), ""),
    "a version of 5,000 digits": (b"%YAML 1." + b"9" * 5000 + b"\n---\na: 1", (None, None), "not valid YAML"),
}


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(("data", "tree"), READ.values(), ids=READ)
def test_every_value_stays_the_text_it_was(data: bytes, tree: object, loader: type) -> None:
    document = read_document(data, loader=loader)
    assert document.issues == ()
    assert document.root == tree


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(("data", "place", "words"), REFUSED.values(), ids=REFUSED)
def test_hostile_text_is_refused_at_its_place(data: bytes, place: tuple | None, words: str, loader: type) -> None:
    issue = read_document(data, loader=loader).issues[0]
    assert words in f"{issue.message} {issue.hint}"
    if place is None:
        assert issue.where is None
        return
    line, column = place
    if line is not None:
        assert issue.where is not None
        assert issue.where.line == line
    if column is not None:
        assert issue.where is not None
        assert issue.where.column == column


@pytest.mark.timeout(600)  # a loader that hangs takes hours
@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("opening", [b"[", b"{", b"- ", b"? ", b"{a: ", b"[a, ", b"!x ", b"&x ", b"*x : ", b"a: "])
def test_a_million_openings_end_fast(opening: bytes, loader: type) -> None:
    document = read_document(opening * 1_000_000, loader=loader)
    assert document.issues


def test_a_file_over_the_size_is_refused_before_it_is_parsed() -> None:
    issue = read_document(b"[" * (MAX_BYTES + 1)).issues[0]
    assert "8 MiB" in issue.message  # not the depth, which parsing would have met first


def test_a_file_of_too_many_values_is_refused() -> None:
    document = read_document(b"[" + b"1," * (MAX_VALUES + 1) + b"]")
    assert "250,000 values" in document.issues[0].message
    assert not document.is_whole


@pytest.mark.timeout(600)  # expanded, it would not end
def test_a_merge_bomb_ends_fast() -> None:
    levels = [f"l{i}: &l{i} {{<<: [*l{i - 1}, *l{i - 1}], k{i}: 1}}" for i in range(1, 60)]
    document = read_document("\n".join(["l0: &l0 {k0: 1}", *levels]).encode())
    assert any("merge keys" in issue.message for issue in document.issues)


@pytest.mark.parametrize("loader", LOADERS)
def test_faults_that_allow_reading_on_are_all_reported(loader: type) -> None:
    data = b"a: &x 1\na: 2\nb: *x\n<<: 3\n[c]: 4\nd: !!int 5\n"
    document = read_document(data, loader=loader)
    lines = [issue.where.line for issue in document.issues if issue.where]
    assert lines == [1, 2, 3, 4, 5, 6]
    assert document.is_whole


def test_all_tabs_are_reported_not_the_first_alone() -> None:
    document = read_document(b"a:\n\tb: 1\n\tc: 2\n")
    assert [issue.where for issue in document.issues] == [Location(2, 1), Location(3, 1)]


@pytest.mark.parametrize("loader", LOADERS)
def test_places_of_keys_and_values_are_kept(loader: type) -> None:
    text = 'a: 12\nlong_key:\n  - {x: "quoted"}\n  - two words\n'
    document = read_document(text.encode(), loader=loader)
    assert document.where(("a",)) == Location(1, 4, 2)
    assert document.where_key(("long_key",)) == Location(2, 1, 8)
    assert document.where(("long_key",)) == Location(2, 1, 8)  # a list is shown by its key
    assert document.where(("long_key", 0, "x")) == Location(3, 9, 8)
    assert document.where_key(("long_key", 0, "x")) == Location(3, 6, 1)
    assert document.where(("long_key", 1)) == Location(4, 5, 9)
    assert document.where(("long_key", 1, "no", "such")) == Location(4, 5, 9)  # the nearest part there is


def test_a_document_gives_parts_by_path() -> None:
    document = Document({"a": ["x", {"b": "1"}, None]}, "", ())
    assert document.get("a", 1, "b") == "1"
    assert document.get("a", 3) is None
    assert document.get("a", "b") is None
    assert list(document.mappings("a")) == [(("a", 1), {"b": "1"})]
    assert list(document.mappings("nothing")) == []
