"""``advisor``: the group of commands, and how errors become exit codes.

Commands are imported when they run, so that ``advisor --help`` loads nothing heavy.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

from advisor import __version__
from advisor.cli import signals
from advisor.cli.failure import PartialResultError, failure_document
from advisor.cli.output import emit_json, results_alone, shown
from advisor.cli.suggest import SuggestingGroup
from advisor.errors import AdvisorError, InputError, OutputError
from advisor.streams import own_standard_output

COMMANDS = {
    "rebalance": "Propose trades that bring a household within its limits, and write the report.",
    "what-if": "Compare scenarios, ranges of a value and cheaper ways with the proposal.",
    "ask": "Ask how much it takes to meet every limit: a deposit, a gain, a relaxation; or how much can go.",
    "small-caps": "Test the case for small companies, claim by claim, with what speaks against it.",
    "backtest": "Walk the household's policy through past prices, with nothing of a later day known.",
    "exposure": "Look through the funds: what the household really owns.",
    "check": "Check a portfolio file and name every fault.",
    "verify": "Check a written recommendation again, from itself and the market data alone.",
    "replay": "Plan again from a recommendation's inputs: the same orders, or the first difference.",
    "diff": "Say what changed between two recommendations, and which input caused it.",
    "data": "Import issuers' holdings files, and see what market data is held.",
    "samples": "List sample households, or write one into the current folder.",
    "schema": "Print the JSON Schema of the portfolio file, for editors, or of a document.",
}
BUG = 1
ASKS_FOR_HELP = {"-h", "--help", "--version"}


class LazyGroup(SuggestingGroup):
    """Commands by name; each is imported from its own module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the help page."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"advisor.cli.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from `COMMANDS`, without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="advisor")
def advisor() -> None:
    """How much of a household is really the Magnificent Seven, and the cheapest way into small caps.

    \b
    Try it:
      advisor samples tech-employee
      advisor rebalance tech-employee.yaml
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with the code of docs/users/command-line.md: 0 done, 2 to 7 named errors, 1 a bug.

    Given `arguments`, it is called by another program, whose signal handlers and streams stay.
    """
    if arguments is None:
        own_standard_output()
        signals.install()
    args = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with contextlib.nullcontext() if ASKS_FOR_HELP & set(args) else results_alone():  # help is printed by click
            code = advisor.main(args=args, prog_name="advisor", standalone_mode=False)
        signals.finish()
    except click.ClickException as error:
        error.show()
        _exit(error.exit_code, error.format_message(), error, args)
    except InputError as error:
        _fail(str(error), error.exit_code, error, args)  # begins with file:line:column, which editors read
    except AdvisorError as error:
        _fail(f"error: {error}", error.exit_code, error, args)
    except PartialResultError as error:
        _fail(f"error: {error}", error.error.exit_code, error, args)
    except (Exception, signals.Interrupted) as error:  # noqa: BLE001 - the last stop: a bug must not show a stack to a user
        text = f"error: this is a bug in advisor: {type(error).__name__}: {error} (run again with --debug)"
        _fail(text, BUG, error, args)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(text: str, code: int, error: BaseException, args: Sequence[str]) -> NoReturn:
    if interrupted := signals.exit_code():  # a library may have turned the interruption into an error of its own
        click.echo("interrupted", err=True)
        sys.exit(interrupted)
    if "--debug" in args:
        traceback.print_exception(error)
    click.echo(shown(text), err=True)
    _exit(code, str(error), error, args)


def _exit(code: int, message: str, error: BaseException, args: Sequence[str]) -> NoReturn:
    if "--json" in args:
        with contextlib.suppress(OutputError):  # the exit code already says what failed
            emit_json(failure_document(code, message, error))
    sys.exit(code)
