"""What does one district cost from its files to a plan? Run in a process of its own, whose peak memory is its own."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from gis.partition import Effort, partition
from tests.bench.grounds import measured_ground


def peak_mb() -> float:
    """Most memory that this process ever held, in MB (Linux tells kB, macOS bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    """Print one line of JSON; kernels are compiled on the small district before the clock runs."""
    small, folder = (Path(word) for word in sys.argv[1:3])
    partition(measured_ground(small).tessellation, effort=Effort(runs=1, steps_per_cell=2))
    ground = measured_ground(folder)
    before = peak_mb()
    start = time.process_time()
    plan = partition(ground.tessellation)
    seconds = time.process_time() - start
    told = {"cells": len(ground.tessellation.cells), "grids": len(plan.grids), "cells_s": ground.cpu_s}
    print(json.dumps(told | {"partition_s": seconds, "cells_mb": before, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main()
