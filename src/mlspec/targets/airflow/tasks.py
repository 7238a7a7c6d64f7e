"""Compile the steps of a plan to Airflow tasks.

In: a `Plan` and its variables. Out: `Task`s, each one statement of the DAG file, and `Group`s of them. Owns which tasks a
step becomes and what they wait for; never escapes by hand (see `literals`), never knows where a container runs.
Change it when a feature moves from refused to supported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mlspec.expr.values import compact
from mlspec.invocation.from_plan import fan_out, list_invocation
from mlspec.invocation.model import Answered, Invocation
from mlspec.ir.bodies import Approval
from mlspec.ir.describe import origin
from mlspec.ir.model import ForEach, Plan, Step
from mlspec.targets.airflow.literals import INDENT, block, jinja_string, listed, string, visible
from mlspec.targets.airflow.options import AirflowSecret, airflow_form, extension_of
from mlspec.targets.airflow.process import invocation_of, name_line, option_lines, start_of
from mlspec.targets.airflow.runners import Runner
from mlspec.targets.airflow.variables import Variables

_JOINED = "trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS"


@dataclass(frozen=True, slots=True)
class Task:
    """One operator. `options` are those of its step process, given to the function `call`; none for tasks without one.

    `start` is what stands before it on its line and `after` what stands behind it, `head` is what `call` gets before the
    options, and `mapped` says that the operator is expanded over what `call` returns. Without an `operator`, `call` makes
    the task itself, of the `arguments` too.
    """

    start: str
    task_id: str = ""
    operator: str = ""
    upstream: str = ""
    comment: str = ""
    noqa: str = ""
    arguments: tuple[str, ...] = ()
    call: str = "step_process"
    head: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    mapped: bool = False
    after: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The tasks of one step, which Airflow shows as one box; others wait for it as for a task. `order` is a last line."""

    variable: str
    group_id: str
    comment: str
    tasks: tuple[Task, ...]
    upstream: str
    order: str = ""


def tasks_of(plan: Plan, steps: tuple[Step, ...], variables: Variables, runner: Runner) -> Iterator[Task | Group]:
    """Yield what each step becomes: one task or group, for all instances of a matrix too."""
    final = bool(steps) and steps[0] in plan.finals
    matrices: dict[str, list[Step]] = {}
    for step in steps:
        if step.instance is not None:
            matrices.setdefault(step.name, []).append(step)
    for step in steps:
        maker = _Maker(plan, step, variables, runner, final)
        matrix = matrices.get(step.name, [])
        if matrix:
            if step is matrix[0]:
                yield maker.final_matrix(matrix) if final else maker.matrix(matrix)
        elif step.foreach is not None:
            yield maker.final_foreach(step.foreach) if final else maker.foreach(step.foreach)
        elif isinstance(step.body, Approval):
            yield maker.approval(step.body)
        else:
            yield maker.single()


