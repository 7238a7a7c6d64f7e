"""Where steps run: on the worker, in a Docker container on it, or in a Kubernetes pod.

In: a plan and a step. Out: the operator, its imports and its arguments as source text. Owns what the three operators call
things and lack; never knows what a step does.
Change it when a container needs something more, or steps can run somewhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlspec.ir.bodies import Approval
from mlspec.ir.declarations import Resources, Secret
from mlspec.ir.model import Plan, Step
from mlspec.quantities import amount
from mlspec.store.filesystem import is_remote
from mlspec.targets.airflow.literals import INDENT, string
from mlspec.targets.airflow.options import AirflowOptions, airflow_form, extension_of, options_of
from mlspec.targets.airflow.pods import pod_arguments
from mlspec.targets.pods import NOTHING, Pod, given, merged, with_pull_secret, without_place
from mlspec.targets.secret_forms import kubernetes_form, pull_secret

PROVIDERS = "airflow.providers"


@dataclass(frozen=True, slots=True)
class Runner:
    """One way to run steps."""

    name: str
    operator: str
    module: str
    variables: str
    """What its operator calls the environment of a step."""
    command: str
    """What its operator calls the command of a step."""
    items_operator: str
    """The operator of the task that hands on a list."""
    before: str = ""
    """What stands before a shell text to make a command of it, as source text."""
    after: str = ""
    dollar: str = "$"
    """A dollar sign that the shell sees."""
    filter: str = ""
    """What a template of a variable's value ends with, so that nothing is expanded in it on its way."""

    @property
    def in_containers(self) -> bool:
        """Whether steps run in images."""
        return self.name != "bash"

    def imports(self, plan: Plan) -> list[str]:
        """The import lines it needs, beside those that every file has."""
        steps = plan.all_steps()
        lines = [f"from {PROVIDERS}.{self.module} import {self.operator}"]
        if self.name == "docker":
            gpu = "DeviceRequest, " if any(step.resources.gpu for step in steps) else ""
            lines.append(f"from docker.types import {gpu}Mount")
        if self.name == "kubernetes":
            if any(kubernetes_form(plan.secrets[name]) for step in steps for name in step.secrets):
                lines.append(f"from {PROVIDERS}.cncf.kubernetes.secret import Secret")
            if any(_pod(step.resources, 0) for step in steps):
                lines.append("from kubernetes.client import models as k8s")
        return lines

    def defaults(self, plan: Plan, options: AirflowOptions) -> list[tuple[str, str]]:
        """What all its operators get."""
        if self.name == "bash":
            return [("append_env", "True")]
        if self.name == "docker":
            mount = 'Mount(source={0}, target={0}, type="bind")'.format
            mounts = [mount("PROJECT"), *(mount(string(place)) for place in _local_store(plan))]
            rows = "".join(f"{INDENT * 3}{row},\n" for row in mounts)
            return [
                # What steps leave in the project must belong to the worker's own user.
                ("user", 'f"{os.getuid()}:{os.getgid()}"'),
                ("mounts", f"[\n{rows}{INDENT * 2}]"),
                ("mount_tmp_dir", "False"),
                ("auto_remove", string("force")),
                *([("network_mode", string(options.network))] if options.network else []),
            ]
        return [
            ("cmds", '["/bin/sh", "-c"]'),
            *([("namespace", string(options.namespace))] if options.namespace else []),
            *([("service_account_name", string(options.service_account))] if options.service_account else []),
            *pod_arguments(options.pods, 2),
        ]

    def arguments(self, plan: Plan, step: Step, level: int = 2, *, bare: bool = False) -> list[str]:
        """What the step's operator gets, as arguments so many levels deep; `bare` for a process that only looks at the step."""
        if self.name == "bash":
            return []
        options, looks = options_of(plan), bare or isinstance(step.body, Approval)
        arguments = [f"image=IMAGE[{string(_image_name(plan, step, options))}]"]
        registry = pull_secret(plan, step)
        if self.name == "docker":
            if registry is not None and (form := airflow_form(registry)) is not None:
                arguments.append(f"docker_conn_id={string(form.connection or '')}")
            return arguments if looks else [*arguments, *_docker(step.resources)]
        pulled = kubernetes_form(registry) if registry is not None else None
        arguments += _own_settings(step, options, level, pulled.secret if pulled is not None else None, looks=looks)
        if looks:
            return arguments
        secrets = _pod_secrets([plan.secrets[name] for name in step.secrets])
        if secrets:
            rows = "".join(f"{INDENT * (level + 1)}{secret},\n" for secret in secrets)
            arguments.append(f"secrets=[\n{rows}{INDENT * level}]")
        return [*arguments, *_pod(step.resources, level)]

    def items_arguments(self, plan: Plan, step: Step) -> list[str]:
        """What the task gets that hands on a list."""
        processor = ["output_processor=json.loads"] if self.name == "bash" else []
        return ["do_xcom_push=True", *self.arguments(plan, step, bare=True), *processor]

    def holds(self, secret: Secret) -> bool:
        """Whether a secret reaches the step without Airflow."""
        return self.name == "kubernetes" and kubernetes_form(secret) is not None


