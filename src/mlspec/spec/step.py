"""`steps:` and `finally:`: one step, its body, its wiring and its policies.

In: a mapping of the spec. Out: a frozen `Step` with exactly one body.
Owns a step's keys and which of them go together; never follows an address (see `mlspec.planning`).
Change it when a step learns a key.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from mlspec.spec.base import Section, wrong
from mlspec.spec.caching import AnyCache
from mlspec.spec.inputs import AnySource
from mlspec.spec.matrix import AnyMatrix
from mlspec.spec.outputs import AnyOutput, OutputFile
from mlspec.spec.scalars import Function, Identifier, Json, Quantity, StepName, Text, Variables
from mlspec.spec.times import Duration, PositiveDuration
from mlspec.terms import BODIES, GPU_RESOURCE, LOST, RunIf, Stage


class Retry(Section):
    """What happens after a failed attempt, and when its process vanished."""

    limit: int = Field(0, ge=0, le=100, description="How many retries: 2 means at most 3 attempts.", examples=[2])
    delay: Duration = Field(0.0, description="The wait before the first retry.", examples=["30s"])
    factor: float = Field(1.0, ge=1, le=100, description="What each further wait is multiplied by.", examples=[2])
    max_delay: Duration | None = Field(None, description="The longest wait; default: none is too long.", examples=["10m"])
    lost: int = Field(
        LOST,
        ge=0,
        le=100,
        description="How often it is started again when its process vanished: killed, evicted, out of memory. "
        "`mlspec run` starts it again only where this is written.",
        examples=[5],
    )


class Resources(Section):
    """What a container is given."""

    cpu: Quantity | None = Field(None, description="CPUs, as Kubernetes writes them.", examples=[2, "500m"])
    memory: Quantity | None = Field(None, description="Memory, as Kubernetes writes it.", examples=["4Gi"])
    gpu: int = Field(0, ge=0, le=64, description="How many accelerators.", examples=[1])
    gpu_resource: str = Field(
        GPU_RESOURCE,
        pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?/[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$",
        description="What Kubernetes calls them.",
        examples=["amd.com/gpu", "nvidia.com/mig-1g.5gb"],
    )


class Approval(Section):
    """A person decides whether the run goes on."""

    message: Text = Field(
        description="What they are asked; ${{ }} puts in params, metrics, values and the run.",
        examples=["Promote a model of AUC ${{ train.metrics.auc }}?"],
    )
    approvers: list[Text] = Field(default_factory=list, description="Who may answer.", examples=[["risk-officers"]])
    timeout: PositiveDuration | None = Field(
        None, description="After this the answer is no; default: it waits.", examples=["3d"]
    )


def _lines(value: Any) -> Any:
    if isinstance(value, str):
        raise wrong(
            "MLS203", "a gate is a list of conditions", f"write [{value}]" if len(value) < 60 else "start the line with `- `"
        )
    return value


def _condition(value: Any) -> Any:
    """YAML reads `when: false` as a boolean; as a condition it is the same word."""
    return str(value).lower() if isinstance(value, bool) else value


Otherwise = Literal["stop", "skip"]


class Step(Section):
    """One process to run, one gate or one approval."""

    stage: Stage = Field("model", description="Whose work it is.")
    description: str = Field("", description="One sentence for those who review or watch it.", examples=["Trains the model"])
    run: Text | None = Field(
        None, description="A /bin/sh -e script.", examples=["python -m credit.train --out ${{ outputs.model }}"]
    )
    call: Function | None = Field(None, description="A Python function of yours: module:function.")
    uses: Text | None = Field(
        None, description="A step of the library; `mlspec steps` lists them.", examples=["evaluate/classifier"]
    )
    gate: Annotated[list[Text], BeforeValidator(_lines, json_schema_input_type=list[Text])] | None = Field(
        None,
        min_length=1,
        description="Conditions (CEL) that must all hold.",
        examples=[["train.metrics.auc >= params.min_auc"]],
    )
    otherwise: Otherwise | None = Field(
        None,
        description="When the gate does not hold: stop (the default) fails the run, skip skips what follows.",
        examples=["skip"],
    )
    approval: Approval | None = Field(None, description="A person decides.")
    needs: list[StepName] = Field(
        default_factory=list, description="Steps that come before it without giving it data.", examples=[["validate"]]
    )
    inputs: dict[Identifier, AnySource] = Field(
        default_factory=dict,
        description="What it reads: addresses, {path: …}, {uri: …} or {any: […]}.",
        examples=[{"table": "ingest.table"}],
    )
    outputs: dict[Identifier, AnyOutput] = Field(
        default_factory=dict,
        description="What it makes, by type; {type: …} may add its file's name (path) and how a dataset is read (contract, format).",
        examples=[{"model": "model", "metrics": "metrics"}],
    )
    with_: dict[Identifier, Json] = Field(
        default_factory=dict,
        alias="with",
        description="Values it is given; ${{ }} puts in params, metrics and values.",
        examples=[{"depth": 4, "seed": "${{ params.seed }}"}],
    )
    env: Variables = Field(
        default_factory=dict,
        description="Variables it sees, over those of its environment and the caller's. No secrets; ${{ }} as in `with`.",
        examples=[{"OMP_NUM_THREADS": "4"}],
    )
    secrets: list[Identifier] = Field(default_factory=list, description="Secrets it may see.", examples=[["tracking_token"]])
    when: Annotated[Text, BeforeValidator(_condition, json_schema_input_type=str | bool)] | None = Field(
        None, description="A condition (CEL); false skips the step.", examples=["params.promote"]
    )
    run_if: RunIf = Field("success", description="Which outcome of the steps before lets it start.")
    retry: Retry | None = Field(
        None,
        description="What happens after a failed attempt, and when its process vanished; default: that of `defaults`.",
        examples=[{"limit": 2, "delay": "30s", "factor": 2}],
    )
    timeout: PositiveDuration | None = Field(
        None, description="How long one attempt may take; default: that of `defaults`, else any time.", examples=["2h"]
    )
    resources: Resources | None = Field(
        None, description="What its container is given; default: that of `defaults`.", examples=[{"cpu": 2, "memory": "4Gi"}]
    )
    environment: Identifier | None = Field(
        None,
        description="What it needs around it: a name of `environments`; default: that of `defaults`. "
        "A gate or an approval takes its image alone.",
        examples=["ml"],
    )
    cache: AnyCache | None = Field(
        None,
        description="Whether an equal earlier step's outputs may stand for its own; default: that of `defaults`, else true, "
        "and false for a step that has no inputs and reads no field of another step.",
        examples=[False, {"for": "24h"}],
    )
    matrix: AnyMatrix | None = Field(
        None,
        description="One instance for each combination of values, which may be mappings.",
        examples=[
            {"depth": [2, 4], "loss": ["log", "hinge"]},
            {"cfg": [{"depth": 2, "rate": 0.1}, {"depth": 4, "rate": 0.05}]},
        ],
    )
    foreach: str | list[Json] | None = Field(
        None,
        description="One instance for each element of a list known when it runs.",
        examples=["split.values.regions", "params.regions"],
    )
    each: StepName | None = Field(
        None,
        description="One instance for each of another step's, paired with it: a step with `matrix`, `foreach` or `each`.",
        examples=["train"],
    )
    parallel: int | None = Field(
        None,
        ge=1,
        le=10000,
        description="How many instances may run at once; default: all that there is room for.",
        examples=[4],
    )
    extensions: dict[str, Any] = Field(default_factory=dict, exclude=True, description="What only one target has.")

    @model_validator(mode="before")
    @classmethod
    def _gather_extensions(cls, value: Any) -> Any:
        """Move `x-NAME: {…}` to extensions: which targets there are is not known here."""
        if not isinstance(value, dict):
            return value
        if "extensions" in value:
            raise wrong("MLS201", "unknown key `extensions`", key="extensions")
        given = {key[2:]: item for key, item in value.items() if key.startswith("x-")}
        if not given:
            return value
        return {"extensions": given, **{key: item for key, item in value.items() if not key.startswith("x-")}}

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        bodies = [name for name in BODIES if getattr(self, name) is not None]
        if not bodies:
            raise wrong("MLS213", "a step without a body", f"give it one of {', '.join(BODIES)}")
        if len(bodies) > 1:
            both = " and ".join(f"`{name}`" for name in bodies)
            raise wrong("MLS213", f"a step with {both}", "split it: a step has exactly one body", key=bodies[1])
        return self

    @model_validator(mode="after")
    def _keys_fit_the_body(self) -> Self:
        if self.otherwise is not None and self.gate is None:
            raise wrong("MLS219", "`otherwise` belongs to a gate", "remove it, or write a `gate`", key="otherwise")
        if self.matrix is not None and self.foreach is not None:
            raise wrong("MLS219", "a step with `matrix` and `foreach`", "write one of them", key="foreach")
        if self.each is not None and (self.matrix is not None or self.foreach is not None):
            other = "matrix" if self.matrix is not None else "foreach"
            raise wrong("MLS219", f"a step with `{other}` and `each`", "write one of them", key="each")
        if self.parallel is not None and self.matrix is None and self.foreach is None and self.each is None:
            raise wrong("MLS219", "`parallel` without `matrix`, `foreach` or `each`", "remove it", key="parallel")
        if self.matrix is not None and (not self.matrix.keys or not all(self.matrix.lists.values())):
            raise wrong("MLS219", "a matrix without values", "give each key at least one value", key="matrix")
        if self.uses is not None and self.outputs:
            raise wrong("MLS219", f"`outputs` of `{self.uses}` are given by the library", "remove `outputs`", key="outputs")
        if self.gate is not None or self.approval is not None:
            body = "gate" if self.gate is not None else "approval"
            for key in PROCESS_KEYS:
                if key in self.model_fields_set:
                    name = "with" if key == "with_" else key
                    raise wrong("MLS219", f"`{name}` has no meaning in {_A[body]}", f"remove `{name}`", key=name)
        return self

    @model_validator(mode="after")
    def _files_of_their_own(self) -> Self:
        files = {name: output.path for name, output in self.outputs.items() if isinstance(output, OutputFile) and output.path}
        taken: dict[str, str] = {name: name for name in self.outputs if name not in files}
        for name, file in files.items():
            other = taken.setdefault(file, name)
            if other == name and file in self.outputs and file != name:
                other = file
            if other != name:
                hint = "give each output a file of its own, none called as another output"
                raise wrong("MLS218", f"the outputs `{other}` and `{name}` would both be `{file}`", hint, key="outputs")
        return self


PROCESS_KEYS = (
    "inputs",
    "outputs",
    "with_",
    "env",
    "secrets",
    "retry",
    "timeout",
    "resources",
    "cache",
    "matrix",
    "foreach",
    "each",
)
_A = {"gate": "a gate", "approval": "an approval"}


class Defaults(Section):
    """What steps have that say nothing else."""

    environment: Identifier | None = Field(None, description="Their environment.", examples=["ml"])
    retry: Retry | None = Field(None, description="Their retries.", examples=[{"limit": 2, "delay": "1m"}])
    timeout: PositiveDuration | None = Field(None, description="How long an attempt may take.", examples=["2h"])
    resources: Resources | None = Field(
        None, description="What their containers are given.", examples=[{"cpu": 1, "memory": "2Gi"}]
    )
    cache: bool | None = Field(None, description="Whether they are cached; default: true.", examples=[False])
