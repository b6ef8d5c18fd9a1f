"""Templates of one's own: what they may do, what ends them, and what they are given."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from advisor.api import recommend as flow
from advisor.api.recommend import Page, report_files
from advisor.errors import InputError
from advisor.report.page import bounded, render
from advisor.report.page.bounded import render_bounded
from advisor.report.page.sandbox import environment, plain
from advisor.share import share
from tests import template_reference
from tests.command import PORTFOLIOS, call, contents
from tests.reports import body_text, files, html, needs, parsed, whole

SAVER = PORTFOLIOS / "young-saver.yaml"
EXTENDS = '{% extends "advisor/report.html.j2" %}\n'
DOCUMENT = template_reference.DOCUMENT.read_text("utf-8")


@cache
def given() -> dict:
    """What the template of a sample's report is given."""
    kept = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flow, "render_html", lambda context, own: kept.append(context) or "")
        patch.setattr(flow, "render_pdf", lambda *args, **kwargs: b"")
        report_files(whole("young-saver"), pytest.fail, Page())
    return render.template_values(kept[0])


def page_of(folder: Path, template: str, values: dict | None = None) -> str:
    (folder / "report.html.j2").write_text(template, "utf-8")
    return render_bounded(given() if values is None else values, folder)


def fault_of(folder: Path, template: str) -> InputError:
    with pytest.raises(InputError) as raised:
        page_of(folder, template)
    return raised.value


