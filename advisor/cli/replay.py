"""``advisor replay``: the same plan once more, from the inputs that a recommendation records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.api.recorded import (
    market_entry,
    read_record,
    record_error,
    recorded_market,
    recorded_portfolio,
    recorded_versions,
)
from advisor.cli.failure import PartialResultError
from advisor.cli.options import recorded_market_option
from advisor.cli.output import emit, emit_json, shown
from advisor.cli.progress import late_bar
from advisor.errors import InputError, LimitsConflictError, MarketDataError, UnverifiedAnswerError

if TYPE_CHECKING:
    from advisor.api.recommend import Recommendation
    from advisor.market.data import MarketData
    from advisor.portfolio.model import Portfolio
    from advisor.whatif.replay import Replay

MOST = 100  # differences that the document lists


@click.command()
@click.argument("file", type=click.Path(readable=False, path_type=Path), metavar="RECOMMENDATION.json")
@recorded_market_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--quiet", is_flag=True, help="Print no progress.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
def replay(*, file: Path, market: str | None, as_json: bool, quiet: bool, debug: bool) -> None:
    """Plan again from the recorded inputs: the same orders, or the first difference.

    The inputs are the portfolio file's text, the day and the market data of the record. Exit 0 when every value is the
    same, 6 when one is not.

    \b
    Example:
      advisor replay reports/tech-employee-2026-11-20/recommendation.json
    """
    del debug
    document = read_record(file)
    portfolio, text = recorded_portfolio(document, file)
    _refuse_older(document, file)
    data = _market(document, file, market)
    made = _planned_again(document, portfolio, text, data, file, quiet=quiet)

    import json

    from advisor.whatif.replay import compared

    recorded, present = recorded_versions(document), made.versions
    found = compared(document, json.loads(made.json_text), is_same_program=recorded == present)
    result = _document(found, made, recorded)
    error = UnverifiedAnswerError(f"{len(found.mismatches)} of {found.values} values are not as recorded")
    if found.mismatches and as_json:
        raise PartialResultError(error, result)
    if as_json:
        emit_json(result)
        return
    emit(shown(_text(found, made, recorded)))
    if found.mismatches:
        raise error


def _refuse_older(document: dict[str, Any], file: Path) -> None:
    """Raise `InputError` for a record of an older schema: its orders answer another question than is asked today."""
    from advisor.rebalance.record import OLDER_SCHEMAS

    if document.get("schema") not in OLDER_SCHEMAS:
        return
    version = recorded_versions(document).get("advisor", "an unknown version")
    raise record_error(
        file,
        f"cannot be planned again: it is of {document['schema']}, whose optimizer was asked another question "
        f"(advisor {version}); `advisor verify` checks its orders as they stand, and `advisor rebalance` answers its "
        "file anew",
    )


def _market(document: dict[str, Any], file: Path, named: str | None) -> MarketData:
    """The market data of the record; others, even if named, are no replay."""
    found = recorded_market(document, file, named)
    digest = market_entry(document).get("sha256", found.sha256)
    if named is not None and found.sha256 != digest:
        raise MarketDataError(f"{named}: not the market data of this recommendation, whose digest is in {file}")
    return found


def _planned_again(
    document: dict[str, Any], portfolio: Portfolio, text: str, data: MarketData, file: Path, *, quiet: bool
) -> Recommendation:
    """The recommendation, with what stands beside it where the record has that."""
    from advisor.api.recommend import recommend, with_trade_off
    from advisor.api.versions import versions
    from advisor.whatif.outcomes import first_sentences

    name = document["inputs"]["portfolio"].get("name")
    has_more = "trade_off" in document
    try:
        with late_bar(1 + has_more, "Planning again", quiet=quiet) as bar:
            made = recommend(portfolio, data, name if isinstance(name, str) else "", text, versions())
            bar.step("Comparing again")
            return with_trade_off(made) if has_more else made
    except (LimitsConflictError, UnverifiedAnswerError) as error:
        reason = first_sentences(str(error))
        raise UnverifiedAnswerError(f"{file}: planned again, its inputs have no answer: {reason}") from error
    except InputError as error:  # found only beside the market data, where the file's name and text are not known
        raise InputError(error.issues, f"{file}, inputs.portfolio.text", text) from error


def _document(found: Replay, made: Recommendation, recorded: dict[str, str]) -> dict[str, Any]:
    from dataclasses import asdict

    data, day = made.market, made.portfolio.as_of
    return {
        "schema": "advisor.replay/1",
        "same": not found.mismatches,
        "same_orders": found.has_same_orders,
        "orders": len(made.plan.trades),
        "market": {"id": data.id, "as_of": data.as_of.isoformat(), "age_days": (day - data.as_of).days},
        "versions": {"recorded": recorded, "present": made.versions},
        "values": found.values,
        "rounded": found.rounded,
        "rounding": found.rounding,
        "differing": len(found.mismatches),
        "differences": [asdict(one) for one in found.mismatches[:MOST]],
    }


def _text(found: Replay, made: Recommendation, recorded: dict[str, str]) -> str:
    data, day = made.market, made.portfolio.as_of
    number = len(made.plan.trades)
    orders = f"{number} order{'s' if number != 1 else ''}" if number else "advice to do nothing"
    lines = [f"The same {orders}." if found.has_same_orders else "Not the same orders."]
    if found.mismatches:
        first = found.mismatches[0]
        lines += [
            f"{len(found.mismatches):,} of {found.values:,} values differ. The first: {first.path}",
            f"  recorded  {'nothing' if first.recorded is None else first.recorded}",
            f"  replayed  {'nothing' if first.replayed is None else first.replayed}",
        ]
    age = (day - data.as_of).days
    lines += [
        f"Planned again from the recorded file and {data.id}, prices of {data.as_of}, {age} days before the decision.",
        f"Compared: orders, status, tax, costs, limits, gain, then the rest of the record, {found.values:,} values.",
        _digits_words(found),
        _versions_words(recorded, made.versions),
    ]
    return "\n".join((*lines, ""))


def _digits_words(found: Replay) -> str:
    if not found.rounded:
        return (
            "Every other figure is the same to its last digit." if found.mismatches else "The same to the last digit."
        )
    figures = "1 figure differs" if found.rounded == 1 else f"{found.rounded:,} figures differ"
    return (
        f"{figures} in the last digits, by at most {found.rounding:.0e}: another processor or other versions round "
        "otherwise."
    )


def _versions_words(recorded: dict[str, str], present: dict[str, str]) -> str:
    differing = [name for name in sorted({*recorded, *present}) if recorded.get(name) != present.get(name)]
    if not differing:
        return "The versions are those recorded."
    told = (f"{name} {present.get(name, 'none')} (recorded {recorded.get(name, 'none')})" for name in differing)
    return f"The versions differ, so the certificate is not compared: {', '.join(told)}."
