"""What Kubernetes does to a container's words and variables before it starts the container.

In: a command with its arguments, or the variables of a pod. Out: what the process gets. Owns the algorithm of
`third_party/forked/golang/expansion/expand.go` of kubernetes/kubernetes, as `ExpandContainerCommandAndArgs` and
`makeEnvironmentVariables` of pkg/kubelet apply it; docs: "Define Dependent Environment Variables" and `kubectl explain
pod.spec.containers.args`. Change it when Kubernetes expands otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Put values in the place of `$(NAME)`, and `$` in that of `$$`; a name that is not there stays as it stands."""
    parts: list[str] = []
    position = 0
    while position < len(text):
        at = text.find("$", position)
        if at < 0 or at + 1 == len(text):
            parts.append(text[position:])
            break
        parts.append(text[position:at])
        after = text[at + 1]
        closing = text.find(")", at + 2) if after == "(" else -1
        if after == "$":
            parts.append("$")
        elif closing >= 0:
            name = text[at + 2 : closing]
            parts.append(variables.get(name, f"$({name})"))
        else:
            parts.append(f"${after}")
        position = closing + 1 if closing >= 0 else at + 2
    return "".join(parts)


def expanded_command(words: Sequence[str], variables: Mapping[str, str]) -> list[str]:
    """The command and arguments of a container."""
    return [expand(word, variables) for word in words]


def expanded_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of a container: each may name those before it."""
    found: dict[str, str] = {}
    for name, text in variables.items():
        found[name] = expand(text, found)
    return found
