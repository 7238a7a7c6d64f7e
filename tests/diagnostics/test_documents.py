"""Every mistake people make, as a document, with what mlspec says of it.

`err/MLSnnn-what.yaml` must give that code; `err/MLSnnn-what.out` is the whole output. `ok/*.yaml` must give nothing at all.
To add one, write the YAML and run `pytest tests/diagnostics --snapshot-update`; then read the `.out` as its first reader.
A first line `# args: --profile prod` gives more arguments. Folders beside the documents hold what these refer to.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from mlspec import api
from mlspec.cli.main import main
from mlspec.diagnostics import Span
from mlspec.diagnostics.explain import Catalogue
from mlspec.diagnostics.snippet import lines_of

PAGES = Catalogue()
HERE = Path(__file__).parent
ERR = sorted(path.name for path in HERE.glob("err/*.yaml"))
OK = sorted(path.name for path in HERE.glob("ok/*.yaml"))
ARGS = "# args: "
ELSEWHERE = {"MLS100", "MLS102"}
"""Cannot be checked in: a file that cannot be read and one of more than 16 MB. They are made below."""


@pytest.fixture(autouse=True)
def beside_the_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    monkeypatch.setenv("NO_COLOR", "1")


def arguments(document: Path) -> list[str]:
    first = document.read_bytes().split(b"\n", 1)[0].decode("utf-8", "replace")
    return shlex.split(first.removeprefix(ARGS)) if first.startswith(ARGS) else []


def validated(document: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = main(["validate", document.relative_to(HERE).as_posix(), *arguments(document)])
    captured = capsys.readouterr()
    assert captured.err == ""
    return status, captured.out


@pytest.mark.parametrize("name", ERR)
def test_err(name: str, capsys: pytest.CaptureFixture[str], pytestconfig: pytest.Config) -> None:
    document = HERE / "err" / name
    expected = document.with_suffix(".out")
    status, text = validated(document, capsys)
    code = name.split("-")[0]
    assert re.search(rf"^\S+:\d+:\d+: (error|warning) {code}: ", text, re.MULTILINE), f"no {code} in:\n{text}"
    assert status == (1 if re.search(r"^\S+:\d+:\d+: error ", text, re.MULTILINE) else 0)
    if pytestconfig.getoption("update_snapshots"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", OK)
def test_ok(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert validated(HERE / "ok" / name, capsys) == (0, f"ok/{name}: valid\n")


@pytest.mark.parametrize("name", ERR)
def test_findings_lie_inside_their_files(name: str) -> None:
    options = arguments(HERE / "err" / name)
    given = dict(zip(options[::2], options[1::2], strict=True))
    sets = [given["--set"]] if "--set" in given else []
    checked = api.check(f"err/{name}", profile=given.get("--profile"), sets=sets)
    for finding in checked.findings:
        for span in (finding.span, *(related.span for related in finding.related)):
            assert_inside(span, lines_of(checked.document.sources[span.file]))


def assert_inside(span: Span, lines: tuple[str, ...]) -> None:
    assert (span.line, span.column) <= (span.end_line, span.end_column)
    for line, column in ((span.line, span.column), (span.end_line, span.end_column)):
        assert 1 <= line <= len(lines), span
        assert 1 <= column <= len(lines[line - 1]) + 2, "a caret may stand for the end of the line"


def test_every_code_of_the_language_has_a_document() -> None:
    wanted = {code for code in PAGES.codes if code[3] in "12346"} - ELSEWHERE
    assert sorted(wanted - {name.split("-")[0] for name in ERR}) == []


def test_every_output_has_its_document() -> None:
    assert sorted(path.name for path in HERE.glob("err/*.out")) == [name.replace(".yaml", ".out") for name in ERR]


def test_a_file_that_cannot_be_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    spec = tmp_path / "mlspec.yaml"
    spec.write_text("include: [/proc/self/mem]\n")
    assert main(["validate", str(spec), "--include-root", "/proc"]) == 1
    assert "/proc/self/mem:1:1: error MLS100: the file cannot be read: input/output error\n" in capsys.readouterr().out


def test_a_file_that_is_too_large(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    spec = tmp_path / "mlspec.yaml"
    spec.write_text("# " + "x" * 16_000_000)
    assert main(["validate", str(spec)]) == 1
    text = capsys.readouterr().out
    assert "error MLS102: the file has 16,000,002 characters; at most 16,000,000 are read" in text
    assert len(text) < 500


# The example of a page of the catalogue is completed by what every spec needs, and must then give the code of the page.

HEAD = {"apiVersion": "mlspec/v1", "kind": "Lifecycle", "metadata": "{name: demo}", "steps": "{train: {run: python train.py}}"}
EXAMPLES = [
    (code, block)
    for code in PAGES.codes
    if code[3] in "12346"
    for block in re.findall(
        r"^```yaml\n(.*?)^```$", PAGES.page(code).text.split("## Example")[1].split("## Fix")[0], re.S | re.M
    )
]


@pytest.mark.parametrize(("code", "block"), EXAMPLES, ids=[code for code, _ in EXAMPLES])
def test_the_example_of_a_page_fails_as_it_says(code: str, block: str, tmp_path: Path) -> None:
    source = tmp_path / "credit" / "train.py"
    source.parent.mkdir()
    source.write_text("def main(table, model=None, depth=4): ...\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "loans.csv").write_text("id\n")
    missing = {key: value for key, value in HEAD.items() if not re.search(rf"^{key}:", block, re.MULTILINE)}
    whole = code == "MLS109"
    text = block if whole else "".join(f"{key}: {value}\n" for key, value in missing.items()) + block
    (tmp_path / "mlspec.yaml").write_text(text)
    assert code in {finding.code for finding in api.check(tmp_path / "mlspec.yaml").findings}


def test_most_pages_have_an_example_that_is_tried() -> None:
    untried = {code for code in PAGES.codes if code[3] in "12346"} - {code for code, _ in EXAMPLES}
    shown = {"MLS100", "MLS102", "MLS112", "MLS113", "MLS620", "MLS621", "MLS622"}
    assert untried == shown, "only what a command line does, or a lock beside the spec, is shown as that"
