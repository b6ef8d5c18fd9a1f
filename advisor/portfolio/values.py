"""From the text of one value to its type: amounts, fractions, dates, symbols, names.

Each function takes the text as it stands in the file and returns the value, or raises `ValueFaultError` with
what is wrong and the way out. Nothing is rounded and nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches

from advisor.format import MINUS
from advisor.portfolio.document import quoted
from advisor.portfolio.model import CONFIDENCE_WORDS, VIEW_SETS

NUMBER = r"-?\d{1,12}(\.\d{1,8})?"
_DIGITS = r"(\d{1,12}|\d{1,3}(,\d{3}){1,3})(\.\d{1,8})?"
PRINTED = rf"[-{MINUS}]?{_DIGITS}"  # as a report writes a figure, with grouped thousands
PRINTED_USD = rf"[-{MINUS}]?\$?{_DIGITS}"
SYMBOL = r"[A-Z0-9][A-Z0-9.\-]{0,14}"
FIRST_YEAR, LAST_YEAR = 1900, 2199  # room on both sides for holding periods

# One spelling for the share classes that brokers and sites write in three ways.
_SPELLINGS = {
    "BRK-A": "BRK.A",
    "BRKA": "BRK.A",
    "BRK-B": "BRK.B",
    "BRKB": "BRK.B",
    "BF-A": "BF.A",
    "BFA": "BF.A",
    "BF-B": "BF.B",
    "BFB": "BF.B",
}
MAX_NAME = 80
MAX_SOURCE = 400
MAX_CANDIDATES = 200  # more would be slow, and nearness would say little


class ValueFaultError(ValueError):
    """A text that is not of its type; `hint` is the way out."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.message = message
        self.hint = hint
        super().__init__(message)


def number(text: str, low: Decimal | None = None, high: Decimal | None = None) -> Decimal:
    """Figure of at most 12 digits before the point and 8 after it, thousands grouped or not, within [low, high]."""
    return _figure(text, PRINTED, low, high)


def usd(text: str, low: Decimal | None = None, high: Decimal | None = None) -> Decimal:
    """Amount as `number` reads it, or as a report writes it: ``$1,234.56``."""
    return _figure(text, PRINTED_USD, low, high)


def _figure(text: str, form: str, low: Decimal | None, high: Decimal | None) -> Decimal:
    if re.fullmatch(form, text, re.ASCII) is None:
        raise ValueFaultError(f"{quoted(text)} is not a number", _number_hint(text))
    return _within(_decimal(text), text, low, high, "")


def whole_number(text: str, low: int, high: int) -> int:
    """Count in plain digits, within [low, high]. Raises `ValueFaultError`."""
    value = number(text, Decimal(low), Decimal(high))
    if value != value.to_integral_value():
        raise ValueFaultError(f"{text} is not a whole number", f"write {int(value)}")
    return int(value)


def positive(text: str, read: Callable[[str], Decimal] = number) -> Decimal:
    """Figure above zero: shares, or a price where `read` is `usd`. Raises `ValueFaultError`."""
    value = read(text)
    if value <= 0:
        raise ValueFaultError(f"{text} is not above zero", "short positions and empty lots are not supported")
    return value


def fraction(text: str, low: Decimal | None = None, high: Decimal | None = None) -> Decimal:
    """Fraction written as ``25%`` or ``0.25``, within [low, high] (fractions). Raises `ValueFaultError`."""
    plain = text.removesuffix("%")
    if re.fullmatch(PRINTED, plain, re.ASCII) is None:
        meant = _without_marks(plain)
        hint = f"did you mean {meant}{text[len(plain) :]}?" if meant else "write 25% or 0.25"
        raise ValueFaultError(f"{quoted(text)} is not a fraction", hint)
    value = _decimal(plain)
    if plain != text:
        return _within(value.scaleb(-2), text, low, high, "%")
    if abs(value) > 1:
        raise ValueFaultError(f"{text} is more than the whole", f"did you mean {text}%?")
    return _within(value, text, low, high, "%")


