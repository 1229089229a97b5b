"""Which kernels do the tests share? Compiled once here, so that not every process of the tests compiles them anew."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from gis.partition import Effort, Keep, OldGrids, explain, partition, rebalance
from tests.bench.grounds import measured_ground, sample_folder


def main() -> None:
    """Make cells, divide, explain, even out and regroup a small sample district."""
    with TemporaryDirectory() as folder:
        town = measured_ground(sample_folder(Path(folder) / "town", 1_500)).tessellation
    effort = Effort(runs=1, steps_per_cell=2)
    plan = partition(town, effort=effort)
    explain(town, plan)
    rebalance(town, np.roll(plan.grid_of, 1))
    partition(town, target=600, effort=effort, keep=Keep([OldGrids(plan.grid_of.astype(np.int64))]))


if __name__ == "__main__":
    main()
