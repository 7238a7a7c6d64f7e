"""pydantic models of what targets declare as dataclasses.

In: a dataclass whose fields carry a `Setting`, the forms of secrets. Out: a model that validates the same, with the words of the
JSON Schema; the language with such forms in it. Owns how a declaration becomes a model; never knows a target.
Change it when a declaration can say something new.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import MISSING, asdict, fields, is_dataclass
from dataclasses import Field as Declared
from functools import cache, partial, reduce
from operator import or_
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from mlspec.spec.base import complete, wrong
from mlspec.spec.environments import Secret
from mlspec.spec.lifecycle import Lifecycle
from mlspec.spec.scalars import Identifier, Json, Text
from mlspec.spec.schema_rules import EXACTLY_ONE
from mlspec.spec.times import PositiveDuration
from mlspec.targets.options import ExactlyOne, Rule, Setting, alternatives

Model = TypeVar("Model", bound=BaseModel)


class _KnownForms(Secret):
    """A secret with the forms that targets declare and no others."""

    model_config = ConfigDict(extra="forbid")


@cache
def model_of(kind: type) -> type[BaseModel]:
    """The model of a declaration: unknown keys are errors, defaults are the dataclass'."""
    hints = get_type_hints(kind, include_extras=True)
    rule: ExactlyOne | None = getattr(kind, "exactly_one", None)
    rules: tuple[Rule, ...] = getattr(kind, "rules", ())
    validators: dict[str, Any] = {"_exactly_one": model_validator(mode="after")(_check(rule))} if rule else {}
    validators |= {"_rules": model_validator(mode="after")(_check_all(rules))} if rules else {}
    described: dict[str, Any] = {field.name: _field(field, hints[field.name]) for field in fields(kind)}
    return create_model(
        kind.__name__,
        __config__=_config(rule, rules),
        __doc__=kind.__doc__,
        __module__=kind.__module__,
        __validators__=validators,
        **described,
    )


def language(forms: Mapping[str, type]) -> type[Lifecycle]:
    """The language with the forms that secrets may have, by the key that says so."""
    places = {key: (model_of(kind) | None, Field(None, description=_place(key))) for key, kind in forms.items()}
    secret = _extended(_KnownForms, Secret, **places)
    secrets = copy(Lifecycle.model_fields["secrets"])
    return _extended(Lifecycle, Lifecycle, secrets=(dict[Identifier, secret], secrets))  # type: ignore[valid-type]


def _extended(base: type[Model], like: type[BaseModel], **fields: Any) -> type[Model]:
    """A model with more or other fields, under the name of the one that it stands for."""
    return create_model(like.__name__, __base__=base, __doc__=like.__doc__, __module__=like.__module__, **fields)


def _place(key: str) -> str:
    return f"Where {key.capitalize()} has it."


def _config(rule: ExactlyOne | None, rules: tuple[Rule, ...]) -> ConfigDict:
    config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    if rules:
        config["json_schema_extra"] = {"allOf": [{**each.schema, "errorMessage": _sentence(each.message)} for each in rules]}
    if rule is not None:
        config["json_schema_extra"] = {EXACTLY_ONE: {"keys": list(rule.keys), "message": _sentence(rule.message)}}
    return config


def _sentence(message: str) -> str:
    plain = message.replace("`", "")
    return f"{plain[:1].upper()}{plain[1:]}."


def _check(rule: ExactlyOne) -> Any:
    def check(section: Any) -> Any:
        if sum(getattr(section, key) is not None for key in rule.keys) != 1:
            raise wrong("MLS213", rule.message, "write one of them")
        return section

    return check


def _check_all(rules: tuple[Rule, ...]) -> Any:
    def check(section: Any) -> Any:
        for rule in rules:
            if rule.breaks(section):
                raise wrong("MLS219", rule.message, rule.hint, key=rule.key)
        return section

    return check


def _field(declared: Declared[Any], hint: Any) -> tuple[Any, Any]:
    """The type and pydantic's description of a field."""
    annotation, setting = get_args(hint)
    assert isinstance(setting, Setting), f"{declared.name} says nothing of itself: annotate it with a Setting"
    bounds: dict[str, Any] = {
        "pattern": setting.pattern,
        "min_length": setting.min_length,
        "max_length": setting.max_length,
        "ge": setting.minimum,
        "le": setting.maximum,
        "gt": setting.exclusive_minimum,
    }
    known = {name: bound for name, bound in bounds.items() if bound is not None}
    said: dict[str, Any] = {"description": setting.description, "examples": list(setting.examples) or None}
    described = Field(**_default(declared), **said, **known)
    return reduce(or_, [_typed(option, setting) for option in alternatives(annotation)]), described


def _default(declared: Declared[Any]) -> dict[str, Any]:
    if declared.default_factory is not MISSING:
        return {"default_factory": declared.default_factory}
    if declared.default is MISSING:
        return {"default": ...}
    if not is_dataclass(declared.default):
        return {"default": declared.default}
    default: Any = declared.default
    kind: Any = type(default)
    return {"default_factory": partial(_valid, model_of(kind), asdict(default))}


def _valid(model: type[BaseModel], value: Any) -> BaseModel:
    complete(model)
    return model.model_validate(value)


def _typed(option: Any, setting: Setting) -> Any:
    """The type that pydantic validates an alternative by."""
    if is_dataclass(option):
        return model_of(option)  # type: ignore[arg-type]
    if get_origin(option) is tuple:
        element = _formed(setting.values) if setting.values else _typed(get_args(option)[0], setting)
        return tuple[element, ...]  # type: ignore[valid-type]
    if get_origin(option) is dict:
        key, value = get_args(option)
        return dict[  # type: ignore[misc]
            _formed(setting.keys) if setting.keys else key,
            Json if value is Any else _formed(setting.values) if setting.values else value,
        ]
    if option is float and setting.duration:
        return PositiveDuration
    return Text if option is str and not setting.blank else None if option is type(None) else option


def _formed(pattern: str) -> Any:
    """Text of a form."""
    return Annotated[str, Field(pattern=pattern)]
