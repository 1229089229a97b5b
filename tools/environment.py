"""How do the Python packages and the browser app get built, and only when something changed?"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from .machine import VENV, provide
from .steps import HOME, ROOT, StepError, fingerprint, remember, run, step, unchanged

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BIN", "node_path", "python_packages", "web_build", "web_packages"]

BOOT = HOME / "boot"
BIN = ROOT / ".venv" / "bin"
WEB = ROOT / "web"
PINS = ROOT / "tools"
OLDEST_PYTHON = (3, 11)
PYTHON = os.path.realpath(sys.executable)
"""The interpreter itself, also when an environment is active."""


def python_packages(*, dev: bool) -> None:
    """Bring ``.venv`` to the locked packages; development packages that are there stay.

    Raises
    ------
    StepError
        A package cannot be had.
    """
    dev = dev or (BIN / "pytest").exists()
    lock = ROOT / ("requirements-dev.txt" if dev else "requirements.txt")
    stamp = ROOT / ".venv" / "gridkeeper.stamp"
    wanted = fingerprint([lock, ROOT / "pyproject.toml", PINS / "uv.txt"]) + sys.version
    if unchanged(stamp, wanted) and (BIN / "gridkeeper").exists():
        return
    uv = _boot_program("uv")
    here = {"VIRTUAL_ENV": str(ROOT / ".venv"), "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    with step("Python packages"):
        if not (BIN / "python").exists():
            run(uv, "venv", "--quiet", "--allow-existing", "--python", PYTHON, ROOT / ".venv", extra=here)
        run(uv, "pip", "sync", "--require-hashes", lock, extra=here)
        run(uv, "pip", "install", "--no-deps", "--no-build-isolation", "-e", ROOT, extra=here)
        remember(stamp, wanted)


def web_packages() -> None:
    """Install the browser app's packages as locked, where the lock changed."""
    stamp = WEB / "node_modules" / "gridkeeper.stamp"
    wanted = fingerprint([WEB / "package.json", WEB / "package-lock.json"])
    if unchanged(stamp, wanted):
        return
    node = node_path()
    with step("packages of the browser app"):
        run("npm", "ci", "--no-audit", "--no-fund", cwd=WEB, extra=node)
        remember(stamp, wanted)


def web_build() -> None:
    """Build the browser app, where its lock or its sources changed."""
    stamp = HOME / "web-build.stamp"
    skip = {"node_modules", "dist"}
    wanted = fingerprint(path for path in WEB.iterdir() if path.name not in skip)
    if unchanged(stamp, wanted) and (WEB / "dist" / "index.html").exists():
        return
    web_packages()
    node = node_path()
    with step("browser app"):
        run("npm", "run", "build", cwd=WEB, extra=node)
        remember(stamp, wanted)


def node_path() -> dict[str, str]:
    """Environment in which ``node`` and ``npm`` are new enough: the system's, else those of the PyPI package."""
    if not _node_is_new_enough("node") or shutil.which("npm") is None:
        if not _node_is_new_enough(str(BOOT / "bin" / "node")):
            _boot_program("node")
        return {"PATH": f"{BOOT / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    return {}


def _node_is_new_enough(node: str) -> bool:
    """Node ^20.19 or >= 22.12, as the build tools demand."""
    try:
        said = subprocess.run([node, "--version"], check=False, capture_output=True, text=True).stdout  # noqa: S603
    except OSError:
        return False
    found = re.match(r"v(\d+)\.(\d+)", said)
    if found is None:
        return False
    major, minor = map(int, found.groups())
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22


def _boot_program(name: str) -> Path:
    """Path of a tool in the boot environment, installed from its pinned and hashed file when that changed."""
    pins = PINS / f"{name}.txt"
    stamp = BOOT / f"{name}.stamp"
    wanted = fingerprint([pins])
    program = BOOT / "bin" / name
    if unchanged(stamp, wanted) and program.exists():
        return program
    if sys.version_info < OLDEST_PYTHON:
        raise StepError(f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed, this is {sys.version}.")
    provide(VENV)
    with step(f"tool: {name}"):
        if not (BOOT / "bin" / "pip").exists():
            run(PYTHON, "-m", "venv", "--clear", BOOT)
        pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", pins)
        run(BOOT / "bin" / "python", *pip)
        remember(stamp, wanted)
    return program
