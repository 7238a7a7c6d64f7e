"""The `run` of a drawn step, as a shell script.

In: a drawn step. Out: its script. Owns how a value, an input, an output and a fault look in a shell, so that what a body writes can
be foretold; never what they come to. Change it together with `effects`, and with `functions`, whose bodies do the same.
"""

from __future__ import annotations

from tests.conformance.drawn import KINDS, Step, user_variable_of, variable_of, variables_of


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
    body += [_secret(secret) for secret in step.get("secrets", [])]
    body += [f"printf '<%s>' \"${name}\"" for name in variables_of(step, {})]
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


def _secret(name: str) -> str:
    variable = f'"${variable_of(name)}"'
    match KINDS.get(name):
        case "file":
            return f"printf '<'; cat {variable}; printf '>'"
        case "login":
            return f"printf '<%s>' \"${user_variable_of(name)}\" {variable}"
        case _:
            return f"printf '<%s>' {variable}"


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
    "vanish": "\n".join(
        [
            "at=$PPID; found=",
            "while grep -qzx exec /proc/$at/cmdline; do found=\"$found $at\"; at=$(cut -d ' ' -f 4 /proc/$at/stat); done",
            "kill -9 $found; sleep 60",
        ]
    ),
}
"""What fails an attempt. The last one ends all processes of `mlspec exec` that it runs below, as the kernel does for want of memory."""


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
