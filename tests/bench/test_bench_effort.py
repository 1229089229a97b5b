"""What can be had for what: one aim for another, more search for a better plan, a second process for time?"""

from __future__ import annotations

import itertools
import os
import platform
import resource
import time
from dataclasses import replace
from statistics import median

import pytest

from gis.partition import Effort, Weights, partition
from gis.progress import worker_pool
from tests.bench.grounds import DATA, MAXIMUM, MINIMUM, TARGET, folders, measured_ground, sample_folder
from tests.bench.test_bench_partition import SEEDS, head, measured, row

AIMS = {"within_10": "balance", "polsby_popper_mean": "compactness", "on_street": "streets"}
STEPS = (0.5, 1.0, 2.0)
"""Multiples of the default's weights for compactness and for borders; balance keeps its own."""
TEN, HOUSEHOLDS = 10, 12_000
BUSY = 1.0
"""Load of the machine above which a wall clock says little."""


@pytest.fixture(scope="module")
def grounds(tmp_path_factory):
    """Our own sample district, and those of the environment; kernels are compiled before anything is timed."""
    made = tmp_path_factory.mktemp("grounds")
    partition(measured_ground(sample_folder(made / "small", 1_500)).tessellation, effort=Effort(runs=1))
    return [measured_ground(path) for path in (sample_folder(made / f"sample {HOUSEHOLDS:,}", HOUSEHOLDS), *folders())]


def told(ground, seeds, **options):
    """Figures of the plans of some seeds."""
    rows = []
    for seed in seeds:
        start = time.process_time()
        plan = partition(ground.tessellation, seed=seed, **options)
        rows.append(measured(ground, plan, time.process_time() - start))
    return rows


def middle(rows):
    """Median of each figure, and half of what lies between the least and the greatest."""
    there = [key for key in rows[0] if all(isinstance(one[key], int | float) for one in rows)]
    half = {key: (max(one[key] for one in rows) - min(one[key] for one in rows)) / 2 for key in there}
    return {key: median(one[key] for one in rows) for key in there}, half


def front(points):
    """Which points no other one beats in one aim without being worse in another."""

    def beaten(a, b):
        return all(y >= x for x, y in zip(a, b, strict=True)) and a != b

    return [not any(beaten(a, b) for b in points) for a in points]


@pytest.mark.slow
def test_the_front_of_what_the_weights_can_have(grounds, capsys):
    """Print balance, compactness and streets for a lattice of weights: medians over seeds, and who is on the front."""
    own = Weights(TARGET, MINIMUM, MAXIMUM)
    with capsys.disabled():
        for ground in grounds:
            found = []
            for compact, border in itertools.product(STEPS, STEPS):
                weights = {"compact": compact * own.compact, "border": border * own.border}
                found.append((compact, border, *middle(told(ground, SEEDS, style=weights))))
            points = [tuple(mid[key] for key in AIMS) for _, _, mid, _ in found]
            print(
                f"\nfront over the weights, {ground.name}: {len(SEEDS)} seeds, median ± half the range;"
                " * none is better in one and as good in the others"
            )
            print("compact x  border x   " + "  ".join(f"{name:>16}" for name in AIMS.values()) + "   CPU s")
            for (compact, border, mid, half), on in zip(found, front(points), strict=True):
                shown = "  ".join(f"{mid[key]:8.3f} ± {half[key]:5.3f}" for key in AIMS)
                print(f"{compact:9.1f} {border:9.1f}   {shown}  {mid['cpu_s']:6.2f} {'*' if on else ''}")
            dearest = {key: [point[i] for point in points] for i, key in enumerate(AIMS)}
            tight, loose = points[STEPS.index(2.0) * len(STEPS)], points[0]
            assert tight[1] > loose[1], "what costs more is had more"
            assert max(dearest["on_street"]) > min(dearest["on_street"])


@pytest.mark.slow
def test_what_ten_times_the_effort_gains(grounds, capsys):
    """Print the default, ten times its runs and ten times its steps, of the same seeds; one seed of other districts."""
    effort = Effort()
    ways = {
        "as it is": effort,
        f"{TEN} x runs": replace(effort, runs=TEN * effort.runs),
        f"{TEN} x steps": replace(effort, steps_per_cell=TEN * effort.steps_per_cell),
    }
    with capsys.disabled():
        for i, ground in enumerate(grounds):
            seeds = SEEDS if i == 0 else SEEDS[:1]
            head(f"effort, {ground.name}, {len(seeds)} seeds")
            missed = {}
            for name, way in ways.items():
                mid, half = middle(told(ground, seeds, effort=way))
                row(name, mid)
                if len(seeds) > 1:
                    row("  ± half the range", half)
                missed[name] = mid["mad"]
            assert min(missed.values()) < missed["as it is"] * 1.02, "more search is not worse"


@pytest.mark.slow
def test_a_second_process(grounds, capsys):
    """Print the wall clock with one and with two processes, and what of the work cannot be shared."""
    ground, load = grounds[0], os.getloadavg()[0]
    alone, shared, serial = [], [], []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with worker_pool(2) as pool:
        partition(ground.tessellation, executor=pool)  # kernels are loaded by the workers too
        for _ in SEEDS:
            wall = time.perf_counter()
            one = partition(ground.tessellation)
            alone.append(time.perf_counter() - wall)
            wall, own = time.perf_counter(), time.process_time()
            two = partition(ground.tessellation, executor=pool)
            shared.append(time.perf_counter() - wall)
            serial.append(time.process_time() - own)
            assert (one.grid_of == two.grid_of).all()
    work = resource.getrusage(resource.RUSAGE_CHILDREN)
    workers = (work.ru_utime + work.ru_stime - before.ru_utime - before.ru_stime) / (len(SEEDS) + 1)
    share = median(serial) / (median(serial) + workers)
    speed = sorted(a / b for a, b in zip(alone, shared, strict=True))
    with capsys.disabled():
        print(
            f"\nspeed-up with 2 processes on {platform.machine()}, {os.cpu_count()} cores, load {load:.1f}"
            f"{' (not idle: a wall clock says little)' if load > BUSY else ''}, {ground.name},"
            f" {len(ground.tessellation.cells):,} cells: wall {median(alone):.2f} s / {median(shared):.2f} s ="
            f" {median(speed):.2f} (from {speed[0]:.2f} to {speed[-1]:.2f}, {len(speed)} rounds)"
        )
        print(
            f"of the CPU {share:.1%} is the parent's alone (begin, send, number grids): by Amdahl at most"
            f" {1 / (share + (1 - share) / 2):.2f}; workers {workers:.2f} s a plan; {DATA} adds districts elsewhere"
        )
    assert share < 0.2
