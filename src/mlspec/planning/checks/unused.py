"""What nobody reads.

In: pipelines. Out: warnings for parameters and for datasets and values that nothing uses. Models, metrics, reports and
artifacts are results in their own right. Never an error. Change it when there is another way to use something.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlspec.diagnostics.collection import Findings
from mlspec.planning.pipeline import Pipeline
from mlspec.spec.loaded import Spec
from mlspec.terms import READ_TYPES


def check_outputs(pipeline: Pipeline, findings: Findings) -> None:
    """Warn of outputs that no step reads. Those of library steps come unasked and are left alone."""
    if _misread(findings):
        return
    read = {pair for wired in pipeline.wired.values() for pair in wired.read}
    read |= set(pipeline.retrain.values.values()) if pipeline.retrain else set()
    for name, named in pipeline.scope.steps.items():
        for output, kind in named.outputs.items() if named.library is None else ():
            if kind in READ_TYPES and (name, output) not in read and not named.final:
                path = (*named.path, "outputs", output)
                hint = "remove it, or declare it as `artifact` if people look at it"
                findings.warn("MLS408", f"no step reads `{name}.{output}`", pipeline.spec.key_span(*path), hint, path=path)


def check_params(spec: Spec, pipelines: Iterable[Pipeline], findings: Findings) -> None:
    """Warn of parameters that no expression reads."""
    if _misread(findings):
        return
    used: set[str] = set()
    for pipeline in pipelines:
        used.update(*(wired.reads.params | wired.listed for wired in pipeline.wired.values()))
        used |= pipeline.retrain.params if pipeline.retrain else set()
    for name in spec.lifecycle.params:
        if name not in used:
            hint = f"read it as ${{{{ params.{name} }}}}, or remove it"
            findings.warn(
                "MLS407", f"nothing reads the parameter `{name}`", spec.key_span("params", name), hint, path=("params", name)
            )


def _misread(findings: Findings) -> bool:
    """Whether some address could not be read: what it was to name then seems unused, and is not."""
    return any(finding.code.startswith("MLS3") for finding in findings)
