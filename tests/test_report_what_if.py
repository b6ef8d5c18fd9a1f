from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from advisor.format import money, percent, shares, signed_bps
from advisor.portfolio.written import fraction_text
from advisor.report.charts.marks import text_box
from advisor.report.context import Sources
from advisor.report.sections.disclosures import IMPORTANT, disclosures
from advisor.report.what_if_page import Beside, render_what_if, what_if_page
from advisor.whatif.alternatives import alternatives
from advisor.whatif.grid import grid
from advisor.whatif.least_cost import least_cost
from advisor.whatif.model import CurvePoint, Grid, Outcome
from tests.browser import View, chromium
from tests.samples import ANSWERED, answer

SOURCES = Sources("portfolio.yaml", "0" * 64, {"advisor": "test"})
HOSTILE = "<script>alert(1)</script>\"'&</title>{{7*7}}"


def proposal(made):
    fields = (made.status, made.trades, made.after, made.limits, made.tax, made.spread_usd, made.net_benefit)
    return Outcome("proposal", "The proposal", *fields)


NO_PROPOSAL = Outcome(
    "proposal", "The proposal", "conflict", (), None, (), None, None, None, reason="the limits conflict"
)


def page_of(name, points=None, household=None, first=None):
    found = answer(name)
    made, market = found.plan, found.market
    beside = Beside(
        (first or proposal(made), *alternatives(found.portfolio, market, made)),
        least_cost=least_cost(found.portfolio, market),
    )
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


def lines_of(view):
    """Coordinates of the dashed lines that stand upright, by the name that touches each."""
    upright = [re.match(r"M([\d.]+) ([\d.]+)V", stroke.path) for stroke in view.chart.strokes if stroke.dash]
    found = {}
    for x, rise in ((float(m[1]), float(m[2])) for m in upright if m):
        names = [t for t in view.chart.texts if t.tone == "limit" and abs(t.y + 2 - rise) < 0.02]
        name = min(names, key=lambda text: abs(text.x - x))
        left, _, right, _ = text_box(name)
        assert left - 4 <= x <= right + 4, (view.key, name.text)
        found[name.text] = x
    return found


def test_the_users_own_bounds_stand_where_their_shares_do_in_every_drawing_at_the_ends_as_well(couple):
    """The least of 10 % is the first share of the grid; a float 0.1 is not within Decimal bounds that begin there."""
    page = page_of("couple-mixed-lots", couple)
    assert couple.shares[0] == 0.1
    for view in page.views:
        lines = lines_of(view)
        assert lines.keys() == {"min 10%", "max 22%"}
        for name, share in (("min 10%", 0.1), ("max 22%", 0.22)):
            x = page.data["x"][view.key][couple.shares.index(share)]
            assert lines[name] == pytest.approx(x, abs=0.06), view.key


@pytest.mark.parametrize("name", ANSWERED)
def test_the_page_begins_at_the_proposal_itself(pages, name):
    made, page = answer(name).plan, pages[name]
    start, (cap, held) = page.data["proposal"], page.data["start"]
    assert start["figures"] == [card.value for card in page.cards]
    seven, small, volatility, once, gain, traded = start["figures"]
    assert seven == percent(made.after.exposure.seven.high)
    assert small == percent(made.after.small_cap_weight) == page.knobs[1].first
    assert volatility == percent(made.after.volatility)
    assert once == money(made.tax.tax_usd + made.spread_usd)
    assert gain == signed_bps(made.net_benefit.total if made.trades else 0.0)
    amount = sum(float(trade.amount_usd) for trade in made.trades)
    assert traded == percent(amount / 2 / float(made.before.value_usd))
    for trade in made.trades:
        together = sum(
            other.shares for other in made.trades if (other.side, other.symbol) == (trade.side, trade.symbol)
        )
        assert f"{shares(together)} {trade.symbol}" in page.status
    for view in page.views:
        x = page.data["x"][view.key]
        assert list(view.spot) == start["spots"][view.key]
        near = abs(view.spot[0] - x[held])
        assert near <= max((b - a for a, b in pairwise(x)), default=0.0) / 2 + 0.1 or held in (0, len(x) - 1)
    own = [limit for limit in answer(name).portfolio.limits if limit.label == "magnificent_seven.max"]
    assert page.knobs[0].first == page.knobs[0].words[cap]
    assert all(page.knobs[0].words[cap] == fraction_text(one.bound) for one in own)


def test_without_a_proposal_the_page_begins_at_a_point_and_says_so(couple):
    page = page_of("couple-mixed-lots", couple, first=NO_PROPOSAL)
    assert page.data["proposal"] is None
    assert page.reset == "Back to the start"
    cap, held = page.data["start"]
    assert page.cards[0].value == percent(couple.points[cap][held].measures.magnificent_seven)


