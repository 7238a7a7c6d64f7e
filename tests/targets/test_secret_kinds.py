"""Secrets of each kind, and what images are pulled with, on every engine: in the form that each has for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlspec import api
from mlspec.ir.model import Plan
from mlspec.targets.base import targets
from tests.engines import jenkins, kfp_local
from tests.engines.airflow import Airflow

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: company}
store: STORE
environments: {ml: {image: "registry.corp.example:5000/ml:1.2.3", pull_secret: corp}}
secrets:
  corp:
    kind: registry
    airflow: {connection: corp}
    jenkins: {credentials: corp}
    kubernetes: {secret: corp}
  db:
    kind: login
    env: {user: DB_USER, password: DB_PASSWORD}
    airflow: {connection: db}
    jenkins: {credentials: the-db}
    kubernetes: {secret: db, user: name, password: word}
  token: {env: TOKEN, airflow: {variable: token}, jenkins: {credentials: token}, kubernetes: {secret: apis, key: token}}
  key:
    kind: file
    env: KEY_FILE
    airflow: {variable: key}
    jenkins: {credentials: key-file}
    kubernetes: {secret: apis, key: key.json}
steps:
  use:
    environment: ml
    secrets: [db, token, key]
    run: |
      test "$DB_USER:$DB_PASSWORD $TOKEN" = "ada:pa:ss w\\"ord tok"
      test "$(cat "$KEY_FILE")" = '{"a": "b c"}'
  looks: {needs: [use], gate: ["true"]}
targets: TARGETS
"""
FILE = '{"a": "b c"}'
LOGIN = 'ada:pa:ss w"ord'


def planned(folder: Path, options: str = "{}", store: str = "s3://acme/store", text: str = SPEC) -> Plan:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mlspec.yaml").write_text(text.replace("TARGETS", options).replace("STORE", store), encoding="utf-8")
    return api.plan(api.load(folder / "mlspec.yaml"))


def emitted(made: Plan, target: str) -> list[Any]:
    files, findings = api.emit(made, targets()[target])
    assert files is not None, findings
    return files


def succeeded(project: Path) -> bool:
    [record] = [path for path in project.rglob("_record.json") if path.parent.name == "use"]
    return bool(json.loads(record.read_text())["status"] == "succeeded")


def test_here_a_file_is_by_its_path_and_a_login_is_two_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key.json").write_text(FILE)
    for name, value in {"DB_USER": "ada", "DB_PASSWORD": 'pa:ss w"ord', "TOKEN": "tok", "KEY_FILE": "key.json"}.items():
        monkeypatch.setenv(name, value)
    assert api.run(planned(tmp_path, store=".mlspec/store")).status == "succeeded"
    monkeypatch.delenv("DB_PASSWORD")
    assert api.run(planned(tmp_path, store=".mlspec/store")).status == "failed"


@pytest.mark.groovy
def test_on_jenkins_credentials_are_bound_by_their_kind(tmp_path: Path) -> None:
    [file] = emitted(planned(tmp_path, store=".mlspec/store"), "jenkins")
    held = {"the-db": LOGIN, "token": "tok", "key-file": FILE}
    done = jenkins.build(tmp_path, file.content, credentials=held)
    assert (done.result, succeeded(tmp_path)) == ("SUCCESS", True), done.log


@pytest.mark.groovy
@pytest.mark.parametrize("lacks", ["the-db", "key-file"])
def test_on_jenkins_a_step_without_its_credentials_fails_and_says_so(tmp_path: Path, lacks: str) -> None:
    [file] = emitted(planned(tmp_path, store=".mlspec/store"), "jenkins")
    held = {"the-db": LOGIN, "token": "tok", "key-file": FILE}
    del held[lacks]
    assert jenkins.build(tmp_path, file.content, credentials=held).result == "FAILURE"
    [record] = tmp_path.rglob("_record.json")
    assert "is not set" in json.loads(record.read_text())["error"]


