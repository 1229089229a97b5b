"""Do the worked examples run from top to bottom as they are kept, and are they kept without outputs?"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    assert [p.name for p in NOTEBOOKS][:1] == ["01_first_partition.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_kept_without_outputs(path):
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert [c.id for c in cells if c.outputs or c.execution_count is not None] == []


# The kernel's client library tears its sockets down late.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_runs(path, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    book = nbformat.read(path, as_version=4)
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    told = {
        c.id: "".join(o.get("text", "") or str(o.get("data", {}).get("text/html", "")) for o in c.outputs)
        for c in book.cells
        if c.cell_type == "code"
    }
    text = "\n".join(told.values())
    assert re.search(r"\d+ buildings, 1,\d{3} households", text)
    assert re.search(r"\d+ cells, \d+ pairs of neighbours", text)
    assert all(label in text for label in ("Within ±10%", "Mean compactness", "Gaps"))
    assert "leaflet" in text, "the last cell shows the map"
    (saved,) = tmp_path.glob("*/grids.html")
    assert saved.stat().st_size > 100_000
