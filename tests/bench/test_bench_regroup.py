"""How much of old grids is kept at another target, and when several networks become one, and at what price?"""

from __future__ import annotations

import platform
import time

import numpy as np
import pytest

from gis.measures import polsby_popper
from gis.measures.of_old_grids import kept_of
from gis.measures.of_plans import within
from gis.partition import Effort, Keep, OldGrids, grid_frame, partition
from gis.partition.keeping import LEVELS
from tests.bench.grounds import folders, measured_ground, sample_folder

HEAD = (
    f"{'':<28} {'grids':>6} {'±10 %':>6} {'PP':>6} {'CPU s':>6}   "
    f"old: {'whole':>7} {'apart':>6} {'kept':>6} {'follow':>6}"
)


@pytest.fixture(scope="module")
def grounds(tmp_path_factory):
    """Our own sample district, and those of the environment; kernels are compiled before anything is timed."""
    made = measured_ground(sample_folder(tmp_path_factory.mktemp("grounds") / "sample 30,000", 30_000))
    partition(made.tessellation, effort=Effort(runs=1, steps_per_cell=2))
    return [made, *(measured_ground(path) for path in folders())]


def row(name, ground, old, **options):
    """Print a line of the table, another for each further network, and give what is kept of each."""
    start = time.process_time()
    plan = partition(ground, **options)
    seconds = time.process_time() - start
    shapes = grid_frame(ground, plan).geometry
    near = within(plan.grids["households"].to_numpy(float), options["target"], 0.1)
    compact = float(np.mean(polsby_popper(shapes.area, shapes.length)))
    told = f"{name:<28} {len(plan.grids):>6} {near:>6.3f} {compact:>6.3f} {seconds:>6.2f}"
    found = [kept_of(ground, of, plan.grid_of) for of in old]
    people = float(ground.cells["households"].sum())
    for kept in found:
        shares = (kept.share_whole, kept.apart / people, kept.border_kept, kept.border_followed)
        print(told + "        " + "{:>7.3f} {:>6.3f} {:>6.3f} {:>6.3f}".format(*shares), flush=True)
        told = " " * len(told)
    return found


@pytest.mark.slow
def test_regrouping_beside_a_division_from_nothing(grounds, capsys):
    """Print one table; a division that keeps old grids keeps more of them, whatever the machine."""
    with capsys.disabled():
        print(f"\nregrouping on {platform.machine()}, CPU seconds; old grids made for 200 households")
        for each in grounds:
            ground = each.tessellation
            print(f"\n{each.name}: {len(ground.cells):,} cells\n{HEAD}")
            old = partition(ground).grid_of.astype(np.int64)
            for target in (300, 400, 600, 130):
                [nothing] = row(f"-> {target}, from nothing", ground, [old], target=target)
                for level in LEVELS:
                    keep = Keep([OldGrids(old)], level)
                    [kept] = row(f"-> {target}, {level}", ground, [old], target=target, keep=keep)
                    assert kept.whole >= nothing.whole
                    assert kept.border_kept > nothing.border_kept
            others = [partition(ground, target=t, seed=s).grid_of.astype(np.int64) for t, s in ((600, 2), (300, 3))]
            three = [old, *others]
            before = row("three networks, from nothing", ground, three, target=300)
            after = row("three networks, mostly", ground, three, target=300, keep=Keep([*map(OldGrids, three)]))
            assert sum(k.border_followed for k in after) > sum(k.border_followed for k in before)
