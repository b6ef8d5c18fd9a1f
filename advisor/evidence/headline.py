"""How the case stands in one sentence for each kind of statement, from the verdicts alone."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.evidence.model import Claim, JudgmentKind, Verdict

_GOOD = {
    JudgmentKind.FACT: Verdict.TRUE,
    JudgmentKind.HISTORY: Verdict.SUPPORTED,
    JudgmentKind.FORECAST: Verdict.SUPPORTED,
}
_NAMES = {
    JudgmentKind.FORECAST: ("forecast", "forecasts"),
    JudgmentKind.HISTORY: ("statement about the past", "statements about the past"),
    JudgmentKind.FACT: ("fact", "facts"),
}
_FEW = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def headline(claims: Sequence[Claim]) -> str:
    """Forecasts first, since only they speak of returns to come; then the past, then facts."""
    return " ".join(filter(None, (_sentence(kind, counted(claims)[kind]) for kind in _NAMES)))


def counted(claims: Sequence[Claim]) -> dict[JudgmentKind, dict[Verdict, int]]:
    """How many statements of each kind have each verdict; those that none has are left out."""
    found: dict[JudgmentKind, dict[Verdict, int]] = {kind: {} for kind in JudgmentKind}
    for judgment in (judgment for claim in claims for judgment in claim.judgments):
        of_kind = found[judgment.kind]
        of_kind[judgment.verdict] = of_kind.get(judgment.verdict, 0) + 1
    return found


def _sentence(kind: JudgmentKind, counts: dict[Verdict, int]) -> str:
    total = sum(counts.values())
    if not total:
        return ""
    good = counts.get(_GOOD[kind], 0)
    one, several = _NAMES[kind]
    if total == 1:
        return f"Its one {one} is {next(iter(counts))}."
    rest = [_told(counts[verdict], verdict) for verdict in Verdict if verdict is not _GOOD[kind] and verdict in counts]
    told = f"all are {_GOOD[kind]}" if good == total else _told(good, _GOOD[kind]) if good else f"none is {_GOOD[kind]}"
    return f"Of its {_few(total)} {several} {', '.join([told, *rest])}."


def _told(count: int, verdict: Verdict) -> str:
    return f"{_few(count)} {'is' if count == 1 else 'are'} {verdict}"


def _few(count: int) -> str:
    return _FEW[count] if count < len(_FEW) else str(count)
