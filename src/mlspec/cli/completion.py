"""What a shell offers while someone types: targets, codes, and of the spec that is meant its steps, runs, profiles and parameters.

In: what was typed so far. Out: words that begin with it. Owns that a spec with errors, or a store that is away, offers nothing and
never says so. Change it when another word of a command line can be known before it is whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from click import Context, Parameter

    from mlspec.checking.check import Checked
    from mlspec.ir.model import Plan

Completer = Callable[["Context", "Parameter", str], list[str]]


def _completer(words: Callable[[Context, str], Iterable[str]]) -> Completer:
    def complete(context: Context, _: Parameter, typed: str) -> list[str]:
        try:
            return [word for word in words(context, typed) if word.casefold().startswith(typed.casefold())]
        except Exception:  # in the middle of a line nobody can be told
            return []

    return complete


def _targets(_: Context, _typed: str) -> Iterable[str]:
    from mlspec.targets.base import targets as known

    return known()


def _codes_and_keys(_: Context, typed: str) -> Iterable[str]:
    """Codes once something is typed, and keys as far as the next dot."""
    from mlspec.checking.catalogue import catalogue
    from mlspec.reference.language import language

    known = language(installed=True)
    owner, _dot, _rest = typed.rpartition(".")
    key = known.find(owner) if owner else known.top
    keys = [f"{owner}.{each.name}".lstrip(".") for each in known.below(key)] if key else []
    return [*(catalogue().codes if typed else ()), *keys]


def _checked(context: Context, *, profile: str | None = None) -> Checked:
    """The spec of the line, as far as it is typed; its errors are no matter here."""
    from mlspec import api
    from mlspec.cli import arguments

    given = context.params
    return api.check(arguments.one(given.get("spec") or _spec_typed()), profile=profile, sets=given.get("sets") or ())


def _spec_typed() -> str | None:
    """The SPEC among the words of the line: click has read no arguments yet where the value of an option is asked for."""
    from click.shell_completion import split_arg_string

    words = split_arg_string(os.environ.get("COMP_WORDS", ""))
    return next((word for word in words if word.endswith((".yaml", ".yml")) and Path(word).is_file()), None)


def _plan(context: Context) -> Plan:
    from mlspec.cli import arguments

    plan = _checked(context, profile=context.params.get("profile")).plan
    if plan is None:
        raise LookupError
    return arguments.pipeline(plan, context.params.get("pipeline") or "lifecycle")


def _steps(context: Context, _typed: str) -> Iterable[str]:
    plan = _plan(context)
    return dict.fromkeys(word for step in plan.all_steps() for word in (step.name, step.id))


def _approvals(context: Context, _typed: str) -> Iterable[str]:
    from mlspec.ir.bodies import Approval

    return [step.id for step in _plan(context).all_steps() if isinstance(step.body, Approval)]


def _runs(context: Context, _typed: str) -> Iterable[str]:
    from mlspec.store.runs import LATEST, Runs

    plan = _plan(context)
    return [LATEST, *reversed(Runs(plan.lifecycle, plan.store, Path(plan.folder or "").resolve()).ids())]


def _profiles(context: Context, _typed: str) -> Iterable[str]:
    base = _checked(context).document.base
    profiles = base.get("profiles") if base is not None else None
    return profiles.value if profiles is not None else ()


def _parameters(context: Context, _typed: str) -> Iterable[str]:
    return [f"{parameter.name}=" for parameter in _plan(context).params]


def _environments(context: Context, _typed: str) -> Iterable[str]:
    return _plan(context).environments


codes_and_keys = _completer(_codes_and_keys)
targets = _completer(_targets)
steps = _completer(_steps)
approvals = _completer(_approvals)
runs = _completer(_runs)
profiles = _completer(_profiles)
parameters = _completer(_parameters)
environments = _completer(_environments)
