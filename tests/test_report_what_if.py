from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from advisor.format import money, percent, signed_bps
from advisor.report.context import Sources
from advisor.report.what_if import Beside, render_what_if, what_if_page
from advisor.whatif.alternatives import alternatives
from advisor.whatif.grid import grid
from advisor.whatif.model import CurvePoint, Grid, Outcome
from tests.browser import View, chromium
from tests.samples import ANSWERED, answer

SOURCES = Sources("portfolio.yaml", "0" * 64, {"advisor": "test"})
HOSTILE = "<script>alert(1)</script>\"'&</title>{{7*7}}"


def proposal(made):
    fields = (made.status, made.trades, made.after, made.limits, made.tax, made.spread_usd, made.gain)
    return Outcome("proposal", "The proposal", *fields)


def page_of(name, points=None, household=None):
    found = answer(name)
    made, market = found.plan, found.market
    beside = Beside((proposal(made), *alternatives(found.portfolio, market, made)))
    points = points or grid(found.portfolio, market)
    return what_if_page(household or found.portfolio, market, SOURCES, points, beside, made.before)


@pytest.fixture(scope="module")
def pages():
    return {name: page_of(name) for name in ANSWERED}


@pytest.fixture(scope="module")
def couple():
    found = answer("couple-mixed-lots")
    return grid(found.portfolio, found.market)


def holed(points: Grid, cap: int, share: int, *, is_proved: bool) -> Grid:
    gap = CurvePoint(points.shares[share], None, is_proved)
    rows = [list(row) for row in points.points]
    rows[cap][share] = gap
    return replace(points, points=tuple(map(tuple, rows)))


def script_data(html):
    return json.loads(re.search(r'<script type="application/json" id="grid">(.*?)</script>', html, re.DOTALL).group(1))


@pytest.mark.parametrize("name", ANSWERED)
def test_the_page_is_below_150_kilobytes_and_names_nothing_outside_itself(pages, name):
    html = render_what_if(pages[name])
    assert len(html.encode()) < 150_000
    written = re.sub(r"url\(data:[^)]*\)", "", html)
    assert not re.search(r"https?:|file:|@import|javascript:|\son[a-z]+=| src=| href=", written, re.IGNORECASE)
    assert render_what_if(pages[name]) == html


def test_the_policy_lets_this_one_script_run_and_no_other(pages):
    html = render_what_if(pages["tech-employee"])
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html).group(1)
    assert policy.split("; ")[0] == "default-src 'none'"
    assert policy.split("; ")[-1] == f"script-src 'sha256-{digest}'"


def test_every_figure_of_the_script_is_that_of_the_grid(couple):
    data = script_data(render_what_if(page_of("couple-mixed-lots", couple)))
    assert len(data["points"]) == len(couple.caps)
    seen = 0
    for texts, points in zip(data["points"], couple.points, strict=True):
        for shown, point in zip(texts, points, strict=True):
            if point.measures is None:
                assert shown == (0 if point.is_proved else 1)
                continue
            found = point.measures
            assert shown[1] == percent(found.magnificent_seven)
            assert shown[4:6] == [money(found.tax_usd + found.spread_usd), signed_bps(found.gain)]
            seen += 1
    assert seen > 150


