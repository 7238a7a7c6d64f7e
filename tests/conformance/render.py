"""A drawn lifecycle as a project: its spec and the files that its steps use.

In: a drawn lifecycle. Out: the texts of a project's files. Owns how a fault, a value and an input look in a script or a
function, so that what a body writes can be foretold; never what a run comes to. Change it together with `oracle._outputs`.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from tests.conformance.drawn import Condition, Fault, Life, Step, Tree, variable_of

TIMEOUT = 4
"""Seconds: of a step that takes too long."""


def project(life: Life) -> dict[str, str]:
    """The project's files by path."""
    files = {"mlspec.yaml": yaml_of(spec(life)), **life.get("files", {})}
    calls = {name: step for name, step in _all(life) if step["body"] == "call"}
    if calls:
        files["src/work.py"] = _MODULE + "".join(_function(name, step) for name, step in calls.items())
    return files


def spec(life: Life) -> dict[str, Any]:
    """The spec as data."""
    made: dict[str, Any] = {"apiVersion": "mlspec/v1", "kind": "Lifecycle", "metadata": {"name": life["name"]}}
    for key in ("description", "labels"):
        if key in life:
            made["metadata"][key] = life[key]  # type: ignore[literal-required]
    if "on_failure" in life:
        made["on_failure"] = life["on_failure"]
    if life.get("params"):
        made["params"] = {
            name: param["default"]
            if param.get("long") is None
            else {"type": param["type"], "default": param["default"], **(param["long"] or {})}
            for name, param in life["params"].items()
        }
    if life.get("secrets"):
        made["secrets"] = {
            name: {
                "env": variable_of(name),
                "kubernetes": {"secret": "hidden", "key": name},
                "airflow": {"variable": name},
                "jenkins": {"credentials": name},
            }
            for name in life["secrets"]
        }
    if any(step["body"] == "call" for _, step in _all(life)):
        made["environments"] = {"own": {"pythonpath": ["src"]}}
    made["steps"] = {name: _step(name, step) for name, step in life["steps"].items()}
    if life.get("finals"):
        made["finally"] = {name: _step(name, step) for name, step in life["finals"].items()}
    return made


def _all(life: Life) -> list[tuple[str, Step]]:
    return [*life["steps"].items(), *life.get("finals", {}).items()]


def _step(name: str, step: Step) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key in ("description", "stage", "needs", "inputs", "outputs", "secrets", "matrix", "parallel", "run_if", "otherwise"):
        if step.get(key):
            made[key] = escaped(step["description"]) if key == "description" else step[key]  # type: ignore[literal-required]
    if "foreach" in step:
        made["foreach"] = step["foreach"]
    if "when" in step:
        made["when"] = cel(step["when"])
    if step["body"] == "gate":
        made["gate"] = [cel(line) for line in step["gate"]]
        return made
    if step.get("limit"):
        made["retry"] = {"limit": step["limit"], "delay": "0s"}
    fault = step.get("fault")
    if fault is not None and fault["how"] == "timeout":
        made["timeout"] = f"{TIMEOUT}s"
    values = {key: tree_of(tree) for key, tree in step.get("values", {}).items()}
    if values:
        made["with"] = values
    if step["body"] == "call":
        made["call"], made["environment"] = f"work:do_{name}", "own"
    else:
        made["run"] = script(name, step)
    return made


def tree_of(tree: Tree) -> Any:
    """A tree as it stands in the spec."""
    match tree:
        case {"$": str(address)}:
            return f"${{{{ {address} }}}}"
        case {"+": list(parts)}:
            return "".join(escaped(part) if isinstance(part, str) else tree_of(part) for part in parts)
        case dict():
            return {key: tree_of(value) for key, value in tree.items()}
        case list():
            return [tree_of(value) for value in tree]
        case str():
            return escaped(tree)
    return tree


def escaped(text: str) -> str:
    """A text in which nothing is a placeholder."""
    return text.replace("${{", "$${{")


def cel(condition: Condition) -> str:
    """A condition as text."""
    kind, *rest = condition
    if kind in ("and", "or"):
        return f"({cel(rest[0])} {'&&' if kind == 'and' else '||'} {cel(rest[1])})"
    if kind == "not":
        return f"!({cel(rest[0])})"
    if kind == "holds":
        return str(rest[0])
    if kind == "size":
        return f"size({rest[0]}) == {rest[1]}"
    literal = rest[2]
    return f"{rest[0]} {rest[1]} {_cel_text(literal) if isinstance(literal, str) else json.dumps(literal)}"


def _cel_text(text: str) -> str:
    """A string of CEL; all but plain characters as escapes, which CEL has in widths of four and eight digits."""
    return (
        '"'
        + "".join(one if (one.isalnum() and one.isascii()) or one in " .,-_" else f"\\U{ord(one):08x}" for one in text)
        + '"'
    )


