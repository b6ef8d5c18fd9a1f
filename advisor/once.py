"""What several stages ask of the same two things, worked out once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

One = TypeVar("One")
Other = TypeVar("Other")
Answer = TypeVar("Answer")


def once(question: Callable[[One, Other], Answer]) -> Callable[[One, Other], Answer]:
    """`question`, with the answer kept until it is asked of another pair.

    It is kept for the very objects, which must never change; nor must the answer.
    """
    kept: tuple[One, Other, Answer] | None = None

    @wraps(question)
    def asked(one: One, other: Other) -> Answer:
        nonlocal kept
        last = kept
        if last is None or last[0] is not one or last[1] is not other:
            last = kept = (one, other, question(one, other))
        return last[2]

    return asked
