"""The household's file in the errors that come from inside, where its name is not known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from advisor.errors import InputError, LimitsConflictError


@contextmanager
def naming(file: Path | str, data: bytes) -> Iterator[None]:
    """Errors of a household with the name and, where it has places, the text of its file.

    Raises `LimitsConflictError` and `InputError` anew, so named.
    """
    try:
        yield
    except LimitsConflictError as error:
        named = LimitsConflictError(f"the limits conflict: {file}\n{error}", error.limits, error.details)
        for amounts in getattr(error, "__notes__", ()):
            named.add_note(amounts)
        raise named from error
    except InputError as error:
        raise InputError(error.issues, str(file), data.decode()) from error
