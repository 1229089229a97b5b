"""Which browser, page and server may a browser test ask for?"""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.fixtures import database, databases, fresh_database, sample_database, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

__all__ = [
    "browser",
    "chromium",
    "database",
    "databases",
    "fresh_database",
    "page",
    "sample_database",
    "served",
    "shot",
]

ARGUMENTS = [
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIEWPORT = {"width": 1024, "height": 640}
PATIENCE_MS = 45_000


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the Chromium that the tests drive."""
    found = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
    assert found is not None, "no Chromium: `make test` installs it or says how"
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Run Chromium for one module: while Playwright runs, no other test of this process may use asyncio."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS, *sandbox])
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Give a fresh page in Chinese; the test fails on an uncaught error or an address outside this machine."""
    context = browser.new_context(viewport=VIEWPORT, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    outside: list[str] = []
    fresh = context.new_page()
    fresh.on("pageerror", lambda error: faults.append(str(error)))
    fresh.on("request", lambda request: outside.append(request.url) if _leaves(request.url) else None)
    yield fresh
    context.close()
    assert faults == [], "errors in the page"
    assert outside == [], "the page asked for addresses outside this machine"


@pytest.fixture
def shot(artifacts: Path, request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Keep a screenshot of a page under artifacts/, named after the test."""

    def take(page: Page, name: str = "") -> Path:
        stem = re.sub(r"[^\w-]+", "_", request.node.name + (f"-{name}" if name else ""))
        path = artifacts / f"{stem}.png"
        page.screenshot(path=path)
        return path

    return take


def _leaves(url: str) -> bool:
    return not re.match(r"(data|blob|about):|https?://(127\.0\.0\.1|localhost)[:/]", url)
