"""Which files code names, as far as its text shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec.analysis.files import WorkingFolder
from mlspec.analysis.imports import Modules, reach
from mlspec.analysis.named_files import named_by_program, named_files, options_of
from mlspec.analysis.scripts import programs, words

FILES = ("data/a.csv", "data/b c.csv", "conf.yaml", "sub/data.csv")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("open('data/a.csv')", {"data/a.csv"}),
        ("pd.read_csv(Path('data') / 'a.csv')", {"data/a.csv"}),
        ("pd.read_csv(os.path.join('data', 'a.csv'))", {"data/a.csv"}),
        ("pd.read_csv(f'{FOLDER}/a.csv')", {"data/a.csv"}),
        ("pd.read_csv(FOLDER + '/a.csv')", {"data/a.csv"}),
        ("pd.read_csv(HERE.joinpath('conf.yaml'))", {"conf.yaml"}),
        ("pd.read_csv(Path(__file__).resolve().parents[0] / 'conf.yaml')", {"conf.yaml"}),
        ("base = Path('data'); return (base / 'b c.csv').read_text()", {"data/b c.csv"}),
        ("glob.glob('data/*.csv')", {"data/a.csv", "data/b c.csv"}),
        ("list(Path('sub').iterdir())", {"sub"}),
        ("helper()", {"sub/data.csv"}),
        ("lib.load()", {"conf.yaml"}),
        ("Loader().go()", {"sub/data.csv"}),
        ("SOURCE.read_text()", {"data/a.csv"}),
        ("frame['data']; print('nowhere.csv')", set()),
        (
            "open('sub/data.csv', 'w'); frame.to_csv('sub/data.csv'); os.remove('conf.yaml'); Path('conf.yaml').write_text('')",
            set(),
        ),
        ("Path('conf.yaml').write_text('1'); return open('conf.yaml')", set()),
        ("Path('made.txt').write_text(open('conf.yaml').read() + 'x')", {"conf.yaml"}),
        ("json.dump(Path('conf.yaml').read_text().replace('a', 'b'), open('new.json', 'w'))", {"conf.yaml"}),
        ("open(f'{lib.FOLDER}/a.csv')", {"data/a.csv"}),
        ("open(os.path.join(FOLDER, PLACES['one'])); open(FOLDER + '/' + LISTED[1])", {"data", "data/a.csv", "data/b c.csv"}),
        ("open(FOLDER + '/' + PLACES[given]); open(FOLDER + '/' + LISTED[7])", {"data"}),
        ("open(Reader.FOLDER + '/a.csv')", {"data/a.csv"}),
        ("Reader().go()", {"data", "data/a.csv", "conf.yaml"}),
        ("pass", set()),
        ("x = 'a'; x = x + x; open(x)", set()),
        ("'''Reads data/a.csv.'''", set()),
        ("open('/etc/passwd'); open('../x.csv'); open('http://data/a.csv')", set()),
    ],
)
def test_a_function_names(project: Path, body: str, named: set[str]) -> None:
    (project / "lib.py").write_text("SOURCE = 'data/a.csv'\nFOLDER = 'data'\n\ndef load():\n    return open('conf.yaml')\n")
    (project / "work.py").write_text(f"""\
import glob, os
from pathlib import Path
import pandas as pd
import lib
from lib import SOURCE as WHERE

FOLDER = "data"
HERE = Path(__file__).parent
SOURCE = Path(WHERE)
UNREAD = "sub/data.csv"
PLACES = {{"one": "a.csv"}}
LISTED = ["a.csv", "b c.csv"]

class Reader:
    FOLDER = "data"

    def __init__(self):
        self.conf = Path("conf.yaml")
        self.twice = "a"

    def go(self):
        self.twice = "b"
        return open(f"{{self.FOLDER}}/a.csv"), self.conf.read_text(), open(f"data/{{self.twice}}.csv")

def other():
    open("sub/data.csv")

def helper():
    return other()

class Loader:
    def go(self, path="sub/data.csv"):
        return open(path)

def make(table="data/a.csv"):
    {body}
