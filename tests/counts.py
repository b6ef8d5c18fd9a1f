"""How many cases of a suite run by default: the gate has fifteen minutes, and `pytest -m slow` the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def first(count: int, cases: Iterable[Any]) -> list[Any]:
    """Parameters of `pytest.mark.parametrize`: the first `count` of `cases`, and the others as slow ones."""
    values = [case if isinstance(case, tuple) else (case,) for case in cases]
    slow = [pytest.param(*value, marks=pytest.mark.slow) for value in values[count:]]
    return [*(pytest.param(*value) for value in values[:count]), *slow]
