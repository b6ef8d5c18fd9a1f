"""``advisor diff``: what changed between two recommendations, and which input caused it."""

from __future__ import annotations

from dataclasses import dataclass
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
from advisor.cli.output import emit, emit_json, note
from advisor.cli.progress import late_bar
from advisor.errors import InputError, MarketDataError

if TYPE_CHECKING:
    from advisor.portfolio.model import Portfolio
    from advisor.whatif.two_answers import Causes, RecordedAnswer, TwoAnswers


@dataclass(frozen=True, slots=True)
class Read:
    """One of the two records."""

    file: Path
    document: dict[str, Any]
    portfolio: Portfolio
    answer: RecordedAnswer

    def described(self) -> dict[str, Any]:
        """What it was made of."""
        market = market_entry(self.document)
        return {
            "as_of": self.answer.as_of.isoformat(),
            "status": self.answer.status,
            "orders": len(self.answer.orders),
            "portfolio_sha256": self.document["inputs"]["portfolio"]["sha256"],
            "market": {key: str(market.get(key)) for key in ("id", "as_of", "sha256")},
            "versions": recorded_versions(self.document),
        }


@click.command()
@click.argument("old", type=click.Path(readable=False, path_type=Path), metavar="OLD.json")
@click.argument("new", type=click.Path(readable=False, path_type=Path), metavar="NEW.json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--quiet", is_flag=True, help="Print no progress and no warnings.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
def diff(*, old: Path, new: Path, as_json: bool, quiet: bool, debug: bool) -> None:
    """Say what changed between two recommendations of a household, and which input caused it.

    The inputs are switched one after another from the old to the new ones, and the household is planned after each.
    Each record needs its market data: the embedded snapshot, or market.json beside it. Without them there are the
    differences and no causes.

    \b
    Example:
      cd reports
      advisor diff tech-employee-2026-11-20/recommendation.json tech-employee-2026-12-20/recommendation.json
    """
    del debug
    first, second = _read(old), _read(new)
    names = [{account.name for account in one.portfolio.accounts} for one in (first, second)]
    if not names[0] & names[1]:
        raise click.UsageError("the two recommendations have no account name in common: they are of two households")

    from advisor.whatif.two_answers import DIFF_SCHEMA, diff_record, two_answers

    answers = two_answers(first.answer, second.answer)
    reason = ""
    causes: Causes | None = None
    try:
        with late_bar(1, "Finding causes", quiet=quiet):
            causes = _causes(first, second, answers)
    except (MarketDataError, InputError) as error:
        reason = str(error)
    if as_json:
        sides = {"old": first.described(), "new": second.described()}
        emit_json({"schema": DIFF_SCHEMA, **sides, **diff_record(answers, causes, reason)})
    else:
        from advisor.cli.diff_text import diff_text

        emit(diff_text(second.portfolio.name, answers, causes))
    if reason and not quiet:
        note(f"causes are not known: {reason}")


def _read(file: Path) -> Read:
    from advisor.whatif.two_answers import decided_of

    document = read_record(file)
    portfolio, _ = recorded_portfolio(document, file)
    try:
        return Read(file, document, portfolio, decided_of(document))
    except ValueError as error:
        raise record_error(file, f"is not a recommendation of this program: {error}") from error


def _causes(first: Read, second: Read, answers: TwoAnswers) -> Causes:
    """Raises `MarketDataError` where the market data of either are missing."""
    from advisor.whatif.difference import Inputs, difference
    from advisor.whatif.two_answers import causes_of

    inputs = (Inputs(one.portfolio, recorded_market(one.document, one.file, None)) for one in (first, second))
    return causes_of(difference(*inputs), answers)
