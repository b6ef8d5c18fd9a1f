"""How a run that fails says so: text on standard error, one JSON document on standard output under ``--json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.errors import AdvisorError, InputError, LimitsConflictError

SCHEMA = "advisor.error/1"  # of a document that holds an error and no result
KINDS = {
    1: "bug",
    2: "usage",
    3: "input",
    4: "market_data",
    5: "limits_conflict",
    6: "unverified",
    7: "output",
}


class PartialResultError(Exception):
    """A command failed, and has a result all the same: with ``--json`` both are one document."""

    def __init__(self, error: AdvisorError, result: Mapping[str, Any]) -> None:
        self.error = error
        self.result = result
        super().__init__(str(error))


def failure_document(code: int, message: str, error: BaseException | None) -> dict[str, Any]:
    """The document of a failed run: its exit code, the kind of error, and what a program can use of it."""
    result = dict(error.result) if isinstance(error, PartialResultError) else {}
    told = {"code": code, "kind": KINDS[code], "message": message, **_details(error)}
    return {"schema": SCHEMA, **result, "error": told}


def _details(error: BaseException | None) -> dict[str, Any]:
    if isinstance(error, LimitsConflictError):
        return {"limits": list(error.limits), **error.details}
    return {"issues": issue_rows(error)} if isinstance(error, InputError) else {}


def issue_rows(error: InputError) -> list[dict[str, Any]]:
    """Each fault of a file with its place, for a program."""
    return [
        {
            "file": error.file,
            "line": issue.where.line if issue.where else None,
            "column": issue.where.column if issue.where else None,
            "message": issue.message,
            "hint": issue.hint,
        }
        for issue in error.issues
    ]