@pytest.mark.groovy
def test_on_jenkins_an_image_is_pulled_by_docker_or_by_kubernetes(tmp_path: Path) -> None:
    [file] = emitted(planned(tmp_path / "d", "{jenkins: {agent: {docker: true}}}"), "jenkins")
    assert "registry: [url: 'https://registry.corp.example:5000', id: 'corp']" in file.content
    assert "docker.withRegistry(settings.registry.url, settings.registry.id)" in file.content
    assert jenkins.check(file.content).problems == ()
    [file] = emitted(planned(tmp_path / "k", "{jenkins: {agent: {kubernetes: {}}}}"), "jenkins")
    assert "pull: 'corp'" in file.content
    assert "withRegistry" not in file.content
    assert jenkins.check(file.content).problems == ()


def test_on_kubeflow_they_are_variables_and_volumes_and_all_that_uses_the_image_pulls_it(tmp_path: Path) -> None:
    [file] = emitted(planned(tmp_path), "kubeflow")
    spec, platform = yaml.safe_load_all(file.content)
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert {name for name, one in executors.items() if one["imagePullSecret"][0]["secretName"] == "corp"} == set(
        spec["deploymentSpec"]["executors"]
    )
    [use] = [one for one in executors.values() if "secretAsEnv" in one]
    keys = {(one["secretName"], key["secretKey"], key["envVar"]) for one in use["secretAsEnv"] for key in one["keyToEnv"]}
    assert keys == {("db", "name", "DB_USER"), ("db", "word", "DB_PASSWORD"), ("apis", "token", "TOKEN")}
    assert [(one["secretName"], one["mountPath"]) for one in use["secretAsVolume"]] == [
        ("apis", "/var/run/mlspec/secrets/apis")
    ]
    assert "--secret-file=KEY_FILE=/var/run/mlspec/secrets/apis/key.json" in file.content


@pytest.mark.airflow
@pytest.mark.slow
def test_on_airflow_they_are_connections_variables_and_secrets_of_pods(airflow: Airflow, tmp_path: Path) -> None:
    project = tmp_path / "bash"
    made = planned(project, "{airflow: {runner: bash}}", ".mlspec/store")
    held = {
        "AIRFLOW_CONN_DB": json.dumps({"conn_type": "generic", "login": "ada", "password": 'pa:ss w"ord'}),
        "AIRFLOW_VAR_TOKEN": "tok",
        "AIRFLOW_VAR_KEY": FILE,
    }
    assert airflow.run(project, made, emitted(made, "airflow"), {}, held).status == "succeeded"
    assert succeeded(project)
    made = planned(tmp_path / "pods", "{airflow: {runner: kubernetes}}")
    pods = airflow.pods(tmp_path / "pods", emitted(made, "airflow"))
    assert all(pod["spec"]["imagePullSecrets"] == [{"name": "corp"}] for pod in pods.values())
    [container] = pods["use"]["spec"]["containers"]
    refs = {one["name"]: one["valueFrom"]["secretKeyRef"] for one in container["env"] if "valueFrom" in one}
    assert refs["DB_PASSWORD"] == {"name": "db", "key": "word"}
    [mount] = [one for one in container["volumeMounts"] if one["mountPath"] == "/var/run/mlspec/secrets/apis"]
    [volume] = [one for one in pods["use"]["spec"]["volumes"] if one["name"] == mount["name"]]
    assert volume["secret"]["secretName"] == "apis"
    made = planned(tmp_path / "docker", "{airflow: {runner: docker}}", "/srv/store")
    answer = airflow.load(tmp_path / "docker", emitted(made, "airflow"))
    assert answer["errors"] == []
    [file] = emitted(made, "airflow")
    assert file.content.count('docker_conn_id="corp"') == 3


@pytest.mark.parametrize(
    ("target", "options", "code"),
    [
        ("kubeflow", "{}", "MLS512"),
        ("airflow", "{airflow: {runner: kubernetes}}", "MLS536"),
        ("airflow", "{airflow: {runner: docker}}", "MLS536"),
        ("jenkins", "{jenkins: {agent: {docker: true}}}", "MLS550"),
        ("jenkins", "{jenkins: {agent: {kubernetes: {}}}}", "MLS550"),
    ],
)
def test_a_registry_that_a_target_cannot_find_is_refused_at_its_line(
    tmp_path: Path, target: str, options: str, code: str
) -> None:
    lines = ["    airflow: {connection: corp}\n", "    jenkins: {credentials: corp}\n", "    kubernetes: {secret: corp}\n"]
    text = SPEC
    for line in lines:
        text = text.replace(line, "", 1)
    files, findings = api.emit(planned(tmp_path, options, text=text), targets()[target])
    assert files is None
    assert [(one.code, one.span.line, one.path) for one in findings if one.severity == "error"] == [(code, 7, "secrets.corp")]


