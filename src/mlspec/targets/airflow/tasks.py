"""Compile the steps of a plan to Airflow tasks.

In: a `Plan` and its variables. Out: `Task`s, each one statement of the DAG file. Owns which tasks a step becomes, what they
wait for and what their step processes are told; never escapes by hand (see `literals`), never knows where a container runs.
Change it when a feature moves from refused to supported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mlspec.expr.values import compact
from mlspec.plan.command import Words, items_options, step_options
from mlspec.plan.describe import origin
from mlspec.plan.model import Approval, ForEach, Plan, Secret, Step
from mlspec.targets.airflow.literals import INDENT, block, fits, jinja_string, string, visible
from mlspec.targets.airflow.options import AirflowOptions, AirflowStepOptions
from mlspec.targets.airflow.runners import Runner
from mlspec.targets.airflow.variables import Variables, bounded, together

TRACKING = ("--tracking", "--experiment")
ENVIRONMENT = ("--environment", "--environment-digest", "--pythonpath", "--python")
_MIN_ONE = "trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS"


@dataclass(frozen=True, slots=True)
class Task:
    """One operator. `options` are those of its step process, given to the function `call`; none for tasks without one.

    `head` is what `call` gets before them, and `mapped` says that the operator is expanded over what `call` returns.
    """

    variable: str
    task_id: str
    operator: str
    upstream: str = ""
    comment: str = ""
    noqa: str = ""
    arguments: tuple[str, ...] = ()
    call: str = "step_process"
    head: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    mapped: bool = False
    teardown: bool = False


def tasks_of(plan: Plan, steps: tuple[Step, ...], variables: Variables, runner: Runner) -> Iterator[Task]:
    """Yield the tasks of each step, one for all instances of a matrix with `parallel`."""
    final = bool(steps) and steps[0] in plan.finals
    groups: dict[str, list[Step]] = {}
    for step in steps:
        groups.setdefault(step.name, []).append(step)
    for step in steps:
        group = groups[step.name]
        maker = _Maker(plan, step, variables, runner, final)
        if bounded(step):
            if step is group[0]:
                yield maker.matrix(group)
        elif step.foreach is not None:
            yield from (maker.items(step.foreach), maker.foreach(step.foreach))
        elif isinstance(step.body, Approval):
            yield from maker.approval(step.body)
        else:
            yield maker.single()
        if step is group[-1] and together(step):
            yield maker.together(group)


@dataclass(frozen=True, slots=True)
class _Maker:
    plan: Plan
    step: Step
    variables: Variables
    runner: Runner
    final: bool

    def single(self) -> Task:
        # A teardown runs whatever became of its upstream, even in a run that a person ended. A `finally` step that needs
        # another one is an ordinary task instead: a failure of what it needs blocks it.
        teardown = self.final and not self.step.upstream
        return self._task(
            self.step.slug,
            upstream=self.variables.steps if teardown else self._upstream(),
            options=self._options(step_options(self.plan, self.step)),
            teardown=teardown,
        )

    def items(self, foreach: ForEach) -> Task:
        """The task that prints the list of a `foreach`."""
        what = ".".join((foreach.source.address, *foreach.field)) if foreach.source else "its list"
        # Without the values of the step, so that the list's own is among the options although the instances read it too.
        options = [("--step", self.step.name), *items_options(self.plan, replace(self.step, values=()))]
        name = self.variables.beside(self.step.slug, "items")
        return Task(
            variable=name,
            task_id=string(name),
            comment=visible(f"{self.step.id}: {what}, for its instances"),
            operator=self.runner.items_operator,
            arguments=(*self._trigger(), *self.runner.items_arguments(self.plan, self.step)),
            call="items_process" if self.runner.name == "kubernetes" else "step_process",
            options=self._options(options),
            upstream=self._upstream(),
        )

    def foreach(self, foreach: ForEach) -> Task:
        items = self.variables.beside(self.step.slug, "items")
        options = step_options(self.plan, self.step)
        options[-1:-1] = [words for words in items_options(self.plan, self.step) if words not in options]
        return self._task(
            self.step.slug, call="each", head=(items,), options=self._options(options), mapped=True, bound=foreach.parallel
        )

    def matrix(self, group: list[Step]) -> Task:
        rows = [f"{step.instance.index}={compact(dict(step.instance.values))}" for step in group if step.instance]
        head = "[\n" + "".join(f"{INDENT * 4}{string(row)},\n" for row in rows) + INDENT * 3 + "]"
        options = [words for words in step_options(self.plan, self.step) if words[0] != "--instance"]
        return self._task(
            self.step.name,
            call="each_of",
            head=(head,),
            options=self._options(options),
            mapped=True,
            bound=self.step.parallel,
            upstream=self._upstream(),
        )

    def together(self, group: list[Step]) -> Task:
        """The task that is skipped when all instances were, and fails to start when one failed."""
        name, step = self.variables.together(self.step.name), self.step
        above = [self.variables.of(self.step.name if bounded(one) else one.slug) for one in group]
        above = list(dict.fromkeys(above))
        if step.foreach is not None:
            above.insert(0, self.variables.beside(step.slug, "items"))
        task = Task(name, string(name), "EmptyOperator", _listed(above, name), arguments=(_MIN_ONE,))
        if step.foreach is None or step.when is None:
            return task
        # Airflow counts an empty list as skipped, too: the records tell the two apart.
        return Task(
            name,
            string(name),
            self.runner.operator,
            _listed(above, name),
            arguments=(_MIN_ONE, *self.runner.arguments(self.plan, step, bare=True)),
            options=(string(f"--step {step.name}"), string("--joined")),
        )

    def approval(self, approval: Approval) -> list[Task]:
        """A question between two step processes: one says whether it may be put, the other records the answer."""
        ready = self.variables.beside(self.step.slug, "ready")
        question = self.variables.beside(self.step.slug, "question")
        options = step_options(self.plan, self.step)
        arguments = [f"subject={string(_plain(approval.message))}", 'options=["Approve", "Reject"]']
        if approval.approvers:
            rows = "".join(f'{INDENT * 3}{{"id": {string(who)}, "name": {string(who)}}},\n' for who in approval.approvers)
            arguments.append(f"assigned_users=[\n{rows}{INDENT * 2}]")
        if approval.timeout is not None:
            arguments += ['defaults="Reject"', f"response_timeout=timedelta(seconds={approval.timeout:g})"]
        return [
            Task(
                variable=ready,
                task_id=string(ready),
                operator=self.runner.operator,
                comment=self._comment(),
                arguments=(*self._trigger(), *self.runner.arguments(self.plan, self.step, bare=True)),
                options=(*self._options(options), string("--approval asked")),
                upstream=self._upstream(),
            ),
            Task(
                question,
                string(question),
                "HITLOperator",
                ready,
                arguments=("do_xcom_push=True", *arguments),
            ),
            self._task(
                self.step.slug,
                call="answer",
                options=self._options([words for words in options if words[0] != "--when"]),
                upstream=question,
                arguments=(f"{self.runner.variables}=answered({string(question)})",),
                comment="",
            ),
        ]

    def _task(
        self,
        slug: str,
        *,
        call: str = "step_process",
        head: tuple[str, ...] = (),
        options: tuple[str, ...],
        mapped: bool = False,
        bound: int | None = None,
        upstream: str = "",
        teardown: bool = False,
        arguments: tuple[str, ...] = (),
        comment: str | None = None,
    ) -> Task:
        variable = self.variables.of(slug)
        trigger = self._trigger() if upstream and not arguments else []
        limit = [f"max_active_tis_per_dagrun={bound}"] if bound is not None else []
        return Task(
            variable=variable,
            task_id=string(slug),
            operator=self.runner.operator,
            comment=self._comment() if comment is None else comment,
            noqa="" if variable == slug or teardown else "  # noqa: AIR001",
            arguments=(*self._documented(), *trigger, *limit, *self._placed(), *(arguments or self._environment())),
            call=call,
            head=head,
            options=options,
            mapped=mapped,
            upstream=upstream,
            teardown=teardown,
        )

    def _comment(self) -> str:
        step = self.step
        name = step.name if bounded(step) else step.id
        return visible(f"{name}: {origin(step, self.plan.spec_file)}")

    def _documented(self) -> list[str]:
        return [f"doc_md={doc(self.step.description)}"] if self.step.description else []

    def _placed(self) -> list[str]:
        extension = extension_of(self.step)
        arguments = [f"pool={string(extension.pool)}"] if extension.pool else []
        arguments += [f"queue={string(extension.queue)}"] if extension.queue else []
        return [*arguments, *self.runner.arguments(self.plan, self.step)]

    def _environment(self) -> list[str]:
        secrets = [secret for name in self.step.secrets if (secret := self.plan.secrets[name]).airflow]
        found = [secret for secret in secrets if not self.runner.holds(secret)]
        rows = [f"{string(secret.env)}: {string(secret_template(secret))}" for secret in found]
        if not rows:
            return []
        lines = "".join(f"{INDENT * 3}{row},\n" for row in ("**RUN", *rows))
        return [f"{self.runner.variables}={{\n{lines}{INDENT * 2}}}"]

    def _trigger(self) -> list[str]:
        return [] if self.step.run_if == "success" else ["trigger_rule=TriggerRule.ALL_DONE"]

    def _upstream(self) -> str:
        ends = dict.fromkeys(self.variables.end(self.plan.by_id[above]) for above in self.step.upstream)
        return _listed(list(ends), self.variables.of(self.step.slug))

    def _options(self, groups: list[Words]) -> tuple[str, ...]:
        """The step's options as source text; those that many steps share stand once, at the top of the file."""
        lines: list[str] = []
        for words in groups:
            if words[0] in TRACKING:
                line = "*TRACKING"
            elif words[0] in ENVIRONMENT:
                line = f"*ENVIRONMENT[{string(self.step.environment or '')}]"
            else:
                lines.append(block(" ".join(words)))
                continue
            if lines[-1] != line:
                lines.append(line)
        told = [string(f"--when-failed {name}") for name in _failures(self.plan, self.step)]
        if self.plan.on_failure == "stop" and not self.final:
            # Airflow's own fail_fast would end tasks that are running.
            told.append(string("--fail-fast"))
        if self.final:
            told.append(string("--final"))
        return (*lines[:1], *told, *lines[1:])


