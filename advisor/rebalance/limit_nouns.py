"""What each limit bounds, as a noun within a sentence."""

from __future__ import annotations

_NOUNS = {
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
}


def limit_noun(name: str) -> str:
    """``the Magnificent Seven``, ``IWM``, ``the Energy sector``; raises KeyError for a limit that has no noun."""
    kind, _, part = name.partition(".")
    match kind:
        case "funds":
            return part
        case "sectors":
            return f"the {part} sector"
        case "stress":
            return f"the loss in the episode {part}"
    return _NOUNS[name]
