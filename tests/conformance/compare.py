"""One drawn lifecycle on every engine, held against the oracle and against the run here.

In: a drawn lifecycle, a folder and engines by name. Out: what is wrong, in sentences, and which targets refuse it. Owns what
counts as a divergence; never decides what should have happened (see `oracle`). Change it when engines must agree on more.
"""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from mlspec import api
from mlspec.diagnostics import has_errors
from mlspec.ir.model import Plan
from mlspec.targets.base import GeneratedFile, targets
from tests.conformance.drawn import KINDS, Life, text_of, user_of, user_variable_of, variable_of
from tests.conformance.oracle import Prophecy, foresee
from tests.conformance.refusal import LOCAL, heeded
from tests.conformance.render import project
from tests.engines import EngineRun, kfp_local, local
from tests.engines.outcome import Done, Outcome, outcome_of

Secrets = Mapping[str, str]
Engine = Callable[[Path, Plan, list[GeneratedFile], dict[str, Any], Secrets], EngineRun]
OVERRIDE = "override"
"""Why Kubeflow does not run a spec that it takes: an overriding value holds `{{$`, which it takes for its own placeholder whoever wrote
it, or `)` and behind it what Kubernetes may have put there. A default that does is refused, but for a secret's value; what a run
overrides no compiler sees, so the steps that are told it fail."""


@dataclass
class Verdict:
    """What came of one lifecycle. `problems` is empty when all is well."""

    problems: list[str] = field(default_factory=list)
    refused: dict[str, list[str]] = field(default_factory=dict)
    """Target → the codes of its findings."""
    ran: list[str] = field(default_factory=list)
    """Engines that ran it."""


def params_of(life: Life) -> dict[str, Any]:
    """What the run overrides."""
    return {name: param["given"] for name, param in life.get("params", {}).items() if "given" in param}


def bent_on_kubeflow(life: Life) -> bool:
    """Whether a parameter's value is one that Kubeflow or Kubernetes may bend."""
    hidden = [secret for secret in life.get("secrets", {}).values() if secret]
    for param in life.get("params", {}).values():
        text = text_of(param.get("given", param["default"]))
        behind = text.partition(")")[2]
        if "{{$" in text or "$" in behind or any(secret in behind for secret in hidden):
            return True
    return False


def run_here(project: Path, plan: Plan, _files: list[GeneratedFile], params: dict[str, Any], secrets: Secrets) -> EngineRun:
    """The engine that needs no target; its secrets are in its own environment, which no other engine looks at."""
    os.environ.update(variables(secrets, project.parent / "keys"))
    return local.run(project, plan, params)


def variables(secrets: Secrets, folder: Path) -> dict[str, str]:
    """What a process has of secrets where nobody else gives them to it; those that are files are written to `folder`."""
    found = {}
    for name, text in secrets.items():
        found[variable_of(name)] = text
        match KINDS.get(name):
            case "file":
                folder.mkdir(exist_ok=True)
                (folder / name).write_bytes(text.encode())
                found[variable_of(name)] = str(folder / name)
            case "login":
                found[user_variable_of(name)] = user_of(name)
    return found


def compare(life: Life, folder: Path, engines: Mapping[str, Engine]) -> Verdict:
    """Run `life` here and on each engine (by its target's name, perhaps with `@` and a word more) that can express it."""
    verdict = Verdict()
    prophecy = foresee(life)
    params = params_of(life)
    runs: dict[str, tuple[Path, Plan, list[GeneratedFile], Engine]] = {}
    for name, engine in {LOCAL: run_here, **engines}.items():
        place = lay_out(life, folder / name)
        plan = api.plan(api.load(place / "mlspec.yaml"))
        files: list[GeneratedFile] = []
        if name != LOCAL:
            if name == "kubeflow":
                plan = kfp_local.with_shared_store(plan, place)
            made, findings = api.emit(plan, targets()[name.partition("@")[0]])
            if made is None:
                codes = sorted({finding.code for finding in findings if finding.severity == "error"})
                verdict.refused[name] = codes
                assert has_errors(findings)
                verdict.problems += [
                    f"{name}: refused with {code}, which is no finding of a target" for code in codes if code[:4] != "MLS5"
                ]
                continue
            files = made
            if name == "kubeflow" and bent_on_kubeflow(life):
                verdict.refused[name] = [OVERRIDE]
                continue
        runs[name] = (place, plan, files, engine)
    secrets = life.get("secrets", {})
    with ThreadPoolExecutor(len(runs)) as pool:
        if prophecy.refused:
            told = {name: pool.submit(_refuse, name, prophecy.refused, *run, params, secrets) for name, run in runs.items()}
            verdict.ran += told
            verdict.problems += [f"{name}: {problem}" for name, future in told.items() for problem in future.result()]
            return verdict
        futures = {name: pool.submit(_run, *run, params, secrets) for name, run in runs.items()}
    outcomes: dict[str, Outcome] = {}
    for name, future in futures.items():
        verdict.ran.append(name)
        found = future.result()
        if isinstance(found, str):
            verdict.problems.append(f"{name}: {found}")
            continue
        outcomes[name] = found
        verdict.problems += [f"{name}: {problem}" for problem in against(prophecy, found)]
    if LOCAL in outcomes:
        for name, found in outcomes.items():
            verdict.problems += [f"{name}: {problem}" for problem in _apart(prophecy, outcomes[LOCAL], found)]
    return verdict


