"""What may every test ask for: a district's files, a real city, a place for artifacts?"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = Path(sys.executable).with_name("gridkeeper")


@pytest.fixture(scope="session")
def cities() -> Callable[[str], Path]:
    """Give the folder of a real city by name; skip, with the reason, where it is not on this machine."""

    def city(name: str) -> Path:
        folder = os.environ.get("GRIDKEEPER_CITIES")
        if not folder:
            pytest.skip("GRIDKEEPER_CITIES is not set: no real cities on this machine")
        if not (Path(folder) / name).is_dir():
            pytest.skip(f"GRIDKEEPER_CITIES has no {name}")
        return Path(folder) / name

    return city


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Folder for what a test leaves to be looked at (screenshots); kept after the run."""
    folder = ROOT / "artifacts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def sample_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of a small sample district of about 2,000 households, as `gridkeeper sample` writes them."""
    folder = tmp_path_factory.mktemp("sample") / "district"
    command = [PROGRAM, "sample", "--households", "2000", "--seed", "1", "--out", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return folder


@pytest.fixture
def copied_sample(sample_dir: Path, tmp_path: Path) -> Path:
    """Give the sample's files as a copy that the test may change."""
    return Path(shutil.copytree(sample_dir, tmp_path / "district"))
