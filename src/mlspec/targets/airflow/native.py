"""Arguments of Airflow's own that a spec hands on: `targets.airflow.dag` and `operator` of a step's `x-airflow`.

In: what a spec says there. Out: names and source texts of arguments. Owns which arguments these are: those that take plain values, in
Airflow 2.11 and 3 alike, and that change nothing of what a run means; a test holds them to the real signatures. Never those that the
generated file sets itself. Change it when Airflow gains an argument, or teams need another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Any, Final, Literal

from mlspec.targets.airflow.literals import INDENT, literal, string
from mlspec.targets.options import Setting

_COUNT = Setting(minimum=1, description="A count, as Airflow documents it.", examples=(1,))


def _as_airflow(what: str, *examples: Any) -> Setting:
    return Setting(description=f"{what}; handed to Airflow as it is.", examples=examples)


@dataclass(frozen=True, slots=True, kw_only=True)
class DagArguments:
    """`targets.airflow.dag`: arguments of the DAG, handed on as they are."""

    access_control: Annotated[dict[str, Any] | None, _as_airflow("Permissions by role", {"risk": ["can_read"]})] = None
    auto_register: Annotated[bool | None, _as_airflow("Whether a `with` block registers it", True)] = None
    dag_display_name: Annotated[str | None, _as_airflow("The name that pages show", "Credit default")] = None
    dagrun_timeout: Annotated[
        float | None, Setting(duration=True, description="How long a run may take.", examples=("6h",))
    ] = None
    description: Annotated[str | None, _as_airflow("The line that lists of DAGs show", "Scores applicants")] = None
    is_paused_upon_creation: Annotated[bool | None, _as_airflow("Whether it begins paused", True)] = None
    max_active_runs: Annotated[int | None, _COUNT] = None
    max_active_tasks: Annotated[int | None, _COUNT] = None
    max_consecutive_failed_dag_runs: Annotated[int | None, _COUNT] = None
    owner_links: Annotated[dict[str, str] | None, _as_airflow("Links by owner", {"risk": "https://wiki.example/risk"})] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorArguments:
    """`operator` of a step's `x-airflow`: arguments of its operator, handed on as they are."""

    email: Annotated[tuple[str, ...] | None, _as_airflow("Whom Airflow itself writes to", ["ml@example.com"])] = None
    email_on_failure: Annotated[bool | None, _as_airflow("Whether it does when the task fails", True)] = None
    email_on_retry: Annotated[bool | None, _as_airflow("Whether it does when Airflow starts it again", False)] = None
    execution_timeout: Annotated[
        float | None,
        Setting(duration=True, description="How long the task may take, all its attempts.", examples=("2h",)),
    ] = None
    executor: Annotated[str | None, _as_airflow("The executor of the task", "CeleryExecutor")] = None
    executor_config: Annotated[dict[str, Any] | None, _as_airflow("What the executor is told", {"KubernetesExecutor": {}})] = (
        None
    )
    max_active_tis_per_dag: Annotated[int | None, _COUNT] = None
    pool_slots: Annotated[int | None, _COUNT] = None
    priority_weight: Annotated[int | None, _as_airflow("Its priority among queued tasks", 10)] = None
    run_as_user: Annotated[str | None, _as_airflow("The user of the worker that runs it", "ml")] = None
    task_display_name: Annotated[str | None, _as_airflow("The name that pages show", "Train")] = None
    weight_rule: Annotated[
        Literal["downstream", "upstream", "absolute"] | None, Setting(description="How priorities of tasks add up.")
    ] = None
    # With `runner: docker`.
    cap_add: Annotated[tuple[str, ...] | None, _as_airflow("Linux capabilities of the container", ["IPC_LOCK"])] = None
    dns: Annotated[tuple[str, ...] | None, _as_airflow("Its name servers", ["10.0.0.2"])] = None
    docker_url: Annotated[str | None, _as_airflow("Where Docker listens", "tcp://docker:2376")] = None
    extra_hosts: Annotated[dict[str, str] | None, _as_airflow("Names and their addresses", {"db": "10.0.0.3"})] = None
    force_pull: Annotated[bool | None, _as_airflow("Whether the image is pulled each time", True)] = None
    ipc_mode: Annotated[str | None, _as_airflow("The container's IPC mode", "host")] = None
    privileged: Annotated[bool | None, _as_airflow("Whether the container is privileged", False)] = None
    shm_size: Annotated[int | None, _as_airflow("Bytes of shared memory", 8589934592)] = None
    # With `runner: kubernetes`.
    automount_service_account_token: Annotated[bool | None, _as_airflow("Whether the pod has its account's token", False)] = (
        None
    )
    cluster_context: Annotated[str | None, _as_airflow("The context of the kubeconfig", "prod")] = None
    container_security_context: Annotated[
        dict[str, Any] | None, _as_airflow("The container's security context", {"readOnlyRootFilesystem": True})
    ] = None
    deferrable: Annotated[bool | None, _as_airflow("Whether the triggerer waits for the pod", True)] = None
    dnspolicy: Annotated[str | None, _as_airflow("The pod's DNS policy", "ClusterFirst")] = None
    get_logs: Annotated[bool | None, _as_airflow("Whether the task's log has the container's", True)] = None
    hostnetwork: Annotated[bool | None, _as_airflow("Whether the pod is on the node's network", False)] = None
    in_cluster: Annotated[bool | None, _as_airflow("Whether Airflow itself runs in the cluster", True)] = None
    kubernetes_conn_id: Annotated[str | None, _as_airflow("The connection to the cluster", "gpu_cluster")] = None
    log_events_on_failure: Annotated[bool | None, _as_airflow("Whether the log has the pod's events", True)] = None
    on_finish_action: Annotated[
        Literal["keep_pod", "delete_pod", "delete_succeeded_pod"] | None, Setting(description="What becomes of the pod.")
    ] = None
    priority_class_name: Annotated[str | None, _as_airflow("The pod's priority class", "training")] = None
    schedulername: Annotated[str | None, _as_airflow("The pod's scheduler", "volcano")] = None
    security_context: Annotated[dict[str, Any] | None, _as_airflow("The pod's security context", {"runAsUser": 1000})] = None
    termination_grace_period: Annotated[int | None, _as_airflow("Seconds that the pod may take to end", 60)] = None


