"""Why limits cannot be met together, in words and figures, with what would help.

Amounts are said in percent of household value: the message of a failed run may end in a log.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from advisor.errors import LimitsConflictError, UnverifiedAnswerError
from advisor.optimize.diagnose import Core, Diagnosis, diagnose
from advisor.optimize.formulation import TAX_RESERVE
from advisor.optimize.prechecks import Finding, findings
from advisor.optimize.problem import AllocationProblem
from advisor.portfolio.model import Limit, LimitKind, Portfolio

_NAMES = {
    "magnificent_seven": "the Magnificent Seven",
    "single_company": "the largest company",
    "small_caps": "small caps",
    "volatility": "volatility",
    "tracking_error": "the tracking error",
    "beta": "beta",
    "turnover": "turnover",
    "realized_gain": "the realized gain",
    "cash": "cash",
    "expense_ratio": "the expense ratio",
    "cvar_95": "the average loss of the worst 5% of months",
    "max_drawdown": "the largest fall from a peak",
    TAX_RESERVE: "the cash kept for tax",
}


def refusal(problem: AllocationProblem, portfolio: Portfolio) -> LimitsConflictError | UnverifiedAnswerError:
    """Why there is no answer: a proved conflict with what would help, or the admission that nothing is proved."""
    found = diagnose(problem)
    if found is None:
        return UnverifiedAnswerError(
            "the solver found neither an answer nor a proof that the limits conflict; no advice is given"
        )
    speaker = _Speaker(problem, portfolio, found)
    labels = tuple(dict.fromkeys(label for core in found.cores for label in core.labels))
    error = LimitsConflictError("\n".join(speaker.lines()), labels, speaker.details())
    for line in speaker.amounts():
        error.add_note(line)
    return error


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Says one diagnosis."""

    problem: AllocationProblem
    portfolio: Portfolio
    found: Diagnosis

    def lines(self) -> Iterator[str]:
        """The message, a line at a time."""
        for core in self.found.cores:
            yield self._core_sentence(core)
            yield from (f"  {self._finding_sentence(finding)}" for finding in self._findings(core))
        if self.found.needs_wash_sale:
            yield "(nothing is bought that is sold at a loss: a wash sale)"
        yield from self._help()

    def amounts(self) -> Iterator[str]:
        """Bounds in dollars that the repair moves: not part of the message, which may end in a log."""
        value_usd = float(self.problem.inputs.value_usd)
        for label, excess in (*self.found.repair.items(), *self.found.alone.items()):
            if excess is not None and self._is_amount(label) and label != TAX_RESERVE:
                moved = (self._bound(label) + self._outward(label) * excess) * value_usd
                yield f"{label} to ${math.ceil(moved) if self._outward(label) > 0 else math.floor(moved):,}"

    def details(self) -> dict[str, Any]:
        """The same for a program: ratios for beta, else fractions of household value."""
        return {
            "conflicts": [
                {
                    "limits": [self._place(label) for label in core.labels],
                    "beyond": dict(core.beyond),
                    "reasons": [self._finding_sentence(finding) for finding in self._findings(core)],
                }
                for core in self.found.cores
            ],
            "repair": dict(self.found.repair),
            "alone": dict(self.found.alone),
            "needs_wash_sale": self.found.needs_wash_sale,
        }

    def _core_sentence(self, core: Core) -> str:
        movable = next((label for label in core.labels if label in core.beyond), None)
        if movable is None:
            return f"{_listed([self._bounded(label) for label in core.labels])} cannot be met together."
        reach = self._reach(movable, core.beyond[movable])
        side = "less" if self._side(movable) is LimitKind.MAX else "more"
        others = [self._bounded(label) for label in core.labels if label != movable]
        condition = f"With {_listed(others)}, " if others else "Whatever is sold and bought, "
        wish = f"the file asks for {self._asked(movable)}"
        return f"{condition}{self._name(movable)} cannot be {side} than {reach}, and {wish}."

    def _help(self) -> Iterator[str]:
        alone = {label: excess for label, excess in self.found.alone.items() if excess is not None}
        not_enough = [label for label, excess in self.found.alone.items() if excess is None]
        if not (self.found.repair or alone):
            yield "No relaxation of these limits was confirmed to help."
            return
        yield "What would help, each confirmed by solving again:"
        if self.found.repair:
            moves = _listed([f"{label} to {self._moved(label, by)}" for label, by in self.found.repair.items()])
            yield f"  the least change in sum: {moves}"
        for label, excess in alone.items():
            if label == TAX_RESERVE:
                yield "  keeping no cash for the tax of the sales (preferences.reserve_tax: false) would be enough"
            elif set(self.found.repair) != {label}:
                by = self._figure(label, excess, is_change=True)
                yield f"  {label} alone would have to move by {by}, to {self._moved(label, excess)}"
        if not_enough:
            yield f"  not enough alone: {_listed(not_enough)}"

    def _findings(self, core: Core) -> list[Finding]:
        """Reasons without a solver that concern limits of this core only."""
        every = findings(self.problem.inputs, self.problem.formulation.limits)
        return [finding for finding in every if set(finding.labels) <= set(core.labels)]

    def _finding_sentence(self, finding: Finding) -> str:
        label = finding.labels[0]
        have, need = self._figure(label, finding.have), self._figure(label, finding.need)
        match finding.kind:
            case "unsellable":
                return f"{have} of the household counts here and may not be sold (do_not_sell, or kept by the calendar)"
            case "turnover":
                points = self._figure(label, finding.need, is_change=True)
                at_most = self._figure(label, finding.have, is_change=True)
                return f"it would have to fall by {points}; sales within the turnover limit bring at most {at_most}"
            case "not_on_offer":
                return f"{have} is held, {need} is asked for, and nothing of it may be bought"
            case "funds_too_small":
                return f"the funds' own limits allow {have} together, {need} is asked for"
            case _:
                return f"the account is worth {have}, less than the {need} of cash it is to keep"

    def _limit(self, label: str) -> Limit | None:
        return next((limit for limit in self.portfolio.limits if limit.label == label), None)

    def _side(self, label: str) -> LimitKind:
        limit = self._limit(label)
        return limit.kind if limit else LimitKind.MIN

    def _bound(self, label: str) -> float:
        """The bound in force, as a fraction of household value where it is an amount."""
        compiled = next((c for c in self.problem.formulation.limits if c.limit.label == label), None)
        if compiled is not None:
            return compiled.bound
        inputs = self.problem.inputs
        names = [f"accounts.{name}.min_cash" for name in inputs.account_names]
        return float(inputs.min_cash[names.index(label)]) if label in names else 0.0

    def _name(self, label: str) -> str:
        path = label.rpartition(".")[0] if self._limit(label) else label
        kind, _, part = path.partition(".")
        if kind == "accounts":
            return f"the cash of {part.rpartition('.')[0]}"
        named = {"funds": part, "sectors": f"the {part} sector", "stress": f"the loss in the episode {part}"}
        return named.get(kind) or _NAMES.get(path, path)

    def _asked(self, label: str) -> str:
        """``at most 25.0% (line 18)``."""
        limit = self._limit(label)
        if label == TAX_RESERVE:
            return f"as much as the sales' tax ({label})"
        side = "at most" if self._side(label) is LimitKind.MAX else "at least"
        place = f" (limits.{label}, line {limit.where.line})" if limit and limit.where else f" ({label})"
        return f"{side} {self._figure(label, self._bound(label))}{place}"

    def _bounded(self, label: str) -> str:
        return f"{self._name(label)} {self._asked(label)}"

    def _reach(self, label: str, excess: float) -> str:
        """How far the measure gets, with more digits where it would read like the bound."""
        value = self._bound(label) + self._outward(label) * excess
        short = self._figure(label, value)
        if label.startswith("max_drawdown."):  # the excess is one of the fall only if the peak is today's
            return f"about {short}"
        if short != self._figure(label, self._bound(label)):
            return short
        if label.startswith("beta."):
            return f"{value:.6f}"
        return f"{100 * value:.4f}%" + (" of household value" if self._is_amount(label) else "")

    def _moved(self, label: str, excess: float) -> str:
        """The bound moved by `excess`, rounded so that it is enough."""
        value = self._bound(label) + self._outward(label) * excess
        value = value if label.startswith("beta.") else max(value, 0.0)
        return self._figure(label, value, rounding=math.ceil if self._outward(label) > 0 else math.floor)

    def _outward(self, label: str) -> float:
        return 1.0 if self._side(label) is LimitKind.MAX else -1.0

    def _figure(
        self, label: str, value: float, *, is_change: bool = False, rounding: Callable[[float], int] = round
    ) -> str:
        if label.startswith("beta."):
            return f"{rounding(100 * value) / 100:.2f}"
        decimals = 3 if label.startswith("expense_ratio.") else 2 if self._is_amount(label) else 1
        shown = f"{rounding(100 * value * 10**decimals) / 10**decimals:.{decimals}f}"
        if self._is_amount(label):
            return f"{shown}% of household value"
        return f"{shown} {'points' if is_change else '%'}"

    def _is_amount(self, label: str) -> bool:
        return label.startswith(("realized_gain.", "accounts.", "preferences."))

    def _place(self, label: str) -> dict[str, Any]:
        limit = self._limit(label)
        return {
            "label": label,
            "line": limit.where.line if limit and limit.where else None,
            "bound": self._bound(label),
        }


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
