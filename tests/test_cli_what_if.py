"""``advisor what-if`` as a user runs it: table, document, files, exit codes."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from advisor.whatif.record import what_if_schema
from tests.command import PORTFOLIOS, Ended, call
from tests.samples import answer, text_of

ENGINEER = PORTFOLIOS / "tech-employee.yaml"
COUPLE = PORTFOLIOS / "couple-mixed-lots.yaml"
IMPOSSIBLE = PORTFOLIOS / "impossible.yaml"
BUILT_IN = ["proposal", "do_nothing", "half", "ijr_only", "russell_2000_only"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> Ended:
    return call(capsys, "what-if", *arguments)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["tech-employee", "retiree-ira", "already-diversified", "couple-mixed-lots"])
def test_the_document_meets_its_schema_and_is_the_file_that_is_written(capsys, tmp_path: Path, name: str) -> None:
    ended = run(capsys, PORTFOLIOS / f"{name}.yaml", "--json", "--out", tmp_path / "out")
    assert ended.code == 0
    assert (tmp_path / "out" / "what-if.json").read_text("utf-8") == ended.out
    jsonschema.Draft202012Validator.check_schema(what_if_schema())
    jsonschema.Draft202012Validator(what_if_schema()).validate(ended.document)
    assert [one["name"] for one in ended.document["outcomes"]][:5] == BUILT_IN
    assert ended.document["inputs"]["portfolio"]["text"] == text_of(name)


def test_the_proposal_is_that_of_rebalance(capsys) -> None:
    proposal = run(capsys, COUPLE, "--json").document["outcomes"][0]
    record = json.loads(answer("couple-mixed-lots").json_text)
    for key in ("status", "after", "trades", "tax", "costs", "limits"):
        assert proposal[key] == record[key], key
    assert proposal["gain"]["total"] == pytest.approx(record["gain"]["total"], abs=1e-15)


def test_settings_sweeps_and_files_are_rows(capsys, tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("scenarios: [{name: Cash, limits: {cash: {min: 3%}}}]\n", "utf-8")
    ended = run(
        capsys, COUPLE, "--json", "--set", "limits.magnificent_seven.max=25%", "--set", "tax.state_rate=5%",
        "--sweep", "limits.magnificent_seven.max=24%:32%:4%", "--scenarios", tmp_path / "more.yaml",
        "--scenarios", PORTFOLIOS / "retiree-ira.yaml",
    )  # fmt: skip
    assert ended.code == 0
    jsonschema.Draft202012Validator(what_if_schema()).validate(ended.document)
    names = [one["name"] for one in ended.document["outcomes"]]
    assert names[5:] == [
        "held_until_death", "Tighter cap", "New money", "limits.magnificent_seven.max=25%, tax.state_rate=5%", "Cash",
        "retiree-ira",
    ]  # fmt: skip
    (sweep,) = ended.document["sweeps"]
    assert sweep["path"] == "limits.magnificent_seven.max"
    assert [one["name"].partition("=")[2] for one in sweep["outcomes"]] == ["24%", "28%", "32%"]
    at_the_file = sweep["outcomes"][1]
    assert at_the_file["after"] == ended.document["outcomes"][0]["after"]
    other = json.loads(answer("retiree-ira").json_text)
    assert ended.document["outcomes"][-1]["after"] == other["after"]


def test_each_pick_is_a_recommendation_that_verify_passes(capsys) -> None:
    ended = run(capsys, ENGINEER, "--json")
    folder = Path("reports/tech-employee-2026-11-20-what-if")
    picks = {pick["name"]: pick for pick in ended.document["picks"]}
    assert list(picks) == ["cheap", "balanced", "full"]
    for name, pick in picks.items():
        assert pick["folder"] == name
        record = json.loads((folder / name / "recommendation.json").read_text("utf-8"))
        assert record["after"] == pick["outcome"]["after"]
        assert record["inputs"]["portfolio"]["text"] == (folder / name / "portfolio.yaml").read_text("utf-8")
        orders = list(csv.DictReader(io.StringIO((folder / name / "orders.csv").read_text("utf-8"))))
        assert {(row["account"], row["symbol"]) for row in orders} == {
            (trade["account"], trade["symbol"]) for trade in record["trades"]
        }
        assert call(capsys, "verify", folder / name / "recommendation.json").code == 0
        assert call(capsys, "check", folder / name / "portfolio.yaml").code == 0
    cheap = picks["cheap"]["outcome"]["tax"]
    assert Decimal(cheap["short_term_gain_usd"]) + Decimal(cheap["long_term_gain_usd"]) <= 0
    assert files(folder) == sorted(
        [
            "what-if.html",
            "what-if.json",
            *(f"{name}/{file}" for name in picks for file in ("orders.csv", "portfolio.yaml", "recommendation.json")),
        ]
    )


def test_the_orders_of_a_pick_are_those_of_rebalance_on_its_file(capsys) -> None:
    run(capsys, ENGINEER)
    folder = Path("reports/tech-employee-2026-11-20-what-if/balanced")
    assert call(capsys, "rebalance", folder / "portfolio.yaml", "--out", "again").code == 0
    assert (Path("again") / "orders.csv").read_bytes() == (folder / "orders.csv").read_bytes()


def test_the_table_is_plain_in_a_pipe_and_says_what_makes_the_difference(capsys) -> None:
    ended = run(capsys, ENGINEER, "--sweep", "limits.magnificent_seven.max=64%:66%:1%")
    assert ended.code == 0
    assert "\x1b" not in ended.out
    assert "·" not in ended.out
    for words in (
        "Half the move breaks 2 limits: Magnificent Seven (74.7%, at most 65%), Largest company (Nvidia 61.3%, at most",
        "Illustration at prices of July 13, 2026.",
        "IJR only: the change of the funds to buy from [IWM, VTWO, IJR] to [IJR] makes no difference",
        "the change of the limit on the realized gain from $120,000 to $200,000 moves 12.5% of the household",
        "the change of the limit on the largest company from 55% to 45% has no answer by itself",
        "Cheap: allows up to 90.2% of each breach of today, and realizes no net gain; the seven end at 81.0%",
        "61.4%   26.6%    32.0%          20.2%   $33,676      $37      +$15,567        4        0",
    ):
        assert " ".join(words.split()) in " ".join(ended.out.split()), words
    assert max(len(line) for line in ended.out.split("\n")) <= 120


def test_old_prices_are_said_and_may_be_refused(capsys) -> None:
    told = run(capsys, ENGINEER)
    assert "warning: The prices are of 2026-07-13, 130 days before the day of the decision" in told.err
    page = next(Path("reports").glob("*-what-if/what-if.html")).read_text()
    assert "Illustration at prices of July\N{NO-BREAK SPACE}13, 2026." in page
    refused = run(capsys, ENGINEER, "--max-price-age", "5", "--out", "refused")
    assert refused.code == 4
    assert not Path("refused").exists()


def test_dollars_a_year_are_of_the_row_s_own_household(capsys) -> None:
    ended = run(capsys, COUPLE, "--scenarios", PORTFOLIOS / "retiree-ira.yaml")
    (deposit,) = (line for line in ended.out.split("\n") if line.strip().startswith("New money"))
    (other,) = (line for line in ended.out.split("\n") if line.strip().startswith("retiree-ira"))
    document = json.loads(Path("reports/couple-mixed-lots-2026-11-20-what-if/what-if.json").read_text("utf-8"))
    gains = {one["name"]: one["gain"]["total"] for one in document["outcomes"]}
    today = Decimal(document["before"]["value_usd"])
    assert gains["New money"] < 0
    assert f"−${-Decimal(gains['New money']) * (today + 20_000):,.0f} " in deposit
    assert f"−${-Decimal(gains['New money']) * today:,.0f} " not in deposit
    retired = json.loads(answer("retiree-ira").json_text)
    assert f"−${-Decimal(retired['gain']['total']) * Decimal(retired['before']['value_usd']):,.0f} " in other


def test_a_pick_is_held_against_the_limits_of_the_file(capsys, tmp_path: Path) -> None:
    """Of an engineer who has chosen the shares, so that nothing but the limits asks for sales."""
    text = text_of("tech-employee").replace("views: [small-caps-2026]\n", "")
    chosen = tmp_path / "chosen.yaml"
    chosen.write_text(text.replace("preferences: {", "preferences: {company_share: 100%, "), "utf-8")
    ended = run(capsys, chosen, "--json")
    picks = {pick["name"]: pick["outcome"]["limits"] for pick in ended.document["picks"]}
    bounds = {(limit["name"], limit["kind"]): limit["bound"] for limit in picks["full"]}
    for limits in picks.values():
        assert {(limit["name"], limit["kind"]): limit["bound"] for limit in limits} == bounds
    ended = run(capsys, chosen)
    broken = {line.split()[0]: line.split()[-1] for line in ended.out.split("\n") if line.split()[1:2] and "%" in line}
    assert [broken[name] for name in ("Cheap", "Balanced", "Full")] == ["2", "2", "0"]


def test_a_conflict_of_the_file_is_a_row_where_a_scenario_has_an_answer(capsys) -> None:
    ended = run(
        capsys, IMPOSSIBLE, "--set", "limits.magnificent_seven.max=80%", "--set", "limits.single_company=none", "--json"
    )
    assert ended.code == 0
    jsonschema.Draft202012Validator(what_if_schema()).validate(ended.document)
    statuses = {one["name"]: one["status"] for one in ended.document["outcomes"]}
    assert statuses["proposal"] == statuses["ijr_only"] == "conflict"
    assert statuses["half"] == "unverified"
    assert statuses["limits.magnificent_seven.max=80%, limits.single_company=none"] == "trade"
    assert ended.document["picks"] == []
    assert files(Path("reports")) == ["impossible-2026-11-20-what-if/what-if.json"]


def test_where_nothing_has_an_answer_the_conflict_is_the_end_and_nothing_is_written(capsys) -> None:
    ended = run(capsys, IMPOSSIBLE, "--json", "--sweep", "limits.magnificent_seven.max=20%:30%:10%")
    assert ended.code == 5
    assert ended.document["error"]["kind"] == "limits_conflict"
    assert not Path("reports").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "limits.magnificent_seven.maxx=20%"],
         "--set limits.magnificent_seven.maxx=20%: unknown key 'maxx' in limits.magnificent_seven; did you mean max?"),
        (["--set", "limits"], "--set limits: is not a setting; write PATH=VALUE"),
        (["--sweep", "limits.cash.min=1%:2%"], "limits.cash.min=1%:2%: is not a range; write PATH=FROM:TO:STEP"),
        (["--sweep", "limits.cash.min=90%:110%:10%"], "limits.cash.min=110%: limits.cash.min: 110% is too large"),
        (["--sweep", "limits.cash.min=0%:100%:0.1%"], "it has 1,001 points; at most 200"),
        (["--set", "limits.cash.min=1%", "--scenarios", "same.yaml"], "two scenarios are named"),
        (["--out", ""], "--out is empty"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_exit_2_with_the_way_out(capsys, arguments: list[str], words: str) -> None:
    Path("same.yaml").write_text("scenarios: [{name: LIMITS.cash.min=1%}]\n", "utf-8")
    ended = run(capsys, ENGINEER, *arguments)
    assert ended.code == 2
    assert words in ended.err
    assert not Path("reports").exists()


def test_a_wrong_file_of_scenarios_is_exit_3_with_its_place(capsys) -> None:
    Path("s.yaml").write_text("scenarios:\n  - {name: A, limits: {cash: {minn: 3%}}}\n", "utf-8")
    ended = run(capsys, ENGINEER, "--scenarios", "s.yaml")
    assert ended.code == 3
    assert "s.yaml:2:31: scenario 'A': unknown key 'minn' in limits.cash" in ended.err
    assert run(capsys, ENGINEER, "--scenarios", "missing.yaml").code == 3


def test_a_pick_without_an_answer_leaves_a_note_where_an_earlier_run_has_files(capsys) -> None:
    out = Path("out")
    (out / "cheap").mkdir(parents=True)
    ended = run(capsys, IMPOSSIBLE, "--set", "limits={magnificent_seven: none, single_company: none}", "--out", out)
    assert ended.code == 0
    assert f"{out / 'cheap'} is of an earlier run" in ended.err
    assert run(capsys, IMPOSSIBLE, "--set", "limits={magnificent_seven: none, single_company: none}", "--out", out,
               "--quiet").err == ""  # fmt: skip


def test_market_data_of_the_users_own_go_with_each_pick(capsys) -> None:
    ended = run(capsys, ENGINEER, "--accept-price", "QQQ=700", "--out", "out")
    assert ended.code == 0
    for name in ("cheap", "balanced", "full"):
        assert (Path("out") / name / "market.json").is_file()
        assert call(capsys, "verify", Path("out") / name / "recommendation.json").code == 0


def test_another_day_of_decision_holds_for_everything(capsys) -> None:
    document = run(capsys, COUPLE, "--as-of", "2026-12-15", "--json").document
    assert document["as_of"] == "2026-12-15"
    record = json.loads(
        Path("reports/couple-mixed-lots-2026-12-15-what-if/cheap/recommendation.json").read_text("utf-8")
    )
    assert record["as_of"] == "2026-12-15"
    assert "as_of: 2026-12-15" in record["inputs"]["portfolio"]["text"]
