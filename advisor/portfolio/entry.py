"""What every mapping of the portfolio file has in common, and types that several of them use."""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

from advisor.portfolio import fields

_Item = TypeVar("_Item")
Several: TypeAlias = Annotated[tuple[_Item, ...], BeforeValidator(lambda node: [] if node is None else node)]
Symbol: TypeAlias = Annotated[str, fields.SYMBOL]


class FileEntry(BaseModel):
    """A mapping of the file: unknown keys are faults; `ways_out` tells what to write for a key that is missing."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    ways_out: ClassVar[dict[str, str]] = {}
