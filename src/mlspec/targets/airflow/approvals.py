"""Approvals: a question to people between two step processes.

In: the `StepSource` of an approval. Out: a group of three tasks. Owns what Airflow asks; never knows how an answer is recorded.
Change it when Airflow can ask otherwise, or an approval says more.
"""

from __future__ import annotations

import re

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
    plan, invocation, operator = source.plan, source.invocation, source.runner.operator
    ready = Task(
        start="ready = ",
        task_id='"ready"',
        operator=operator,
        arguments=(*source.trigger, *source.bare_placement()),
        options=named_lines(plan, invocation._replace(body=Answered("asked"))),
    )
    question = Task("question = ", '"question"', "HITLOperator", arguments=("do_xcom_push=True", *_question(approval)))
    answer = Task(
        start="answer = ",
        task_id='"answer"',
        operator=operator,
        arguments=(*source.documentation, *source.placement(3), f"{source.runner.variables}=answered(question)"),
        call="answer_process",
        options=named_lines(plan, invocation._replace(policy=invocation.policy._replace(when=None))),
    )
    return source.group(ready, question, answer, order="ready >> question >> answer")


def _question(approval: Approval) -> list[str]:
    arguments = [f"subject={string(_plain(approval.message))}", 'options=["Approve", "Reject"]']
    if approval.approvers:
        rows = "".join(f'{INDENT * 4}{{"id": {string(who)}, "name": {string(who)}}},\n' for who in approval.approvers)
        arguments.append(f"assigned_users=[\n{rows}{INDENT * 3}]")
    if approval.timeout is not None:
        parts = ", ".join(f"{_UNITS[unit]}={count}" for count, unit in duration_parts(approval.timeout))
        arguments += ['defaults="Reject"', f"response_timeout=timedelta({parts})"]
    return arguments


def _plain(text: str) -> str:
    """A Jinja template that is rendered as `text`."""
    return f"{{{{ {jinja_string(text)} }}}}" if re.search("[{][{%#]", text) or text.endswith("\n") else text
