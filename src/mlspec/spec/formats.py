"""`format:` of a dataset: how the text of its CSV files is read.

In: a mapping of the spec. Out: a frozen `Format`. Owns its keys; what they may say, `mlspec.library.schema` knows, which reads by it.
Change it when more can be said of a CSV file.
"""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from mlspec.library.schema import ColumnType, format_problem
from mlspec.spec.base import Section, wrong
from mlspec.spec.scalars import Text


class Format(Section):
    """How the text of a dataset's CSV files is read; Parquet says so itself."""

    delimiter: Text | None = Field(None, description="What separates values; default: a comma.", examples=[";"])
    encoding: Text | None = Field(None, description="The encoding, as Python names it; default: UTF-8.", examples=["cp1252"])
    decimal: Literal[".", ","] | None = Field(
        None, description="The decimal mark of numbers, . or a comma; default: .", examples=[","]
    )
    missing: list[str] | None = Field(
        None, description="The texts that mean no value, beside the empty one.", examples=[["NA", "-"]]
    )
    columns: dict[str, ColumnType] | None = Field(
        None, description="The types of columns whose text does not tell.", examples=[{"code": "string"}]
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        fault = format_problem(self.declared)
        if fault is not None:
            raise wrong("MLS204", f"`{fault[0]}` {fault[1]}", None, key=fault[0])
        return self

    @property
    def declared(self) -> dict[str, Any]:
        """What it says, as the option `format` of library steps has it."""
        return self.model_dump(exclude_none=True)
