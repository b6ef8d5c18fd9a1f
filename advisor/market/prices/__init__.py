"""Price histories as sources give them: what they are, how they are checked, and how they are kept between runs.

In reading order: `history` (the values), `sessions` (the exchange's calendar), `checks` with `moves`, `comparisons` and
`doubts` (what is held and what is warned of), `cache` (files that are whole or not there), `live` (one run: ask, check,
keep), `splits` (lots that were entered before one).
"""