def lay_out(life: Life, place: Path) -> Path:
    """Write the project of a lifecycle; returns its folder."""
    for path, text in project(life).items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(text.encode())
    return place


def _run(
    place: Path, plan: Plan, files: list[GeneratedFile], engine: Engine, params: dict[str, Any], secrets: Secrets
) -> Outcome | str:
    try:
        done = engine(place, plan, files, params, secrets)
        outcome = outcome_of(plan, place, done.run_id)
    except Exception:
        return traceback.format_exc()
    if done.status != outcome.status:
        return f"the engine says that the run {done.status}, its records that it {outcome.status}"
    return outcome


def _refuse(
    name: str,
    parameter: str,
    place: Path,
    plan: Plan,
    files: list[GeneratedFile],
    engine: Engine,
    params: dict[str, Any],
    secrets: Secrets,
) -> list[str]:
    return heeded(name, parameter, place, partial(engine, place, plan, files, params, secrets))


def against(prophecy: Prophecy, outcome: Outcome) -> list[str]:
    """What an outcome has that the oracle did not foresee."""
    problems = []
    if outcome.status != prophecy.status:
        problems.append(f"the run {outcome.status}, and should have {prophecy.status}")
    wanted = dict(prophecy.steps)
    for name, ids in prophecy.fan_outs.items():
        if name in outcome.steps and name not in wanted:
            expected = {state for one in ids for state in wanted[one].states} - {"succeeded", "failed"}
            if outcome.steps[name].state not in expected:
                problems.append(f"{name}: {outcome.steps[name].state}, and should be the instances {ids}")
            for one in ids:
                wanted.pop(one)
        elif name in outcome.steps and name in ids:
            continue
    known = {*prophecy.fan_outs}
    if set(outcome.steps) - known != set(wanted) - known:
        return [*problems, f"the steps are {sorted(outcome.steps)}, and should be {sorted(wanted)}"]
    for step_id, done in outcome.steps.items():
        if step_id not in wanted:
            continue
        expected_step = wanted[step_id]
        if done.state not in expected_step.states:
            problems.append(f"{step_id}: {done.state}, and should be {' or '.join(sorted(expected_step.states))}")
        elif done.state == expected_step.natural and not expected_step.vanishes:
            problems += [f"{step_id}: {problem}" for problem in _details(done, expected_step)]
    return problems


def _details(done: Done, expected: Any) -> list[str]:
    problems = []
    if done.attempts != expected.attempts:
        problems.append(f"{done.attempts} attempts, and should be {expected.attempts}")
    if expected.attempts and expected.values != done.values:
        problems.append(f"with {_shown(done.values)}, and should be {_shown(expected.values)}")
    if done.state == "succeeded" and set(done.outputs) != set(expected.outputs):
        problems.append(f"outputs {sorted(done.outputs)}, and should be {sorted(expected.outputs)}")
    for name, digest in expected.outputs.items():
        if digest is not None and done.outputs.get(name) != digest:
            problems.append(f"output {name} is {done.outputs.get(name)}, and should be {digest}")
    if expected.attempts and done.inputs != expected.inputs:
        problems.append(f"inputs {_shown(done.inputs)}, and should be {_shown(expected.inputs)}")
    return problems


def _apart(prophecy: Prophecy, here: Outcome, there: Outcome) -> list[str]:
    """What two runs that both keep the rules differ in where both have done a step, and it could tell."""
    problems = []
    silent = {step_id for step_id, expected in prophecy.steps.items() if expected.vanishes}
    for step_id in (here.steps.keys() & there.steps.keys()) - silent:
        ours, theirs = here.steps[step_id], there.steps[step_id]
        if ours.state == theirs.state and ours != theirs:
            problems.append(f"{step_id}: {_shown(theirs)}, and here {_shown(ours)}")
    return problems


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) < 800 else text[:800] + "..."