def images(plan: Plan, options: AirflowOptions) -> list[tuple[str, str]]:
    """The image of each environment that steps run in, by name, and under `*` that of steps which are in none."""
    used = {_image_name(plan, step, options) for step in plan.all_steps()}
    found = {name: each.image for name, each in plan.environments.items() if name in used and each.image}
    rest = {"*": _default_image(plan, options) or ""} if "*" in used else {}
    return [(string(name), string(image)) for name, image in (rest | found).items()]


def _image_name(plan: Plan, step: Step, options: AirflowOptions) -> str:
    """The name under which the generated file has the step's image: its environment, or `*`."""
    environment = plan.environments.get(step.environment or step.image_environment or "")
    if environment is not None and environment.image:
        return environment.name
    if step.image is None or step.image == _default_image(plan, options):
        return "*"
    return next(name for name, each in plan.environments.items() if each.image == step.image)


RUNNERS = {
    runner.name: runner
    for runner in (
        Runner("bash", "BashOperator", "standard.operators.bash", "env", "bash_command", "BashOperator"),
        Runner(
            "docker",
            "DockerOperator",
            "docker.operators.docker",
            "environment",
            "command",
            "ListOperator",
            before='["/bin/sh", "-c", ',
            after="]",
        ),
        Runner(
            "kubernetes",
            "KubernetesPodOperator",
            "cncf.kubernetes.operators.pod",
            "env_vars",
            "arguments",
            "KubernetesPodOperator",
            before="[",
            after="]",
            dollar="$$",
            # Of a variable's value, too, Kubernetes makes one `$` of `$$`, and a value of `$(NAME)` (EnvVar, `value`).
            filter=" | replace('$', '$$')",
        ),
    )
}


def _default_image(plan: Plan, options: AirflowOptions) -> str | None:
    """The image of steps for which the plan has none: the target's own, else the first that a step runs in."""
    return options.image or next((step.image for step in plan.all_steps() if step.image), None)


def container_image(plan: Plan, step: Step, options: AirflowOptions) -> str | None:
    """The image of the step's container; None when it runs on the worker itself."""
    return None if options.runner == "bash" else step.image or _default_image(plan, options)


def _local_store(plan: Plan) -> list[str]:
    """The store's folder when it is on this machine and not in the project."""
    path = re.sub("^(file:)?/{2,}", "/", plan.store).removeprefix("file:")
    return [path] if not is_remote(plan.store) and path.startswith("/") else []


def _docker(resources: Resources) -> list[str]:
    arguments = [f"cpus={float(amount(resources.cpu))}"] if resources.cpu else []
    arguments += [f"mem_limit={int(amount(resources.memory))}"] if resources.memory else []
    if resources.gpu:
        arguments.append(f'device_requests=[DeviceRequest(count={resources.gpu}, capabilities=[["gpu"]])]')
    return arguments


def _own_settings(step: Step, options: AirflowOptions, level: int, pulled: str | None, *, looks: bool) -> list[str]:
    """What the step says of its pod, and what its image is pulled by; what all pods have is said at the top of the file."""
    own: Pod = extension_of(step) if "airflow" in step.extensions else NOTHING
    own = without_place(own) if looks else own
    if not given(own) and pulled is None:
        return []
    pod = merged(options.pods, own)
    pod = with_pull_secret(pod, pulled) if pulled is not None else pod
    all_have, has = (dict(pod_arguments(each, level)) for each in (options.pods, pod))
    changed = [f"{name}={text}" for name, text in has.items() if all_have.get(name) != text]
    return changed + [f"{name}=None" for name in all_have if name not in has]


def _pod(resources: Resources, level: int) -> list[str]:
    wanted = {"cpu": resources.cpu, "memory": resources.memory, resources.gpu_resource: str(resources.gpu or "")}
    rows = [f"{INDENT * (level + 2)}{string(name)}: {string(amount)},\n" for name, amount in wanted.items() if amount]
    if not rows:
        return []
    inner = INDENT * (level + 1)
    both = "".join(f"{inner}{kind}={{\n{''.join(rows)}{inner}}},\n" for kind in ("requests", "limits"))
    return [f"container_resources=k8s.V1ResourceRequirements(\n{both}{INDENT * level})"]


def _pod_secrets(wanted: list[Secret]) -> list[str]:
    """A secret for each variable, and one for each folder of files."""
    found: dict[str, None] = {}
    for secret in wanted:
        form = kubernetes_form(secret)
        if form is None:
            continue
        if secret.kind == "file":
            found[f'Secret("volume", {string(form.mount)}, {string(form.secret)})'] = None
            continue
        for variable, key in zip(secret.variables, form.keys, strict=True):
            found[f'Secret("env", {string(variable)}, {string(form.secret)}, {string(key)})'] = None
    return list(found)