NO_DAG, NO_OPERATOR = DagArguments(), OperatorArguments()
OF_RUNNER: Final[dict[str, frozenset[str]]] = {
    "docker": frozenset({"cap_add", "dns", "docker_url", "extra_hosts", "force_pull", "ipc_mode", "privileged", "shm_size"}),
    "kubernetes": frozenset({
        *("automount_service_account_token", "cluster_context", "container_security_context", "deferrable", "dnspolicy"),
        *("get_logs", "hostnetwork", "in_cluster", "kubernetes_conn_id", "log_events_on_failure", "on_finish_action"),
        *("priority_class_name", "schedulername", "security_context", "termination_grace_period"),
    }),
}  # fmt: skip
"""Arguments of one runner's operator alone."""
_DURATIONS = ("dagrun_timeout", "execution_timeout")


def given_names(arguments: DagArguments | OperatorArguments) -> list[str]:
    """The arguments that a spec gives."""
    if arguments is NO_OPERATOR:  # as of nearly all steps
        return []
    return [field.name for field in fields(arguments) if getattr(arguments, field.name) is not None]


def needs_timedelta(arguments: DagArguments | OperatorArguments) -> bool:
    """Whether one of them is a time."""
    return not set(given_names(arguments)).isdisjoint(_DURATIONS)


def native_arguments(arguments: DagArguments | OperatorArguments, place: str, level: int) -> list[str]:
    """The arguments as source texts so many levels deep, the first below a comment that says where in the spec they come from."""
    made = list(_texts(arguments, level))
    return [f"# As `{place}` says.\n{INDENT * level}{made[0]}", *made[1:]] if made else []


def _texts(arguments: DagArguments | OperatorArguments, level: int) -> Iterator[str]:
    for name in given_names(arguments):
        value = getattr(arguments, name)
        if name in _DURATIONS:
            text = f"timedelta(seconds={int(value) if value == int(value) else value})"
        elif isinstance(value, str):
            text = string(value)
        else:
            plain = list(value) if isinstance(value, tuple) else value
            text = literal(plain, level, len(INDENT * level + f"{name}="), 1)
        yield f"{name}={text}"