""")
    assert set(named_files(Modules(WorkingFolder(), ("",)), "work", "make", ("table",))) == named
    assert set(named_files(Modules(WorkingFolder(), ("",)), "work", "make")) == named | {"data/a.csv"}


def test_what_runs_on_import_counts(project: Path) -> None:
    (project / "work.py").write_text("import settings\n\ndef make(): ...\n")
    (project / "settings.py").write_text("import yaml\nCONF = yaml.safe_load(open('conf.yaml'))\n")
    assert set(named_files(Modules(WorkingFolder(), ("",)), "work", "make")) == {"conf.yaml"}


MAIN = """\
import argparse
from helper import read

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", default="sub/data.csv")
    read(parser.parse_args().table)

def other():
    open("data/b c.csv")

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(
    ("script", "named"),
    [
        ("python scripts/work.py", {"data/a.csv", "sub/data.csv"}),
        ("python -u scripts/work.py --table x", {"data/a.csv"}),
        ("uv run scripts/work.py --table=x", {"data/a.csv"}),
        ("echo x && python -m pkg.work --table x", {"data/a.csv"}),
        ("python3 -m pkg --table x", {"data/a.csv"}),
        ("python -m nowhere; python nowhere.py; cat scripts/work.py", set()),
    ],
)
def test_the_python_that_a_script_runs_names(project: Path, script: str, named: set[str]) -> None:
    for name, text in {
        "scripts/work.py": MAIN,
        "scripts/helper.py": "def read(path):\n    open('data/a.csv')\n",
        "src/helper.py": "def read(path):\n    open('data/a.csv')\n",
        "src/pkg/__init__.py": "",
        "src/pkg/__main__.py": "from pkg.work import main\nmain()\n",
        "src/pkg/work.py": MAIN,
    }.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    found = [named_by_program(WorkingFolder(), ["src"], program, options_of(script)) for program in programs(script)]
    assert {path for one in found for path in one} == named


def test_a_module_reaches_what_it_imports_and_no_more(project: Path) -> None:
    for name, text in {
        "src/pkg/__init__.py": "",
        "src/pkg/work.py": "from . import near\nfrom .deep.far import x\n\ndef make():\n    import late\n",
        "src/pkg/near.py": "import pandas.io\n",
        "src/pkg/deep/__init__.py": "from pkg import cycle\n",
        "src/pkg/deep/far.py": "x = 1",
        "src/pkg/cycle.py": "import pkg.work",
        "src/pkg/unread.py": "",
        "late.py": "",
        "other.py": "",
    }.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    found = reach(Modules(WorkingFolder(), ("src", "")), "pkg.work")
    assert found.files == {
        *(f"src/pkg/{name}.py" for name in ("__init__", "work", "near", "deep/__init__", "deep/far", "cycle")),
        "late.py",
    }
    assert not found.open_ended
    assert reach(Modules(WorkingFolder(), ("",)), "pkg.work").open_ended  # it comes with the environment


@pytest.mark.parametrize(
    ("script", "read"),
    [
        ("cat data/a.csv", ["data/a.csv"]),
        ("cat 'data/b c.csv' | sort", ["data/b c.csv"]),
        ("x=data/a.csv python -m work", ["data/a.csv"]),
        ("python - <<END\nopen('data/a.csv')\nEND", ["data/a.csv"]),
        ("cd sub && cat data.csv", ["sub/data.csv"]),
        ("work --conf=conf.yaml <data/a.csv", ["conf.yaml", "data/a.csv"]),
        ("cat ${DATA:-data/a.csv}", ["data/a.csv"]),
        ("curl -d @data/a.csv https://example.com", ["data/a.csv"]),
        ("sort > data/a.csv; rm conf.yaml; mkdir -p data", []),
        ("sort > 'data/b c.csv' && cat 'data/b c.csv' 2>>conf.yaml; cat conf.yaml", []),
    ],
)
def test_a_script_names(script: str, read: list[str]) -> None:
    assert [word.text for word in words(script) if word.text in FILES] == read
