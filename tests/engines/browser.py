"""A real browser that opens pages from files.

In: HTML files. Out: what the browser asked for, said and computed of them, pictures of them. Owns how Debian's Chromium is started;
nothing it does reaches the network. Never judges a page. Change it when tests look at pages in another way.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Dialog, Page, sync_playwright


@dataclass
class Opened:
    """A page in the browser."""

    page: Page
    said: list[str] = field(default_factory=list)
    """Messages of its console, errors of its scripts, and dialogs."""

    def dismiss(self, dialog: Dialog) -> None:
        """Note a dialog, and close it."""
        self.said.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def overflow(self) -> int:
        """By how many pixels it is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    def violations(self) -> list[str]:
        """What axe-core finds that keeps people from reading or using the page."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]]


class Browser:
    """A headless Chromium."""

    def __init__(self) -> None:
        self._playwright = sync_playwright().start()
        self._chromium = self._playwright.chromium.launch(
            executable_path=shutil.which("chromium-headless-shell"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )

    @contextmanager
    def opened(
        self, file: Path, *, width: int = 1200, scheme: Literal["light", "dark"] = "light", **options: Any
    ) -> Iterator[Opened]:
        """Open a file in a window of its own, and close that afterwards."""
        context = self._chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, **options)
        try:
            opened = Opened(context.new_page())
            page = opened.page
            page.on("console", lambda message: opened.said.append(message.text))
            page.on("pageerror", lambda error: opened.said.append(str(error)))
            page.on("dialog", opened.dismiss)
            page.goto(file.as_uri())
            yield opened
        finally:
            context.close()

    def close(self) -> None:
        """End the browser."""
        self._chromium.close()
        self._playwright.stop()
