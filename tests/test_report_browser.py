"""The report in a real browser: on a desk, in the dark, on a phone, by keyboard, and to an accessibility checker."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.browser import Browser, View, chromium
from tests.counts import first
from tests.reports import body_text, html, parsed, squeezed
from tests.samples import ANSWERED, sample

TAB, RIGHT = "\ue004", "\ue014"
VIEWS = {
    "desk": View(),
    "dark": View(dark=True),
    "phone": View(width=390, height=844),
    "dark phone": View(width=390, height=844, dark=True),
    "print": View(media="print"),
}
CONTRAST = """
const light = colour => {
  const parts = colour.match(/[\\d.]+/g).map(Number).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const page = light(getComputedStyle(document.body).backgroundColor);
return [...document.querySelectorAll(arguments[0])].map(element => {
  const ink = light(getComputedStyle(element)[arguments[1]]);
  return [element.textContent, (Math.max(page, ink) + 0.05) / (Math.min(page, ink) + 0.05)];
});
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name in ANSWERED:
        (folder / f"{name}.html").write_text(html(name), "utf-8")
    return {name: folder / f"{name}.html" for name in ANSWERED}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", ANSWERED)
def test_the_page_asks_for_nothing_and_says_nothing_to_the_console(
    browser: Browser, pages: dict[str, Path], name: str, view: str
) -> None:
    browser.open(pages[name], VIEWS[view])
    assert browser.run("return document.fonts.ready.then(fonts => fonts.size)") >= 2
    assert browser.requests() == []
    assert browser.console() == []


def test_the_control_of_the_test_above_sees_a_request_and_a_message(browser: Browser, tmp_path: Path) -> None:
    trap = tmp_path / "trap.html"
    trap.write_text(
        "<!DOCTYPE html><title>x</title><img src='http://host.invalid/x.png'><script>console.log(1)</script>"
    )
    browser.open(trap)
    assert browser.requests() == ["http://host.invalid/x.png"]
    assert len(browser.console()) == 2


@pytest.mark.parametrize("name", ANSWERED)
def test_no_two_texts_of_a_drawing_touch(browser: Browser, pages: dict[str, Path], name: str) -> None:
    for view in (View(), View(width=390)):
        browser.open(pages[name], view)
        assert browser.run("return document.querySelectorAll('svg').length") >= 4
        assert browser.overlaps() == []


@pytest.mark.parametrize("width", [1100, 768, 390, 320])
@pytest.mark.parametrize("name", ANSWERED)
def test_the_page_does_not_scroll_sideways(browser: Browser, pages: dict[str, Path], name: str, width: int) -> None:
    browser.open(pages[name], View(width=width))
    assert browser.run("return document.documentElement.scrollWidth") <= width
    outside = (
        "return [...document.querySelectorAll('body *')].filter(one => !one.closest('[role=region] > *, svg') &&"
        "one.getBoundingClientRect().right > arguments[0] + 1).map(one => one.outerHTML.slice(0, 80))"
    )
    assert browser.run(outside, width) == []


def test_tables_too_wide_for_a_phone_are_scrolled_with_the_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["tech-employee"], VIEWS["phone"])
    wide = (
        "const regions = [...document.querySelectorAll('[role=region]')];"
        "return regions.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => regions.indexOf(one))"
    )
    found = browser.run(wide)
    assert len(found) >= 3
    one = "document.querySelectorAll('[role=region]')[arguments[0]]"
    for index in found:
        browser.run(f"{one}.focus()", index)
        assert browser.run(f"return document.activeElement === {one}", index)
        browser.press(*[RIGHT] * 4)
        reached = f"return new Promise(done => setTimeout(() => done({one}.scrollLeft), 200))"
        assert browser.run(reached, index) > 0


def test_every_region_is_reached_by_tab_named_and_seen_to_have_the_focus(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["tech-employee"])
    stops = browser.run("return document.querySelectorAll('[tabindex=\"0\"], a[href], summary').length")
    assert stops > 5
    assert browser.run("return document.querySelectorAll('[tabindex]:not([tabindex=\"0\"])').length") == 0
    seen = []
    for _ in range(stops):
        browser.press(TAB)
        name, outline = browser.run(
            "const one = document.activeElement; return [one.getAttribute('aria-label') || one.textContent,"
            "getComputedStyle(one).outlineStyle]"
        )
        assert name.strip()
        assert outline != "none"
        seen.append(browser.run("return [...document.querySelectorAll('*')].indexOf(document.activeElement)"))
    assert len(set(seen)) == stops
    assert seen == sorted(seen)  # in the order in which the page is read


@pytest.mark.parametrize("view", ["desk", "dark"])
@pytest.mark.parametrize("name", ANSWERED)
def test_the_letters_of_the_drawings_stand_out_from_the_page(
    browser: Browser, pages: dict[str, Path], name: str, view: str
) -> None:
    """The accessibility checker measures the contrast of all other text; WCAG 2.2, 1.4.3 asks for 4.5."""
    browser.open(pages[name], VIEWS[view])
    letters = browser.run(CONTRAST, "svg text", "fill")
    assert letters
    assert [(text, ratio) for text, ratio in letters if ratio < 4.5] == []


def test_a_dark_page_is_dark_and_a_printed_one_is_not(browser: Browser, pages: dict[str, Path]) -> None:
    white = {}
    for name, view in {"desk": View(), "dark": View(dark=True), "print": View(dark=True, media="print")}.items():
        browser.open(pages["tech-employee"], view)
        white[name] = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert white["desk"] == white["print"] == "rgb(255, 255, 255)"
    assert max(int(part) for part in white["dark"][4:-1].split(",")) < 64


@pytest.mark.parametrize("name", ANSWERED)
def test_the_page_has_a_language_a_title_and_headings_in_order(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    browser.open(pages[name])
    assert browser.run("return document.documentElement.lang") == "en"
    assert sample(name).name in browser.driver.title
    levels = browser.run(
        "return [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(one => Number(one.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_without_scripts_the_page_is_the_same(browser: Browser, pages: dict[str, Path]) -> None:
    pictures = []
    for scripts in (True, False):
        browser.open(pages["tech-employee"], View(scripts=scripts))
        pictures.append(browser.picture())
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", first(2, ["tech-employee", "couple-mixed-lots", "already-diversified"]))
def test_the_accessibility_checker_finds_nothing(
    browser: Browser, pages: dict[str, Path], name: str, view: str
) -> None:
    browser.open(pages[name], VIEWS[view])
    assert browser.violations() == []
    assert browser.requests() == []


def test_the_accessibility_checker_would_find_a_fault(browser: Browser, tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.html"
    faulty.write_text(
        "<!DOCTYPE html><p style='color: #aaa; background: #fff'>pale</p><img src='data:image/gif;base64,'>"
    )
    browser.open(faulty)
    rules = {line.split()[1].rstrip(":") for line in browser.violations()}
    assert {"color-contrast", "document-title", "html-has-lang", "image-alt"} <= rules


def test_the_browser_prints_every_paragraph_and_every_row(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["couple-mixed-lots"], View(media="print"))
    printed = body_text(browser.printed())
    page = parsed(html("couple-mixed-lots")).one("main")
    heads = [squeezed(head.first_words) for head in page.all("tbody")[0].all("th")]
    assert heads
    assert all(head in printed for head in heads)
    assert all(squeezed(heading.text) in printed for heading in page.all("h2"))
