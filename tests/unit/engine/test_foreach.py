"""Fan-outs over lists that are known only when they run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlspec.ir.model import ForEach, Plan, Step
from mlspec.ir.sources import StepOutput
from tests.unit.engine.conftest import Project
from tests.unit.engine.plans import every, gate, matrix, plan, step, value
from tests.waiting import until_there

WORK = "echo ${{ item.name }} > ${{ outputs.o }}"


def fan_out(listed: str, script: str = WORK, *more: Step, parallel: int | None = None, **fields: object) -> Plan:
    split = step("split", f"echo '{listed}' > ${{{{ outputs.values }}}}", outputs={"values": "values"})
    source = value("split.values", "values")
    work = step(
        "work", script, "split", foreach=ForEach(source, ("regions",), parallel=parallel), outputs={"o": "artifact"}, **fields
    )
    everything = StepOutput(("work",), "o", "artifact", many=True, dynamic=True)
    join = step(
        "join",
        "printf '%s\\n' $(cat ${{ inputs.all }} /dev/null) > ${{ outputs.o }}",
        inputs={"all": everything},
        outputs={"o": "artifact"},
    )
    return plan(split, work, join, *more)


REGIONS = '{"regions": [{"name": "north"}, {"name": "south"}, {"name": "east"}]}'


def test_instances_run_at_once_and_are_read_in_the_order_of_the_list(project: Project) -> None:
    script = f"touch ${{{{ item.name }}}}; {until_there('north')}; {until_there('south')}; {until_there('east')}; {WORK}"
    spec = fan_out(REGIONS, script)
    ran = project.run(spec, jobs=3)
    assert list(ran.states) == ["split", "work[0]", "work[1]", "work[2]", "join"]
    assert project.read(spec, ran, "join", "o") == "north\nsouth\neast\n"
    assert ran.record("work[1]")["instance"] == 1


def test_parallel_bounds_the_instances(project: Project) -> None:
    ran = project.run(fan_out(REGIONS, f"mkdir lock; sleep 0.1; rmdir lock; {WORK}", parallel=1), jobs=3)
    assert ran.outcome.status == "succeeded"


def test_instances_may_be_skipped_one_by_one(project: Project) -> None:
    spec = fan_out(REGIONS, when="item.name != 'south'")
    ran = project.run(spec)
    assert ran.states["work[1]"] == "skipped"
    assert project.read(spec, ran, "join", "o") == "north\neast\n"


def test_a_failed_instance_blocks_what_reads_them_and_stops_the_rest(project: Project) -> None:
    ran = project.run(fan_out(REGIONS, f"[ ${{{{ item.name }}}} != south ]; {WORK}"), jobs=1)
    assert ran.states == {
        "split": "succeeded",
        "work[0]": "succeeded",
        "work[1]": "failed",
        "work[2]": "blocked",
        "join": "blocked",
    }


def test_an_empty_list_succeeds_and_reads_as_an_empty_list(project: Project) -> None:
    spec = fan_out('{"regions": []}')
    ran = project.run(spec)
    assert ran.states == {"split": "succeeded", "work": "succeeded", "join": "succeeded"}
    assert project.read(spec, ran, "join", "o") == "\n"
    assert ran.record("join")["inputs"] == {"all": []}


@pytest.mark.parametrize(
    ("listed", "error"),
    [
        ('{"areas": []}', "foreach of work: split.values has no 'regions'"),
        ('{"regions": {"a": 1}}', 'foreach of work: split.values.regions is no list but {"a":1}'),
        ("[1]", "foreach of work: split.values has no 'regions'"),
    ],
)
def test_what_is_no_list_fails_the_step(project: Project, listed: str, error: str) -> None:
    ran = project.run(fan_out(listed))
    assert ran.states == {"split": "succeeded", "work": "failed", "join": "blocked"}
    assert ran.record("work")["error"] == error


def test_a_list_in_the_spec(project: Project) -> None:
    work = step("work", "echo ${{ item }} > ${{ outputs.o }}", foreach=ForEach(None, (), (3, "a b")), outputs={"o": "artifact"})
    spec = plan(work)
    ran = project.run(spec)
    assert [project.read(spec, ran, f"work[{n}]", "o") for n in range(2)] == ["3\n", "a b\n"]


def test_a_foreach_below_a_skipped_step_is_skipped_whole(project: Project) -> None:
    shut = gate("shut", "1.0 > 2.0", otherwise="skip")
    work = step("work", "true", "shut", foreach=ForEach(None, (), (1, 2)))
    ran = project.run(plan(shut, work))
    assert ran.states == {"shut": "skipped", "work": "skipped"}


def test_a_fan_in_of_a_matrix_that_was_skipped_whole_is_skipped(project: Project) -> None:
    train = matrix("train", 2, "true", outputs={"o": "artifact"}, when="false")
    ran = project.run(plan(*train, step("join", "true", inputs={"all": every(train, "o")})))
    assert set(ran.states.values()) == {"skipped"}


def paired(script: str = "cat ${{ inputs.one }} > ${{ outputs.o }}", *needs: str, **fields: object) -> Step:
    """A step with `each: work`."""
    own = StepOutput(("work",), "o", "artifact", dynamic=True)
    source = ForEach(value("split.values", "values"), ("regions",))
    outputs = {"o": "artifact"}
    return step("mate", script, *needs, inputs={"one": own}, foreach=source, pairs=("work",), outputs=outputs, **fields)


@pytest.mark.parametrize("jobs", [1, 3])
def test_each_instance_goes_by_its_partner(project: Project, jobs: int) -> None:
    failing = f"test ${{{{ item.name }}}} != north || exit 1; {WORK}"
    spec = fan_out(REGIONS, failing, paired(), when="item.name != 'south'")
    spec = replace(spec, on_failure="continue")
    ran = project.run(spec, jobs=jobs)
    states = {name: state for name, state in ran.states.items() if name.startswith("mate")}
    assert states == {"mate[0]": "blocked", "mate[1]": "skipped", "mate[2]": "succeeded"}
    assert project.read(spec, ran, "mate[2]", "o") == "east\n"


def test_partners_of_an_empty_list_of_a_skipped_step_and_of_one_that_has_no_list(project: Project) -> None:
    assert project.run(fan_out('{"regions": []}', WORK, paired())).states["mate"] == "succeeded"
    assert project.run(fan_out('{"regions": 3}', WORK, paired())).states["mate"] == "blocked"
    skipped = project.run(fan_out(REGIONS, WORK, paired(), when="false")).states
    assert [skipped[f"mate[{n}]"] for n in range(3)] == ["skipped"] * 3


def test_paired_instances_below_another_skipped_step(project: Project) -> None:
    spec = fan_out(
        REGIONS,
        f"test ${{{{ item.name }}}} != north; {WORK}",
        gate("shut", "1.0 > 2.0", otherwise="skip"),
        paired("true", "shut"),
    )
    ran = project.run(replace(spec, on_failure="continue"))
    assert [ran.states[f"mate[{n}]"] for n in range(3)] == ["blocked", "skipped", "skipped"]


def test_paired_instances_alone_and_resumed(project: Project) -> None:
    spec = fan_out(REGIONS, WORK, paired("test -e go; cat ${{ inputs.one }} > ${{ outputs.o }}"))
    first = project.run(spec)
    assert first.outcome.status == "failed"
    project.write("go")
    alone = project.run(spec, only="mate")
    assert [project.read(spec, alone, f"mate[{n}]", "o") for n in range(3)] == ["north\n", "south\n", "east\n"]
    rest = project.run(spec, resume=first.outcome.run_id)
    assert rest.outcome.status == "succeeded"
    assert "work[0]" not in rest.started
    assert project.read(spec, rest, "mate[1]", "o") == "south\n"