def test_heights_fall_where_the_figure_rises_and_a_gap_has_none(couple):
    data = script_data(render_what_if(page_of("couple-mixed-lots", holed(couple, 0, 3, is_proved=False))))
    assert data["points"][0][3] == 1
    assert all(heights[0][3] is None for heights in data["y"].values())
    heights = data["y"]["volatility"][0]
    values = [point.measures.volatility for point in couple.points[0]]
    known = [(value, height) for value, height in zip(values, heights, strict=True) if height is not None]
    highest, lowest = max(known), min(known)
    middle = known[len(known) // 2]
    expected = lowest[1] + (highest[1] - lowest[1]) * (middle[0] - lowest[0]) / (highest[0] - lowest[0])
    assert middle[1] == pytest.approx(expected, abs=0.11)  # drawn to a tenth
    assert highest[1] < lowest[1]


def test_a_share_at_the_users_own_bound_stands_on_its_line_in_every_drawing(couple):
    page = page_of("couple-mixed-lots", couple)
    most = next(
        float(limit.bound)
        for limit in answer("couple-mixed-lots").portfolio.limits
        if (limit.name, limit.kind) == ("small_caps", "max")
    )
    for view in page.views:
        line = next(stroke.path for stroke in view.chart.strokes if stroke.dash)
        x = page.data["x"][view.key][couple.shares.index(most)]
        assert x == pytest.approx(float(re.match(r"M([\d.]+) ", line).group(1)), abs=0.06), view.key
        assert view.path.startswith(f"M{page.data['x'][view.key][0]:g} ")


def test_a_curve_is_not_drawn_across_a_gap(couple):
    start = page_of("couple-mixed-lots", couple).data["start"]
    whole = page_of("couple-mixed-lots", couple).views[0].path
    broken = page_of("couple-mixed-lots", holed(couple, start[0], 5, is_proved=True)).views[0].path
    assert whole.count("M") == 1
    assert broken.count("M") == 2
    assert broken.count("L") == whole.count("L") - 2


def test_a_gap_at_the_start_is_said_and_shown_as_a_dash(couple):
    cap, share = page_of("couple-mixed-lots", couple).data["start"]
    page = page_of("couple-mixed-lots", holed(couple, cap, share, is_proved=True))
    assert "that is proved" in page.status
    assert {card.value for card in page.cards} == {"–"}
    assert page.views[0].spot is None
    assert 'visibility="hidden"' in render_what_if(page)


def test_points_beyond_the_users_own_limits_are_told_from_those_within(couple):
    page = page_of("couple-mixed-lots", couple)
    words, points = page.data["words"], page.data["points"]
    assert words[0].startswith("Within")
    own = next(limit for limit in answer("couple-mixed-lots").portfolio.limits if limit.name == "magnificent_seven")
    for texts, row in zip(points, couple.points, strict=True):
        for shown, point in zip(texts, row, strict=True):
            if point.measures is not None:
                said = any("Magnificent Seven" in words[k] for k in shown[0])
                assert said == (point.measures.magnificent_seven > float(own.bound) + 1e-6)


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag != "wbr":
            self.found.append((tag, tuple(name for name, _ in attrs)))


def test_a_hostile_household_adds_no_tag(pages, couple):
    found = answer("couple-mixed-lots")
    hostile = render_what_if(page_of("couple-mixed-lots", couple, replace(found.portfolio, name=HOSTILE)))
    plain = render_what_if(page_of("couple-mixed-lots", couple))
    assert Tags(hostile).found == Tags(plain).found
    assert "{{7*7}}" in hostile


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def file(pages, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("page") / "what-if.html"
    path.write_text(render_what_if(pages["couple-mixed-lots"]), "utf-8")
    return path


def text(browser, selector):
    return browser.run("return document.querySelector(arguments[0]).textContent", selector)


def shown(browser):
    return browser.run("return [...document.querySelectorAll('[data-figure]')].map(node => node.textContent)")


def test_keys_move_the_knobs_and_every_figure_follows_the_grid(browser, file, couple):
    browser.open(file)
    cap, share = page_of("couple-mixed-lots", couple).data["start"]
    browser.run("document.getElementById('small').focus()")
    browser.press(*(["\ue012"] * 3))  # arrow left
    found = couple.points[cap][share - 3].measures
    assert shown(browser)[0] == percent(found.magnificent_seven)
    assert shown(browser)[4] == signed_bps(found.gain)
    browser.run("document.getElementById('cap').focus()")
    browser.press("\ue011")  # home
    found = couple.points[0][share - 3].measures
    assert shown(browser)[0] == percent(found.magnificent_seven)
    assert browser.requests() == browser.console() == []


def test_the_point_stands_on_its_curve_wherever_the_knobs_are(browser, file):
    browser.open(file)
    for cap, small in ((0, 0), (3, 12), (8, 20), (5, 30)):
        stands = browser.run(
            "const [cap, small] = arguments;"
            "document.getElementById('cap').value = cap; const knob = document.getElementById('small');"
            "knob.value = small; knob.dispatchEvent(new Event('input'));"
            "return [...document.querySelectorAll('.view')].every(view => {"
            "  const spot = view.querySelector('.spot');"
            "  if (spot.getAttribute('visibility') === 'hidden') { return true; }"
            "  const at = spot.getAttribute('transform').slice(10, -1);"
            "  return view.querySelector('.curve').getAttribute('d').includes(at);"
            "});",
            cap,
            small,
        )
        assert stands, (cap, small)


def test_the_address_keeps_the_state_and_brings_it_back(browser, file):
    browser.open(file)
    browser.run("document.getElementById('small').focus()")
    browser.press("\ue012", "\ue012")
    fragment = browser.run("return location.hash.slice(1)")
    before = shown(browser)
    assert fragment.startswith("cap=")
    browser.open(file, fragment=fragment)
    assert shown(browser) == before
    browser.open(file, fragment="cap=<script>&small=900%&status=%22%5D,body")
    assert browser.console() == []
    browser.run("document.getElementById('reset').click()")
    assert text(browser, "#status")


def test_a_gap_is_told_to_a_screen_reader(browser, couple, tmp_path):
    cap, share = page_of("couple-mixed-lots", couple).data["start"]
    path = tmp_path / "gap.html"
    path.write_text(
        render_what_if(page_of("couple-mixed-lots", holed(couple, cap, share - 1, is_proved=True))), "utf-8"
    )
    browser.open(path)
    browser.run("document.getElementById('small').focus()")
    browser.press("\ue012")
    assert "that is proved" in text(browser, "[role=status][aria-live=polite]")
    assert set(shown(browser)) == {"\N{EN DASH}"}


def test_without_scripts_the_curve_and_the_tables_stay_and_the_knobs_do_not(browser, file):
    browser.open(file, View(scripts=False))
    browser.look(View())  # only the page's own script was held back
    assert browser.run("return document.getElementById('knobs').offsetHeight") == 0
    assert browser.run("return document.querySelectorAll('table').length") == 3
    assert browser.run("return document.querySelector('.view .curve').getAttribute('d').length") > 50


@pytest.mark.parametrize("view", [View(), View(dark=True), View(width=390), View(width=320, dark=True)], ids=str)
def test_nothing_is_wrong_for_whoever_reads_or_hears_it(browser, file, view):
    browser.open(file, view)
    assert browser.run("return document.documentElement.scrollWidth") <= view.width
    assert browser.violations() == []
    assert browser.console() == []


def test_what_does_not_change_is_not_read_out_again(browser, file):
    browser.open(file)
    browser.run(
        "window.told = 0; new MutationObserver(list => { window.told += list.length; })"
        ".observe(document.getElementById('status'), {childList: true, characterData: true, subtree: true});"
        "document.getElementById('small').focus()"
    )
    before = shown(browser)
    browser.press("\ue012", "\ue014")  # arrow left, arrow right: within the same limits all the while
    browser.press("\ue012")
    assert shown(browser) != before
    assert browser.run("return window.told") == 0
    browser.run("document.getElementById('cap').focus()")
    browser.press("\ue011")
    assert browser.run("return window.told") > 0


@pytest.mark.parametrize("height", [700, 400])
def test_the_knobs_leave_the_figures_room_on_a_phone(browser, file, height):
    """They stand still at the top while one scrolls: not more than a quarter of a phone, and not where it lies flat."""
    browser.open(file, View(width=390, height=height))
    browser.run("window.scrollTo(0, document.querySelector('.views').getBoundingClientRect().bottom - 300)")
    box = browser.run("const b = document.getElementById('knobs').getBoundingClientRect(); return [b.top, b.height]")
    assert (box[0] < -box[1]) if height == 400 else (box[0] == 0 and box[1] <= height / 4)


def test_a_single_point_and_a_page_of_gaps_are_shown_for_what_they_are(browser, couple, tmp_path):
    cap, share = 0, 5
    point = couple.points[cap][share]
    single = Grid((couple.caps[cap],), (couple.shares[share],), ((point,),))
    for name, found in (("point", point), ("gap", CurvePoint(point.at, None, True))):
        page = page_of("couple-mixed-lots", replace(single, points=((found,),)))
        path = tmp_path / f"{name}.html"
        path.write_text(render_what_if(page), "utf-8")
        browser.open(path)
        assert browser.console() == []
        assert len(page.views) == (4 if found.measures else 0)
        assert shown(browser)[1] == (percent(point.measures.small_caps) if found.measures else "\N{EN DASH}")


def test_no_two_ticks_of_an_axis_are_written_alike(couple):
    few = replace(couple, points=couple.points[:1], caps=couple.caps[:1])
    for points in (couple, few, Grid(few.caps, few.shares[:1], ((few.points[0][0],),))):
        for view in page_of("couple-mixed-lots", points).views:
            ticks = [text.text for text in view.chart.texts if text.tone == "muted" and text.anchor == "end"]
            assert len(set(ticks)) == len(ticks)


def test_printed_the_drawings_stand_in_pairs_under_a_header_of_their_own(browser, file, couple):
    browser.open(file, View(width=717, media="print"))  # the paper within its margins is 702 wide, a scroll bar 15
    tops = browser.run("return [...document.querySelectorAll('.view')].map(view => view.getBoundingClientRect().top)")
    assert tops[0] == tops[1] < tops[2] == tops[3]
    words = page_of("couple-mixed-lots", couple).header.page_header
    assert "".join(chr(int(code, 16)) for code in words.split("\\")[1:]).startswith("What if \N{MIDDLE DOT} Couple")
