"""``advisor small-caps`` as a user runs it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from advisor.cli.small_caps_text import small_caps_text
from advisor.evidence.case import dated_case
from tests.command import call
from tests.evidence_data import weekdays

CHECKOUT = Path(__file__).parent.parent
CONTRACT = json.loads((CHECKOUT / "advisor" / "evidence" / "schemas" / "small-caps-2.json").read_text("utf-8"))


def panel_file(folder: Path, *symbols: str, last: date = date(2026, 10, 30)) -> Path:
    """Closes since 2015 of a common market and differences of their own, as a file."""
    days = weekdays(date(2015, 1, 1), last)
    rng = np.random.default_rng(8)
    common = rng.normal(0.0003, 0.01, len(days))
    columns = {s: 100 * np.cumprod(1 + common + rng.normal(0, 0.004, len(days))) for s in ("SPY", "IWM", "IJR")}
    lines = [",".join(["Date", *symbols])]
    lines += [",".join([f"{day}", *(f"{columns[s][n]:.6f}" for s in symbols)]) for n, day in enumerate(days)]
    file = folder / "prices.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_case_is_shown_without_any_file(capsys) -> None:
    ended = call(capsys, "small-caps", "--as-of", "2026-11-20")
    assert (ended.code, ended.err) == (0, "")
    shown = words(ended.out)
    evidence = dated_case(date(2026, 11, 20))
    assert "No prices given: dated result, prices to 2026-07-13, 4 months old." in shown
    for claim in evidence.claims:
        assert claim.title in shown
        for judgment in claim.judgments:
            assert f"{judgment.kind.capitalize()}, {judgment.verdict}: " in shown
        assert claim.said_on in shown
    assert all(table.title in shown for table in evidence.tables)
    assert max(map(len, ended.out.splitlines())) <= 120


def test_both_forms_hold_the_same_claims(capsys) -> None:
    shown = words(call(capsys, "small-caps", "--as-of", "2026-11-20").out)
    document = call(capsys, "small-caps", "--as-of", "2026-11-20", "--json").document
    jsonschema.validate(document, CONTRACT, format_checker=jsonschema.FormatChecker())
    assert document["prices"] is None
    for claim in document["claims"]:
        judged = [judgment["words"] for judgment in claim["judgments"]]
        for told in (claim["said"], claim["found"], claim["against"], claim["standing"]["words"], *judged):
            plain = told.replace("\u00a0", " ")
            assert words(plain) in shown, (claim["key"], told)
    for told in (document["headline"], document["premium_words"]):
        assert words(told.replace("\u00a0", " ")) in shown


def test_a_panel_renews_the_case_and_its_digest_is_told(tmp_path: Path, capsys) -> None:
    from hashlib import sha256

    file = panel_file(tmp_path, "SPY", "IWM", "IJR")
    document = call(capsys, "small-caps", "--prices", file, "--as-of", "2026-11-20", "--json").document
    jsonschema.validate(document, CONTRACT, format_checker=jsonschema.FormatChecker())
    assert document["is_recomputed"]
    assert document["results_to"] == "2026-10-30"
    assert document["prices"] == {"name": "prices.csv", "sha256": sha256(file.read_bytes()).hexdigest()}
    assert document["results"]["momentum"]["last"] == "2026-10-30"
    folder = call(capsys, "small-caps", "--market", tmp_path, "--as-of", "2026-11-20", "--json").document
    assert folder == document


def test_a_panel_without_a_fund_drops_no_claim(tmp_path: Path, capsys) -> None:
    whole = call(capsys, "small-caps", "--as-of", "2026-11-20", "--json").document
    less = call(
        capsys, "small-caps", "--prices", panel_file(tmp_path, "SPY", "IWM"), "--as-of", "2026-11-20", "--json"
    ).document
    assert [claim["key"] for claim in less["claims"]] == [claim["key"] for claim in whole["claims"]]
    (quality,) = [claim for claim in less["claims"] if claim["key"] == "quality"]
    assert quality["age_words"].startswith("not computed anew: these prices have no IJR; dated result")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--prices", "p.csv", "--market", "yahoo"), "give one"),
        (("--as-of", "tomorrow"), "--as-of"),
        (("--market", ""), "is empty"),
        (("--offline",), "--offline goes with --market yahoo"),
        (("--nonsense",), "No such option"),
    ],
)
def test_wrong_options_are_usage_errors(arguments: tuple[str, ...], reason: str, capsys) -> None:
    ended = call(capsys, "small-caps", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert reason in ended.err


def test_prices_that_cannot_be_used_are_named(tmp_path: Path, capsys) -> None:
    other = tmp_path / "other.csv"
    other.write_text("Date,QQQ\n2026-01-02,5\n")
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("Date,SPY,IWM\n2026-01-02,5,-1\n")
    early = panel_file(tmp_path, "SPY", "IWM", "IJR")
    for arguments, reason in (
        (("--prices", tmp_path / "none.csv"), "none.csv"),
        (("--prices", other), "no prices"),
        (("--prices", wrong), "wrong.csv:2: IWM"),
        (("--prices", early, "--as-of", "2001-01-02"), "no claim can be tested with these prices up to 2001-01-02"),
        (("--market", other), "has no past prices"),
    ):
        ended = call(capsys, "small-caps", *arguments)
        assert (ended.code, ended.out) == (4, ""), arguments
        assert reason in ended.err
    failed = call(capsys, "small-caps", "--prices", wrong, "--json")
    assert failed.document["error"]["kind"] == "market_data"


def test_kept_prices_of_yahoo_that_are_not_there_end_with_their_cause(capsys) -> None:
    ended = call(capsys, "small-caps", "--market", "yahoo", "--offline", "--quiet")
    assert (ended.code, ended.out) == (4, "")
    assert "IJR" in ended.err


def test_the_text_fits_a_narrow_terminal(monkeypatch) -> None:
    import sys

    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    text = small_caps_text(dated_case(date(2026, 11, 20)), date(2026, 11, 20), "")
    from rich.text import Text

    lines = [Text.from_ansi(line).plain for line in text.splitlines()]
    assert max(map(len, lines)) <= 80
    assert "…" not in text
    whole = "\n".join(lines)
    for table in dated_case(date(2026, 11, 20)).tables:  # a figure is on one line, and none is cut
        for row in table.rows:
            for cell in row[1:]:
                if len(cell) < 12:
                    assert cell.replace("\u00a0", "") in whole, (table.key, row)


def test_nothing_is_promised(capsys) -> None:
    shown = call(capsys, "small-caps").out + call(capsys, "small-caps", "--help").out
    assert not [word for word in ("safe", "guaranteed", "will outperform") if word in shown.lower()]
