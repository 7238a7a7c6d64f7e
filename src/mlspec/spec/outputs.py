"""`outputs:` of a step: what each is, what its file is called, how it is read.

In: a type, or a mapping that has one. Out: the type or a frozen `OutputFile`.
Owns how an output may be written; whether two share one file is the step's (see `mlspec.spec.step`).
Change it when an output learns a key.
"""

import re
from typing import Annotated, Self

from pydantic import Discriminator, Field, Tag, model_validator

from mlspec.spec.base import Section, wrong
from mlspec.spec.formats import Format
from mlspec.spec.scalars import Text
from mlspec.terms import FILE_NAME, OutputType

_EDITORS_FILE_NAME = FILE_NAME.pattern.replace(r"\Z", "$")
"""The same in the words of JavaScript."""


class OutputFile(Section):
    """An output that says what its file is called; of a dataset, how it is read."""

    type: OutputType = Field(description="What it is.", examples=["report"])
    path: Text | None = Field(
        None,
        description="The name of its file.",
        examples=["picture.png"],
        json_schema_extra={"pattern": f"^{_EDITORS_FILE_NAME}$"},
    )
    contract: Text | None = Field(
        None,
        description="Of a dataset: the contract that says how library steps read its text.",
        examples=["contracts/loans.yaml"],
    )
    format: Format | None = Field(
        None, description="Of a dataset: how library steps read its text, over what the contract says."
    )

    @model_validator(mode="after")
    def _read_by_steps(self) -> Self:
        for key in ("contract", "format"):
            if self.type != "dataset" and getattr(self, key) is not None:
                raise wrong("MLS219", f"`{key}` is for outputs of type dataset, not {self.type}", f"remove `{key}`", key=key)
        return self

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if self.path is None or FILE_NAME.fullmatch(self.path):
            return self
        hint = "write a name of letters, digits and `._+@-` that begins with a letter or a digit, such as picture.png"
        if "/" in self.path.strip("/"):
            hint = f"write {re.sub('[^A-Za-z0-9._+@-]', '_', self.path.rstrip('/').rsplit('/', 1)[-1])}: the step is told in which folder"
        raise wrong("MLS218", f"`{self.path}` is not the name of one file", hint, key="path")


AnyOutput = Annotated[
    Annotated[OutputType, Tag("[type]")] | Annotated[OutputFile, Tag("[mapping]")],
    Discriminator(lambda value: "[mapping]" if isinstance(value, dict | OutputFile) else "[type]"),
]