def day(text: str) -> date:
    """Date written as YYYY-MM-DD. Raises `ValueFaultError`."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is None:
        raise ValueFaultError(f"{quoted(text)} is not a date", _day_hint(text))
    try:
        value = date.fromisoformat(text)
    except ValueError:
        raise ValueFaultError(f"{text} is not in the calendar", "write YYYY-MM-DD, like 2024-07-31") from None
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueFaultError(f"the year {value.year} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return value


def _day_hint(text: str) -> str:
    """The form, with the day that a text of another form probably means: of 11/20/2026 the month stands first."""
    found = re.fullmatch(r"(\d{1,4})([-/. ]?)(\d{1,2})\2(\d{1,4})", text.strip(), re.ASCII)
    form = "write YYYY-MM-DD"
    if found is None:
        return f"{form}, like 2024-07-31"
    first, sign, second, third = int(found[1]), found[2], int(found[3]), int(found[4])
    if len(found[1]) == len("2026"):
        orders = [(first, second, third)]
    elif len(found[4]) == len("2026") and sign:
        orders = [(third, first, second), (third, second, first)]
        if sign == ".":  # where days are written with points, they stand before the month
            orders.reverse()
    else:
        return f"{form}, like 2024-07-31"
    meant = next((known for order in orders if (known := _known_day(*order))), None)
    return f"{form}: did you mean {meant.isoformat()}?" if meant else f"{form}, like 2024-07-31"


def _known_day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number) if FIRST_YEAR <= year <= LAST_YEAR else None
    except ValueError:
        return None


def flag(text: str) -> bool:
    """``true`` or ``false``. Raises `ValueFaultError`."""
    if text not in ("true", "false"):
        raise ValueFaultError(f"{quoted(text)} is neither true nor false", "write true or false")
    return text == "true"


def symbol(text: str) -> str:
    """Ticker in ASCII capitals, with one spelling for share classes (BRK.B). Raises `ValueFaultError`."""
    if re.fullmatch(SYMBOL, text, re.ASCII) is None:
        shown = quoted(text) if text.isascii() else quoted(ascii(text)[1:-1])
        raise ValueFaultError(f"{shown} is not a ticker symbol", _symbol_hint(text))
    return _SPELLINGS.get(text, text)


def loose_symbol(text: str) -> str:
    """Symbol that a text probably means; for comparing parts of a file of which some are faulty."""
    capitals = text.strip().upper().replace("/", ".")
    return _SPELLINGS.get(capitals, capitals)


def name(text: str) -> str:
    """Name of 1 to 80 printable characters, without blanks at its ends."""
    return _printed(text, "name", MAX_NAME)


def source(text: str) -> str:
    """Words on where something comes from: 1 to 400 printable characters, without blanks at the ends."""
    return _printed(text, "source", MAX_SOURCE)


def _printed(text: str, what: str, longest: int) -> str:
    if not text or text != text.strip():
        raise ValueFaultError(f"{quoted(text)} is not a {what}", f"give a {what} without blanks at its ends")
    if len(text) > longest:
        raise ValueFaultError(f"a {what} of {len(text)} characters", f"at most {longest}")
    if not text.isprintable():
        raise ValueFaultError(f"{quoted(text)} holds a character that cannot be printed", f"retype the {what}")
    return text


def confidence(text: str) -> Decimal:
    """Confidence in [0, 1], written as ``40%``, ``0.4``, or one of `CONFIDENCE_WORDS`. Raises `ValueFaultError`."""
    if text in CONFIDENCE_WORDS:
        return CONFIDENCE_WORDS[text]
    if re.search(r"[0-9]", text) is None:
        words = ", ".join(CONFIDENCE_WORDS)
        hint = did_you_mean(text, list(CONFIDENCE_WORDS)) or "or write 40%"
        raise ValueFaultError(f"{quoted(text)} is not one of {words}", hint)
    return fraction(text, Decimal(0), Decimal(1))


def view_set(text: str) -> str:
    """Name of a set of views that the program carries. Raises `ValueFaultError`."""
    if text in VIEW_SETS:
        return text
    hint = (
        did_you_mean(text, VIEW_SETS) or "a view of your own is a mapping, like {symbol: IJR, annual_return: 8%, ...}"
    )
    raise ValueFaultError(f"{quoted(text)} is no set of views: there is {', '.join(VIEW_SETS)}", hint)


def choice(text: str, choices: Sequence[str], meanings: dict[str, str] | None = None) -> str:
    """One of the words in `choices`; `meanings` maps other usual words to them, for the hint alone.

    Raises `ValueFaultError`.
    """
    if text in choices:
        return text
    usual = (meanings or {}).get(re.sub(r"[ \-]", "_", text.lower()))
    raise ValueFaultError(
        f"{quoted(text)} is not one of {', '.join(choices)}",
        f"did you mean {usual}?" if usual else did_you_mean(text, choices),
    )


def did_you_mean(text: str, known: Sequence[str]) -> str | None:
    """Hint with the nearest of the known words, if one is near."""
    if len(known) > MAX_CANDIDATES:
        return None
    lower = {word.lower(): word for word in known}
    near = get_close_matches(text[:MAX_NAME].lower(), list(lower), n=1, cutoff=0.6)
    return f"did you mean {lower[near[0]]}?" if near else None


def _within(value: Decimal, text: str, low: Decimal | None, high: Decimal | None, unit: str) -> Decimal:
    if low is not None and value < low:
        if low == 0:
            raise ValueFaultError(f"{text} is negative", "zero or more is meant")
        raise ValueFaultError(f"{text} is too small", f"at least {_bound(low, unit)}")
    if high is not None and value > high:
        raise ValueFaultError(f"{text} is too large", f"at most {_bound(high, unit)}")
    return value


def _bound(value: Decimal, unit: str) -> str:
    shown = value.scaleb(2) if unit == "%" else value
    return f"{shown.normalize():f}{unit}"


def _decimal(figure: str) -> Decimal:
    return Decimal(re.sub(r"[$,]", "", figure).replace(MINUS, "-"))


def _without_marks(text: str) -> str | None:
    """Number that is left without currency signs and separators; None where there is none."""
    figure = re.sub(r"[$_' ]", "", text)
    if "," in figure and not re.fullmatch(PRINTED, figure, re.ASCII):
        return None  # a comma that groups no thousands may stand for a point
    plain = figure.replace(",", "")
    return plain if re.fullmatch(NUMBER, plain, re.ASCII) else None


def _number_hint(text: str) -> str:
    if meant := _without_marks(text):
        return f"did you mean {meant}?"
    if re.fullmatch(r"-?[$]?[\d.,]*\d,\d*", text, re.ASCII):
        return "a comma groups thousands, and a point stands before decimals: write 1234.56 or 1,234.56"
    if text.endswith("%"):
        return "an amount is meant here, not a percentage"
    if re.fullmatch(r"[-+]?[\d.]+[eE][-+]?\d+", text, re.ASCII):
        return "write the digits out"
    return "write plain digits, like 1234.56: at most 12 before the point and 8 after it"


def _symbol_hint(text: str) -> str:
    if not text.isascii():
        return "it holds characters that only look like letters, or accents: type A-Z and 0-9"
    meant = text.strip().upper().replace("/", ".")
    if meant != text and re.fullmatch(SYMBOL, meant, re.ASCII):
        return f"did you mean {_SPELLINGS.get(meant, meant)}?"
    return "up to 15 of A-Z, 0-9, point and hyphen, like BRK.B"