@dataclass(frozen=True, slots=True)
class _Maker:
    plan: Plan
    step: Step
    variables: Variables
    runner: Runner
    final: bool

    def single(self) -> Task:
        task = self._whole("final" if self.final else "step", (string(self.step.name),), self._given())
        return replace(task, after=".as_teardown()" if self._teardown else "")

    def matrix(self, matrix: list[Step]) -> Task | Group:
        name = self.variables.of(self.step.name)
        # Some instances may be skipped: a task must stand for all of them.
        below = self.step.when is not None
        level = 3 if below else 2
        upstream = f"{above} >> {name}" if (above := self._above(name)) else ""
        task = Task(
            start="each = " if below else f"{name} = ",
            task_id=string("each" if below else self.step.name),
            operator=self.runner.operator,
            upstream="" if below else upstream,
            comment="" if below else self._comment(", for each row of its matrix"),
            noqa="" if below or name == self.step.name else "  # noqa: AIR001",
            arguments=(*self._trigger(), *self._bound(self.step.parallel), *self._arguments(level)),
            call="for_rows",
            head=(_spread("[", _rows(matrix), "]", level + 1),),
            options=(name_line(self._given()), *option_lines(self._given()._replace(instance=None))),
            mapped=True,
        )
        if not below:
            return task
        joined = Task("each >> ", '"joined"', "EmptyOperator", arguments=(_JOINED,))
        return self._group((task, joined), ", for each row of its matrix")

    def final_matrix(self, matrix: list[Step]) -> Task:
        return self._final_each("matrix_rows", _rows(matrix), self._given(), ", for each row of its matrix")

    def final_foreach(self, foreach: ForEach) -> Task:
        # A `finally` step reads no outputs: its list stands in the spec.
        items = [string(compact(item)) for item in foreach.literal]
        return self._final_each("list_items", items, self._given(), ", for each element of its list")

    def _final_each(self, kind: str, values: list[str], given: Invocation, what: str) -> Task:
        instances = _spread(f"{kind}(", values, ")", 2) if values else f"{kind}()"
        task = self._whole("final_each", (string(self.step.name), instances), given)
        extra = ["teardown=True"] if self._teardown else []
        extra += [f"parallel={self.step.parallel}"] if self.step.parallel is not None else []
        return replace(task, comment=self._comment(what), arguments=(*extra, *task.arguments))

    def _whole(self, call: str, head: tuple[str, ...], given: Invocation) -> Task:
        """What a function makes by itself, which says `--step` and `--final`."""
        name = self.variables.of(self.step.name)
        above = self._above(name)
        return Task(
            start=f"{name} = ",
            upstream=f"{above} >> {name}" if above else "",
            comment=self._comment(),
            arguments=(*(self._trigger() if above else ()), *self._arguments(2)),
            call=call,
            head=head,
            options=option_lines(given),
        )

    def foreach(self, foreach: ForEach) -> Group:
        """The list, its instances, and what is skipped when all of them were and fails to start when one failed."""
        given = self._given()
        listing = list_invocation(self.plan, self.step)._replace(start=start_of(self.plan, self.step))
        items = Task(
            start="items = ",
            task_id='"items"',
            operator=self.runner.items_operator,
            arguments=(*self._trigger(), *self.runner.items_arguments(self.plan, self.step)),
            call="items_process" if self.runner.name == "kubernetes" else "step_process",
            options=(name_line(listing), *option_lines(listing)),
        )
        each = Task(
            start="each = ",
            task_id='"each"',
            operator=self.runner.operator,
            arguments=(*self._bound(foreach.parallel), *self._arguments(3)),
            call="for_each",
            head=("items",),
            options=(name_line(given), *option_lines(given, fan_out(self.plan, self.step, known=True))),
            mapped=True,
        )
        joined = Task("[items, each] >> ", '"joined"', "EmptyOperator", arguments=(_JOINED,))
        if self.step.when is not None:
            # Airflow counts an empty list as skipped, too: the records tell the two apart.
            joined = Task(
                "[items, each] >> ",
                '"joined"',
                self.runner.operator,
                arguments=(_JOINED, *self.runner.arguments(self.plan, self.step, bare=True)),
                call=self._always,
                options=(string(f"--step {self.step.name}"), string("--joined")),
            )
        what = ".".join((foreach.source.address, *foreach.field)) if foreach.source else "its list"
        return self._group((items, each, joined), f", for each element of {what}")

    def approval(self, approval: Approval) -> Group:
        """A question between two step processes: one says whether it may be put, the other records the answer."""
        given = self._given()
        asked = given._replace(body=Answered("asked"))
        arguments = [f"subject={string(_plain(approval.message))}", 'options=["Approve", "Reject"]']
        if approval.approvers:
            rows = "".join(f'{INDENT * 4}{{"id": {string(who)}, "name": {string(who)}}},\n' for who in approval.approvers)
            arguments.append(f"assigned_users=[\n{rows}{INDENT * 3}]")
        if approval.timeout is not None:
            arguments += ['defaults="Reject"', f"response_timeout=timedelta(seconds={approval.timeout:g})"]
        ready = Task(
            start="ready = ",
            task_id='"ready"',
            operator=self.runner.operator,
            arguments=(*self._trigger(), *self.runner.arguments(self.plan, self.step, bare=True)),
            options=(name_line(asked), *option_lines(asked)),
        )
        question = Task("question = ", '"question"', "HITLOperator", arguments=("do_xcom_push=True", *arguments))
        answer = Task(
            start="answer = ",
            task_id='"answer"',
            operator=self.runner.operator,
            arguments=(*self._documented(), *self._placed(3), f"{self.runner.variables}=answered(question)"),
            call="answer_process",
            options=(name_line(given), *option_lines(given._replace(policy=given.policy._replace(when=None)))),
        )
        return self._group((ready, question, answer), order="ready >> question >> answer")

    def _group(self, tasks: tuple[Task, ...], what: str = "", order: str = "") -> Group:
        name = self.variables.of(self.step.name)
        above = self._above(name)
        upstream = f"{above} >> {name}" if above else ""
        return Group(name, string(self.step.name), self._comment(what), tasks, upstream, order)

    @property
    def _always(self) -> str:
        """The function for what runs after a failure, too."""
        return "always_process" if self.plan.on_failure == "stop" else "step_process"

    @property
    def _teardown(self) -> bool:
        # A teardown runs whatever became of its upstream, even in a run that a person ended. A `finally` step that needs
        # another one is an ordinary task instead: a failure of what it needs blocks it.
        return self.final and not self.step.upstream

    def _given(self) -> Invocation:
        return invocation_of(self.plan, self.step)

    def _comment(self, what: str = "") -> str:
        return visible(f"{self.step.name}: {origin(self.step, self.plan.spec_file)}{what}")

    def _documented(self) -> list[str]:
        return [f"doc_md={doc(self.step.description)}"] if self.step.description else []

    def _bound(self, bound: int | None) -> list[str]:
        return [f"max_active_tis_per_dagrun={bound}"] if bound is not None else []

    def _arguments(self, level: int) -> list[str]:
        """What the operator of the step's own process gets, as arguments so many levels deep."""
        return [*self._documented(), *self._placed(level), *self._environment(level)]

    def _placed(self, level: int) -> list[str]:
        extension = extension_of(self.step)
        arguments = [f"pool={string(extension.pool)}"] if extension.pool else []
        arguments += [f"queue={string(extension.queue)}"] if extension.queue else []
        return [*arguments, *self.runner.arguments(self.plan, self.step, level)]

    def _environment(self, level: int) -> list[str]:
        wanted = [self.plan.secrets[name] for name in self.step.secrets]
        held = [(secret.env, airflow_form(secret)) for secret in wanted if not self.runner.holds(secret)]
        rows = [f"{string(variable)}: {string(secret_template(form))}" for variable, form in held if form is not None]
        if not rows:
            return []
        lines = "".join(f"{INDENT * (level + 1)}{row},\n" for row in ("**RUN", *rows))
        return [f"{self.runner.variables}={{\n{lines}{INDENT * level}}}"]

    def _trigger(self) -> list[str]:
        return [] if self.step.run_if == "success" else ["trigger_rule=TriggerRule.ALL_DONE"]

    def _above(self, below: str) -> str:
        """What the step waits for, as source text; of a teardown all steps."""
        if self._teardown:
            return self.variables.steps
        names = dict.fromkeys(self.variables.of(self.plan.by_id[above].name) for above in self.step.upstream)
        return listed(list(names), 1, len(f" >> {below}"))


