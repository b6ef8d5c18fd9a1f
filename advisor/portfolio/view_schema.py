"""Views in the portfolio file: three forms of one's own, and the names of sets that the program carries."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, ClassVar, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from advisor.portfolio import fields, model
from advisor.portfolio.entry import FileEntry, Several, Symbol


class ViewEntry(FileEntry):
    """What every view says beside its return."""

    ways_out: ClassVar[dict[str, str]] = {
        "source": 'add `source: "..."`, where the view comes from',
        "years": "add `years: 5`, how long the view is held",
    }
    confidence: Annotated[Decimal, fields.CONFIDENCE] = Field(
        model.CONFIDENCE_WORDS["medium"],
        description="0% to 100%, or low (25%), medium (50%, default), high (75%), certain (100%).",
    )
    years: Annotated[Decimal, fields.number("0.25", "50")] = Field(
        description="How long the view is held, 0.25 to 50; in full from preferences.horizon_years on."
    )
    source: Annotated[str, fields.SOURCE] = Field(description="Where the view comes from.")


class AbsoluteViewEntry(ViewEntry):
    """Your own expected return of a security."""

    symbol: Symbol = Field(description="Ticker symbol.")
    annual_return: Annotated[Decimal, fields.VIEW_RETURN] = Field(
        description="Total return a year before tax and the fund's fee, -50% to 50%."
    )


class RelativeViewEntry(ViewEntry):
    """What you expect one security to earn more than another."""

    relative: Annotated[tuple[Symbol, ...], AfterValidator(fields.two_symbols)] = Field(
        description="Two symbols: the first earns more than the second.",
        json_schema_extra={"minItems": 2, "maxItems": 2},
    )
    annual_return: Annotated[Decimal, fields.VIEW_RETURN] = Field(
        description="Total return of the first less that of the second, a year, -50% to 50%."
    )


class BlocksViewEntry(ViewEntry):
    """A fund's return put together from its yield, the growth of earnings, and another price for them."""

    fund: Symbol = Field(description="Ticker symbol.")
    dividend_yield: Annotated[Decimal, fields.fraction("0", "0.3")] = Field(description="Dividends a year, 0% to 30%.")
    growth: Annotated[Decimal, fields.VIEW_RETURN] = Field(description="Growth of earnings a share, a year.")
    pe_now: Annotated[Decimal, fields.number("0.1", "1000")] = Field(description="Price over earnings today.")
    pe_then: Annotated[Decimal, fields.number("0.1", "1000")] = Field(
        description="Price over earnings when the years are over."
    )


def view_form(node: object) -> str:
    """Which of `VIEW_FORMS` an entry of views has, by its keys."""
    if isinstance(node, str):
        return "named"
    keys = set(node) if isinstance(node, dict) else set()
    if "relative" in keys:
        return "relative"
    own = BlocksViewEntry.model_fields.keys() - ViewEntry.model_fields.keys()
    return "blocks" if keys & own else "absolute"


VIEW_FORMS: dict[str, type[ViewEntry]] = {
    "absolute": AbsoluteViewEntry,
    "relative": RelativeViewEntry,
    "blocks": BlocksViewEntry,
}
NamedViews: TypeAlias = Annotated[str, fields.VIEW_SET]
ViewItem: TypeAlias = Annotated[
    Annotated[AbsoluteViewEntry, Tag("absolute")]
    | Annotated[RelativeViewEntry, Tag("relative")]
    | Annotated[BlocksViewEntry, Tag("blocks")]
    | Annotated[NamedViews, Tag("named")],
    Discriminator(view_form),
]
ONE_IS_A_LIST = BeforeValidator(
    lambda node: [node] if isinstance(node, str) else node,
    json_schema_input_type=tuple[ViewItem, ...] | NamedViews,
)


class ViewSetFile(FileEntry):
    """A named set of views of the program."""

    version: Annotated[int, fields.VERSION] = Field(description="Version of this form: 1.")
    name: Annotated[str, fields.NAME] = Field(description="What the set says.")
    as_of: Annotated[dt.date, fields.DAY] = Field(description="Day of its figures, YYYY-MM-DD.")
    views: Annotated[Several[ViewItem], Field(min_length=1)] = Field(description="The views.")
