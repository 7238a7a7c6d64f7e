"""What a spec may say of Airflow alone: `targets.airflow`, a step's `x-airflow`, and `airflow:` of a secret.

In: JSON of the plan. Out: frozen dataclasses. Owns the names, defaults and descriptions that the JSON Schema shows;
never emits. Every field is used by `emit.py`, but for `executor`, which only `findings.py` asks for.
Change it when the generated file can do something that only Airflow has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from mlspec.ir.declarations import Secret
from mlspec.ir.model import Plan, Step
from mlspec.targets.airflow.native import NO_DAG, NO_OPERATOR, DagArguments, OperatorArguments
from mlspec.targets.options import Cache, ExactlyOne, Setting, read
from mlspec.targets.pods import NOTHING, Pod, merged
from mlspec.targets.secret_forms import form_of
from mlspec.terms import SecretKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowOptions:
    """`targets.airflow`: how the lifecycle becomes a DAG."""

    version: Annotated[
        Literal[2, 3] | None,
        Setting(
            description="Major version of Airflow that must load the file. 3 imports `airflow.sdk` directly; "
            "2, like leaving it out, goes through the common-compat provider and loads on 2.11 and 3."
        ),
    ] = None
    runner: Annotated[
        Literal["bash", "docker", "kubernetes"],
        Setting(description="Where steps run: on the worker itself (bash), or each in a container of its environment's image."),
    ] = "bash"
    executor: Annotated[
        str | None,
        Setting(
            pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$",
            description="Executor of the Airflow that runs the file, as `core.executor` there names it. It changes nothing in the file: "
            "with it `mlspec` knows whether tasks run on several machines.",
            examples=("CeleryExecutor",),
        ),
    ] = None
    dag_id: Annotated[
        str | None,
        Setting(
            pattern=r"^[A-Za-z0-9_.-]{1,250}$",
            description="Id of the DAG; default: the lifecycle's name.",
            examples=("credit_default",),
        ),
    ] = None
    pool: Annotated[
        str | None,
        Setting(
            min_length=1,
            max_length=256,
            description="Existing Airflow pool that all tasks take their slots from; default: Airflow's own.",
            examples=("ml",),
        ),
    ] = None
    image: Annotated[
        str | None,
        Setting(
            min_length=1,
            description="Image of steps whose environment names none, where steps run in containers; "
            "default: the first image that a step runs in.",
            examples=("ghcr.io/acme/credit-ml:1.4.2",),
        ),
    ] = None
    network: Annotated[
        str | None,
        Setting(
            min_length=1,
            description="With `runner: docker`: the network that containers join; default: Docker's own.",
            examples=("ml",),
        ),
    ] = None
    namespace: Annotated[
        str | None,
        Setting(
            pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
            description="With `runner: kubernetes`: where pods run; default: where Airflow's connection says.",
            examples=("ml",),
        ),
    ] = None
    service_account: Annotated[
        str | None,
        Setting(
            min_length=1,
            max_length=253,
            description="With `runner: kubernetes`: the account that pods run as.",
            examples=("pipeline-runner",),
        ),
    ] = None
    pods: Annotated[
        Pod,
        Setting(description="With `runner: kubernetes`: what the pods of all steps have; `x-airflow` of a step comes over it."),
    ] = NOTHING
    dag: Annotated[DagArguments, Setting(description="Arguments of the DAG that only Airflow has, handed on as they are.")] = (
        NO_DAG
    )
    cache: Cache = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowStepOptions(Pod):
    """`x-airflow` on a step; what it says of the pod is for `runner: kubernetes`."""

    pool: Annotated[
        str | None, Setting(min_length=1, max_length=256, description="Pool of this step alone.", examples=("gpu",))
    ] = None
    queue: Annotated[
        str | None,
        Setting(min_length=1, max_length=256, description="Queue of the workers that may run it.", examples=("gpu",)),
    ] = None
    operator: Annotated[
        OperatorArguments, Setting(description="Arguments of its operator that only Airflow has, handed on as they are.")
    ] = NO_OPERATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowSecret:
    """An Airflow connection, whose password is the secret (of a login its user, too), or an Airflow variable."""

    connection: Annotated[
        str | None, Setting(description="A connection id; its password is the value.", examples=("mlflow",), blank=False)
    ] = None
    variable: Annotated[str | None, Setting(description="A variable's name.", examples=("mlflow_token",), blank=False)] = None

    exactly_one: ClassVar = ExactlyOne(("connection", "variable"), "an Airflow secret is a `connection` or a `variable`")

    def misfit(self, kind: SecretKind) -> str | None:
        """What to write for a secret of another kind than this is a place of."""
        connected = self.connection is not None or kind in ("text", "file")
        return None if connected else "write `airflow: {connection: ID}`: a variable has no user and no host"


def options_of(plan: Plan) -> AirflowOptions:
    """The spec's `targets.airflow`."""
    return read(AirflowOptions, plan.target_options.get("airflow", {}))


def extension_of(step: Step) -> AirflowStepOptions:
    """The step's `x-airflow`."""
    extension = step.extensions.get("airflow")
    return read(AirflowStepOptions, extension) if extension else _NOTHING


def pod_of(options: AirflowOptions, step: Step) -> Pod:
    """What is said of the step's pod, with what is said of all."""
    return merged(options.pods, extension_of(step)) if "airflow" in step.extensions else options.pods


def airflow_form(secret: Secret) -> AirflowSecret | None:
    """Where Airflow has the secret; None where the spec does not say."""
    return form_of(secret, "airflow", AirflowSecret)


_NOTHING = AirflowStepOptions()