def test_a_curve_is_not_drawn_across_a_gap(couple):
    start = page_of("couple-mixed-lots", couple).data["start"]
    whole = page_of("couple-mixed-lots", couple).views[0].path
    broken = page_of("couple-mixed-lots", holed(couple, start[0], 5, is_proved=True)).views[0].path
    assert whole.count("M") == 1
    assert broken.count("M") == 2
    assert broken.count("L") == whole.count("L") - 2


def test_a_gap_at_the_start_is_said_and_shown_as_a_dash(couple):
    cap, share = page_of("couple-mixed-lots", couple, first=NO_PROPOSAL).data["start"]
    page = page_of("couple-mixed-lots", holed(couple, cap, share, is_proved=True), first=NO_PROPOSAL)
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
    assert text(browser, "#small-value") == knob_words(browser, "small")[-1]  # the nearest that there is
    browser.open(file, fragment="cap=25%25&small=14.2%25")
    assert [text(browser, f"#{knob}-value") for knob in ("cap", "small")] == [
        "25%",
        "14%",
    ]


def knob_words(browser, knob):
    return browser.run("return document.getElementById(arguments[0]).dataset.words.split('|')", knob)


def test_back_to_the_proposal_is_the_proposal(browser, file, pages):
    """Its figures, its orders and its place in every drawing, as on the page before any script ran."""
    page = pages["couple-mixed-lots"]
    spots = (
        "return [...document.querySelectorAll('.spot')].map("
        "spot => spot.getAttribute('transform').slice(10, -1).split(' ').map(Number))"
    )
    browser.open(file, View(scripts=False))
    browser.look(View())
    first = shown(browser), browser.run(spots), text(browser, "#status")
    assert first[0] == page.data["proposal"]["figures"]
    browser.open(file)
    assert (shown(browser), browser.run(spots), text(browser, "#status")) == first
    browser.run("document.getElementById('cap').focus()")
    browser.press("\ue011")
    assert shown(browser) != first[0]
    assert "cap=" in browser.run("return location.hash")
    browser.run("document.getElementById('reset').click()")
    assert (shown(browser), browser.run(spots), text(browser, "#status")) == first
    assert text(browser, "#small-value") == page.knobs[1].first
    assert browser.run("return location.hash") == ""


@pytest.mark.parametrize("media", ["screen", "print"])
def test_the_page_carries_its_own_disclosures(browser, file, media):
    """The sentences of the report, whole and to be seen, on screen and on paper."""
    browser.open(file, View(media=media))
    seen = browser.run("return document.getElementById('disclosures').innerText").replace("\n", " ")
    assert IMPORTANT in seen
    found = answer("couple-mixed-lots")
    for entry in disclosures(found.portfolio, ())[2:]:
        assert entry.text.replace("\N{NO-BREAK SPACE}", " ") in seen.replace("\N{NO-BREAK SPACE}", " ")
    assert "report beside" not in browser.run("return document.body.innerText")


@pytest.mark.parametrize("name", ANSWERED)
def test_no_two_texts_of_a_drawing_touch_and_each_bound_is_named_at_its_own_line(pages, name):
    page = pages[name]
    charts = [view.chart for view in page.views] + ([page.cost.chart] if page.cost else [])
    for chart in charts:
        boxes = [(text.text, text_box(text)) for text in chart.texts]
        for (one, a), (other, b) in combinations(boxes, 2):
            assert not (min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])), (
                chart.name,
                one,
                other,
            )
    for view in page.views:
        lines = lines_of(view)
        for text in view.chart.texts:
            if text.text in lines:
                assert min(lines.values(), key=lambda x: abs(x - text.x)) == lines[text.text]


@pytest.mark.parametrize("name", ANSWERED)
def test_a_browser_sees_no_two_texts_touch_either(browser, pages, name, tmp_path):
    """A line's box in a browser is a little higher than its letters: two pixels of it are air."""
    path = tmp_path / "what-if.html"
    path.write_text(render_what_if(pages[name]), "utf-8")
    for view in (View(), View(width=390, dark=True)):
        browser.open(path, view)
        assert browser.overlaps() == []
    browser.run(
        "const [, one, other] = document.querySelectorAll('svg text');"
        "for (const name of ['x', 'y']) { one.setAttribute(name, other.getAttribute(name)); }"
    )
    assert browser.overlaps() != []  # the control


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
    browser.run("document.getElementById('small').focus()")
    browser.press("\ue012")  # away from the proposal, which is told
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
        browser.run("document.getElementById('small').dispatchEvent(new Event('input'))")
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
