"""References in sections that change nothing of what runs.

In: a spec. Out: findings. Owns those of `notifications`; steps' own are found when they are wired.
Change it when a section names something.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlspec.diagnostics.collection import Findings, did_you_mean
from mlspec.planning.pipeline import Pipeline
from mlspec.spec.loaded import Spec


def check(spec: Spec, pipelines: Iterable[Pipeline], findings: Findings) -> None:
    """Find receivers whose secret there is not."""
    secrets = spec.lifecycle.secrets
    for index, note in enumerate(spec.lifecycle.notifications):
        if note.to.secret is not None and note.to.secret not in secrets:
            path = ("notifications", index, "to", "secret")
            hint = did_you_mean(note.to.secret, secrets, nothing="define it under `secrets`")
            findings.add("MLS313", f"there is no secret `{note.to.secret}`", spec.span(*path), hint, path=path)
        elif note.to.secret is not None and (kind := secrets[note.to.secret].kind) != "text":
            path = ("notifications", index, "to", "secret")
            message = f"`{note.to.secret}` is a {kind}: a receiver is a text, a webhook's URL"
            findings.add("MLS313", message, spec.span(*path), "name a secret of `kind: text`", path=path)