def script(name: str, step: Step) -> str:
    """The `run` of a step."""
    lines = _fault_lines(name, step)
    written = set(step.get("writes", {}).values())
    styles = step.get("styles", {})
    body = []
    for value in step.get("values", {}):
        if value in written or value == "only":
            continue
        match styles.get(value, "plain"):
            case "document":
                body += ["cat <<END_OF_TEXT", f"<${{{{ with.{value} }}}}>", "END_OF_TEXT"]
            case "variable":
                body.append(f"printf '<%s>' \"$MLSPEC_WITH_{value.upper()}\"")
            case "quoted":
                body.append(f'printf "<%s>" "${{{{ with.{value} }}}}"')
            case _:
                body.append(f"printf '<%s>' ${{{{with.{value}}}}}")
    body += [f"printf '<%s>' ${{{{ {address} }}}}" for address in step.get("prints", [])]
    body += [f"printf '<%s>' \"${variable_of(secret)}\"" for secret in step.get("secrets", [])]
    body += [
        f'for one in ${{{{ inputs.{one} }}}}; do if [ -d "$one" ]; then cat "$one/a.txt"; else cat "$one"; fi; done'
        for one in step.get("inputs", {})
    ]
    plain = [output for output in step.get("outputs", {}) if output not in step.get("writes", {})]
    for output in plain[:1]:
        at = _place(step, output)
        lines += _folder(step, output)
        lines += ["{", *body, f"}} > {at}"] if body else [f": > {at}"]
    for output in plain[1:]:
        lines += [*_folder(step, output), f"cat {_place(step, plain[0])} > {_place(step, output)}"]
    for output, value in step.get("writes", {}).items():
        lines.append(f"printf '%s' ${{{{ with.{value} }}}} > ${{{{ outputs.{output} }}}}")
    if not plain and body:
        lines += ["{", *body, "} > /dev/null"]
    return "\n".join(lines or ["true"]) + "\n"


def _place(step: Step, output: str) -> str:
    return f"${{{{ outputs.{output} }}}}" + ("/a.txt" if output in step.get("folders", []) else "")


def _folder(step: Step, output: str) -> list[str]:
    if output not in step.get("folders", []):
        return []
    at = f"${{{{ outputs.{output} }}}}"
    return [f"mkdir -p {at}/deep", f"printf '%s' {output} > {at}/'deep/b c.txt'"]


_WAYS = {
    "exit": "exit 3",
    "skip_code": "exit 99",
    "kill": "kill -9 $$",
    "missing": "exit 0",
    "timeout": "sleep 60 & sleep 60",
}


def _fault_lines(name: str, step: Step) -> list[str]:
    """Lines that count attempts in the project's folder, and fail while they are too few."""
    fault = step.get("fault")
    if fault is None:
        return []
    how = fault["how"]
    way = _WAYS.get(how, "")
    if how in ("half", "bad_json"):
        output = next(iter(step["writes"] if how == "bad_json" else step["outputs"]))
        way = f"echo half '{{' > ${{{{ outputs.{output} }}}}; exit {0 if how == 'bad_json' else 5}"
    file = f"tries/{name}"
    inside = ["mkdir -p tries", f"echo >> {file}", f'if [ "$(wc -l < {file})" -le {fault["count"]} ]; then {way}; fi']
    if "only" not in fault:
        return inside
    return [f'if [ "x"{_first(step)} = "x"${{{{ with.only }}}} ]; then', *inside, "fi"]


def _first(step: Step) -> str:
    return f"${{{{ matrix.{next(iter(step['matrix']))} }}}}" if "matrix" in step else "${{ item }}"


def _function(name: str, step: Step) -> str:
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
        "secrets": [variable_of(secret) for secret in step.get("secrets", [])],
        "writes": step.get("writes", {}),
    }
    return f"\n\ndef do_{name}(**given):\n    return _work({told!a}, given)\n"


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
    for name in told["secrets"]:
        body += b"<" + os.environb[name.encode()] + b">"
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


class _Dumper(yaml.SafeDumper):
    """Writes each text so that YAML 1.2 reads it as that text."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    tidy = text.isascii() and text.isprintable() if "\n" not in text else _block(text)
    if "\n" in text and tidy:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    plain = text.isascii() and text.replace("_", "a").replace(".", "a").replace("/", "a").isalnum() and text[0].isalpha()
    if plain and text.lower() not in ("null", "true", "false"):
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


def _block(text: str) -> bool:
    return (
        all(line.isascii() and line.isprintable() for line in text.split("\n")) and text.endswith("\n") and text[0] not in " \n"
    )


_Dumper.add_representer(str, _represent_text)


def yaml_of(data: Any) -> str:
    """The text of a spec."""
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=False, width=110))
