"""Events of OpenLineage, held against its own JSON Schemas: of a run here, to a file and to a server, sent later when it was down."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.e2e.test_cli import ROOT, mlspec

SCHEMAS = next(
    (path for above in (3, 4) if (path := Path(__file__).parents[above] / "shared/schemas/openlineage").is_dir()), None
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("openlineage") is None, reason="openlineage-python is not installed"),
]
SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: lines, description: What it is, owners: [risk@example.com]}
params: {seed: 7}
lineage: {WHERE, namespace: risk}
steps:
  ingest: {run: "printf 'a,b\\\\n1,x\\\\n2,y\\\\n' > ${{ outputs.table }}", outputs: {table: dataset}}
  validate: {uses: data/validate, inputs: {data: ingest.table}, with: {contract: contract.yaml, on_violation: report}}
  fit: {run: "exit 3", inputs: {table: ingest.table}, needs: [validate], outputs: {m: model}}
"""
CONTRACT = "columns:\n  a: {type: integer, unique: true, max: 1}\n  b: {type: string}\n"


@contextmanager
def server() -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """A server that takes events, as Marquez does; yields its address and what it was sent, with the credentials."""
    taken: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/api/v1/lineage"
            taken.append((self.headers.get("Authorization", ""), json.loads(body)))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{made.server_port}", taken
    finally:
        made.shutdown()
        made.server_close()


def write(folder: Path, where: str) -> None:
    (folder / "mlspec.yaml").write_text(SPEC.replace("WHERE", where), encoding="utf-8")
    (folder / "contract.yaml").write_text(CONTRACT, encoding="utf-8")


def check_schemas(events: list[Any]) -> None:
    """Hold events and each of their facets against OpenLineage's schemas, and ours against our own."""
    if SCHEMAS is None:
        pytest.skip("OpenLineage's schemas are not beside the project: put its `spec` at ../shared/schemas/openlineage/")
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    core = json.loads((SCHEMAS / "OpenLineage.json").read_text())
    schemas = {path.stem: json.loads(path.read_text()) for path in (SCHEMAS / "facets").glob("*.json")}
    schemas |= {path.stem: json.loads(path.read_text()) for path in (ROOT / "schemas/openlineage").glob("*.json")}
    known = [core, *schemas.values()]
    registry = Registry().with_resources([(schema["$id"], Resource.from_contents(schema)) for schema in known])
    registry = registry.with_resource("https://openlineage.io/spec/2-0-2/OpenLineage.json", Resource.from_contents(core))
    whole = Draft202012Validator({"$ref": f"{core['$id']}#/$defs/RunEvent"}, registry=registry)
    seen = set()
    for event in events:
        assert [error.message for error in whole.iter_errors(event)] == []
        data = [*event["inputs"], *event["outputs"]]
        places = [event["run"]["facets"], event["job"]["facets"], *(one.get("facets", {}) for one in data)]
        places += [one.get("inputFacets", {}) for one in event["inputs"]]
        for key, facet in ((key, facet) for place in places for key, facet in place.items()):
            name = facet["_schemaURL"].rsplit("/", 1)[-1]
            seen.add(name)
            schema = Draft202012Validator({"$ref": f"{schemas[name]['$id']}#/$defs/{name}"}, registry=registry)
            assert [error.message for error in schema.iter_errors(facet)] == [], (key, facet)
    assert {"MlspecRunFacet", "MlspecSpecJobFacet", "SchemaDatasetFacet", "DataQualityAssertionsDatasetFacet"} <= seen


