"""`steps:` and `finally:`: one step, its body, its wiring and its policies.

In: a mapping of the spec. Out: a frozen `Step` with exactly one body.
Owns a step's keys and which of them go together; never follows an address (see `mlspec.planning`).
Change it when a step learns a key.
"""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from mlspec.spec.base import Section, wrong
from mlspec.spec.scalars import Duration, Function, Identifier, Json, PositiveDuration, Quantity, StepName, Text, found
from mlspec.terms import BODIES, OutputType, RunIf, Stage

_ADDRESS = re.compile(r"[a-z][a-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+")


class Retry(Section):
    """What happens after a failed attempt."""

    limit: int = Field(0, ge=0, le=100, description="How many retries: 2 means at most 3 attempts.", examples=[2])
    delay: Duration = Field(0.0, description="The wait before the first retry.")
    factor: float = Field(1.0, ge=1, le=100, description="What each further wait is multiplied by.", examples=[2])
    max_delay: Duration | None = Field(None, description="The longest wait.")


class Resources(Section):
    """What a container is given."""

    cpu: Quantity | None = Field(None, description="CPUs, as Kubernetes writes them.")
    memory: Quantity | None = Field(None, description="Memory, as Kubernetes writes it.")
    gpu: int = Field(0, ge=0, le=64, description="How many accelerators.", examples=[1])


class Approval(Section):
    """A person decides whether the run goes on."""

    message: Text = Field(description="What they are asked.", examples=["Promote to production?"])
    approvers: list[Text] = Field(default_factory=list, description="Who may answer.", examples=[["risk-officers"]])
    timeout: PositiveDuration | None = Field(None, description="After this the answer is no.")


class Source(Section):
    """Where an input comes from: an address, a path in the repository or a URI."""

    address: str | None = Field(None, description="An output of another step.", examples=["ingest.table"])
    path: Text | None = Field(None, description="A file or folder in the repository.", examples=["data/loans.csv"])
    uri: Text | None = Field(None, description="Data elsewhere.", examples=["s3://acme/loans.parquet"])

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.address, self.path, self.uri).count(None) != 2:
            raise wrong("MLS213", "an input is either `path` or `uri`", "write one of them")
        if self.path is not None and (self.path.startswith("/") or ".." in self.path.split("/")):
            raise wrong(
                "MLS218", f"the path `{self.path}` leads out of the project", "use {uri: …} for files elsewhere", key="path"
            )
        if self.uri is not None and ":" not in self.uri:
            raise wrong(
                "MLS218", f"`{self.uri}` is no URI", "write scheme://…, or {path: …} for a file in the repository", key="uri"
            )
        return self


class _Place(Section):
    """Data in the repository or elsewhere: what is written where an input is no address."""

    path: Text | None = Field(None, description="A file or folder in the repository.", examples=["data/loans.csv"])
    uri: Text | None = Field(
        None, description="Data elsewhere: any URI that fsspec opens.", examples=["s3://acme/loans.parquet"]
    )


_AddressText = Annotated[
    str,
    WithJsonSchema({
        "type": "string",
        "pattern": f"^{_ADDRESS.pattern}$",
        "patternErrorMessage": "An address, step.output; for a file in the repository write {path: …}.",
        "description": "An output of another step.",
        "examples": ["ingest.table"],
    }),
]  # fmt: skip


def _source(value: Any) -> Any:
    if isinstance(value, str):
        if not _ADDRESS.fullmatch(value):
            raise wrong("MLS211", f"`{value}` is no address", "write step.output, or {path: …} for a file in the repository")
        return {"address": value}
    if isinstance(value, dict) and "address" not in value:
        return value
    raise wrong(
        "MLS203", f"an input is an address, a path or a URI, not {found(value)}", "write step.output, {path: …} or {uri: …}"
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


AnySource = Annotated[Source, BeforeValidator(_source, json_schema_input_type=_AddressText | _Place)]
Otherwise = Literal["stop", "skip"]
Scalar = str | int | float | bool


class Step(Section):
    """One process to run, one gate or one approval."""

    stage: Stage = Field("model", description="Whose work it is: data, model or service.")
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
        None, description="When the gate does not hold: stop fails the run, skip skips what follows.", examples=["stop"]
    )
    approval: Approval | None = Field(None, description="A person decides.")
    needs: list[StepName] = Field(
        default_factory=list, description="Steps that come before it without giving it data.", examples=[["validate"]]
    )
    inputs: dict[Identifier, AnySource] = Field(
        default_factory=dict,
        description="What it reads: addresses, {path: …} or {uri: …}.",
        examples=[{"table": "ingest.table"}],
    )
    outputs: dict[Identifier, OutputType] = Field(
        default_factory=dict, description="What it makes, by type.", examples=[{"model": "model", "metrics": "metrics"}]
    )
    with_: dict[Identifier, Json] = Field(
        default_factory=dict,
        alias="with",
        description="Values it is given; ${{ }} puts in params, metrics and values.",
        examples=[{"depth": 4, "seed": "${{ params.seed }}"}],
    )
    secrets: list[Identifier] = Field(default_factory=list, description="Secrets it may see.", examples=[["tracking_token"]])
    when: Annotated[Text, BeforeValidator(_condition, json_schema_input_type=str | bool)] | None = Field(
        None, description="A condition (CEL); false skips the step.", examples=["params.promote"]
    )
    run_if: RunIf = Field("success", description="Which outcome of the steps before lets it start.")
    retry: Retry | None = Field(None, description="What happens after a failed attempt.")
    timeout: PositiveDuration | None = Field(None, description="How long one attempt may take.")
    resources: Resources | None = Field(
        None, description="What its container is given.", examples=[{"cpu": 2, "memory": "4Gi"}]
    )
    environment: Identifier | None = Field(
        None, description="What it needs around it: a name of `environments`. A gate or an approval takes its image alone."
    )
    cache: bool | None = Field(None, description="Whether an equal earlier step's outputs may stand for its own.")
    matrix: dict[Identifier, list[Scalar]] | None = Field(
        None, description="One instance for each combination.", examples=[{"depth": [2, 4], "loss": ["log", "hinge"]}]
    )
    foreach: str | list[Json] | None = Field(
        None, description="One instance for each element of a list known when it runs.", examples=["split.values.regions"]
    )
    parallel: int | None = Field(None, ge=1, le=10000, description="How many instances may run at once.", examples=[4])
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
        if self.parallel is not None and self.matrix is None and self.foreach is None:
            raise wrong("MLS219", "`parallel` without `matrix` or `foreach`", "remove it", key="parallel")
        for key in ("matrix", "foreach"):
            value = getattr(self, key)
            if key == "matrix" and value is not None and (not value or not all(value.values())):
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


PROCESS_KEYS = (
    "inputs",
    "outputs",
    "with_",
    "secrets",
    "retry",
    "timeout",
    "resources",
    "cache",
    "matrix",
    "foreach",
)
_A = {"gate": "a gate", "approval": "an approval"}


class Defaults(Section):
    """What steps have that say nothing else."""

    environment: Identifier | None = Field(None, description="Their environment.")
    retry: Retry | None = Field(None, description="Their retries.")
    timeout: PositiveDuration | None = Field(None, description="How long an attempt may take.")
    resources: Resources | None = Field(None, description="What their containers are given.")
    cache: bool | None = Field(None, description="Whether they are cached.")
