"""Keeps what documents quote of mlspec true: `python scripts/made_by.py [--check] FILE...`.

In: Markdown files with blocks between `<!-- made by: COMMAND -->` and `<!-- end -->`. Out: the same files with what those
commands print, run by the shell in the repository's root; with `--check` a list of stale blocks and exit status 1.
`made by (yaml):` fences the block as that language. Owns the marks; never knows a command, but runs those of mlspec in this process,
for they are many and each would begin with the same imports.
Change it when documents need another kind of block.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from mlspec.cli.main import main as main_of_mlspec

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(<!-- made by(?: \((\w+)\))?: (.+?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def made(block: re.Match[str]) -> str:
    """Return the block with what its command prints now. A command that prints nothing is an error."""
    opening, language, command, _, closing = block.groups()
    text, error = _printed(command)
    if not text:
        raise SystemExit(f"{command} printed nothing: {error}")
    body = f"\n```{language}\n{text}\n```\n\n" if language else f"\n{text}\n\n"
    return f"{opening}{body}{closing}"


def _printed(command: str) -> tuple[str, str]:
    """What a command prints on standard output, and on standard error where that is kept apart."""
    if command.startswith("mlspec ") and not re.search(r"[|&;<>$`]", command):
        os.environ["NO_COLOR"] = "1"
        shown = io.StringIO()
        with contextlib.chdir(ROOT), contextlib.redirect_stdout(shown):
            main_of_mlspec(shlex.split(command)[1:])
        return shown.getvalue().strip("\n"), ""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "NO_COLOR": "1"}
    done = subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.stdout.strip("\n"), done.stderr


def main(words: list[str]) -> int:
    """Write or check the files; return the exit status."""
    stale = 0
    for path in (Path(word) for word in words if word != "--check"):
        old = path.read_text(encoding="utf-8")
        new = BLOCK.sub(made, old)
        if new == old:
            continue
        stale += 1
        if "--check" in words:
            print(f"{path} quotes what mlspec no longer says: make generate")
        else:
            path.write_text(new, encoding="utf-8")
            print(f"updated {path}")
    return 1 if stale and "--check" in words else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
