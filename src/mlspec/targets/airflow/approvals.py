"""Approvals: a question to people between two step processes.

In: the `StepSource` of an approval. Out: a group of three tasks. Owns what Airflow asks; never knows how an answer is recorded.
Change it when Airflow can ask otherwise, or an approval says more.
"""

from __future__ import annotations

from mlspec.durations import duration_parts
from mlspec.invocation.model import Answered
from mlspec.ir.bodies import Approval
from mlspec.targets.airflow.literals import INDENT, jinja_string, string
from mlspec.targets.airflow.process import named_lines
from mlspec.targets.airflow.step_source import StepSource
from mlspec.targets.airflow.view import Group, Task

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def approval_group(source: StepSource, approval: Approval) -> Group:
    """A question between two step processes: one says whether it may be put, the other records the answer."""
    plan, invocation = source.plan, source.invocation
    ready = Task(
        start="ready = ",
        task_id='"ready"',
        operator=source.runner.items_operator,
        arguments=(*source.trigger, *source.runner.items_arguments(plan, source.step)),
        call="items_process" if source.runner.name == "kubernetes" else "step_process",
        options=named_lines(invocation._replace(body=Answered("asked", message=approval.message))),
    )
    question = Task("question = ", '"question"', "HITLOperator", arguments=("do_xcom_push=True", *_question(source, approval)))
    answer = Task(
        start="answer = ",
        task_id='"answer"',
        operator=source.runner.operator,
        arguments=(*source.documentation, *source.placement(3), f"{source.runner.variables}=answered(question)"),
        call="answer_process",
        options=named_lines(invocation._replace(policy=invocation.policy._replace(when=None))),
    )
    return source.group(ready, question, answer, order="ready >> question >> answer")


def _question(source: StepSource, approval: Approval) -> list[str]:
    """The message and the evidence are what the first task printed; Airflow reads the latter as Markdown."""
    said = f"ti.xcom_pull(task_ids={jinja_string(source.step.name + '.ready')})"
    body = f"{{{{ {said}[1] | replace('\n', '\n\n') }}}}\n\n[{{{{ run_id }}}}]({{{{ ti.log_url }}}})"
    arguments = [f"subject={string(f'{{{{ {said}[0] }}}}')}", f"body={string(body)}", 'options=["Approve", "Reject"]']
    if approval.approvers:
        rows = "".join(f'{INDENT * 4}{{"id": {string(who)}, "name": {string(who)}}},\n' for who in approval.approvers)
        arguments.append(f"assigned_users=[\n{rows}{INDENT * 3}]")
    if approval.timeout is not None:
        parts = ", ".join(f"{_UNITS[unit]}={count}" for count, unit in duration_parts(approval.timeout))
        arguments += ['defaults="Reject"', f"response_timeout=timedelta({parts})"]
    return arguments
