"""The two streams: the result on standard output, progress and warnings on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO

import click

from advisor.errors import OutputError, printable

PLAIN = str.maketrans(
    {"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{NO-BREAK SPACE}": " ", "─": "-", "“": '"', "”": '"'}
)


_results: TextIO | None = None  # where results go while a command runs


@contextmanager
def results_alone() -> Iterator[None]:
    """Keep standard output for `emit`: what a library prints meanwhile goes to standard error."""
    global _results
    before, _results = _results, _stream()
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _results = before


def emit(result: str | bytes) -> None:
    """Print the result. A reader who has left (``| head``) is no error; raises `OutputError` for a full disk."""
    try:
        click.echo(_encodable(result) if isinstance(result, str) else result, file=_stream(), nl=False)
    except BrokenPipeError:
        _close_stdout()
    except OSError as error:
        _close_stdout()
        raise OutputError(f"cannot write the result to standard output: {error.strerror}") from error


def emit_json(document: object) -> None:
    """Print one JSON document; a number that is not finite is refused with ValueError."""
    emit(json.dumps(document, indent=2, allow_nan=False) + "\n")


def note(message: str) -> None:
    """Print a warning for the person at the terminal."""
    click.echo(f"warning: {shown(message)}", err=True)


def shown(text: str) -> str:
    """Text whose lines hold nothing that steers a terminal."""
    return "\n".join(map(printable, text.split("\n")))


def on_terminal() -> bool:
    """Whether the result is shown on a terminal."""
    return _stream() is not None and _stream().isatty()


def _stream() -> TextIO:
    return _results or sys.stdout


def _encodable(text: str) -> str:
    """The text itself, or with plain signs where standard output has a smaller alphabet."""
    encoding = getattr(_stream(), "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(PLAIN).encode(encoding, "replace").decode(encoding)
    return text


def _close_stdout() -> None:
    """Lead what is still buffered to nowhere: the interpreter would fail on it while it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _stream().fileno())
    os.close(nowhere)
