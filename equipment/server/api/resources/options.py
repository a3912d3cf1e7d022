"""The select options: what the columns of choices offer."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, Field

from equipment.server.api.operation import Answer, Asked, Operation
from equipment.store.list import options

__all__ = ["OPERATIONS"]


class Options(BaseModel):
    """The choices of every column that has some."""

    columns: dict[str, list[str]] = Field(description="Choices by column, in their order")


def _all(asked: Asked) -> Answer:
    return Answer({"columns": options.choices(asked.db)})


OPERATIONS: Final = (
    Operation("GET", "/options", "listOptions", "The select options", "records.read", _all, {200: Options}),
)
