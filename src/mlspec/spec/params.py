"""`params:`: typed values that each run can override.

In: short forms (`seed: 7`) and long forms (`{type, default, …}`). Out: `Param` models whose default keeps its own limits.
Owns parameter types and constraints; never reads a run's values (see `mlspec.engine.params`).
Change it when parameters get another type or constraint.
"""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from mlspec.diagnostics.nearest import nearest
from mlspec.expr.limits import Limits, violation
from mlspec.expr.values import is_a
from mlspec.spec.base import Section, wrong
from mlspec.spec.scalars import Json, found
from mlspec.terms import ParamType

_KEYS = ("type", "default", "description", "minimum", "maximum", "enum", "pattern")

_EXACT = "write it as a string, or a number that a double holds"
MAX_PATTERN = 1000
"""Characters; nested groups of longer ones take hundreds of megabytes."""


class Param(Section):
    """A run parameter in its long form."""

    type: ParamType = Field(description="What values it takes; default: the type of `default`.", examples=["number"])
    default: Json = Field(description="The value of a run that does not override it.", examples=[0.75])
    description: str = Field("", description="What it changes.", examples=["Gate for promotion"])
    minimum: float | None = Field(None, description="The least a number may be.", examples=[0.5])
    maximum: float | None = Field(None, description="The most a number may be.", examples=[1])
    enum: list[Json] = Field(default_factory=list, description="The only values it takes.", examples=[["fast", "exact"]])
    pattern: str | None = Field(None, description="A regular expression that a whole string must match.", examples=["[a-z]+"])

    @model_validator(mode="after")
    def _default_holds(self) -> Self:
        if self.default is None:
            raise wrong("MLS216", "a parameter cannot be null", "give a default of its type", key="default")
        for key in ("minimum", "maximum"):
            if getattr(self, key) is not None and self.type not in ("integer", "number"):
                raise wrong("MLS215", f"`{key}` is for numbers, not for a {self.type}", key=key)
        if self.pattern is not None:
            self._pattern_compiles()
        for value in self.enum:
            if not is_a(value, self.type):
                raise wrong("MLS215", f"{found(value)} in `enum` is no {self.type}", key="enum")
            if problem := violation(Limits(self.type), value):
                raise wrong("MLS215", f"in `enum`, {problem}", _EXACT, key="enum")
        problem = violation(self, self.default)
        if problem:
            raise wrong("MLS215", f"the default {problem}", _EXACT if "keep" in problem else None, key="default")
        return self

    def _pattern_compiles(self) -> None:
        if self.type != "string":
            raise wrong("MLS215", f"`pattern` is for strings, not for a {self.type}", key="pattern")
        if self.pattern is not None and len(self.pattern) > MAX_PATTERN:
            length = len(self.pattern)
            raise wrong("MLS215", f"`pattern` has {length:,} characters; at most {MAX_PATTERN:,} are read", key="pattern")
        from mlspec.expr.patterns import matches

        try:
            matches(self.pattern or "", "")
        except ValueError as error:
            hint = "patterns are RE2: no look-around, no back-references"
            raise wrong("MLS215", f"`pattern` is no regular expression: {error}", hint, key="pattern") from None


def _long_form(value: Any) -> Any:
    """Turn a short form into the long one; in a long form, take the type from the default where it is not said."""
    if value is None:
        raise wrong("MLS216", "a parameter cannot be null", "write its default value")
    if not isinstance(value, dict):
        return {"type": _type_of(value), "default": value}
    if not any(nearest(str(key), _KEYS) for key in value):
        raise wrong("MLS203", "a parameter that is a mapping is written in the long form", "write {type: object, default: {…}}")
    if "type" not in value and isinstance(value.get("default"), bool | int | float | str | list):
        return {"type": _type_of(value["default"]), **value}
    return value


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    for kind, name in ((int, "integer"), (float, "number"), (str, "string")):
        if isinstance(value, kind):
            return name
    return "list"


AnyParam = Annotated[Param, BeforeValidator(_long_form, json_schema_input_type=Param | str | int | float | bool | list[Any])]
"""A parameter in either form."""
