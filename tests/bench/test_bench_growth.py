"""Do CPU and memory grow with a district, and not faster?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.grounds import sample_folder

GROWTH = "GRIDKEEPER_BENCH_GROWTH"
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_growth_from_a_small_to_a_large_district(tmp_path, capsys):
    """Print CPU and peak memory of sample districts, and how much more each takes than the one before."""
    sizes = [int(word) for word in os.environ.get(GROWTH, "30000,300000").split(",")]
    small = sample_folder(tmp_path / "small", 1_500)
    rows = []
    for households in sizes:
        folder = sample_folder(tmp_path / str(households), households)
        command = [sys.executable, "-m", "tests.bench.growth", small, folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        rows.append(json.loads(done.stdout))
    with capsys.disabled():
        print(
            "\ngrowth of one process, districts of `gridkeeper sample`, above 300,000 households several towns;"
            f" {GROWTH} names other sizes"
        )
        print("households    cells   grids  cells CPU s  partition CPU s  peak MB: cells  all  | x the row before")
        for i, (households, row) in enumerate(zip(sizes, rows, strict=True)):
            more = ""
            if i:
                times = {key: row[key] / rows[i - 1][key] for key in ("partition_s", "peak_mb")}
                more = f"households {households / sizes[i - 1]:.1f}, " + ", ".join(
                    f"{key.split('_')[0]} {value:.1f}" for key, value in times.items()
                )
            print(
                f"{households:10,} {row['cells']:8,} {row['grids']:7,} {row['cells_s']:12.1f}"
                f" {row['partition_s']:16.1f} {row['cells_mb']:15.0f} {row['peak_mb']:4.0f}  | {more}"
            )
    assert all(row["grids"] > households / 400 for households, row in zip(sizes, rows, strict=True))
