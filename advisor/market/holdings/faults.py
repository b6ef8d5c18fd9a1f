"""Faults of one holdings file, collected while it is read, so that all of them are told at once."""

from __future__ import annotations

from typing import NoReturn

from advisor.errors import Issue, Location, MarketDataError

MAX_FAULTS = 20


class HoldingsFaultsError(MarketDataError):
    """A holdings file is unusable; all its faults are in `issues`."""

    def __init__(self, issues: tuple[Issue, ...], file: str) -> None:
        self.issues = issues
        super().__init__("\n".join(issue.render(file) for issue in issues))


class Faults:
    """The faults of one file, in the order of their finding, at most `MAX_FAULTS`."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._issues: list[Issue] = []
        self._more = 0

    def add(self, message: str, line: int | None = None, hint: str | None = None) -> None:
        """Keep one fault, to be told with the others."""
        if len(self._issues) == MAX_FAULTS:
            self._more += 1
        else:
            self._issues.append(Issue(message, None if line is None else Location(line), hint))

    def stop(self, message: str, line: int | None = None, hint: str | None = None) -> NoReturn:
        """Tell this fault and all before it: nothing more can be read."""
        self.add(message, line, hint)
        self.tell()
        raise AssertionError("a fault was added")  # for the type checker: tell() has raised

    def tell(self) -> None:
        """Raise `HoldingsFaultsError` if there are any faults."""
        more = (Issue(f"and {self._more:,} more faults of this kind"),) if self._more else ()
        if self._issues:
            raise HoldingsFaultsError((*self._issues, *more), self._file)
