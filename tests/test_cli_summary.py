"""What a person reads on a terminal: the answer first, figures whole, colour only beside words."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pytest

from tests.command import PORTFOLIOS
from tests.counts import first
from tests.test_cli_progress import COLOUR
from tests.test_cli_rebalance import in_terminal

ENGINEER = PORTFOLIOS / "tech-employee.yaml"
PLAIN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COMMANDS = {
    "rebalance": ("rebalance", ENGINEER, "--quiet"),
    "exposure": ("exposure", ENGINEER, "--quiet"),
    "what-if": ("what-if", ENGINEER, "--quiet"),
    "ask": ("ask", ENGINEER, "least-gain", "--goal", "limits.magnificent_seven.max=58%", "--quiet"),
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """What a command shows in a terminal of that width; each is run once."""

    out = tmp_path_factory.mktemp("terminal") / "out"

    @cache
    def run(name: str, columns: int = 100, **environment: str) -> str:
        folder = () if name in ("exposure", "ask") else ("--out", out)
        terminal = {"COLUMNS": str(columns), "TERM": "xterm-256color", **environment}
        return in_terminal([*COMMANDS[name], *folder], terminal)

    return run


def test_the_answer_is_followed_by_figures_orders_limits_cost_alternatives_and_where_to_go_on(
    shown: Callable[..., str],
) -> None:
    text = " ".join(PLAIN.sub("", shown("rebalance")).split())
    parts = [
        "Tech employee",
        "Illustration at prices of July 13, 2026: sell $",
        "Household value",
        "Why",
        "at most 65%",
        "are earned back in",
        "Instead: half the move, the seven at 74.7% for $",
        "IJR only, the seven at 61.4% for $33,676 tax; Russell 2000 only, the seven at",
        "Compare: advisor what-if ",
        "Independent check:",
        "report.html",
    ]
    places = [text.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("columns", first(2, [80, 120, 100]))
def test_every_percentage_is_written_alike_and_no_line_is_too_wide(
    command: str, columns: int, shown: Callable[..., str]
) -> None:
    text = PLAIN.sub("", shown(command, columns))
    assert re.search(r"\d%", text)
    assert not re.search(r"\d\s+%", text)
    assert "…" not in text
    lines = [line for line in text.split("\n") if "terminal0" not in line and str(PORTFOLIOS) not in line]
    assert max(len(line.rstrip()) for line in lines) <= columns


def test_in_a_narrow_window_no_price_is_lost_and_what_is_left_out_is_named(shown: Callable[..., str]) -> None:
    wide, narrow = (" ".join(PLAIN.sub("", shown("rebalance", n)).split()) for n in (100, 80))
    prices = re.findall(r"\d\.\d+ bp, \$[\d,.]+(?= broken| met| exceeded)", wide)
    assert prices
    assert "Worth of a point of" not in wide
    for price in prices:
        assert f": {price} a year." in narrow
    wide, narrow = (" ".join(PLAIN.sub("", shown("what-if", n)).split()) for n in (100, 80))
    assert "tracking error" in wide
    assert "Left out in" not in wide
    assert "Left out in 80 columns: volatility, tracking error and spread." in narrow


def test_colour_goes_with_words_and_not_where_it_is_not_wanted(shown: Callable[..., str]) -> None:
    coloured = shown("rebalance")
    assert "\x1b[32mbroken" in coloured
    plain = shown("rebalance", NO_COLOR="1")
    assert not COLOUR.search(plain)
    assert PLAIN.sub("", plain) == PLAIN.sub("", coloured)
