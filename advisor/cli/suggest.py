"""Commands and values of options by name: where there is none of a name, the nearest is named."""

from __future__ import annotations

from typing import Any

import click

from advisor.errors import printable


class SuggestingGroup(click.Group):
    """Commands by name, with a suggestion for a name that is none."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; raises `UsageError` with the nearest name, or all of them, for a name that is none."""
        name = args[0] if args else ""
        known = self.list_commands(ctx)
        if not name or name.startswith("-") or name in known:
            return super().resolve_command(ctx, args)
        from advisor.portfolio.values import did_you_mean

        hint = did_you_mean(name, known) or f"there is {', '.join(known)}"
        raise click.UsageError(printable(f"no command is called {name!r}: {hint}"), ctx)


class SuggestingChoice(click.Choice[str]):
    """One of several words, with a suggestion for one that is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's own
        """As click does; fails with the nearest word, or all of them, for one that is none."""
        if value is None or value in self.choices:
            return super().convert(value, param, ctx)
        from advisor.portfolio.values import did_you_mean

        hint = did_you_mean(str(value), tuple(self.choices)) or f"one of {', '.join(self.choices)}"
        raise click.BadParameter(printable(f"{value!r} is none: {hint}"), ctx, param)
