"""How a target declares what a spec may say to it: dataclasses whose fields carry a `Setting`.

In: such a dataclass and plain JSON of a plan. Out: the value that the JSON stands for. Owns what can be said of an option and how
one is read; the words of findings and of the JSON Schema are made from it in `checking`. Standard library only.
Change it when options need another kind of bound, or when another option means the same on every orchestrator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache, partial
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from mlspec.terms import Json

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is known of an option beside its type and its default; bounds are named as in JSON Schema."""

    description: str
    examples: tuple[Json, ...] = ()
    pattern: str | None = None
    keys: str | None = None
    """The pattern of a mapping's keys."""
    values: str | None = None
    """The pattern of a mapping's values, or of a list's elements."""
    min_length: int | None = None
    max_length: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    duration: bool = False
    """Whether a number of seconds is written as a duration: `20m`."""
    blank: bool = True
    """Whether a text may consist of blanks alone, or of nothing."""


@dataclass(frozen=True, slots=True)
class ExactlyOne:
    """A rule between options: one of `keys` is given and no other. A dataclass states it as its `exactly_one`."""

    keys: tuple[str, ...]
    message: str
    """What it is, for findings: ``an Airflow secret is a `connection` or a `variable` ``."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule between options of one section, which a dataclass states in its `rules`: what `breaks` it is found at `key`.

    `schema` says the same to editors, as JSON Schema.
    """

    key: str
    breaks: Callable[[Any], Any]
    message: str
    hint: str
    schema: Mapping[str, Json]


Cache = Annotated[
    bool,
    Setting(
        description="Take the outputs of an equal step of an earlier run from the store, for each step whose `cache` is "
        "true; default: every run does all its work."
    ),
]
"""`cache`, false unless set; `invocation.from_plan` reads it by this name."""


def read(kind: type[Kind], given: Mapping[str, Json]) -> Kind:
    """The options that JSON stands for, defaults for those that it leaves out; raises `TypeError` for an unknown one."""
    whole: Any = kind
    inner = {name: make(given[name]) for name, make in _inner(whole) if given.get(name) is not None}
    return kind(**{**given, **inner})


def misfits(kind: type, given: Mapping[str, Json]) -> Iterator[tuple[str, bool]]:
    """Yield the path of each key that `kind` does not have, or whose value is not of its type, with whether it has it.

    For plans that no spec was checked for: only types are looked at, bounds are not.
    """
    hints = _hints(kind)
    names = {field.name for field in fields(kind)}
    for name, value in given.items():
        if name not in names:
            yield name, False
        elif not _fits(value, hints[name]):
            yield name, True
        else:
            inner: list[Any] = [option for option in alternatives(hints[name]) if is_dataclass(option) and value is not None]
            for option in inner:
                yield from ((f"{name}.{path}", known) for path, known in misfits(option, value))
    yield from ((field.name, True) for field in fields(kind) if _required(field) and field.name not in given)


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a type; itself where it has none."""
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


_hints = cache(get_type_hints)


@cache
def _inner(kind: type) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """How to make the options that JSON has another form of: dataclasses are mappings there, tuples are lists."""
    hints = _hints(kind)
    makers = ((field.name, _maker(option)) for field in fields(kind) for option in alternatives(hints[field.name]))
    return tuple((name, maker) for name, maker in makers if maker is not None)


def _maker(option: Any) -> Callable[[Any], Any] | None:
    if is_dataclass(option):
        kind: Any = option
        return partial(read, kind)
    if get_origin(option) is tuple:
        each = _maker(get_args(option)[0])
        return (lambda values: tuple(map(each, values))) if each else tuple
    return None


def _fits(value: Any, annotation: Any) -> bool:
    for option in alternatives(annotation):
        origin, arguments = get_origin(option), get_args(option)
        if origin is Literal:
            fits = value in arguments
        elif origin is tuple:
            fits = isinstance(value, list | tuple) and all(_fits(each, arguments[0]) for each in value)
        elif origin is dict:
            fits = isinstance(value, Mapping) and all(_fits(each, arguments[1]) for each in value.values())
        elif is_dataclass(option):
            fits = isinstance(value, Mapping)
        elif option is Any:
            fits = True
        elif option is float:
            fits = isinstance(value, int | float) and not isinstance(value, bool)
        else:
            fits = isinstance(value, option) and (option is bool or not isinstance(value, bool))
        if fits:
            return True
    return False


def _required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
