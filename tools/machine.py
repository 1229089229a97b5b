"""Which programs must the machine have, and how does it get them?"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gis.errors import SetupError
from gis.store.cluster import find_binaries

from .steps import StepError, run, step

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BROWSER", "CLUSTER", "DATABASE", "FONTS", "LIBRARY", "VENV", "Program", "chromium", "provide"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CJK_FONTS = ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "/System/Library/Fonts/PingFang.ttc")


@dataclass(frozen=True)
class Program:
    """Something that Debian's packages provide.

    Parameters
    ----------
    name : str
        What it is called on the screen.
    there : callable
        Says whether it can be used.
    debian : tuple of str
        Packages.
    macos, docker : str
        What to type elsewhere.
    """

    name: str
    there: Callable[[], bool]
    debian: tuple[str, ...]
    macos: str
    docker: str


def provide(*programs: Program) -> None:
    """Install what is missing where we may, else say how and stop.

    Raises
    ------
    StepError
        Something is missing and cannot be installed from here; the message has the commands.
    """
    missing = [program for program in programs if not program.there()]
    if not missing:
        return
    how = _rights()
    if how is None:
        raise StepError(_explain(missing))
    packages = [package for program in missing for package in program.debian]
    with step(f"install {', '.join(program.name for program in missing)}"):
        wait = ("-o", "DPkg::Lock::Timeout=120")
        try:
            run(*how, "apt-get", *wait, "-qq", "update")
            run(*how, "apt-get", *wait, "-qq", "install", "-y", "--no-install-recommends", *packages)
        except StepError as fault:
            raise StepError(f"{fault}\n{_explain(missing)}") from None
        broken = [program for program in missing if not program.there()]
        if broken:
            raise StepError(_explain(broken))


def chromium() -> str | None:
    """Path of a Chromium browser; None where there is none."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def _explain(missing: list[Program]) -> str:
    names = ", ".join(program.name for program in missing)
    packages = " ".join(package for program in missing for package in program.debian)
    lines = [f"Missing on this machine: {names}. Install it, then run the same command again:"]
    lines += [f"  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y --no-install-recommends {packages}"]
    lines += [f"  macOS:           {program.macos}" for program in missing]
    lines += [f"  Docker:          {program.docker}" for program in missing if program.docker]
    return "\n".join(lines)


@cache
def _rights() -> tuple[str, ...] | None:
    """How to call apt-get: as we are (root), by sudo without a password, or (None) not at all."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ("env", "DEBIAN_FRONTEND=noninteractive")
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True)  # noqa: S607
    return ("sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive") if asked.returncode == 0 else None


def _has_postgis() -> bool:
    try:
        find_binaries()
    except SetupError:
        return False
    return True


def _database_there() -> bool:
    return bool(os.environ.get("GRIDKEEPER_DATABASE_URL")) or _has_postgis()


def _fonts_there() -> bool:
    if any(Path(font).exists() for font in CJK_FONTS):
        return True
    if shutil.which("fc-list") is None:
        return False
    listed = subprocess.run(["fc-list", ":lang=zh"], check=False, capture_output=True)  # noqa: S607
    return bool(listed.stdout.strip())


def _library_there() -> bool:
    if sys.platform != "linux":
        return True
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        return False
    return True


def _venv_there() -> bool:
    return importlib.util.find_spec("ensurepip") is not None and importlib.util.find_spec("venv") is not None


POSTGIS_PACKAGES = ("postgresql", "postgresql-postgis")
_COMPOSE = "docker compose up -d --wait   (then the two export lines at the head of compose.yaml)"
DATABASE = Program("PostGIS", _database_there, POSTGIS_PACKAGES, "brew install postgis", _COMPOSE)
CLUSTER = Program("PostGIS", _has_postgis, POSTGIS_PACKAGES, "brew install postgis", "")
"""What the tests need: they always make a cluster of their own."""
BROWSER = Program("Chromium", lambda: chromium() is not None, ("chromium",), "brew install --cask chromium", "")
FONTS = Program("Chinese fonts", _fonts_there, ("fonts-noto-cjk", "fontconfig"), "(part of macOS)", "")
VENV = Program("Python's venv", _venv_there, ("python3-venv",), "brew install python", "")
LIBRARY = Program("libatomic", _library_there, ("libatomic1",), "(not needed)", "")
"""What Playwright's driver is linked to."""
