"""A written recommendation, and the inputs that it was made from."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.errors import InputError, Issue, MarketDataError, printable

if TYPE_CHECKING:
    from advisor.market.data import MarketData
    from advisor.portfolio.model import Portfolio

RECORD = "recommendation.json"
MARKET_FILE = "market.json"  # what `advisor rebalance` writes beside the record
MAX_BYTES = 64 * 2**20  # a record holds its portfolio file, of at most 8 MiB, escaped


def read_record(file: Path) -> dict[str, Any]:
    """The JSON object in the file. Raises `InputError` for anything else."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        reason = getattr(error, "strerror", None) or "not a file name"
        raise record_error(file, f"cannot be read: {reason.lower()}") from error
    if len(data) > MAX_BYTES:
        raise record_error(file, f"is longer than {MAX_BYTES // 2**20} MiB")
    try:
        document = json.loads(data, object_pairs_hook=_once)
    except _TwiceError as error:
        raise record_error(file, f"has a key twice: {error}") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise record_error(file, f"is not JSON ({where}): give the {RECORD} of a run of advisor rebalance") from error
    except (ValueError, RecursionError) as error:
        raise record_error(file, f"is not JSON: give the {RECORD} of a run of advisor rebalance") from error
    if not isinstance(document, dict):
        raise record_error(file, "is not a recommendation: it holds no JSON object")
    return document


class _TwiceError(ValueError):
    """A key that an object has twice: readers differ in which one counts."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(printable(next(name for name in names if names.count(name) > 1)))
    return found


def read_beside(file: Path, name: str) -> str | None:
    """Text of the file `name` in the folder of `file`; None where there is none.

    Raises `InputError` for one that cannot be read, is longer than a record, or is no UTF-8 text.
    """
    beside = file.parent / name
    try:
        if not beside.is_file():
            return None
        with beside.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        text = data.decode()
    except OSError as error:
        raise record_error(beside, f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise record_error(beside, "is not UTF-8 text") from error
    if len(data) > MAX_BYTES:
        raise record_error(beside, f"is longer than {MAX_BYTES // 2**20} MiB")
    return text


def recorded_portfolio(document: dict[str, Any], file: Path) -> tuple[Portfolio, str]:
    """The household and the text of its file, whose digest must be the one that was recorded.

    The views of a record of the first schema count as they are stated: it was made before they were moved by prices.
    Raises `InputError` where the record is none, its text was changed, or that has a fault.
    """
    from advisor.portfolio.load import load_portfolio
    from advisor.rebalance.record import FIRST_SCHEMA

    text, as_of = _inputs(document, file)
    found = load_portfolio(text, file=f"{file}, inputs.portfolio.text", today=as_of, as_of=as_of)
    is_first = document.get("schema") == FIRST_SCHEMA
    return found.with_views_as_stated() if is_first else found, text.decode()


def recorded_market(document: dict[str, Any], file: Path, named: str | None) -> MarketData:
    """Market data by name, else those whose digest was recorded. Raises `MarketDataError` where they are not found."""
    from advisor.market.snapshot import load_snapshot

    if named is not None:
        return load_snapshot(None if named == "snapshot" else Path(named))
    embedded, beside = load_snapshot(), file.parent / MARKET_FILE
    recorded = market_entry(document)
    if recorded.get("sha256") == embedded.sha256 or not recorded:
        return embedded
    if not beside.is_file():
        raise MarketDataError(
            f"{file}: its market data, {str(recorded.get('id'))[:80]}, are not the embedded snapshot, and there is no "
            f"{MARKET_FILE} beside it; give them with --market FILE"
        )
    found = load_snapshot(beside)
    if found.sha256 != recorded.get("sha256"):
        raise MarketDataError(f"{beside}: not the market data of this recommendation; give them with --market FILE")
    return found


def market_entry(document: dict[str, Any]) -> dict[str, Any]:
    """What the record says of its market data; empty where it says nothing usable."""
    try:
        recorded = document["inputs"]["market"]
    except (KeyError, TypeError):
        return {}
    return recorded if isinstance(recorded, dict) else {}


def recorded_versions(document: dict[str, Any]) -> dict[str, str]:
    """The versions of the program and its libraries; empty where the record says nothing usable."""
    found = document["inputs"].get("versions")
    if not isinstance(found, dict):
        return {}
    return {name: version for name, version in found.items() if isinstance(version, str)}


def record_error(file: Path, message: str) -> InputError:
    """The fault of a record that cannot be used."""
    return InputError((Issue(message),), str(file))


def _inputs(document: dict[str, Any], file: Path) -> tuple[bytes, date]:
    from advisor.portfolio.values import day

    try:
        stated = document["inputs"]["portfolio"]
        text, digest, as_of = stated["text"].encode(), stated["sha256"], day(document["as_of"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = "is not a recommendation of this program: no usable inputs.portfolio and as_of"
        raise record_error(file, message) from error
    if hashlib.sha256(text).hexdigest() != digest:
        raise record_error(file, "inputs.portfolio.text is not the text whose sha256 was recorded")
    return text, as_of
