"""`mlspec runs report` and `runs show`: all of a run on one page that obeys nothing it shows, in a real browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.test_cli import mlspec
from tests.engines.browser import Browser
from tests.waiting import until, until_there

pytestmark = pytest.mark.browser


class _Site(ThreadingHTTPServer):
    """Where hostile texts want to go; it notes who comes."""

    def __init__(self) -> None:
        self.visits: list[str] = []
        visits = self.visits

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                visits.append(self.path)
                self.send_error(404)

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


SITE = _Site()
HOST = f"http://127.0.0.1:{SITE.server_port}"
NASTY = f"</script><script>owned=1</script><img src=x onerror=owned=1><img src={HOST}/x>\"'`${{{{ }}}} \u202etxt.exe\x1b[31m"
PAGE = f"""<!doctype html><title>t</title><meta http-equiv=refresh content="0;url={HOST}/r"><link rel=stylesheet href="{HOST}/c">
<script>parent.owned = 1; top.location = "{HOST}/t"; alert(1)</script><img src="{HOST}/i" onerror="parent.owned=1">
<a href="javascript:parent.owned=1" target=_top>x</a><form action="{HOST}/f"><input></form><iframe src="{HOST}/n"></iframe>
<p>the hostile report</p>"""
PICTURE = f"""<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="owned=1"><script>owned=1</script>
<image href="{HOST}/p" width="9" height="9"/></svg>"""
SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: hostile, description: "<b>&"}
params: {text: plain}
on_failure: continue
steps:
  make: {run: 'python make.py', cache: false, outputs: {page: report, picture: report, words: report, bytes: report, m: metrics, l: values}}
  many: {foreach: make.l, run: "true", with: {item: "${{ item }}"}}
  broken: {needs: [make], with: {text: "${{ params.text }}"}, run: 'echo "$MLSPEC_WITH_TEXT"; echo "::error::x"; exit 3'}
  after: {needs: [broken], run: "true"}
"""
MAKE = f"""\
import json, os
nasty = {NASTY!r}
def put(name, text):
    open(os.environ["MLSPEC_OUTPUT_" + name], "wb").write(text if isinstance(text, bytes) else text.encode())
put("PAGE", {PAGE!r}); put("PICTURE", {PICTURE!r}); put("WORDS", nasty); put("BYTES", bytes(range(256)) * 9)
put("M", json.dumps({{nasty: 1.5, "nan": float("nan"), "huge": 10**400}})); put("L", json.dumps([nasty] * 12))
print(nasty, flush=True); print("\\0" * 9 + "é" * 5000); print("x" * 100_000); print("the end")
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("hostile")
    (project / "mlspec.yaml").write_text(SPEC, encoding="utf-8")
    (project / "make.py").write_text(MAKE, encoding="utf-8")
    assert mlspec("run", "-p", f"text={NASTY}", "--quiet", cwd=project).returncode == 1
    assert mlspec("runs", "report", "-o", "page.html", cwd=project).stdout == "wrote page.html\n"
    return project


def test_nothing_in_a_run_is_obeyed_or_fetched(hostile: Path, browser: Browser) -> None:
    page = hostile / "page.html"
    with browser.opened(page) as opened:
        opened.page.wait_for_load_state("networkidle")
        assert (opened.page.url, opened.page.evaluate("window.owned")) == (page.as_uri(), None)
        assert "the hostile report" in opened.page.frames[1].content()
        assert SITE.visits == []
        blocked = ("Blocked script execution in 'about:srcdoc'", "Refused to execute the redirect", "Content Security Policy")
        assert [said for said in opened.said if not any(words in said for words in blocked)] == []
        text = opened.page.text_content("body") or ""
    assert "owned=1" in text  # it is shown, as text
    assert "the end" in text
    assert "\u202e" not in text


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (1200, "dark"), (360, "light")])
def test_people_can_read_it(hostile: Path, browser: Browser, width: int, scheme: str) -> None:
    with browser.opened(hostile / "page.html", width=width, scheme=scheme) as opened:
        assert opened.overflow() == 0
        assert opened.violations() == []


def test_it_prints(hostile: Path, browser: Browser) -> None:
    with browser.opened(hostile / "page.html") as opened:
        assert opened.page.pdf(format="A4").startswith(b"%PDF")


def test_a_plans_page_is_no_other(hostile: Path, browser: Browser) -> None:
    (hostile / "plan.html").write_text(mlspec("plan", "--format", "html", cwd=hostile).stdout, encoding="utf-8")
    with browser.opened(hostile / "plan.html", width=360, scheme="dark") as opened:
        assert (opened.overflow(), opened.said, opened.violations()) == (0, [], [])


def test_show_says_it_in_a_terminal_and_as_json(hostile: Path) -> None:
    shown = mlspec("runs", "show", cwd=hostile)
    assert shown.returncode == 0
    assert "\x1b" not in shown.stdout
    assert "\u202e" not in shown.stdout
    assert [line.split()[:2] for line in shown.stdout.splitlines() if line.startswith("  many")] == [["many[…]", "12"]]
    step = mlspec("runs", "show", "latest", "broken", cwd=hostile)
    assert "exit code  3" in step.stdout
    assert mlspec("runs", "show", "latest", "brokn", cwd=hostile).returncode == 2
    document = json.loads(mlspec("runs", "show", "--format", "json", cwd=hostile).stdout, parse_constant=pytest.fail)
    assert document["params"] == {"text": NASTY}
    assert document["metrics"]["make.m.nan"] == "NaN"
    assert document["steps"]["many[3]"]["status"] == "succeeded"
    assert document["steps"]["after"]["status"] == "blocked"


ORDINARY = f"""\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {{name: ordinary}}
steps:
  first: {{run: "true"}}
  hold: {{needs: [first], run: '{until_there("go")}'}}
  last: {{needs: [hold], run: "true"}}
