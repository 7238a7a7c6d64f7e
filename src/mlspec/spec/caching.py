"""`cache:` of a step: whether equal outputs of an earlier run are taken.

In: a boolean, or a mapping of `for` and `key`. Out: a frozen `Cache`.
Owns how it may be written; what makes two steps equal is not known here (see `mlspec.store.cache`).
Change it when outputs may be taken within other bounds.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from mlspec.durations import seconds_of
from mlspec.spec.base import Section, wrong
from mlspec.spec.scalars import Text, found
from mlspec.spec.times import PositiveDuration


class _CacheRule(Section):
    """Equal outputs of an earlier run are taken within bounds."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    for_: PositiveDuration | None = Field(
        None, alias="for", description="Nothing is taken that was made longer ago.", examples=["24h"]
    )
    key: Text | None = Field(
        None,
        description="A text that must be equal, too; ${{ }} puts in params, metrics and values.",
        examples=["${{ params.day }}"],
    )


class Cache(_CacheRule):
    """Whether outputs of an equal step of an earlier run are taken, and within which bounds."""

    enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _of_a_boolean(cls, value: Any) -> Any:
        if isinstance(value, bool):
            return {"enabled": value}
        if isinstance(value, dict):
            if "enabled" in value:
                raise wrong("MLS201", "unknown key `enabled`", "write `cache: true` or `cache: false`", key="enabled")
            if not value:
                raise wrong("MLS219", "a `cache` without `for` and `key`", _CACHE)
            return value
        hint = _CACHE
        if isinstance(value, str):
            hint = f"write {{for: {value}}}" if seconds_of(value) else _WORDS.get(value.lower(), hint)
        raise wrong("MLS203", f"`cache` is true, false or a mapping, not {found(value)}", hint)


_WORDS = {**dict.fromkeys(("yes", "on"), "write true"), **dict.fromkeys(("no", "off", "never"), "write false")}
_CACHE = "write true, false, {for: 24h} or {key: …}"
AnyCache = Annotated[Cache, BeforeValidator(lambda value: value, json_schema_input_type=bool | _CacheRule)]
