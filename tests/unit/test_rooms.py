"""Do imports run one way: api -> layers -> gis, and inside gis do the pure rooms leave the store alone?"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gis", "layers", "api", "data", "migrations", "tools")
KNOWS = {
    "gis": {"gis"},
    "layers": {"gis", "layers", "data"},
    "data": {"gis", "data"},
    "api": {"gis", "layers", "data", "api"},
    "migrations": {"gis", "migrations"},
    "tools": {"gis", "tools"},
}
SQL_DRIVERS = {"psycopg", "psycopg_pool", "sqlalchemy", "geoalchemy2", "alembic"}


def imports(path: Path) -> set[str]:
    """Full names of all modules that a file imports, wherever in the file, also for type checking."""
    package = path.relative_to(ROOT).parent.parts
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (above, node.module or "") if part)
            names |= {f"{module}.{alias.name}" for alias in node.names} | {module}
    return names


def files(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"no files in {package}"
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_no_room_imports_upwards(package):
    forbidden = set(PACKAGES) - KNOWS[package]
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(package)
        for name in imports(path)
        if name.split(".")[0] in forbidden
    ]
    assert wrong == []


def test_pure_rooms_of_gis_know_no_store_and_no_database():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files("gis")
        if "store" not in path.relative_to(ROOT).parts
        for name in imports(path)
        if name.startswith("gis.store") or name.split(".")[0] in SQL_DRIVERS
    ]
    assert wrong == []


def test_the_rule_would_notice(tmp_path, monkeypatch):
    room = tmp_path / "gis" / "cells"
    room.mkdir(parents=True)
    (room / "__init__.py").write_text("def late():\n    from api import settings\n    from ..store import connect\n")
    monkeypatch.setattr("sys.modules", sys.modules)
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert {"api.settings", "gis.store.connect"} <= imports(room / "__init__.py")


def test_the_set_up_needs_nothing_but_the_standard_library():
    program = (
        "import tools.setup, gis.store.cluster, sys; print(sorted(m for m in sys.modules if m in {'numpy', 'typer'}))"
    )
    bare = subprocess.run([sys.executable, "-S", "-c", program], cwd=ROOT, check=False, capture_output=True, text=True)
    assert (bare.returncode, bare.stdout.strip()) == (0, "[]"), bare.stderr
