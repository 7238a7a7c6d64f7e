"""Kubeflow's two formats, read and written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlspec.invocation.kubeflow import altered_params, exposed_params, plain_arguments, write_output


def test_other_arguments_are_left_alone() -> None:
    words = ["--step=a", "--with=x={~{", "--input=a[]=/nowhere"]
    assert plain_arguments(words) == words


def test_text_is_unguarded_but_for_parameters() -> None:
    words = ["--executor-input={~{", "--param=p:string={~{", "--with=x={~{", "--shell=echo ${~{ with.x }} {~~{"]
    assert plain_arguments(words) == [*words[:2], "--with=x={{", "--shell=echo ${{ with.x }} {~{"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [("SUCCEEDED", ["--run-status=succeeded"]), ("FAILED", ["--run-status=failed"]), ("RUNNING", [])],
)
def test_a_final_status(state: str, expected: list[str]) -> None:
    status = json.dumps({"state": state, "error": {}})
    assert plain_arguments(["--executor-input={}", f"--run-status={status}"])[1:] == expected


@pytest.mark.parametrize("name", ["p", "params-p"])
def test_parameters_that_kubeflow_may_have_bent(name: str) -> None:
    given = {name: [{"a": "x{{$}}"}], "q": "{{ x }} $", "run-id": "{{$"}
    assert altered_params(json.dumps({"inputs": {"parameterValues": given}}), ["q", "p"]) == ["p"]
    assert altered_params("{}", ["p"]) == []


POD = {
    "KFP_POD_NAME": "run-7-impl-42",
    "REDIS_PORT": "6379",
    "ZONE": "eu",
    "DEBUG": "true",
    "HOME": "/root",
    "TOKEN": "abc",
    "EMPTY": "",
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a) $", "`$`"),
        ("a)run-7-impl-42", "the value of KFP_POD_NAME"),
        ("(a) at 6379", "the value of REDIS_PORT"),
        ("a) abc", "the value of TOKEN"),
        ("run-7-impl-42 6379 abc $ (a)", None),
        ("(a) in eu, true, /root", None),
        ("run-7-impl-42", None),
    ],
)
def test_parameters_in_which_kubernetes_may_have_expanded_a_variable(text: str, found: str | None) -> None:
    assert exposed_params({"p": text, "q": "x"}, ["TOKEN", "EMPTY", "UNSET"], POD) == ({"p": found} if found else {})


def test_outside_of_pods_only_secrets_are_looked_for() -> None:
    here = {name: value for name, value in POD.items() if name != "KFP_POD_NAME"}
    assert exposed_params({"p": "a) 6379", "q": "a) abc"}, ["TOKEN"], here) == {"q": "the value of TOKEN"}


def test_items_of_skipped_steps_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "here").touch()
    words = [f"--input=all[]={tmp_path}/here", f"--input=all[]={tmp_path}/gone", f"--input=one={tmp_path}/gone"]
    assert plain_arguments(["--executor-input={}", *words])[1:] == [words[0], words[2]]


def test_the_output_lists_every_artifact_and_says_the_outcome(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "output.json"
    artifacts = {name: {"artifacts": [{"name": name, "uri": f"s3://b/{name}"}]} for name in ("metrics", "model")}
    given = {"outputs": {"outputFile": str(path), "artifacts": artifacts, "parameters": {"step-outcome": {"outputFile": "x"}}}}
    uris = write_output(json.dumps(given), "succeeded", {"metrics": {"auc": 0.9, "loss": float("nan")}})
    assert uris == {"metrics": "s3://b/metrics", "model": "s3://b/model"}
    assert json.loads(path.read_text("utf-8")) == {
        "artifacts": {
            "metrics": {"artifacts": [{"name": "metrics", "uri": "s3://b/metrics", "metadata": {"auc": 0.9}}]},
            "model": {"artifacts": [{"name": "model", "uri": "s3://b/model", "metadata": {}}]},
        },
        "parameterValues": {"step-outcome": "succeeded"},
    }


def test_an_outcome_that_is_not_declared_is_not_said(tmp_path: Path) -> None:
    path = tmp_path / "output.json"
    write_output(json.dumps({"outputs": {"outputFile": str(path)}}), "skipped", {})
    assert json.loads(path.read_text("utf-8")) == {"artifacts": {}, "parameterValues": {}}


def test_the_numbers_of_a_list_are_strings(tmp_path: Path) -> None:
    given = {"outputs": {"outputFile": str(tmp_path / "output.json"), "parameters": {"Output": {"outputFile": "x"}}}}
    write_output(json.dumps(given), "succeeded", {}, ["a", {"b": 1}])
    assert json.loads((tmp_path / "output.json").read_text("utf-8"))["parameterValues"] == {"Output": ["0", "1"]}
