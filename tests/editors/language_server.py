"""A real yaml-language-server, driven over LSP on its standard input and output.

In: documents. Out: what it says of them: completions, hover texts, diagnostics. Owns the process and the protocol's framing.
Never judges an answer. Change it when tests ask the server something new.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any, NamedTuple

from tests.waiting import LIMIT

HERE = Path(__file__).parent
SERVER = HERE / "node_modules/yaml-language-server/bin/yaml-language-server"
SCHEMA = HERE.parents[1] / "schemas/mlspec.v1.schema.json"
MODELINE = f"# yaml-language-server: $schema={SCHEMA.as_uri()}\n"
SETTINGS = {"yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}}
"""What it is told when it asks; the schema store is on the network."""
CURSOR = "¦"


class Mark(NamedTuple):
    """One diagnostic: the text that is marked, its line in the document, from 1, and the message."""

    text: str
    line: int
    message: str


class LanguageServer:
    """One server; `close` ends it. Documents get the modeline that ties them to the schema."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(SERVER), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._number = 0
        self._documents = 0
        capabilities = {
            "textDocument": {
                "completion": {"completionItem": {"snippetSupport": True}},
                "hover": {"contentFormat": ["markdown"]},
            }
        }
        self._ask("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        self._tell("initialized", {})

    def complete(self, text: str) -> dict[str, dict[str, Any]]:
        """What is offered at the `¦` in a document, by label."""
        uri, position = self._open(text)
        answer = self._ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": position})
        return {item["label"]: item for item in answer["items"]}

    def hover(self, text: str) -> str:
        """What is shown over the `¦` in a document."""
        uri, position = self._open(text)
        answer = self._ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": position})
        return str(answer["contents"]["value"]) if answer else ""

    def diagnose(self, text: str) -> list[Mark]:
        """What is marked in a document, in order."""
        uri, _ = self._open(text)
        while True:
            message = self._next()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                break
        lines = (MODELINE + text).split("\n")
        return [
            Mark(_marked(lines, item["range"]), item["range"]["start"]["line"], item["message"])
            for item in message["params"]["diagnostics"]
        ]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _open(self, text: str) -> tuple[str, dict[str, int]]:
        self._documents += 1
        before, _, after = (MODELINE + text).partition(CURSOR)
        uri = f"file:///project{self._documents}/mlspec.yaml"
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": before + after}
        self._tell("textDocument/didOpen", {"textDocument": document})
        return uri, {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == self._number and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _tell(self, method: str, params: dict[str, Any]) -> None:
        self._send({"method": method, "params": params})

    def _next(self) -> dict[str, Any]:
        """The next message, after answering the server's own requests."""
        message = self._messages.get(timeout=LIMIT)
        assert message is not None, "the language server has ended"
        if "id" in message and "method" in message:
            asked = message["params"]["items"] if message["method"] == "workspace/configuration" else []
            self._send({"id": message["id"], "result": [SETTINGS.get(item["section"]) for item in asked] or None})
        return message

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        stdin.flush()

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        while line := stdout.readline():
            length = 0
            while line.strip():
                name, _, value = line.decode().partition(":")
                if name.lower() == "content-length":
                    length = int(value)
                line = stdout.readline()
            self._messages.put(json.loads(stdout.read(length)))
        self._messages.put(None)


def _marked(lines: list[str], span: dict[str, Any]) -> str:
    start, end = span["start"], span["end"]
    last = end["character"] if start["line"] == end["line"] else None
    return lines[start["line"]][start["character"] : last]
