"""What images are pulled with.

In: a spec. Out: errors where `pull_secret` names no secret, or one that is no registry. Never looks at what a target makes of it.
Change it when images can be pulled in another way.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlspec.diagnostics.collection import Findings, did_you_mean
from mlspec.planning.pipeline import Pipeline
from mlspec.spec.loaded import Spec


def check(spec: Spec, _: Iterable[Pipeline], findings: Findings) -> None:
    """Check the `pull_secret` of each environment."""
    secrets = spec.lifecycle.secrets
    registries = [name for name, secret in secrets.items() if secret.kind == "registry"]
    for name, environment in spec.lifecycle.environments.items():
        wanted, path = environment.pull_secret, ("environments", name, "pull_secret")
        if wanted is None or wanted in registries:
            continue
        if wanted in secrets:
            message = f"`{wanted}` is a {secrets[wanted].kind}: an image is pulled with a secret of `kind: registry`"
            findings.add("MLS313", message, spec.span(*path), f"write `kind: registry` in `secrets.{wanted}`", path=path)
        else:
            hint = did_you_mean(wanted, registries, nothing=f"define it: `secrets: {{{wanted}: {{kind: registry, …}}}}`")
            findings.add("MLS313", f"there is no secret `{wanted}`", spec.span(*path), hint, path=path)