def example() -> str:
    found = re.search(r"<!-- template -->\n```jinja\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found
    return found[1]


def test_the_example_of_the_document_changes_masthead_colour_and_footer_alone(tmp_path: Path) -> None:
    (tmp_path / "report.html.j2").write_text(example(), "utf-8")
    made = report_files(whole("young-saver"), pytest.fail, Page(templates=tmp_path))
    page, shipped = parsed(made["report.html"].decode()), parsed(html("young-saver"))
    assert "Prepared by Example Advisers for" in page.one("header").text
    assert page.one("footer").text == f"Example Advisers. {shipped.one('footer').text}"
    assert shipped.one("header").text in page.one("header").text
    assert page.one("main").text == shipped.one("main").text
    assert "--brand: #5b2a86" in made["report.html"].decode()
    assert {name: made[name] for name in ("orders.csv", "recommendation.json")} == {
        name: files("young-saver")[name] for name in ("orders.csv", "recommendation.json")
    }
    needs("plutoprint")
    assert "preparedbyexampleadvisersfor" in body_text(made["report.pdf"])


def test_a_template_that_changes_nothing_gives_the_shipped_page(tmp_path: Path) -> None:
    assert page_of(tmp_path, EXTENDS) == html("young-saver")


@pytest.mark.parametrize("block", re.findall(r"{%-? block (\w+)", (share("templates") / "report.html.j2").read_text()))
def test_every_block_can_be_replaced_and_is_documented(block: str) -> None:
    own = environment().from_string(EXTENDS + f"{{% block {block}%}}instead of it{{% endblock %}}")
    assert "instead of it" in own.render(given())
    assert f"\n| `{block}` | " in DOCUMENT


def test_every_block_of_the_document_is_there() -> None:
    documented = re.findall(r"^\| `(\w+)` \| [^|]*\|$", DOCUMENT[: DOCUMENT.index("## Files")], re.MULTILINE)
    assert set(documented) == set(environment().get_template("report.html.j2").blocks)


def test_files_of_the_folder_come_first_and_the_shipped_ones_by_their_full_name(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "imprint.j2").write_text("Imprint of {{ header.household }}", "utf-8")
    (tmp_path / "_style.css.j2").write_text("p { color: red }", "utf-8")
    page = page_of(
        tmp_path,
        EXTENDS
        + '{% from "advisor/_macros/table.j2" import data_table %}'
        + '{% block footer %}{% include "parts/imprint.j2" %}{{ data_table(why.by_company) }}{% endblock %}',
    )
    assert parsed(page).one("footer").text.startswith("Imprint of ")
    assert len(parsed(page).one("footer").all("table")) == 1
    assert "<style>\np { color: red }" in page
    assert "--brand" not in page


def test_text_of_the_data_is_escaped_and_never_a_template(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script> {{ 7 * 7 }} {% raw %} \" ' &"
    page = page_of(tmp_path, '<p title="{{ name }}">{{ name }}</p>', {"name": hostile})
    paragraph = parsed(page).one("p")
    assert paragraph.attributes == {"title": hostile}
    assert paragraph.raw == hostile


FAULTS = {
    "a loop without end": ("{% for i in range(10**12) %}{% endfor %}", "Range too big", 2),
    "loops in loops": (
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "more than 5 seconds",
        2,
    ),
    "a huge number": ("{{ 7 ** (10 ** 9) }}", r"5 seconds|512 MiB", None),
    "a huge text": ('{{ ("x" * 10 ** 10) | length }}', "more than 512 MiB", 2),
    "a huge field": ('{{ "%0*d" | format(10 ** 10, 1) | length }}', r"512 MiB|too (large|big)|OverflowError", 2),
    "a huge page": ('{% for i in range(90000) %}{{ "x" * 1000 }}{% endfor %}', "larger than 4 MiB", None),
    "recursion": ("{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}", "calls itself", 2),
    "including itself": ('{% include "report.html.j2" %}', "calls itself", 2),
    "brackets without end": ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "calls itself|nested|ended", None),
    "the class of a value": ("{{ status.__class__ }}", "unsafe", 2),
    "the class by a filter": ('{{ (status | attr("__class__")).x }}', "unsafe|undefined", 2),
    "the class by format": ('{{ "{0.__class__}".format(status) }}', "unsafe", 2),
    "the class by a mapped format": ('{{ "{a.__class__}".format_map({"a": status}) }}', "unsafe", 2),
    "the class by a stolen format": (
        '{{ ["{0.__class__.__mro__}"] | map("format", status) | list }}{{ ("{0.__class__}" | attr("format"))(1) }}',
        "unsafe|undefined|not",
        2,
    ),
    "the globals of a macro": (
        "{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}",
        "unsafe",
        2,
    ),
    "the environment": ("{{ self._TemplateReference__context.environment }}", "unsafe", 2),
    "changing the data": ("{% do_nothing %}", "Encountered unknown tag", 2),
    "updating the data": ('{{ header.update({"household": "x"}) }}', "unsafe", 2),
    "appending to the data": ("{{ answer.cards.append(1) }}", "unsafe", 2),
    "lipsum": ("{{ lipsum.__globals__ }}", "'lipsum' is undefined", 2),
    "random": ("{{ [1, 2] | random }}", "No filter named 'random'", 2),
    "a module": ('{% import "os" as os %}', "no template os", 2),
    "an unknown name": ("{{ housold }}", "'housold' is undefined", 2),
    "an unknown field": ("{{ header.housold }}", "has no attribute 'housold'", 2),
    "a tag that is not closed": ("{% if status %}", "Unexpected end of template", 2),
    "a division": ("{{ 1 / 0 }}", "ZeroDivisionError", 2),
    "a file above": ('{% include "../secret.j2" %}', "is no name of a file", 2),
    "a file by its whole path": ('{% include "/etc/passwd" %}', "is no name of a file", 2),
    "a shipped file above": ('{% include "advisor/../../pyproject.toml" %}', "pyproject.toml", 2),
    "a link out": ('{% include "link.j2" %}', "leads out of the folder", 2),
    "a folder": ('{% include "folder" %}', "cannot be read", 2),
    "a pipe": ('{% include "pipe.j2" %}', "cannot be read", 2),
    "bytes": ('{% include "bytes.j2" %}', "not UTF-8", 2),
    "a large file": ('{% include "large.j2" %}', "cannot be read: Larger than 1 MiB", 2),
}


@pytest.fixture
def traps(tmp_path: Path) -> Path:
    """A folder of templates beside a secret."""
    (tmp_path / "secret.j2").write_text("the secret", "utf-8")
    folder = tmp_path / "templates"
    (folder / "folder").mkdir(parents=True)
    (folder / "link.j2").symlink_to(tmp_path / "secret.j2")
    os.mkfifo(folder / "pipe.j2")
    (folder / "bytes.j2").write_bytes(b"\xff\xfe")
    (folder / "large.j2").write_text("x" * (2**20 + 1), "utf-8")
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits of a process, and no pipes with names")
@pytest.mark.parametrize("what", FAULTS)
def test_what_a_template_must_not_do_is_one_error_with_file_and_line(traps: Path, what: str) -> None:
    template, words, line = FAULTS[what]
    error = fault_of(traps, "{# first line #}\n" + template)
    (issue,) = error.issues
    assert re.search(words, issue.message), issue.message
    assert error.file == str(traps / "report.html.j2")
    if line:
        assert issue.where is not None
        assert issue.where.line == line
    assert "the secret" not in str(error)
    assert "Traceback" not in str(error)


def test_a_fault_in_a_file_that_is_included_is_named_there(tmp_path: Path) -> None:
    (tmp_path / "part.j2").write_text("fine\n\n{{ nothing }}", "utf-8")
    error = fault_of(tmp_path, EXTENDS + '{% block footer %}{% include "part.j2" %}{% endblock %}')
    assert str(error).startswith(f"{tmp_path / 'part.j2'}:3:1: 'nothing' is undefined\n    {{{{ nothing }}}}\n")


def test_a_fault_that_shows_in_a_shipped_macro_is_named_where_it_was_called(tmp_path: Path) -> None:
    error = fault_of(
        tmp_path,
        EXTENDS + '{% from "advisor/_macros/table.j2" import data_table %}'
        "{% block footer %}\n{{ data_table(header) }}{% endblock %}",
    )
    assert error.file == str(tmp_path / "report.html.j2")
    assert error.issues[0].where
    assert error.issues[0].where.line == 3


def test_a_template_that_sleeps_is_ended_by_the_clock_of_the_wall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "WAIT_SECONDS", 0.01)
    assert "the template was ended after 0.01 seconds" in str(fault_of(tmp_path, "x"))