def _plain(text: str) -> str:
    """A Jinja template that is rendered as `text`."""
    return f"{{{{ {jinja_string(text)} }}}}" if re.search("[{][{%#]", text) or text.endswith("\n") else text


def _failures(plan: Plan, step: Step) -> list[str]:
    """The steps whose failure lets a step with `run_if: failure` start: what it needs, and what blocks that."""
    if step.run_if != "failure":
        return []
    found: dict[str, Step] = {}
    todo = list(step.upstream)
    while todo:
        above = plan.by_id[todo.pop()]
        if above.id not in found:
            found[above.id] = above
            todo += above.upstream if above.run_if == "success" else ()
    return list(dict.fromkeys(one.name for one in plan.steps if one.id in found))


def _listed(names: list[str], below: str) -> str:
    if len(names) < 2:
        return "".join(names)
    line = f"[{', '.join(names)}]"
    if fits(line, len(INDENT), len(f" >> {below}")):
        return line
    return "[\n" + "".join(f"{INDENT * 2}{name},\n" for name in names) + f"{INDENT}]"


def doc(text: str) -> str:
    """The source of a documentation text."""
    # Airflow reads documentation that ends in `.md` from a file of that name.
    return block(text + "\n" if text.endswith(".md") else text)


def extension_of(step: Step) -> AirflowStepOptions:
    """The step's `x-airflow`."""
    return AirflowStepOptions.model_validate(step.extensions.get("airflow", {}))


def options_of(plan: Plan) -> AirflowOptions:
    """The spec's `targets.airflow`."""
    return AirflowOptions.model_validate(plan.target_options.get("airflow", {}))


def secret_template(secret: Secret) -> str:
    """A template that Airflow renders when the task starts.

    What Airflow does not have becomes empty, so that the step process can fail with a record: a template that fails
    would leave none, and the rest of the run would not know.
    """
    kind, name = secret.airflow or ("variable", secret.name)
    if kind == "connection":
        return f"{{{{ conn.get({jinja_string(name)}).password | default('', true) }}}}"
    return f"{{{{ var.value.get({jinja_string(name)}, '') }}}}"
