"""``advisor samples``: the households that come with the program."""

from __future__ import annotations

import textwrap
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from advisor.cli.output import emit, emit_json
from advisor.errors import OutputError, printable
from advisor.files import replaced
from advisor.share import share

SCHEMA = "advisor.samples/1"
_EXPECTED = "# Expected:"  # from here on, the comment says what the answer shows


@dataclass(frozen=True, slots=True)
class Sample:
    """A bundled household: the name of its file, and what its first comment says of it."""

    name: str
    about: str


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
def samples(*, name: str | None, as_json: bool, debug: bool) -> None:
    """List the sample households, or write one into the current folder to try the commands on and to edit.

    A file that is already there is left alone.

    \b
    Example:
      advisor samples
      advisor samples tech-employee
      advisor rebalance tech-employee.yaml
    """
    del debug
    found = bundled()
    if name is None:
        _list(found, as_json=as_json)
    else:
        _write(_named(name, found), as_json=as_json)


def bundled() -> tuple[Sample, ...]:
    """Every sample, by name."""
    files = sorted(share("portfolios").glob("*.yaml"))
    return tuple(Sample(file.stem, _about(file.read_text("utf-8"))) for file in files)


def _about(text: str) -> str:
    """The comment at the head of the file, up to what the answer is expected to show."""
    words = []
    for line in text.splitlines()[1:]:
        if not line.startswith("#") or line.startswith(_EXPECTED):
            break
        words.append(line.removeprefix("#").strip())
    return " ".join(words)


def _named(name: str, found: tuple[Sample, ...]) -> Sample:
    """The sample of that name, with or without the ending of its file; else exit code 2."""
    wanted = name.casefold().removesuffix(".yaml")
    for sample in found:
        if sample.name == wanted:
            return sample
    from advisor.portfolio.values import did_you_mean

    names = [sample.name for sample in found]
    hint = did_you_mean(wanted, names) or f"there is {', '.join(names)}"
    raise click.BadParameter(printable(f"no sample is called {name!r}: {hint}"), param_hint="NAME")


def _list(found: tuple[Sample, ...], *, as_json: bool) -> None:
    if as_json:
        emit_json({"schema": SCHEMA, "samples": [asdict(sample) for sample in found]})
        return
    width = max(len(sample.name) for sample in found)
    for sample in found:
        emit(textwrap.fill(f"{sample.name:{width}}  {sample.about}", 100, subsequent_indent=" " * (width + 2)) + "\n")
    emit(f"To write one into this folder: advisor samples {found[0].name}\n")


def _write(sample: Sample, *, as_json: bool) -> None:
    target = Path(f"{sample.name}.yaml")
    if target.exists() or target.is_symlink():
        raise OutputError(f"{target}: is already here and is left alone; move it, or run this in another folder")
    with replaced(Path(), {target.name: (share("portfolios") / target.name).read_bytes()}):
        if as_json:
            emit_json({"schema": SCHEMA, "written": target.name, **asdict(sample)})
        else:
            emit(f"Written: {target}\nNext: advisor rebalance {target}\n")
