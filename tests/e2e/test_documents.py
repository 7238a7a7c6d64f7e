"""Documents quote what mlspec prints now, and the tool that holds them to it notices when they do not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "scripts" / "made_by.py"


def tool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TOOL), *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_readme_and_docs_quote_what_is_printed_now() -> None:
    done = tool("--check", ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_stale_block_is_found_and_written_anew(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("a\n<!-- made by (text): echo new -->\nold\n<!-- end -->\nb\n", encoding="utf-8")
    assert tool("--check", document).returncode == 1
    assert "old" in document.read_text(encoding="utf-8")
    assert tool(document).returncode == 0
    assert document.read_text(encoding="utf-8") == (
        "a\n<!-- made by (text): echo new -->\n\n```text\nnew\n```\n\n<!-- end -->\nb\n"
    )
    assert tool("--check", document).returncode == 0


def test_a_command_that_prints_nothing_is_an_error(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("<!-- made by: true -->\nold\n<!-- end -->\n", encoding="utf-8")
    assert tool(document).returncode == 1
    assert "old" in document.read_text(encoding="utf-8")
