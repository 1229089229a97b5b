"""How good is a plan and what does it cost in CPU, against a start from random trees alone on the same cells?"""

import platform
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pytest

from gis.files import partition_files
from gis.measures.of_plans import plan_measures
from gis.partition import Effort, partition

PROGRAM = Path(sys.executable).with_name("gridkeeper")
SHOWN = ("within_10", "within_20", "mad", "rms", "polsby_popper_mean", "polsby_popper_p10", "border_on_feature")
BARE = Effort(runs=1, steps_per_cell=0, rounds=0)


def measured(tessellation, effort, seeds):
    """Median over seeds of CPU seconds and of each measure."""
    rows = []
    for seed in seeds:
        start = time.process_time()
        plan = partition(tessellation, seed=seed, effort=effort)
        seconds = time.process_time() - start
        measures = plan_measures(tessellation, plan)
        assert measures["multipart_grids"] == 0
        assert measures["gap_m2"] + measures["overlap_m2"] < 1.0
        rows.append({"cpu_s": seconds} | measures)
    return {key: median(row[key] for row in rows) for key in ("cpu_s", "grids", "ceiling_within_10", *SHOWN)}


@pytest.mark.slow
def test_partition_against_its_own_start(tmp_path, capsys):
    """Print one table; the search must gain much over its start, whatever the machine."""
    command = [PROGRAM, "sample", "--households", "30000", "--seed", "1", "--out", tmp_path / "district"]
    subprocess.run(command, check=True, capture_output=True)
    files = {path.stem: path for path in (tmp_path / "district").iterdir()}
    district = partition_files(
        files["buildings"],
        files["divisions"],
        barriers=[files["barriers"]],
        compounds=files["compounds"],
        landcover=files["landcover"],
        effort=BARE,
    )
    rows = {
        "random trees": measured(district.tessellation, BARE, (1, 2, 3)),
        "search": measured(district.tessellation, Effort(), (1, 2, 3)),
        "search, 4 x effort": measured(district.tessellation, Effort(runs=32), (1,)),
    }
    with capsys.disabled():
        cells = len(district.tessellation.cells)
        print(f"\npartition on {platform.processor() or platform.machine()}: {cells} cells, median over seeds")
        print(" | ".join(["", *next(iter(rows.values()))]))
        for name, row in rows.items():
            print(" | ".join([name, *(f"{value:.3g}" for value in row.values())]))
    assert rows["search"]["within_10"] > rows["random trees"]["within_10"] + 0.1
