"""What the documentation shows is true: each spec in it validates, each part of one stands in a spec that does, and the site builds.

A block fenced as `yaml` is a spec, or part of one, which is completed by what every spec needs; with a title
(```yaml title="FILE"```) that does not end with `mlspec.yaml` it is another file, and only read. A line `# wrong: MLS304` at its
start says that it shows a mistake. Blocks that a command makes are held by their own tests.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest
import yaml

from mlspec import api
from mlspec.cli.main import main
from mlspec.expr.checker import FUNCTIONS

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
MADE = re.compile(r"<!-- made by.*?<!-- end -->", re.DOTALL)
FENCE = re.compile(r"^( *)```yaml(?: title=\"([^\"]+)\")?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
HEAD = {
    "apiVersion": "mlspec/v1",
    "kind": "Lifecycle",
    "metadata": "{name: demo}",
    "steps": "{train: {run: python train.py, stage: model}}",
}


def blocks() -> list[tuple[str, str, str]]:
    """The page, the title and the text of each block."""
    found = []
    for path in DOCS:
        text = MADE.sub("", path.read_text(encoding="utf-8"))
        name = path.relative_to(ROOT / "docs").as_posix()
        for number, (indent, title, body) in enumerate(FENCE.findall(text)):
            found.append((f"{name}:{number}", title, re.sub(f"^{indent}", "", body, flags=re.MULTILINE)))
    return found


BLOCKS = blocks()
SPECS = [block for block in BLOCKS if not block[1] or block[1].endswith("mlspec.yaml")]
OTHERS = [(name, text) for name, title, text in BLOCKS if title and not title.endswith(("mlspec.yaml", "(at the end)"))]


def completed(text: str) -> str:
    missing = {key: value for key, value in HEAD.items() if not re.search(rf"^{key}:", text, re.MULTILINE)}
    return "".join(f"{key}: {value}\n" for key, value in missing.items()) + text


@pytest.mark.parametrize(("name", "title", "text"), SPECS, ids=[name for name, _, _ in SPECS])
def test_a_spec_in_the_documentation_validates(name: str, title: str, text: str, tmp_path: Path) -> None:
    """Beside it lie the other files of its page."""
    page = name.rpartition(":")[0]
    for other, path, content in BLOCKS:
        if other.startswith(f"{page}:") and path and " " not in path:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(content, encoding="utf-8")
    (tmp_path / "requirements.txt").write_text("scikit-learn==1.8.0\n", encoding="utf-8")
    (tmp_path / ".git").mkdir()  # a repository: includes are read within one
    spec = tmp_path / (title or "mlspec.yaml")
    spec.write_text(completed(text), encoding="utf-8")
    wrong = set(re.findall(r"^# wrong: (MLS\d+)", text, re.MULTILINE))
    findings = api.check(spec).findings
    # What lies in a project, no page brings: that modules and data files are not found is a warning.
    assert {each.code for each in findings if each.severity == "error"} == wrong, [str(each) for each in findings]


@pytest.mark.parametrize(
    ("name", "text"),
    [(name, text) for name, _, text in SPECS if name.startswith(("how-to/airflow", "how-to/jenkins", "how-to/kubeflow"))],
)
def test_a_set_up_guide_compiles_to_its_target(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "mlspec.yaml").write_text(completed(text), encoding="utf-8")
    target = name.removeprefix("how-to/").partition(".")[0]
    assert main(["compile", "--quiet", "-t", target, str(tmp_path / "mlspec.yaml")]) == 0
    assert list((tmp_path / "pipelines" / target).iterdir())


def test_a_repository_of_several_lifecycles_is_checked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands of the page on monorepos, with its files and a second lifecycle like the first."""
    for name, title, text in BLOCKS:
        if name.startswith("how-to/monorepo.md"):
            for place, content in {title: text, title.replace("credit", "churn"): text.replace("credit", "churn")}.items():
                (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / place).write_text(content, encoding="utf-8")
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["compile", "churn", "credit", "-t", "airflow", "--quiet"]) == 0
    page = (ROOT / "docs/how-to/monorepo.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ mlspec (.*)$", page, re.MULTILINE)
    assert len(commands) == 2
    assert [main(command.split()) for command in commands] == [0, 0], capsys.readouterr()


@pytest.mark.parametrize(("name", "text"), OTHERS, ids=[name for name, _ in OTHERS])
def test_another_file_is_yaml(name: str, text: str) -> None:
    assert list(yaml.safe_load_all(text))


def test_python_in_the_documentation_is_python() -> None:
    """Parts of files: what they import and call is not run."""
    for path in DOCS:
        for block in re.findall(r"^```python[^\n]*\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            ast.parse(textwrap.dedent(block), path.name)


def test_all_functions_of_conditions_are_named() -> None:
    text = (ROOT / "docs/reference/expressions.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(\w+)`", text.split("and these functions")[1].split("\n\n")[0])) == set(FUNCTIONS)


def test_the_site_builds_and_asks_for_nothing_elsewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 100
    for page in pages:
        text = page.read_text(encoding="utf-8")
        loads = re.findall(r"<(?:script|img|iframe)[^>]*\ssrc=\"([^\"]+)\"", text)
        loads += re.findall(r"<link[^>]*rel=\"(?:stylesheet|preload|preconnect)\"[^>]*href=\"([^\"]+)\"", text)
        assert not [each for each in loads if re.match(r"(https?:)?//", each)], page


def test_the_package_and_its_help_lead_to_the_site(capsys: pytest.CaptureFixture[str]) -> None:
    site = yaml.safe_load(re.sub(r"!!\S+", "", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))["site_url"]
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    assert urls["Documentation"] == site
    for url in urls.values():
        page = url.removeprefix(site).rstrip("/")
        assert (
            any((ROOT / "docs" / name).is_file() for name in (f"{page}.md", f"{page}/index.md".lstrip("/")))
            or page == "changelog"
        )
    for command in ([], ["compile"], ["runs"], ["explain"]):
        assert main([*command, "--help"]) == 0
        assert site in capsys.readouterr().out


def test_the_readme_leads_to_pages_that_are_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\((?!https?:|#)([^)]+)\)", text)]
    assert "docs/tutorial/index.md" in links
    assert [link for link in links if not (ROOT / link).exists()] == []