"""


def test_a_run_in_progress(tmp_path: Path, browser: Browser) -> None:
    (tmp_path / "mlspec.yaml").write_text(ORDINARY, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "mlspec", "run", "--quiet"], cwd=tmp_path, env={**os.environ, "NO_COLOR": "1"}
    ) as run:
        until(lambda: any(tmp_path.glob(".mlspec/store/ordinary/*/_started/hold")))
        shown = mlspec("runs", "show", cwd=tmp_path).stdout
        report = mlspec("runs", "report", "-o", "page.html", cwd=tmp_path)
        (tmp_path / "go").touch()
        assert run.wait() == 0
    assert report.returncode == 0
    states = [
        line.split()[:2]
        for line in shown.splitlines()
        if line.startswith("  ") and line.split()[0] in ("first", "hold", "last")
    ]
    assert states == [["first", "succeeded"], ["hold", "running"], ["last", "pending"]]
    with browser.opened(tmp_path / "page.html") as opened:
        assert opened.said == []
        assert "so far" in opened.page.inner_text("header")
        assert "… running" in opened.page.inner_text("table")


def test_a_run_that_an_orchestrator_made(tmp_path: Path, browser: Browser) -> None:
    (tmp_path / "mlspec.yaml").write_text(SPEC.replace("on_failure: continue\n", ""), encoding="utf-8")
    store = (".mlspec/store", "--lifecycle", "hostile", "--run-id", "scheduled__2026-12-01T00:00:00+00:00")
    metrics = 'echo \'{"auc": 0.75}\' > "$MLSPEC_OUTPUT_M"'
    made = mlspec("exec", "--step", "make", "--store", *store, "--output", "m=metrics", "--shell", metrics, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert mlspec("exec", "--step", "broken", "--store", *store, "--shell", "exit 4", cwd=tmp_path).returncode == 1
    document = json.loads(mlspec("runs", "show", "--format", "json", cwd=tmp_path).stdout)
    assert (document["made_by"], document["status"], document["metrics"]) == ("an orchestrator", "failed", {"make.m.auc": 0.75})
    done = mlspec("runs", "report", cwd=tmp_path)
    assert done.stdout == "wrote hostile-scheduled__2026-12-01T00%3A00%3A00%2B00%3A00.html\n"
    with browser.opened(tmp_path / done.stdout.split()[1]) as opened:
        assert "an orchestrator" in opened.page.inner_text("header")
        assert opened.said == []


ASKED = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: asked}
steps:
  fit: {run: 'echo "{\\"auc\\": 0.75}" > ${{ outputs.m }}', outputs: {m: metrics}}
  sign_off: {needs: [fit], approval: {message: "Go <b>now</b>?", approvers: [risk]}}
"""


def test_an_approval_has_who_when_and_what_they_saw(tmp_path: Path, browser: Browser) -> None:
    (tmp_path / "mlspec.yaml").write_text(ASKED, encoding="utf-8")
    with subprocess.Popen([sys.executable, "-m", "mlspec", "run", "--quiet"], cwd=tmp_path, stdin=subprocess.DEVNULL) as run:
        until(lambda: any(tmp_path.glob(".mlspec/store/asked/*/_approvals/sign_off.json")))
        assert "approval sign_off: waiting" in mlspec("runs", "show", cwd=tmp_path).stdout
        assert mlspec("approve", "latest", "sign_off", cwd=tmp_path).returncode == 0
        assert run.wait() == 0
    assert "approval sign_off: approved by " in mlspec("runs", "show", cwd=tmp_path).stdout
    assert mlspec("runs", "report", "-o", "page.html", cwd=tmp_path).returncode == 0
    with browser.opened(tmp_path / "page.html") as opened:
        text = opened.page.locator("section", has=opened.page.locator("#approvals")).text_content() or ""
        assert opened.violations() == []
    for words in ("Go <b>now</b>?", "✓ approved", "answered by", "fit.m.auc = 0.75"):
        assert words in text
