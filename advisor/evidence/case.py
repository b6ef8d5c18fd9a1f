"""The small-cap case on a day: every claim with its test and verdict, and the tables behind them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from advisor.evidence.facts import case_figures, claim_rows
from advisor.evidence.finding import Finding
from advisor.evidence.findings import finding
from advisor.evidence.model import Claim, Evidence, Standing
from advisor.evidence.premium import premium_words
from advisor.evidence.recompute import NEEDS, Recomputed, recomputed
from advisor.evidence.results import Results, dated_results
from advisor.evidence.standing import no_standing, standings
from advisor.evidence.tables import tables
from advisor.evidence.words import age
from advisor.market.estimate.returns import PricePanel
from advisor.market.fact_tables import Row


def dated_case(as_of: date) -> Evidence:
    """The case with the results that the program carries, and their age on `as_of`."""
    results = dated_results()
    last = _prices_to(results)
    words = _dated_words(last, as_of)
    return Evidence(
        premium_words=premium_words(),
        claims=_claims(results, dict.fromkeys(NEEDS, words), as_of),
        tables=tables(results, dict.fromkeys(NEEDS, words), as_of),
        results_to=last,
        source="; ".join(f"{file.source}, to {file.last}" for file in results.inputs),
        results=results,
        is_recomputed=False,
        age_words=words,
    )


def case_from_prices(panel: PricePanel, as_of: date) -> Evidence:
    """The case with everything that closes up to `as_of` tell computed anew; the rest is dated, and says its age.

    Raises `MarketDataError` where they tell nothing.
    """
    return evidence_of(recomputed(dated_results(), panel, as_of), as_of)


def evidence_of(found: Recomputed, as_of: date) -> Evidence:
    """The case of results of which some are computed anew."""
    dated = _dated_words(_prices_to(dated_results()), as_of)
    words = {part: f"computed from these prices, to {day}" for part, day in found.days.items()}
    words |= {part: f"not computed anew: {reason}; {dated}" for part, reason in found.lacking.items()}
    return Evidence(
        premium_words=premium_words(),
        claims=_claims(found.results, words, as_of),
        tables=tables(found.results, words, as_of),
        results_to=found.last,
        source="the prices given; the long history of size portfolios as carried",
        results=found.results,
        is_recomputed=True,
        age_words=f"computed from these prices, {age(found.last, as_of)}",
    )


def _prices_to(results: Results) -> date:
    return max(file.last for file in results.inputs)


def _dated_words(last: date, as_of: date) -> str:
    known = "" if last <= as_of else ", and not known on that day"
    return f"dated result, prices to {last}, {age(last, as_of)}{known}"


def _claims(results: Results, age_words: Mapping[str, str], as_of: date) -> tuple[Claim, ...]:
    figures = {key: row["value"] for key, row in case_figures().items()}
    standing = standings(results, as_of)
    return tuple(
        _claim(row, finding(row, results), figures, age_words, standing.get(row["key"], no_standing(as_of)))
        for row in claim_rows()
    )


def _claim(
    row: Row, found: Finding, figures: Mapping[str, str], age_words: Mapping[str, str], standing: Standing
) -> Claim:
    return Claim(
        key=row["key"],
        title=row["title"],
        said=row["said"].format_map(figures),
        provider=row["provider"],
        said_on=row["said_on"],
        test=row["test"],
        found=found.found,
        count=found.count,
        contrary=found.contrary,
        against=" ".join(filter(None, [row["against"], found.against])),
        judgments=found.judgments,
        standing=standing,
        source=row["source"],
        data_to=found.data_to,
        view=row["view"],
        view_words=row["view_words"] or found.view_words,
        age_words=age_words.get(found.part, ""),
    )