def _rows(matrix: list[Step]) -> list[str]:
    """The values of each instance, as source text."""
    return [string(compact(dict(step.instance.values))) for step in matrix if step.instance]


def _spread(start: str, rows: list[str], end: str, level: int) -> str:
    """Rows between brackets, a line for each, as an expression that starts a line so many levels deep."""
    return f"{start}\n" + "".join(f"{INDENT * (level + 1)}{row},\n" for row in rows) + f"{INDENT * level}{end}"


def _plain(text: str) -> str:
    """A Jinja template that is rendered as `text`."""
    return f"{{{{ {jinja_string(text)} }}}}" if re.search("[{][{%#]", text) or text.endswith("\n") else text


def doc(text: str) -> str:
    """The source of a documentation text."""
    # Airflow reads documentation that ends in `.md` from a file of that name.
    return block(text + "\n" if text.endswith(".md") else text)


def secret_template(secret: AirflowSecret) -> str:
    """A template that Airflow renders when the task starts.

    What Airflow does not have becomes empty, so that the step process can fail with a record: a template that fails
    would leave none, and the rest of the run would not know.
    """
    if secret.connection is not None:
        return f"{{{{ conn.get({jinja_string(secret.connection)}).password | default('', true) }}}}"
    return f"{{{{ var.value.get({jinja_string(secret.variable or '')}, '') }}}}"
