"""What a step process shows of the secrets it is given, and what its body sees: as on an orchestrator that masks nothing."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project

TOKEN = {"TOKEN": "hunter2-swordfish", "OTHER": "opensesame"}


def test_a_body_shows_no_value_however_it_writes_it(project: Project) -> None:
    script = """
    echo "$TOKEN"; echo "error: $TOKEN" >&2
    printf 'hunter2'; sleep 0.2; printf -- '-sword'; sleep 0.2; printf 'fish and'
    printf 'user:%s' "$TOKEN" | base64; echo "$TOKEN" | base64 >&2
    """
    end = project.exec("--step", "s", "--secret", "TOKEN", "--shell", script, **TOKEN)
    assert end.returncode == 0
    head, tail = end.stdout.split("*** and")
    assert head == "***\n"
    left = tail.replace("***", "").strip().rstrip("=")
    assert left == base64.b64encode(f"user:{TOKEN['TOKEN']}".encode()).decode()[: len("user:") * 8 // 6 + 1]
    assert end.stderr == "error: ***\n***\n"


def test_records_and_messages_show_no_value(project: Project) -> None:
    project.write(
        "work.py",
        "import os\nclass Error(Exception):\n    pass\ndef fail(x):\n    raise Error('on purpose: ' + os.environ['TOKEN'])\n",
    )
    words = ("--secret", "TOKEN", "--with", "x=hunter2-swordfish", "--with", 'deep={"a": ["is hunter2-swordfish", 1]}')
    end = project.exec("--step", "s", *words[:4], "--retry", "1", "--call", "work:fail", **TOKEN)
    assert end.stderr.splitlines()[-1] == "mlspec: step s failed: work:fail raised Error: on purpose: ***"
    assert "swordfish" not in end.stdout + end.stderr
    project.done("--step", "t", *words, "--shell", "true", **TOKEN)
    assert project.record("t")["with"] == {"x": "***", "deep": {"a": ["is ***", 1]}}
    stored = [path.read_text() for path in (project.root / "store").rglob("*") if path.is_file()]
    assert not [text for text in stored if "swordfish" in text]


def test_usage_errors_show_no_value(project: Project) -> None:
    end = project.exec("--secret", "TOKEN", "--step", "s", "--retry", "hunter2-swordfish", "--shell", "true", **TOKEN)
    assert (end.returncode, "***" in end.stderr, "swordfish" in end.stderr) == (2, True, False), end.stderr
    end = project.exec("--secret", "TOKEN", "--step", "s", "--input", "x=hunter2-swordfish", "--shell", "true", **TOKEN)
    assert end.returncode == 1
    assert "swordfish" not in end.stderr + (project.path("s") / "_record.json").read_text()


def test_a_hidden_variable_is_neither_seen_nor_shown(project: Project) -> None:
    out = project.done("--step", "s", "--hide", "OTHER", "--shell", 'echo "${OTHER-unset}"; echo opensesame', **TOKEN)
    assert out == "unset\n***\n"
    project.write("work.py", "import os\ndef show():\n    print(os.environ.get('OTHER'))\n")
    assert project.done("--step", "t", "--hide", "OTHER", "--call", "work:show", **TOKEN) == "None\n"


def test_what_is_hidden_from_others_is_seen_by_the_step_that_lists_it(project: Project) -> None:
    words = ("--hide", "TOKEN", "--hide", "OTHER", "--secret", "TOKEN")
    out = project.done("--step", "s", *words, "--shell", 'test "${#TOKEN}" -gt 3; echo "${OTHER-unset}"', **TOKEN)
    assert out == "unset\n"


def test_both_streams_in_one_file_keep_their_order(project: Project) -> None:
    script = "for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done"
    words = ["--run-id", "r", "--store", "store", "--step", "s", "--secret", "TOKEN", "--shell", script]
    end = subprocess.run(
        [sys.executable, "-m", "mlspec", "exec", *words],
        cwd=project.root,
        env=project.environment | TOKEN,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    assert end.stdout.splitlines() == [f"{stream} {number}" for number in range(1, 6) for stream in ("out", "err")]


def test_what_a_body_leaves_running_does_not_hold_up_the_end(project: Project) -> None:
    out = project.done("--step", "s", "--secret", "TOKEN", "--shell", "setsid sleep 300 & echo done", **TOKEN)
    assert out == "done\n"


def test_much_output_passes(project: Project) -> None:
    project.write("work.py", "import json, sys\ndef show():\n    for i in range(200_000):\n        print(i, 'line of a log')\n")
    out = project.done("--step", "s", "--secret", "TOKEN", "--call", "work:show", **TOKEN)
    assert json.dumps(out.splitlines()[-1]) == '"199999 line of a log"'
    assert len(out.splitlines()) == 200_000


def test_what_is_in_a_secret_file_is_masked(project: Project) -> None:
    content = '{\n  "type": "account",\n  "private_key": "hunter2-swordfish"\n}\n'
    path = project.write("key.json", content)
    out = project.done("--step", "s", "--secret-file", "KEY", "--shell", 'cat "$KEY"; echo; base64 "$KEY"', KEY=str(path))
    assert out.startswith("{\n  ***\n  ***\n}\n")
    assert set(out.split("}\n")[1]) <= set("*=\n")
    words = ("--step", "t", "--secret-content", "KEY", "--shell", 'test -f "$KEY" && cat "$KEY"')
    assert "swordfish" not in project.done(*words, KEY=content)
