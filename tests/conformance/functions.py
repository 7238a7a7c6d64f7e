"""The Python functions that the `call` of drawn steps names, as one module.

In: drawn steps. Out: a module's text. Owns how a value, an input, an output and a fault look in a function, so that what a body
writes can be foretold; never what they come to. Change it together with `effects`, and with `scripts`, whose bodies do the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.conformance.drawn import KINDS, Fault, Step, Tree, user_variable_of, variable_of, variables_of


def module_of(steps: Mapping[str, Step], env: dict[str, Tree]) -> str:
    """The module `work`, with a function for each of the steps; `env` are the variables of their environment."""
    return _MODULE + "".join(_function(name, step, env) for name, step in steps.items())


def _function(name: str, step: Step, env: dict[str, Tree]) -> str:
    fault: Fault = step.get("fault", {"count": 0, "how": "exit"})
    plain = [output for output in step.get("outputs", {}) if output not in step.get("writes", {})]
    told = {
        "name": name,
        "count": fault["count"],
        "how": fault["how"],
        "plain": plain,
        "folders": step.get("folders", []),
        "values": [value for value in step.get("values", {}) if value not in step.get("writes", {}).values()],
        "inputs": list(step.get("inputs", {})),
        "variables": [*_variables(step), *variables_of(step, env)],
        "keys": [variable_of(secret) for secret in step.get("secrets", []) if KINDS.get(secret) == "file"],
        "writes": step.get("writes", {}),
    }
    return f"\n\ndef do_{name}(**given):\n    return _work({told!a}, given)\n"


def _variables(step: Step) -> Iterator[str]:
    """Those of the step's secrets."""
    for secret in step.get("secrets", []):
        if KINDS.get(secret) == "login":
            yield user_variable_of(secret)
        yield variable_of(secret)


_MODULE = '''"""Functions of the user's, which do what the scripts of the other steps do."""

import json
import os
import signal
from pathlib import Path


def _text(value):
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _read(path):
    path = path / "a.txt" if path.is_dir() else path
    return path.read_bytes()


def _fail(told, given):
    Path("tries").mkdir(exist_ok=True)
    with open("tries/" + told["name"], "a+") as tries:
        tries.write("x")
        tries.flush()
        tries.seek(0)
        if len(tries.read()) > told["count"]:
            return False
    if told["how"] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if told["how"] == "skip_code":
        raise SystemExit(99)
    if told["how"] == "missing":
        return True
    if told["how"] == "half":
        given[told["plain"][0]].write_text("half")
    raise ValueError("it's \\"broken\\" $HOME {{ x }} ${x}\\n\\u00e9")


def _work(told, given):
    if told["count"] and _fail(told, given):
        return None
    assert set(given) == {*told["plain"], *told["inputs"], *told["values"], *told["writes"].values()}, sorted(given)
    body = "".join("<" + _text(given[name]) + ">" for name in told["values"]).encode()
    for name in told["variables"]:
        text = os.environb[name.encode()]
        body += b"<" + (Path(os.fsdecode(text)).read_bytes() if name in told["keys"] else text) + b">"
    for name in told["inputs"]:
        for path in given[name] if isinstance(given[name], list) else [given[name]]:
            body += _read(path)
    for name in told["plain"]:
        if name in told["folders"]:
            (given[name] / "deep").mkdir(parents=True)
            (given[name] / "a.txt").write_bytes(body)
            (given[name] / "deep" / "b c.txt").write_text(name)
        else:
            given[name].write_bytes(body)
    made = {output: given[value] for output, value in told["writes"].items()}
    return next(iter(made.values())) if len(made) == 1 else made or None
'''
