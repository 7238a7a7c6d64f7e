"""Takes the pictures of pages that documents show, of the newest run of a project.

    python -m mlspec run examples/employment/mlspec.yaml && python scripts/pictures.py examples/employment

In: a project with a run. Out: docs/assets/*.png. Owns which pages are shown and how large; never in a check, for runs have times.
Change it when a document shows another page.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ASSETS = Path(__file__).resolve().parents[1] / "docs" / "assets"
COLOURS = 48
SHOTS = (("run-report", 1000, 1240, "light"), ("run-report-dark-phone", 400, 1240, "dark"))
"""Names, widths, heights and colour schemes."""


def main(project: Path) -> None:
    """Write the pictures."""
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        page = Path(scratch, "page.html")
        words = ("runs", "report", "latest", "--spec", str(project / "mlspec.yaml"), "-o", str(page))
        subprocess.run([sys.executable, "-m", "mlspec", *words], check=True)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium-headless-shell"), args=["--no-sandbox"])
        for name, width, height, scheme in SHOTS:
            shoot(browser, page, ASSETS / f"{name}.png", width, height, scheme)
        browser.close()


def shoot(browser: Browser, page: Path, file: Path, width: int, height: int, scheme: str) -> None:
    """Take the top of a page, in few colours: a picture of text needs no more."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
    )
    opened = context.new_page()
    opened.goto(page.as_uri())
    opened.screenshot(path=file)
    context.close()
    Image.open(file).convert("RGB").quantize(COLOURS).save(file, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
