"""What other tools call things, and what to write here instead.

In: a key or a value that this language does not take, and where it stands. Out: one hint, or None.
Owns the words of other tools, but those that a target takes below `x-…` (see `checking.target_options`); never decides that
something is wrong. Change it when people keep writing something else.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from mlspec.diagnostics.nearest import nearest
from mlspec.terms import FILE_NAME, OUTPUT_TYPES

Path = Sequence[str | int]

_OTHER_WORDS = {
    **dict.fromkeys(("depends_on", "dependencies", "depends", "after", "requires", "upstream"), "needs"),
    **dict.fromkeys(("if", "condition", "only_if"), "when"),
    **dict.fromkeys(("script", "command", "cmd", "bash", "shell", "python", "entrypoint", "exec"), "run"),
    **dict.fromkeys(("function", "callable", "python_callable"), "call"),
    **dict.fromkeys(("config", "settings", "arguments", "args", "options", "op_kwargs", "kwargs"), "with"),
    **dict.fromkeys(("jobs", "tasks", "stages", "pipeline", "nodes", "templates", "components"), "steps"),
    **dict.fromkeys(("attempts", "times", "count", "max_retries", "retries"), "limit"),
    **dict.fromkeys(("backoff", "backoff_factor", "multiplier"), "factor"),
    **dict.fromkeys(("wait", "retry_delay", "interval"), "delay"),
    **dict.fromkeys(("restarts", "evictions", "preemptions", "vanished"), "lost"),
    **dict.fromkeys(("on_exit", "always", "cleanup", "post"), "finally"),
    **dict.fromkeys(("variables", "inputs", "arguments", "env"), "params"),
    **dict.fromkeys(("strategy", "grid"), "matrix"),
    **dict.fromkeys(("loop", "for_each", "with_items", "expand"), "foreach"),
    **dict.fromkeys(("max_parallel", "concurrency", "parallelism", "max_active_tis_per_dag"), "parallel"),
    **dict.fromkeys(("trigger_rule",), "run_if"),
    **dict.fromkeys(("container", "conda", "venv"), "environment"),
    **dict.fromkeys(("execution_timeout", "timeout_minutes", "deadline", "active_deadline_seconds"), "timeout"),
    **dict.fromkeys(("produces", "artifacts", "outs"), "outputs"),
    **dict.fromkeys(("consumes", "deps"), "inputs"),
    **dict.fromkeys(("limits", "requests"), "resources"),
    **dict.fromkeys(("gpus", "accelerators"), "gpu"),
    **dict.fromkeys(("gpu_type", "gpu_name", "accelerator_type"), "gpu_resource"),
    **dict.fromkeys(("cpus", "cores"), "cpu"),
    **dict.fromkeys(("mem", "ram"), "memory"),
    **dict.fromkeys(("dependencies_file", "packages", "pip", "install"), "requirements"),
    **dict.fromkeys(("schedule", "on", "cron", "schedule_interval"), "triggers"),
    **dict.fromkeys(("text", "prompt", "question"), "message"),
    **dict.fromkeys(("users", "reviewers", "submitter"), "approvers"),
    **dict.fromkeys(("tz", "time_zone"), "timezone"),
    **dict.fromkeys(("manual", "input"), "approval"),
    **dict.fromkeys(("file", "filename", "file_name", "suffix", "name"), "path"),
    **dict.fromkeys(("ttl", "max_age", "expires", "expires_in", "expire_after", "max_cache_staleness"), "for"),
    **dict.fromkeys(("caching", "memoize", "cache_policy", "cachingstrategy"), "cache"),
}
"""What other tools call the keys of this language, where the spelling is not near."""

_INDEPENDENT = "write `on_failure: continue` at the top of the spec: then what does not hang on a failed step goes on"
_ADVICE = {
    ("step", "image"): "an image belongs to an environment: `environments: {ml: {image: …}}`, and here `environment: ml`",
    ("step", "name"): "a step's name is its key: `train: {run: …}`; what it does can stand under `description`",
    ("step", "id"): "a step's name is its key: `train: {run: …}`",
    ("step", "continue_on_error"): _INDEPENDENT,
    ("step", "allow_failure"): _INDEPENDENT,
    ("step", "ignore_errors"): _INDEPENDENT,
    ("step", "params"): "parameters stand at the top of the spec; give a step values by `with`, such as `depth: ${{ params.depth }}`",
    ("step", "cwd"): "steps run in the folder of the spec: write `cd folder && …` in `run`",
    ("step", "workdir"): "steps run in the folder of the spec: write `cd folder && …` in `run`",
    ("step", "working_directory"): "steps run in the folder of the spec: write `cd folder && …` in `run`",
    ("step", "on_failure"): _INDEPENDENT,
    ("top", "name"): "write `metadata: {name: …}`",
    ("top", "description"): "write it under `metadata`",
    ("top", "labels"): "write it under `metadata`",
    ("top", "owner"): "write `metadata: {owners: […]}`",
    ("top", "owners"): "write it under `metadata`",
    ("top", "version"): "the version of the language is `apiVersion: mlspec/v1`",
    ("top", "spec"): "there is no `spec:`: what would stand below it stands at the top",
    ("top", "image"): "an image belongs to an environment: `environments: {ml: {image: …}}`",
    ("top", "retry"): "write it under `defaults`",
    ("top", "timeout"): "write it under `defaults`",
    ("top", "resources"): "write it under `defaults`",
    ("top", "gate"): "a gate is a step: `steps: {quality: {gate: […]}}`",
    ("top", "approval"): "an approval is a step: `steps: {sign_off: {approval: {message: …}}}`",
    ("secrets", "value"): "a secret never stands in a spec: write `env: NAME`, the variable that holds it",
}  # fmt: skip
_MOST_LISTED = 12


def key_hint(key: str, known: Collection[str], owner: Path) -> str | None:
    """What to write for an unknown key of the mapping at `owner`, which has the keys `known`."""
    if key == "<<":
        return "YAML 1.2 has no merge keys: use `include` or `defaults`"
    before, colon, after = key.partition(":")
    if colon and before in known:
        return f"a blank goes after the colon: `{before}: {after.strip()[:40]}`"
    if " " in key.strip():
        return "inside of { } a comma ends a value: quote the one before it, if this is a part of it"
    folded = key.lower().replace("-", "_")
    close = _OTHER_WORDS.get(folded)
    if (advice := _ADVICE.get((_section(owner), folded))) is not None:
        return advice
    close = close if close in known else nearest(key, known)
    if close:
        return f"did you mean `{close}`?"
    return f"known keys: {', '.join(known)}" if known else None


def _section(owner: Path) -> str:
    if not owner:
        return "top"
    if len(owner) >= 2 and owner[-2] in ("steps", "finally"):
        return "step"
    return str(owner[-2] if len(owner) >= 2 else owner[-1])


def missing_hint(key: str) -> str | None:
    """What to write where a required key is missing."""
    return {
        "apiVersion": "write `apiVersion: mlspec/v1`",
        "kind": "write `kind: Lifecycle`",
        "metadata": "write `metadata: {name: credit-default}`",
        "steps": "write what runs, by name: `steps: {train: {run: python train.py}}`",
        "name": "write `name: credit-default`",
        "message": "write what people are asked: `message: Promote to production?`",
        "to": "write whom to tell: `to: {secret: slack_url}`, or `{email: […]}`",
        "cron": "write when it starts: `cron: 0 3 * * 1`",
        "type": "write one of string, integer, number, boolean, list, object",
        "default": "write the value of a run that does not override it",
    }.get(key)


def form_hint(path: Path, value: Any) -> str | None:
    """What to write for a value at `path` that has the wrong form, where the form that was meant can be told."""
    last = path[-1] if path else ""
    if len(path) >= 2 and path[-2] == "outputs" and _looks_like_a_path(value):
        return (
            f"write a type: one of {', '.join(OUTPUT_TYPES)}; the step finds the path to write to in ${{{{ outputs.{last} }}}}"
            + _file_hint(value)
        )
    if isinstance(value, list):
        return _for_a_list(last, value)
    if isinstance(value, str):
        return _for_a_text(path, last, value)
    if isinstance(value, dict):
        return {
            "environment": "describe it under `environments`, and write its name here",
            "notifications": "write a list: [{events: [failed], to: {secret: slack_url}}]",
            "run": "write one text: `run: python train.py`",
        }.get(str(last))
    return None


def _for_a_list(last: str | int, value: list[Any]) -> str | None:
    if last in ("steps", "finally"):
        return "write each step under its name: `train: {run: …}`"
    if last == "run":
        return "write `run: |` and below it each command on a line of its own"
    if last == "outputs":
        pairs = ", ".join(f"{name}: {_type_of(name)}" for name in value[:3] if isinstance(name, str) and len(name) <= 30)
        return f"write a type for each name: {{{pairs or 'model: model'}}}"
    if last == "inputs":
        names = [address for address in value[:3] if isinstance(address, str) and re.fullmatch(r"\w+\.\w+", address)]
        pairs = ", ".join(f"{address.partition('.')[2]}: {address}" for address in names)
        return f"write a name for each: {{{pairs or 'table: ingest.table'}}}"
    if last in ("params", "environments", "secrets", "with", "matrix"):
        return "write `name: value` for each"
    return None


def _for_a_text(path: Path, last: str | int, value: str) -> str | None:
    if last == "needs" and (">>" in value or "<<" in value):
        return "write the names of the steps that must end first: [train, test]"
    if last == "approval":
        return f"write {{message: {value}}}" if len(value) <= 60 else "write it under `message`"
    if last in ("triggers", "schedule") and len(value) <= 60:
        inner = f'{{cron: "{value}"}}'
        return f"write {{schedule: {inner}}}" if last == "triggers" else f"write {inner}"
    if len(path) == 2 and path[0] == "secrets":
        return "a secret never stands in a spec: write {env: NAME}, the variable that holds it"
    if len(path) == 2 and path[0] == "environments":
        return "write {requirements: {file: requirements.txt}} or {image: …}"
    return None


def _file_hint(value: Any) -> str:
    name = value.rsplit("/", 1)[-1] if isinstance(value, str) else ""
    return f"; its file may have a name: {{type: artifact, path: {name}}}" if FILE_NAME.fullmatch(name) else ""


def _looks_like_a_path(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, str) and ("/" in value or "." in value))


def _type_of(name: str) -> str:
    return name if name in OUTPUT_TYPES else "artifact"
