"""A PostgreSQL of the tests' own.

In: nothing. Out: the URL of a database, as SQLAlchemy wants it. Owns its start and its end; as root it runs as
another user, since PostgreSQL refuses root. Change it when a test needs more of PostgreSQL.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def program(name: str) -> str | None:
    """Where one of PostgreSQL's programs is: Debian keeps them apart from the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


@contextmanager
def database() -> Iterator[str]:
    """Run one, in a folder with a path that is short enough for its socket, on which alone it listens."""
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as short:
        Path(short).chmod(0o755)
        with _running(Path(short) / "db") as url:
            yield url


@contextmanager
def _running(folder: Path) -> Iterator[str]:
    initdb, postgres = program("initdb"), program("postgres")
    assert initdb is not None and postgres is not None
    folder.mkdir(mode=0o755)
    user = _user()
    if user is not None:
        os.chown(folder, user, -1)
    as_user = {"user": user} if user is not None else {}
    made = subprocess.run(
        [initdb, "-D", str(folder / "data"), "-U", "mlflow", "-A", "trust", "--no-sync", "-E", "UTF8"],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
        **as_user,  # type: ignore[call-overload]
    )
    assert made.returncode == 0, made.stderr
    settings = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", f"unix_socket_directories={folder}"]
    process = subprocess.Popen(
        [postgres, "-D", str(folder / "data"), *settings],
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        **as_user,  # type: ignore[call-overload]
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "ready to accept connections" in line:
                break
        else:
            raise AssertionError("PostgreSQL ended")
        yield f"postgresql+psycopg2://mlflow@/postgres?host={folder}"
    finally:
        process.terminate()
        process.communicate()


def _user() -> int | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    return names.get("postgres", names["nobody"])