WORKERS = {"TOKEN": "the-workers-own", "DB_USER": "ada", "DB_PASSWORD": "pass-of-ada", "KEY_FILE": "key.json"}
BLIND = """\
steps:
  use:
    run: echo "$TOKEN $DB_USER" > ${{ outputs.seen }}
    secrets: [db, token]
    outputs: {seen: artifact}
  blind:
    run: echo "${TOKEN-} ${DB_USER-}${DB_PASSWORD-}${KEY_FILE-}" > ${{ outputs.seen }}
    outputs: {seen: artifact}
  half:
    run: echo "$TOKEN ${DB_USER-}${DB_PASSWORD-}" > ${{ outputs.seen }}
    secrets: [token]
    outputs: {seen: artifact}
"""


def blind(folder: Path, options: str = "{}") -> Plan:
    head, _, _ = SPEC.partition("steps:\n")
    (folder / "key.json").write_text(FILE)
    return planned(folder, store=".mlspec/store", text=f"{head}{BLIND}targets: {options}\n")


def seen(project: Path) -> dict[str, str]:
    """What each step that listed none or some of the secrets saw of all."""
    return {path.parent.name: path.read_text().strip() for path in project.rglob("seen") if path.parent.name != "use"}


@pytest.mark.groovy
def test_on_jenkins_what_the_agent_itself_sets_is_seen_by_those_that_list_it(tmp_path: Path) -> None:
    [file] = emitted(blind(tmp_path), "jenkins")
    held = {"the-db": LOGIN, "token": "tok", "key-file": FILE}
    done = jenkins.build(tmp_path, file.content, credentials=held, environment=WORKERS)
    assert done.result == "SUCCESS", done.log
    assert seen(tmp_path) == {"blind": "", "half": "tok"}


def test_on_kubeflow_what_a_pod_has_of_its_own_is_seen_by_those_that_list_it(tmp_path: Path) -> None:
    made = blind(tmp_path)
    root = tmp_path / "root"
    done = kfp_local.run(tmp_path, made, emitted(made, "kubeflow"), {}, WORKERS, root=root)
    assert done.status == "succeeded"
    texts = {path.read_text().strip() for path in root.rglob("seen")}
    assert texts == {"the-workers-own ada", "", "the-workers-own"}


@pytest.mark.airflow
@pytest.mark.slow
def test_on_airflow_what_a_worker_itself_sets_is_seen_by_those_that_list_it(airflow: Airflow, tmp_path: Path) -> None:
    made = blind(tmp_path, "{airflow: {runner: bash}}")
    held = {
        "AIRFLOW_CONN_DB": json.dumps({"conn_type": "generic", "login": "ada", "password": "pa"}),
        "AIRFLOW_VAR_TOKEN": "tok",
        "AIRFLOW_VAR_KEY": FILE,
    }
    assert airflow.run(tmp_path, made, emitted(made, "airflow"), {}, held | WORKERS).status == "succeeded"
    assert seen(tmp_path) == {"blind": "", "half": "tok"}


@pytest.mark.parametrize("target", ["airflow", "jenkins", "kubeflow"])
def test_one_more_secret_is_one_more_line(tmp_path: Path, target: str) -> None:
    [before] = emitted(blind(tmp_path), target)
    head, _, _ = SPEC.partition("steps:\n")
    text = (
        head
        + "  more: {env: MORE, airflow: {variable: m}, jenkins: {credentials: m}, kubernetes: {secret: m, key: m}}\n"
        + BLIND
    )
    [after] = emitted(planned(tmp_path, store=".mlspec/store", text=f"{text}targets: {{}}\n"), target)
    old, new = ([line for line in file.content.splitlines()[4:] if "spec-digest" not in line] for file in (before, after))
    assert [line for line in old if line not in new] == []
    more = [line for line in new if line not in old]
    assert [line for line in more if "MORE" not in line] == []
    assert len(more) == 1
