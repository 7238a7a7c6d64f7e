"""The names and texts that MLflow takes: of metrics, parameters, tags, models, aliases, experiments.

In: names. Out: what is wrong with one that a person chose, as the end of a sentence; of those that come out of a run, ones that
MLflow takes, each still its own. Owns MLflow's limits (`mlflow/utils/validation.py` of 3.17); never imports it. Standard library only.
Change it when MLflow's limits change.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any

LONGEST_NAME = 250
"""Characters of a metric's, a parameter's or a tag's name."""
LONGEST_PARAM = 6000
"""Characters of a parameter's value."""
LONGEST_TAG = 5000
"""Characters of a tag's value: MLflow takes 8000 of a run's, and its databases before 3 took 5000."""
_LONGEST_EXPERIMENT = 500
_LONGEST_MODEL = 256
"""A column of MLflow's databases; the limit is not among those that it checks."""
_LONGEST_ALIAS = 255
_LARGEST = 1.7976931348623157e308

_BAD = re.compile(r"[^/\w.\- :]")
_ALIAS = re.compile(r"[\w-]+")
_MODEL = re.compile(r"[^/:]+")


def key_fault(name: str) -> str | None:
    """Say why MLflow takes no metric, parameter or tag of this name; None when it does."""
    if bad := _BAD.search(name):
        return f"may have letters, digits, spaces and `_-.:/` only, unlike {bad[0]!r} in {name!r}"
    if _is_path(name):
        return f"must not look like a path that leads elsewhere, as {name!r} does"
    if len(name) > LONGEST_NAME:
        return f"may have at most {LONGEST_NAME} characters, not {len(name)}"
    return None


def model_fault(name: str) -> str | None:
    """Say why MLflow registers no model of this name; None when it does."""
    if not name.strip():
        return "must not be empty"
    if not _MODEL.fullmatch(name) or _is_path(name):
        return f"must not have `/` or `:` in it, nor be `.` or begin with `..`, unlike {name!r}"
    if not name.isprintable() or "'" in name:  # MLflow is asked for it by a filter that quotes it
        return f"must not have quotes or line ends in it, unlike {name!r}"
    if len(name) > _LONGEST_MODEL:
        return f"may have at most {_LONGEST_MODEL} characters, not {len(name)}"
    return None


def alias_fault(name: str) -> str | None:
    """Say why MLflow takes no alias of this name; None when it does."""
    if not _ALIAS.fullmatch(name):
        return f"has letters, digits, `_` and `-` only, unlike {name!r}"
    if name.lower() == "latest" or re.fullmatch(r"[vV]\d+", name):
        return f"must not be `latest` or `v` with a number, which MLflow has reserved, unlike {name!r}"
    if len(name) > _LONGEST_ALIAS:
        return f"may have at most {_LONGEST_ALIAS} characters, not {len(name)}"
    return None


def experiment_fault(name: str) -> str | None:
    """Say why MLflow makes no experiment of this name; None when it does."""
    if not name.strip():
        return "must not be empty"
    if len(name) > _LONGEST_EXPERIMENT:
        return f"may have at most {_LONGEST_EXPERIMENT} characters, not {len(name)}"
    return None


def keys_fault(values: Mapping[str, Any]) -> str | None:
    """Say what is wrong with the first of these names of parameters or tags that MLflow does not take."""
    return next((f"has a name that {fault}" for name in values if (fault := key_fault(name))), None)


def taken(names: Iterable[str]) -> dict[str, str]:
    """Return for each name the one that MLflow takes: itself where it can be, else one like it that no other name has."""
    given = list(names)
    likenesses = {name: _like(name) for name in given}
    count: dict[str, int] = {}
    for like in likenesses.values():
        count[like] = count.get(like, 0) + 1
    alone = {name: like for name, like in likenesses.items() if like == name or count[like] == 1}
    return {name: alone[name] if name in alone else _marked(name, like) for name, like in likenesses.items()}


def metrics_for(values: Mapping[str, float]) -> dict[str, float]:
    """Metrics as MLflow takes them."""
    names = taken(values)
    return {names[name]: number_of(value) for name, value in values.items()}


def params_for(texts: Mapping[str, str]) -> dict[str, str]:
    """Parameters as MLflow takes them, cut where they are too long."""
    names = taken(texts)
    return {names[name]: text[:LONGEST_PARAM] for name, text in texts.items()}


def tags_for(texts: Mapping[str, str]) -> dict[str, str]:
    """Tags as MLflow takes them, cut where they are too long."""
    names = taken(texts)
    return {names[name]: text[:LONGEST_TAG] for name, text in texts.items()}


def number_of(value: float) -> float:
    """A number as a double; an integer that none holds becomes the largest of its sign."""
    try:
        return float(value)
    except OverflowError:
        return _LARGEST if value > 0 else -_LARGEST


def _is_path(name: str) -> bool:
    norm = posixpath.normpath(name)
    return norm != name or norm == "." or norm.startswith(("..", "/"))


def _like(name: str) -> str:
    """The nearest text that MLflow takes, whoever else is given it."""
    like = _BAD.sub("_", name)
    if _is_path(like):
        like = re.sub(r"^\.+", lambda dots: "_" * len(dots[0]), like.replace("/", "_")) or "_"
    return like if len(like) <= LONGEST_NAME else _marked(name, like)


def _marked(name: str, like: str) -> str:
    """A name of its own for a text that is like others."""
    from hashlib import sha256

    mark = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{like[: LONGEST_NAME - len(mark) - 1]}_{mark}"
