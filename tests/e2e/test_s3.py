"""A store on S3: a run, its cache, its records and logs, with a server that fails every third request."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from tests.e2e.test_cli import mlspec
from tests.engines.s3 import BUCKET, open_client, s3

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("s3fs") is None, reason="s3fs is not installed"),
]
PART = 8 * 2**20
SPEC = f"""\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {{name: remote}}
store: s3://{BUCKET}/PREFIX
steps:
  big:
    run: |
      head -c 20000000 /dev/zero > ${{{{ outputs.o }}}}
      mkdir ${{{{ outputs.f }}}}
      for n in 1 2 3; do echo $n > ${{{{ outputs.f }}}}/$n; done
    outputs: {{o: artifact, f: dataset}}
    cache: true
  read:
    run: "cat ${{{{ inputs.f }}}}/*; wc -c < ${{{{ inputs.o }}}}; echo '{{\\"n\\": 1}}' > ${{{{ outputs.m }}}}"
    inputs: {{o: big.o, f: big.f}}
    outputs: {{m: metrics}}
  gate: {{gate: ["read.m.n >= 1"]}}
"""


def project(folder: Path, prefix: str) -> Path:
    (folder / "mlspec.yaml").write_text(SPEC.replace("PREFIX", prefix), encoding="utf-8")
    return folder


def test_a_run_on_s3_is_like_one_in_a_folder(tmp_path: Path) -> None:
    project(tmp_path, "one/store")
    with s3() as server:
        run = mlspec("run", cwd=tmp_path, env=server.environment)
        assert run.returncode == 0, run.stdout + run.stderr
        sent = [asked.size for asked in server.requests if asked.method == "PUT"]
        assert max(sent) <= PART + 2**16  # with what the client puts around a part
        assert sum("partNumber" in asked.query for asked in server.requests) == 3

        again = mlspec("run", cwd=tmp_path, env=server.environment)
        assert again.returncode == 0 and again.stdout.count("from the cache") == 2, again.stdout + again.stderr
        shown = mlspec("runs", "show", "--format", "json", cwd=tmp_path, env=server.environment)
        steps = json.loads(shown.stdout)["steps"]
        assert {name: step["status"] for name, step in steps.items()} == dict.fromkeys(("big", "read", "gate"), "succeeded")
        assert steps["big"]["outputs"]["o"]["uri"].startswith(f"s3://{BUCKET}/one/store/remote/")
        assert len(mlspec("runs", "list", cwd=tmp_path, env=server.environment).stdout.splitlines()) >= 2
    lists = [asked.query for asked in server.requests if asked.is_list]
    assert lists
    assert [query for query in lists if not query.get("prefix", [""])[0].startswith("one/store/remote/")] == []
    assert not any("another-team" in asked.path for asked in server.requests)


def test_a_server_that_fails_every_third_request_fails_no_run_and_a_changed_object_is_found(tmp_path: Path) -> None:
    project(tmp_path, "two")
    with s3(every=3) as server:
        run = mlspec("run", cwd=tmp_path, env=server.environment)
        assert run.returncode == 0, run.stdout + run.stderr
        assert server.failed > 10
        server.every = None
        shown = mlspec("runs", "show", "--format", "json", cwd=tmp_path, env=server.environment)
        result = json.loads(shown.stdout)
        assert result["status"] == "succeeded"
        open_client(server).put_object(Bucket=BUCKET, Key=f"two/remote/{result['run_id']}/big/f/1", Body=b"other")
        resumed = mlspec("run", "--resume", "latest", cwd=tmp_path, env=server.environment)
    assert resumed.returncode == 0 and "its output f is not what it made" in resumed.stdout, resumed.stdout + resumed.stderr


def test_one_of_all_who_create_a_file_is_told_so() -> None:
    from concurrent.futures import ThreadPoolExecutor

    from mlspec.store.filesystem import open_store

    with s3() as server, pytest.MonkeyPatch.context() as patch:
        for name, text in server.environment.items():
            patch.setenv(name, text)
        store = open_store(f"s3://{BUCKET}/four")
        with ThreadPoolExecutor(4) as threads:
            told = list(threads.map(lambda number: store.create("lc/r/x", b"%d" % number), range(8)))
        assert sum(told) == 1
        assert store.read("lc/r/x") == b"%d" % told.index(True)
        assert any(asked.exclusive for asked in server.requests)
