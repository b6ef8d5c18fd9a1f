"""The README's example works as printed, and its tables name what there is."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from advisor.api.recommend import recommend
from advisor.cli.main import COMMANDS
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.schema import json_schema
from tests.samples import market

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_example_household_gets_a_verified_answer() -> None:
    (text,) = blocks("yaml")
    portfolio = load_portfolio(text.encode(), file="README.md", today=date(2026, 11, 20))
    assert recommend(portfolio, market(), "README.md", text, {}).plan.certificate.passed


def test_every_command_is_in_the_table() -> None:
    assert set(re.findall(r"^\| `advisor ([a-z-]+)", README, re.MULTILINE)) == set(COMMANDS)


def test_every_limit_is_in_the_table() -> None:
    limits = json_schema()["$defs"]["LimitsEntry"]["properties"]
    table = README.split("| limit | of what | form |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z0-9_]+)`", table, re.MULTILINE)) == set(limits)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(((?!https?:)[^)#]+)\)", README))))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("name", ["run", "test"])
def test_the_gate_finds_its_commands(name: str) -> None:
    assert re.search(rf"<!-- ci: {name} -->\n```sh\n.+\n```", README)
