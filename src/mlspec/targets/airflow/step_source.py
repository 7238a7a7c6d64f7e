"""What the tasks of one step have in common, as source text.

In: a step of a plan, and where it runs. Out: arguments of its operators, what it waits for, its task by a helper function or its
group. Owns what every kind of step needs; never knows how a kind becomes tasks. Change it when all steps get something new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mlspec.invocation.model import Invocation
from mlspec.ir.groups import hangs_on_any
from mlspec.ir.model import Plan, Step
from mlspec.targets.airflow.literals import INDENT, doc, jinja_string, listed, string
from mlspec.targets.airflow.native import native_arguments
from mlspec.targets.airflow.options import AirflowSecret, airflow_form, extension_of
from mlspec.targets.airflow.process import invocation_of, option_lines
from mlspec.targets.airflow.runners import Runner
from mlspec.targets.airflow.variables import Variables
from mlspec.targets.airflow.view import Group, Task
from mlspec.terms import LOST


@dataclass(frozen=True, slots=True)
class StepSource:
    """A step, and the source text that does not depend on its kind; `final` says that it is in `finally`."""

    plan: Plan
    step: Step
    variables: Variables
    runner: Runner
    final: bool

    @property
    def name(self) -> str:
        """The variable of its task or group."""
        return self.variables.of(self.step.name)

    @property
    def invocation(self) -> Invocation:
        """What its process is started with; made anew each time."""
        return invocation_of(self.plan, self.step)

    @property
    def upstream(self) -> str:
        """The line that says what it waits for, if anything; in `finally` that is all steps, or what it needs there."""
        name = self.name
        if self.final and not self.step.upstream:
            return f"{self.variables.steps} >> {name}"
        names = dict.fromkeys(self.variables.of(self.plan.by_id[above].name) for above in self.step.upstream)
        return f"{listed(list(names), 1, len(f' >> {name}'))} >> {name}" if names else ""

    @property
    def trigger(self) -> list[str]:
        """The rule by which it starts, where that is not Airflow's default."""
        if self.final or self.step.run_if == "success":
            return ["trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS"] if hangs_on_any(self.step, self.plan) else []
        return ["trigger_rule=TriggerRule.ALL_DONE"]

    @property
    def documentation(self) -> list[str]:
        """Its description."""
        return [f"doc_md={doc(self.step.description)}"] if self.step.description else []

    def task(
        self, call: str, head: tuple[str, ...], invocation: Invocation, *, own: Iterable[str] = (), after: str = ""
    ) -> Task:
        """The task that the function `call` makes by itself, which names the step and says whether it is final."""
        upstream = self.upstream
        return Task(
            start=f"{self.name} = ",
            upstream=upstream,
            arguments=(*own, *(self.trigger if upstream else ()), *self.arguments(2)),
            call=call,
            head=head,
            options=option_lines(invocation),
            after=after,
        )

    def group(self, *tasks: Task, order: str = "") -> Group:
        """The group of its tasks."""
        return Group(self.name, string(self.step.name), tasks, self.upstream, order)

    def arguments(self, level: int) -> list[str]:
        """What the operator of its own process gets, as arguments so many levels deep."""
        return [*self.documentation, *self.placement(level), *self._environment(level)]

    @property
    def restarts(self) -> list[str]:
        """How often Airflow starts it again when it was lost, where that is not what all steps have."""
        return [] if self.step.retry.lost == LOST else [f"retries={self.step.retry.lost}"]

    def placement(self, level: int) -> list[str]:
        """Where it runs."""
        extension = extension_of(self.step)
        arguments = [f"pool={string(extension.pool)}"] if extension.pool else []
        arguments += [f"queue={string(extension.queue)}"] if extension.queue else []
        native = native_arguments(extension.operator, f"{self.step.name}.x-airflow.operator", level)
        return [*arguments, *self.restarts, *self.runner.arguments(self.plan, self.step, level), *native]

    def bare_placement(self) -> list[str]:
        """Where a process runs that only looks at the step."""
        return self.runner.arguments(self.plan, self.step, bare=True)

    def _environment(self, level: int) -> list[str]:
        wanted = [self.plan.secrets[name] for name in self.step.secrets]
        held = [(secret, airflow_form(secret)) for secret in wanted if not self.runner.holds(secret)]
        rows = [
            f"{string(variable)}: {string(secret_template(form, self.runner, part))}"
            for secret, form in held
            if form is not None
            for variable, part in zip(secret.variables, _PARTS[secret.kind], strict=True)
        ]
        if not rows:
            return []
        lines = "".join(
            f"{INDENT * (level + 1)}{row},\n" for row in (f"**{self.variables.last}" if self.final else "**RUN", *rows)
        )
        return [f"{self.runner.variables}={{\n{lines}{INDENT * level}}}"]


_PARTS = {"text": ("password",), "file": ("password",), "login": ("login", "password")}
"""What of a connection is in the variables of a secret."""


def secret_template(secret: AirflowSecret, runner: Runner, part: str = "password") -> str:
    """A template that Airflow renders when the task starts; the filter keeps its value out of what Airflow shows of the task.

    What Airflow does not have becomes empty, so that the step process can fail with a record: a template that fails
    would leave none, and the rest of the run would not know.
    """
    masked = f" | masked{runner.filter} | masked" if runner.filter else " | masked"  # in both forms, of which one is shown
    if secret.connection is not None:
        return f"{{{{ conn.get({jinja_string(secret.connection)}).{part} | default('', true){masked} }}}}"
    return f"{{{{ var.value.get({jinja_string(secret.variable or '')}, ''){masked} }}}}"
