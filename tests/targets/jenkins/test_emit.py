from __future__ import annotations

import difflib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from mlspec.plan.model import Parameter, Plan, Step
from mlspec.targets.base import HEADER_LINES, Target, refusals, seal_of, waits
from mlspec.targets.jenkins import TARGET
from tests.targets.built import plan
from tests.targets.jenkins.plans import ASKED, DIAMOND, PLANS, PODS, chain, step

ROOT = Path(__file__).parents[3]


class Jenkinsfile(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "Jenkinsfile"


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(Jenkinsfile)


def text(made: Plan) -> str:
    [file] = TARGET.emit(made)
    return file.content


def changed(old: Plan, new: Plan) -> list[str]:
    """Lines of the new file that the old one lacks, headers aside."""
    before, after = (text(made).splitlines()[HEADER_LINES:] for made in (old, new))
    return [line[2:] for line in difflib.ndiff(before, after) if line.startswith("+ ")]


def test_the_target_fits_the_protocol() -> None:
    target: Target = TARGET
    assert (target.name, target.options(), target.extension) == ("jenkins", TARGET.options(), TARGET.extension)


@pytest.mark.parametrize("name", PLANS)
def test_files_are_as_reviewed(name: str, snapshot: SnapshotAssertion) -> None:
    made = PLANS[name]
    assert refusals(made, TARGET) == TARGET.check(made) == []
    assert text(made) == snapshot


@pytest.mark.parametrize("name", PLANS)
def test_files_are_named_after_the_lifecycle_and_sealed(name: str) -> None:
    [file] = TARGET.emit(PLANS[name])
    assert file.path == f"{name}.Jenkinsfile"
    assert seal_of(file.content) == "ours"


def test_the_same_plan_gives_the_same_bytes_anywhere(tmp_path: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from mlspec.targets.jenkins import TARGET\n"
        "from tests.targets.jenkins.plans import PLANS\n"
        "sys.stdout.buffer.write(''.join(TARGET.emit(made)[0].content for made in PLANS.values()).encode())\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for folder, seed, locale, zone in ((ROOT, "0", "C", "UTC"), (tmp_path, "4711", "C.UTF-8", "Asia/Tokyo"))
    }
    assert outputs == {"".join(text(made) for made in PLANS.values()).encode()}


def test_nothing_of_this_machine_is_in_a_file() -> None:
    everything = "".join(text(made) for made in PLANS.values())
    assert str(ROOT) not in everything
    assert str(Path.home()) + "/" not in everything


def test_another_default_changes_one_line_beside_the_digest() -> None:
    params = (Parameter("n", "integer", 5, minimum=1), DIAMOND.params[1])
    lines = changed(DIAMOND, replace(DIAMOND, params=params, digest="sha256:" + "1" * 64))
    assert len(lines) == 2
    assert "defaultValue: '5'" in lines[0]
    assert "--spec-digest" in lines[1]


def renamed(made: Plan, old: str, new: str) -> Plan:
    def one(step_: Step) -> Step:
        return replace(step_, id=new, name=new, slug=new) if step_.id == old else step_

    return replace(made, steps=tuple(one(step_) for step_ in made.steps), finals=tuple(map(one, made.finals)))


@pytest.mark.parametrize(
    ("made", "leaf"), [*((DIAMOND, name) for name in ("alert", "announce", "cleanup")), (ASKED, "deploy"), (ASKED, "label")]
)
def test_another_name_of_a_leaf_changes_few_lines(made: Plan, leaf: str) -> None:
    assert 5 <= len(changed(made, renamed(made, leaf, "tell_all"))) <= 8


@pytest.mark.parametrize("leaf", ["work", "sign_off"])
def test_another_name_of_a_fan_out_or_an_approval_changes_few_lines(leaf: str) -> None:
    kept = tuple(one for one in ASKED.steps if one.id in ("split", leaf))
    made = replace(ASKED, steps=tuple(replace(one, upstream=("split",) if one.id == leaf else ()) for one in kept))
    assert 5 <= len(changed(made, renamed(made, leaf, "tell_all"))) <= 8


@pytest.mark.parametrize(("made", "upstream"), [(DIAMOND, "quality"), (ASKED, "work"), (PODS, "split")])
def test_a_new_step_leaves_the_blocks_of_others_alone(made: Plan, upstream: str) -> None:
    added = replace(made, steps=(*made.steps, step("audit", "echo audit", upstream)))
    before, after = text(made), text(added)
    blocks = before.split("\n}\n\n// ")[1:]  # after the header and the stage list
    assert len(blocks) > len(made.steps)
    for block in blocks:
        assert block.rstrip("\n") in after


@pytest.mark.usefixtures("form")
def test_a_file_says_that_there_are_barriers_and_who_names_them() -> None:
    assert "so that 2 steps wait for others without need:\n// `mlspec plan -t jenkins` says which.\n" in text(DIAMOND)
    assert waits(DIAMOND, TARGET) == {"quality": "left", "alert": "quality"}
    assert "without need" not in text(chain(5))
    assert waits(chain(5), TARGET) == {}


def test_a_list_too_long_for_the_cps_transform_is_cut() -> None:
    inputs = step("wide", with_=tuple((f"value_{number}", number) for number in range(300)))
    assert text(plan("wide", inputs)).count("    ] + [") == 2


@pytest.mark.slow
def test_ten_thousand_steps_compile_without_recursion() -> None:
    assert text(chain(10_000)).count('"--step"') == 10_001
