"""An S3 server of the tests' own, and a proxy before it that keeps a log and fails now and then.

In: nothing. Out: an address that speaks S3, with what was asked of it. Owns the one moto server of a session and how the proxy fails;
nothing of mlspec or s3fs is replaced. Change it when a test needs another kind of failure.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

BUCKET = "acme-ml"


class Request(NamedTuple):
    """What was asked: with the parameters of the query, and how much was sent."""

    method: str
    path: str
    query: dict[str, list[str]]
    size: int
    exclusive: bool

    @property
    def is_list(self) -> bool:
        return self.method == "GET" and self.path.strip("/") == BUCKET and "location" not in self.query


class Proxy:
    """A way to the server. `every`: each such request fails: with 500, 503, or a connection that is lost, in turn."""

    def __init__(self, port: int, every: int | None) -> None:
        self.every = every
        self.requests: list[Request] = []
        self.failed = 0
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.headers.get("Transfer-Encoding") == "chunked":
                    body = _chunks(self.rfile)
                parts = urlsplit(self.path)
                asked = Request(
                    self.command,
                    parts.path,
                    parse_qs(parts.query, keep_blank_values=True),
                    len(body),
                    self.headers.get("If-None-Match") == "*",
                )
                if (failure := proxy.note(asked)) is not None:
                    self._fail(failure)
                    return
                connection = http.client.HTTPConnection("127.0.0.1", port)
                headers = {name: text for name, text in self.headers.items() if name.lower() != "transfer-encoding"}
                connection.request(self.command, self.path, body, headers | {"Content-Length": str(len(body))})
                answer = connection.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                for name, text in answer.getheaders():
                    if name.lower() not in ("connection", "transfer-encoding", "content-length", "server", "date"):
                        self.send_header(name, text)
                length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
                self.send_header("Content-Length", length or "0")
                self.end_headers()
                self.wfile.write(content)
                connection.close()

            def _fail(self, status: int) -> None:
                if not status:
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on  # noqa: N815 - the library's names

            def handle(self) -> None:
                with suppress(ConnectionError, ValueError):  # the client has gone, or we have hung up
                    super().handle()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs to come here."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.server.server_port}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def note(self, asked: Request) -> int | None:
        """Log a request; returns how it fails, 0 for a lost connection, or None."""
        with self._lock:
            self.requests.append(asked)
            if self.every is None or len(self.requests) % self.every:
                return None
            self.failed += 1
            return (500, 503, 0)[self.failed % 3]


def _chunks(stream: object) -> bytes:
    """A body that is sent in chunks."""
    found = b""
    while size := int(stream.readline().split(b";")[0], 16):  # type: ignore[attr-defined]
        found += stream.read(size)  # type: ignore[attr-defined]
        stream.readline()  # type: ignore[attr-defined]
    stream.readline()  # type: ignore[attr-defined]
    return found


@cache
def _port() -> int:
    """The port of the one server, with the bucket and things in it that are nobody's business."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = int(server.get_host_and_port()[1])
    client = _client(f"http://127.0.0.1:{port}")
    client.create_bucket(Bucket=BUCKET)
    for number in range(5):
        client.put_object(Bucket=BUCKET, Key=f"another-team/{number}", Body=b"")
    return port


def open_client(proxy: Proxy) -> Any:
    """Amazon's own client of this server."""
    return _client(proxy.environment["AWS_ENDPOINT_URL"])


def _client(url: str) -> Any:
    import boto3

    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    return boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys)


@contextmanager
def s3(every: int | None = None) -> Iterator[Proxy]:
    """Speak S3 through a proxy of its own."""
    proxy = Proxy(_port(), every)
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        proxy.server.server_close()