def test_the_child_sees_no_environment_and_imports_nothing_from_where_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jinja2.py").write_text("raise SystemExit('the wrong jinja2')", "utf-8")
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('the wrong place')", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "jinja2.py"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert page_of(tmp_path, "{{ 1 + 1 }}", {}) == "2"


@pytest.mark.parametrize("template", ["{{ nothing }}", "{% for i in range(10**12) %}{% endfor %}", "{% if %}"])
def test_a_wrong_template_is_exit_code_3_and_nothing_is_written(tmp_path: Path, capsys, template: str) -> None:
    (tmp_path / "report.html.j2").write_text("\n" + template, "utf-8")
    ended = call(capsys, "rebalance", SAVER, "--out", tmp_path / "out", "--template", tmp_path, "--json", "--quiet")
    assert ended.code == 3
    (issue,) = ended.document["error"]["issues"]
    assert (issue["file"], issue["line"]) == (str(tmp_path / "report.html.j2"), 2)
    assert ended.err.startswith(f"{tmp_path / 'report.html.j2'}:2:1: ")
    assert "Traceback" not in ended.err
    assert not (tmp_path / "out").exists()


def test_the_command_writes_the_page_of_the_template(tmp_path: Path, capsys) -> None:
    (tmp_path / "report.html.j2").write_text(EXTENDS + "{% block footer %}Ours{% endblock %}", "utf-8")
    ended = call(capsys, "rebalance", SAVER, "--out", tmp_path / "out", "--template", tmp_path)
    assert ended.code == 0
    assert parsed(contents(tmp_path / "out")["report.html"].decode()).one("footer").text == "Ours"


@pytest.mark.parametrize(("make", "words"), [(False, "does not exist"), (True, "there is no report.html.j2 in")])
def test_a_folder_without_the_template_is_exit_code_2(tmp_path: Path, capsys, *, make: bool, words: str) -> None:
    folder = tmp_path / "templates"
    if make:
        folder.mkdir()
    ended = call(capsys, "rebalance", SAVER, "--out", tmp_path / "out", "--template", folder)
    assert ended.code == 2
    assert words in " ".join(ended.err.split())
    assert not (tmp_path / "out").exists()


def kinds(value: object) -> set[type]:
    found = {type(value)}
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        found |= kinds(item)
    if isinstance(value, dict):
        found |= {type(key) for key in value}
    return found


def test_a_template_is_given_plain_data_alone() -> None:
    assert kinds(given()) <= {dict, list, str, int, float, bool, type(None)}


@pytest.mark.parametrize("value", [Decimal(1), object(), {1, 2}, b"x", [Path("x")]])
def test_anything_but_plain_data_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="in the report"):
        plain(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), (1.0, float("-inf"))])
def test_a_number_that_is_not_finite_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="in the report"):
        plain(value)


def test_a_field_may_have_the_name_of_a_method_of_a_dict() -> None:
    template = environment().from_string("{{ one.items }} {{ one.values | join }} {{ one.keys() | list | join }}")
    assert template.render(one={"items": "seven", "values": [1, 2]}) == "seven 12 itemsvalues"


def test_the_reference_is_that_of_the_model() -> None:
    """If this fails: python -m tests.template_reference."""
    assert template_reference.with_reference(DOCUMENT) == DOCUMENT


def test_the_reference_names_everything_a_template_is_given() -> None:
    told = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT, re.MULTILINE)) | {"context_version", "colours", "fonts"}
    assert set(given()) <= told
    assert given()["context_version"] == "1"
    fields = {field.name for field in dataclasses.fields(template_reference.ReportContext)}
    assert set(given()) == fields | {"context_version", "colours", "fonts"}
