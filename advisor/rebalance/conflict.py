"""Why limits cannot be met together, in words and figures, with what would help.

Amounts are said in percent of household value: the message of a failed run may end in a log.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from advisor.errors import LimitsConflictError, UnverifiedAnswerError
from advisor.format import number
from advisor.optimize.diagnose import Core, Diagnosis, diagnose
from advisor.optimize.formulation import TAX_RESERVE
from advisor.optimize.prechecks import ConflictReason, findings
from advisor.optimize.problem import AllocationProblem
from advisor.portfolio.limit_types import Side, Unit, limit_noun, split_label
from advisor.portfolio.model import Limit, LimitMode, Portfolio
from advisor.portfolio.written import bound_words, level_decimals

MORE_DECIMALS = 4  # at most, to show that a level is beyond its bound


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
            yield from (f"  {words}" for words in self._between_sentences(core))
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
        movable = next((label for label in core.labels if label in core.beyond and label != TAX_RESERVE), None)
        if movable is None:
            return f"{_listed([self._bounded(label) for label in core.labels])} cannot be met together."
        reach = self._reach(movable, core.beyond[movable])
        side = "less" if self._side(movable) is Side.MAX else "more"
        others = [self._bounded(label) for label in core.labels if label != movable]
        alone = "Even without your other limits, " if movable in self.found.between else "Whatever is sold and bought, "
        condition = f"With {_listed(others)}, " if others else alone
        wish = f"the file asks for {self._asked(movable)}"
        return f"{condition}{self._name(movable)} cannot be {side} than {reach}, and {wish}."

    def _between_sentences(self, core: Core) -> Iterator[str]:
        """How far a limit gets with all others kept, where that is less far, and which of them is between."""
        for label, between in self.found.between.items():
            alone = self.found.alone[label]
            if label in core.labels and between and alone is not None and label != TAX_RESERVE:  # it has no bound
                side = "less" if self._side(label) is Side.MAX else "more"
                causes = _listed([self._bounded(other) for other in between])
                reach = self._reach(label, alone)
                name = self._name(label)
                yield f"with every other limit kept, {name} cannot be {side} than {reach}, because of {causes}"

    def _help(self) -> Iterator[str]:
        alone = {label: excess for label, excess in self.found.alone.items() if excess is not None}
        not_enough = [label for label, excess in self.found.alone.items() if excess is None]
        if not (self.found.repair or alone):
            yield "No relaxation of these limits was confirmed to help."
            return
        yield "What would help, each confirmed by solving again:"
        if self.found.repair:
            moves = [f"{self._label(label)} to {self._moved(label, by)}" for label, by in self.found.repair.items()]
            yield f"  the least change in sum: {_listed(moves)}"
        for label, excess in alone.items():
            if label == TAX_RESERVE:
                yield f"  keeping no cash for the tax of the sales ({self._reserve(': false')}) would be enough"
            elif set(self.found.repair) != {label}:
                by = self._figure(label, excess, is_change=True)
                yield f"  {label} alone would have to move by {by}, to {self._moved(label, excess)}"
        if not_enough:
            yield f"  not enough alone: {_listed([self._label(label) for label in not_enough])}"

    def _label(self, label: str) -> str:
        return self._reserve() if label == TAX_RESERVE else label

    def _reserve(self, value: str = "") -> str:
        """The key that keeps cash for tax, and that it is a default where the file does not set it."""
        default = "" if self.portfolio.preferences.is_reserve_stated else ", on by default; your file does not set it"
        return f"{TAX_RESERVE}{value}{default}"

    def _findings(self, core: Core) -> list[ConflictReason]:
        """Reasons without a solver that concern limits of this core only."""
        every = findings(self.problem.inputs, self.problem.formulation.limits)
        return [finding for finding in every if set(finding.labels) <= set(core.labels)]

    def _finding_sentence(self, finding: ConflictReason) -> str:
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

    def _side(self, label: str) -> Side:
        limit = self._limit(label)
        return limit.side if limit else Side.MIN

    def _bound(self, label: str) -> float:
        """The bound in force, as a fraction of household value where it is an amount."""
        compiled = next((c for c in self.problem.formulation.limits if c.limit.label == label), None)
        if compiled is not None:
            return compiled.bound
        inputs = self.problem.inputs
        names = [f"accounts.{name}.min_cash" for name in inputs.account_names]
        return float(inputs.min_cash[names.index(label)]) if label in names else 0.0

    def _name(self, label: str) -> str:
        if label == TAX_RESERVE:
            return "the cash kept for tax"
        if label.startswith("accounts."):
            return f"the cash of {label.removeprefix('accounts.').rpartition('.')[0]}"
        return limit_noun(split_label(label)[0])

    def _asked(self, label: str) -> str:
        """``at most 25.0% (line 18)``."""
        limit = self._limit(label)
        if label == TAX_RESERVE:
            return f"as much as the sales' tax ({self._reserve()})"
        side = "at most" if self._side(label) is Side.MAX else "at least"
        place = f" (limits.{label}, line {limit.where.line})" if limit and limit.where else f" ({label})"
        return f"{side} {self._bound_words(label)}{place}"

    def _bound_words(self, label: str) -> str:
        """The bound as the user wrote it; an amount as a part of the household; today's figure where that is looser."""
        limit = self._limit(label)
        if limit is None or self._is_amount(label):
            return self._figure(label, self._bound(label))
        written = bound_words(limit.name, limit.bound)
        if limit.mode is LimitMode.NOT_WORSE_THAN_TODAY and not math.isclose(self._bound(label), limit.bound):
            return f"{written}, or no worse than today's {self._figure(label, self._bound(label))}"
        return written

    def _bounded(self, label: str) -> str:
        return f"{self._name(label)} {self._asked(label)}"

    def _reach(self, label: str, excess: float) -> str:
        """How far the measure gets, with as many digits as show that it is beyond the bound."""
        outward, bound = self._outward(label), self._bound(label)
        value = bound + outward * excess
        if self._is_fall(label):  # the excess is one of the fall only if the peak is today's
            return f"about {self._figure(label, value)}"
        scale = self._scale(label)
        first = self._decimals(label)
        for decimals in range(first, first + MORE_DECIMALS):
            if outward * (round(scale * value, decimals) - round(scale * bound, 9)) > 0:
                return self._figure(label, value, decimals=decimals)
        return self._figure(label, value, decimals=first + MORE_DECIMALS)

    def _moved(self, label: str, excess: float) -> str:
        """The bound moved by `excess`, rounded so that it is enough."""
        value = self._bound(label) + self._outward(label) * excess
        value = value if self._scale(label) == 1 else max(value, 0.0)
        return self._figure(label, value, rounding=math.ceil if self._outward(label) > 0 else math.floor)

    def _outward(self, label: str) -> float:
        return 1.0 if self._side(label) is Side.MAX else -1.0

    def _figure(
        self,
        label: str,
        value: float,
        *,
        is_change: bool = False,
        rounding: Callable[[float], int] = round,
        decimals: int | None = None,
    ) -> str:
        places = self._decimals(label) if decimals is None else decimals
        scale = self._scale(label)
        figure = number(rounding(scale * value * 10**places) / 10**places, places)
        if scale == 1:
            return figure
        if self._is_amount(label):
            return f"{figure}% of household value"
        return f"{figure} points" if is_change else f"{figure}%"

    def _decimals(self, label: str) -> int:
        """Decimals of a level: at least those of the bound beside it."""
        limit = self._limit(label)
        return 2 if limit is None or self._is_amount(label) else level_decimals(limit.name, limit.bound)

    def _scale(self, label: str) -> int:
        """What a level is multiplied with to be shown: 100 for what is shown in percent."""
        limit = self._limit(label)
        return 1 if limit is not None and limit.type.unit is Unit.RATIO else 100

    def _is_amount(self, label: str) -> bool:
        """Whether the bound is in dollars; the cash rules of accounts are."""
        limit = self._limit(label)
        return limit is None or limit.type.unit is Unit.USD

    def _is_fall(self, label: str) -> bool:
        limit = self._limit(label)
        return limit is not None and limit.name == "max_drawdown"

    def _place(self, label: str) -> dict[str, Any]:
        limit = self._limit(label)
        return {
            "label": label,
            "line": limit.where.line if limit and limit.where else None,
            "bound": self._bound(label),
        }


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
