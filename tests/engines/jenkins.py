"""Jenkins, as far as it can be had without a controller: Groovy 2.4, the version that controllers embed, and real `/bin/sh`.

In: a project folder, a plan, its generated files and run parameters. Out: an `EngineRun`; or, for tests of the target, a
whole build with its stages and log. Owns the one JVM that serves all of a test process; `groovy/` holds what runs there.
Change it when the JVM must be asked something new.
"""

from __future__ import annotations

import atexit
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mlspec.emission.seal import GeneratedFile
from mlspec.ir.model import Plan
from tests.engines import EngineRun

_GROOVY = Path(__file__).parent / "groovy"
_NUMBERS = itertools.count(1)
ABORT = "abort the build"
"""The answer to a question that aborts the build instead."""


@dataclass(frozen=True)
class Check:
    """What a controller would say of a file before it runs it."""

    problems: tuple[str, ...]
    bytes: Mapping[str, int]
    """Estimated bytes of the pipeline block and of each method after the CPS transform."""
    constants: int
    """Entries of the largest constant pool of the compiled classes."""
    code: Mapping[str, int]
    """Bytes of each method of the compiled classes, `class.method`, as plain Groovy makes them."""


@dataclass(frozen=True)
class Build:
    """A build that has ended."""

    result: str
    stages: Mapping[str, str]
    """SUCCESS, FAILURE or NOT_BUILT by the stage's name."""
    log: str
    run_id: str
    archived: Sequence[str] = ()
    """The files that the page of the build shows, as paths in its workspace."""


def run(
    project: Path,
    plan: Plan,
    files: Sequence[GeneratedFile],
    params: Mapping[str, object],
    answers: Mapping[str, object] | None = None,
    credentials: Mapping[str, str] | None = None,
) -> EngineRun:
    """Run the plan's Jenkinsfile in `project`; without `params` as a job's first build. `SUCCESS` is all that succeeds.

    `credentials` are values by id. `answers` are those to approvals, by message: who approves, or False. A plan with
    approvals needs a store that agents with workspaces of their own share: `local://` and an absolute path will do.
    """
    (file,) = files
    values = {f"MLSPEC_PARAM_{name.upper()}": value for name, value in params.items()}
    done = build(project, file.content, values, answers=answers, credentials=credentials)
    return EngineRun("succeeded" if done.result == "SUCCESS" else "failed", done.run_id)


def build(
    project: Path,
    text: str,
    params: Mapping[str, object] | None = None,
    *,
    credentials: Mapping[str, str] | None = None,
    answers: Mapping[str, object] | None = None,
    events: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Build:
    """Run a Jenkinsfile with `project` as workspace; raises `AssertionError` when a controller would not load it.

    `params` are by the names in the file; booleans stay, other values become text, as a controller has them.
    `credentials` are values by id, `answers` what someone answers to an `input` whose message begins so (False: a refusal, `ABORT`: the
    build is aborted). `events` are what else happens: `restart` from a stage; `abort` the build while the step of that name runs;
    `lost`, how often the agents of steps vanish; `sign`, the file that shows that such a step runs; `busy`, no agent is free after
    an abort; `revisions`, folders that the branch moves to; `svn`, checkouts tell no Git commit;
    `multibranch`, the job is of a pull request, whose merge each checkout makes anew. `environment` is what agents have of their own.
    """
    run_id = f"jenkins-test-{next(_NUMBERS)}"
    values = {name: value if isinstance(value, bool | str) else json.dumps(value) for name, value in (params or {}).items()}
    reply = _ask(
        op="run",
        text=text,
        workspace=str(project),
        env={
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(project),
            "LANG": "C.UTF-8",
            "BUILD_TAG": run_id,
            "BUILD_URL": f"https://ci.example.com/{run_id}/",
            **(environment or {}),
            **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},  # a checkout that is not installed
        },
        params=values,
        first=not values,
        credentials=dict(credentials or {}),
        answers=dict(answers or {}),
        **(events or {}),
    )
    assert not reply["problems"], "\n".join(reply["problems"])
    return Build(reply["result"], reply["stages"], reply["log"], run_id, tuple(reply["archived"]))


def check(text: str) -> Check:
    """Compile a Jenkinsfile and hold it against the structural rules, without running it."""
    reply = _ask(op="check", text=text)
    return Check(tuple(reply["problems"]), reply["bytes"], reply["constants"], reply["code"])


def evaluate(groovy: str) -> Any:
    """Return what a Groovy script returns, as JSON."""
    return _ask(op="words", text=groovy)["value"]


def _ask(**request: object) -> dict[str, Any]:
    server = _server()
    assert server.stdin is not None and server.stdout is not None
    server.stdin.write(json.dumps(request) + "\n")
    server.stdin.flush()
    line = server.stdout.readline()
    assert line, f"the JVM has ended with {server.wait()}"
    reply: dict[str, Any] = json.loads(line)
    assert "exception" not in reply, reply["exception"]
    return reply


@cache
def _server() -> subprocess.Popen[str]:
    java, groovy = shutil.which("java"), shutil.which("groovy")
    if java is None or groovy is None:
        pytest.skip("groovy: Groovy or a JRE is not installed: apt-get install groovy default-jre-headless")
    # Debian's script looks for Java in /usr/lib/jvm/default-java, which comes with another package than the JRE.
    home = Path(java).resolve().parents[1]
    # A build is over before the better compiler and more collectors would pay: they cost a third of it.
    options = "-Dfile.encoding=UTF-8 -Xss4m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
    server = subprocess.Popen(
        [groovy, "-cp", str(_GROOVY), str(_GROOVY / "Server.groovy")],
        env={**os.environ, "JAVA_HOME": str(home), "JAVA_OPTS": options},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    atexit.register(_end, server)
    return server


def _end(server: subprocess.Popen[str]) -> None:
    assert server.stdin is not None
    server.stdin.close()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
