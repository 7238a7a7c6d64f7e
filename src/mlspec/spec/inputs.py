"""`inputs:` of a step: where each comes from.

In: an address, or a mapping of `path`, `uri` or `any`. Out: a frozen `Source`.
Owns how an input may be written; never follows an address (see `mlspec.planning`) and opens no file.
Change it when data may come from another place.
"""

import re
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from mlspec.expr.addresses import SELECTOR
from mlspec.spec.base import Section, wrong
from mlspec.spec.scalars import Text, found

_ADDRESS = re.compile(rf"[a-z][a-z0-9_]*({SELECTOR})?(\.[A-Za-z_][A-Za-z0-9_]*)+")


class Source(Section):
    """Where an input comes from: an address, a path in the repository or a URI."""

    address: str | None = Field(None, description="An output of another step.", examples=["ingest.table"])
    path: Text | None = Field(None, description="A file or folder in the repository.", examples=["data/loans.csv"])
    uri: Text | None = Field(None, description="Data elsewhere.", examples=["s3://acme/loans.parquet"])
    any: list[str] | None = Field(None, description="Outputs, of which the first that there is is taken.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.address, self.path, self.uri, self.any).count(None) != 3:
            raise wrong("MLS213", "an input is either `path`, `uri` or `any`", "write one of them")
        if self.any is not None and (wrong_one := next((one for one in self.any if not _ADDRESS.fullmatch(one)), None)):
            raise wrong("MLS211", f"`{wrong_one}` is no address", "write step.output", key="any")
        if self.any is not None and len(set(self.any)) < max(len(self.any), 2):
            raise wrong("MLS219", "`any` takes two or more different outputs", "write step.output of each branch", key="any")
        if self.path is not None and (self.path.startswith("/") or ".." in self.path.split("/")):
            raise wrong(
                "MLS218", f"the path `{self.path}` leads out of the project", "use {uri: …} for files elsewhere", key="path"
            )
        if self.uri is not None and ":" not in self.uri:
            raise wrong(
                "MLS218", f"`{self.uri}` is no URI", "write scheme://…, or {path: …} for a file in the repository", key="uri"
            )
        return self


_AddressText = Annotated[
    str,
    WithJsonSchema({
        "type": "string",
        "pattern": f"^{_ADDRESS.pattern}$",
        "patternErrorMessage": "An address, step.output; for a file in the repository write {path: …}.",
        "description": "An output of another step.",
        "examples": ["ingest.table"],
    }),
]  # fmt: skip


class _Place(Section):
    """Data in the repository or elsewhere: what is written where an input is no address."""

    path: Text | None = Field(None, description="A file or folder in the repository.", examples=["data/loans.csv"])
    uri: Text | None = Field(
        None, description="Data elsewhere: any URI that fsspec opens.", examples=["s3://acme/loans.parquet"]
    )
    any: list[_AddressText] | None = Field(
        None,
        description="Outputs of branches, of one type: the first in this order whose step succeeded.",
        examples=[["small.model", "large.model"]],
    )


def _source(value: Any) -> Any:
    if isinstance(value, str):
        if not _ADDRESS.fullmatch(value):
            raise wrong("MLS211", f"`{value}` is no address", "write step.output, or {path: …} for a file in the repository")
        return {"address": value}
    if isinstance(value, dict) and "address" not in value:
        return value
    raise wrong(
        "MLS203",
        f"an input is an address, a path or a URI, not {found(value)}",
        "write step.output, {path: …}, {uri: …} or {any: […]}",
    )


AnySource = Annotated[Source, BeforeValidator(_source, json_schema_input_type=_AddressText | _Place)]