def test_events_in_a_file_say_what_a_run_read_and_made(tmp_path: Path) -> None:
    write(tmp_path, "file: lineage.jsonl")
    assert mlspec("run", "-q", cwd=tmp_path).returncode == 1
    events = [json.loads(line) for line in (tmp_path / "lineage.jsonl").read_text().splitlines()]
    of_steps = [(event["job"]["name"], event["eventType"]) for event in events if event["job"]["name"] != "lines"]
    assert of_steps == [
        (f"lines.{step}", state)
        for step, end in (("ingest", "COMPLETE"), ("validate", "COMPLETE"), ("fit", "FAIL"))
        for state in ("START", end)
    ]
    assert {event["job"]["namespace"] for event in events} == {"risk"}
    whole = [event for event in events if event["job"]["name"] == "lines"]
    assert (whole[0]["eventType"], whole[-1]["eventType"]) == ("START", "FAIL")
    assert whole[0]["job"]["facets"]["ownership"]["owners"] == [{"name": "risk@example.com", "type": "MAINTAINER"}]
    ends = {event["job"]["name"]: event for event in events if event["eventType"] != "START"}
    parents = {ends[f"lines.{step}"]["run"]["facets"]["parent"]["run"]["runId"] for step in ("ingest", "validate", "fit")}
    assert parents == {whole[0]["run"]["runId"]}
    (table,), (read,) = ends["lines.ingest"]["outputs"], ends["lines.validate"]["inputs"]
    assert (table["namespace"], table["name"]) == (read["namespace"], read["name"]) == ("risk", "lines.ingest.table")
    assert table["facets"]["version"]["datasetVersion"] == read["facets"]["version"]["datasetVersion"]
    columns = [(field["name"], field["type"]) for field in table["facets"]["schema"]["fields"]]
    assert columns == [("a", "long"), ("b", "string")]
    checked = read["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert [(one["column"], one["assertion"]) for one in checked if not one["success"]] == [("a", "at most 1")]
    assert read["inputFacets"]["dataQualityMetrics"]["rowCount"] == 2
    assert "exit status 3" in ends["lines.fit"]["run"]["facets"]["errorMessage"]["message"]
    assert ends["lines.fit"]["run"]["facets"]["mlspec_run"]["parameters"] == {"seed": 7}
    check_schemas(events)


def test_a_server_that_was_down_is_sent_each_event_once(tmp_path: Path) -> None:
    with server() as (gone, _):
        write(tmp_path, f'url: "{gone}"')
    done = mlspec("run", "-q", cwd=tmp_path)
    (warning,) = [line for line in done.stdout.splitlines() if line.startswith("warning: ")]
    assert warning == f"warning: ingest, validate, fit: OpenLineage: not sent: {gone} cannot be reached: Connection refused"
    with server() as (uri, taken):
        write(tmp_path, f'url: "{uri}"')
        key = {"OPENLINEAGE_API_KEY": "s3cret"}
        sent = mlspec("runs", "sync", cwd=tmp_path, env=key)
        assert sent.stdout.endswith(f"3 of 3 steps sent to OpenLineage at {uri}\n"), sent.stdout + sent.stderr
        count = len(taken)
        again = mlspec("runs", "sync", cwd=tmp_path, env=key)
        assert again.stdout.endswith(f"OpenLineage at {uri} knows it all\n") and len(taken) == count
    assert {credentials for credentials, _ in taken} == {"Bearer s3cret"}
    assert taken[-1][1]["eventType"] == "FAIL" and taken[-1][1]["job"]["name"] == "lines"
    check_schemas([event for _, event in taken])


def test_the_clients_own_variables_do_without_a_spec(tmp_path: Path) -> None:
    write(tmp_path, "file: lineage.jsonl")
    spec = tmp_path / "mlspec.yaml"
    spec.write_text(spec.read_text().replace("lineage:", "x-lineage:"), encoding="utf-8")
    with server() as (uri, taken):
        mlspec("run", "-q", "--only", "ingest", cwd=tmp_path, env={"OPENLINEAGE_URL": uri, "OPENLINEAGE_NAMESPACE": "other"})
    assert [(event["job"]["namespace"], event["eventType"]) for _, event in taken[1:3]] == [
        ("other", "START"),
        ("other", "COMPLETE"),
    ]
