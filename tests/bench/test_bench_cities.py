"""How does the engine do on a whole real city with default settings?"""

from __future__ import annotations

import platform

import pytest

from gis.partition import Effort, partition
from tests.bench.grounds import measured_ground, sample_folder
from tests.bench.test_bench_effort import middle, told
from tests.bench.test_bench_partition import SEEDS, head, row


@pytest.fixture(scope="module")
def city(cities, tmp_path_factory):
    """Cambridge, Massachusetts: 13 communities of lots with their dwellings; kernels are compiled before."""
    source = cities("cambridge_ma")
    small = sample_folder(tmp_path_factory.mktemp("small") / "small", 1_500)
    partition(measured_ground(small).tessellation, effort=Effort(runs=1))
    return measured_ground(source, households="dwelling_units", community="community_id")


@pytest.mark.slow
def test_a_city(city, capsys):
    """Print the default plan over seeds; ±10 % also as a share of what the proofs say any plan can have."""
    communities = city.tessellation.cells["community_id"].nunique()
    rows = told(city, SEEDS)
    mid, half = middle(rows)
    shares = sorted(one["within_10"] / one["ceiling_within_10"] for one in rows)
    with capsys.disabled():
        head(city.name)
        row(f"engine, {len(SEEDS)} seeds, median", mid)
        row("  ± half the range", half)
        print(
            f"{communities} communities on {platform.machine()}: ±10 % as a share of the ceiling"
            f" {shares[len(shares) // 2]:.3f} (from {shares[0]:.3f} to {shares[-1]:.3f}); cells {city.cpu_s:.1f} CPU s"
        )
    assert all(one["gap_m2"] + one["overlap_m2"] < 1.0 for one in rows)
    assert communities == 13
